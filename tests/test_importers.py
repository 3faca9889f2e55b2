"""Who has a module that other files import as a whole and hand on is read, with the files on the way."""

from __future__ import annotations

import pytest

from migrate.analysis.outline import Outline
from tests.reading import LAYERS, MANY, modules

WHOLE = {
    "through a module": {"a.py": "import net\n", "use.py": "import a\na.net.Net().bn.weight\n"},
    "by an import of the module": {"a.py": "import net\n", "use.py": "from a import net\nnet.Net().bn.weight\n"},
    "by a star": {"a.py": "import net\n", "use.py": "from a import *\nnet.Net().bn.weight\n"},
    "under another name": {
        "a.py": "import net as one\n",
        "b.py": "from a import one as two\n",
        "use.py": "from b import two\ntwo.Net().bn.weight\n",
    },
    "under two names": {  # the second of them is the one that goes on
        "a.py": "import net as one\nimport net as two\n",
        "b.py": "from a import one\nfrom a import two\n",
        "use.py": "from b import two\ntwo.Net().bn.weight\n",
    },
    "in a circle": {
        "a.py": "import net as one\nimport net as two\nfrom b import one, two\n",
        "b.py": "from a import one, two\n",
        "use.py": "from b import two\ntwo.Net().bn.weight\n",
    },
    "through modules that are handed on, too": {
        "a.py": "import net\n",
        "b.py": "import a\n",
        "use.py": "from b import a\na.net.Net().bn.weight\n",
    },
}


@pytest.mark.parametrize("many", [{}, MANY], ids=["small", "large"])
@pytest.mark.parametrize("way", WHOLE)
def test_who_has_a_module_from_another_file_is_read(way: str, many: dict[str, str]) -> None:
    """The files on the way are read along, also where the last has a trigger word itself."""
    files = {"net.py": LAYERS} | WHOLE[way] | many
    assert modules(files, "net.py") == set(WHOLE[way])
    assert modules(files, "net.py", "use.py") == WHOLE[way].keys() - {"use.py"}
    idle = files | {"use.py": files["use.py"].replace("bn", "fc")}
    assert modules(idle, "net.py") == set()


@pytest.mark.parametrize("many", [{}, MANY], ids=["small", "large"])
def test_who_spells_no_name_of_a_module_has_no_use_for_it(many: dict[str, str]) -> None:
    use = "from a import *\nfrom other import Net\n{}Net().bn.weight\n"
    files = {"net.py": LAYERS, "a.py": "import net as n\n", "use.py": use.format("")} | many
    assert modules(files, "net.py") == set()
    assert modules(files | {"use.py": use.format("n.")}, "net.py") == {"a.py", "use.py"}


@pytest.mark.parametrize("many", [{}, MANY], ids=["small", "large"])
def test_a_module_may_come_by_the_package_of_its_package(many: dict[str, str]) -> None:
    files = {
        "q/__init__.py": "from .r import n\n",
        "q/r/__init__.py": "from . import net as n\n",
        "q/r/net.py": LAYERS,
        "use.py": "import q\nq.n.Net().bn.weight\n",
    }
    assert modules(files | many, "q/r/net.py") == files.keys() - {"q/r/net.py"}


def test_a_large_tree_is_not_searched_for_what_gives_a_module() -> None:
    files = {
        "net.py": LAYERS,
        "a.py": "import net\n\ndef get():\n    return net\n",
        "use.py": "from a import get\nget().Net().bn.weight\n",
    }
    assert modules(files, "net.py") == {"a.py", "use.py"}
    assert modules(files | MANY, "net.py") == set()


def test_definitions_in_a_row_are_all_at_the_margin() -> None:
    text = b"def one():\n    inner = 1\ndef two(): ...\nclass Three:\n    x = 1\nasync def four(): pass\nfive = 5\n"
    assert Outline(text).margin == {"one", "two", "Three", "four", "five"}


def test_what_a_function_makes_global_is_at_the_margin() -> None:
    text = b"def one():\n    global two, three; two = 2\n    global four, \\\n        five  # six\n    inner = 1\n"
    assert Outline(text).margin == {"one", "two", "three", "four", "five"}
