"""Which files that have no trigger word are read, as their bytes tell; the rest of a large tree costs no parse."""

from __future__ import annotations

import pytest

from migrate.analysis.others import Others
from migrate.analysis.values import Symbol
from migrate.index.tree import Tree
from tests.cases import read_unread
from tests.reading import HEAD, LAYERS, MANY, RULES, modules


def others(files: dict[str, str], read: tuple[str, ...] = ()) -> Others:
    texts = {path: text.encode() for path, text in files.items()}
    return Others(texts, read, texts.__getitem__, RULES, Tree(texts))


@pytest.mark.parametrize(
    ("text", "brings"),
    [
        ("class Norm:\n    pass\n", True),
        ("from torch import Norm\n", True),
        ("__all__ = ['Norm']\nfrom torch import Norm\n", True),
        ("__all__ = [\n    'Other',  # and more\n    \"Norm\",\n]\nclass Norm:\n    pass\n", True),
        ("__all__ = ['Other']\nclass Norm:\n    pass\n", False),
        ("__all__: tuple[str, ...] = ('Other',)\nclass Norm:\n    pass\n", False),
        ("__all__ = ['Other'] + more\nclass Norm:\n    pass\n", True),
        ("__all__ = ['Other']\n__all__ += more\nclass Norm:\n    pass\n", True),
        ("__all__ = [n for n in dir()]\nclass Norm:\n    pass\n", True),
        ("__all__ = ['Norm']\nfrom a import *\n", False),
        ("# What ``__all__`` has:\n__all__ = ['Other']\nclass Norm:\n    pass\n", False),
        ("x = 1\n", False),
    ],
)
def test_a_star_brings_what_all_names(text: str, brings: bool) -> None:
    assert others({"m.py": text, "a.py": "x = 1\n"}).behind_star("m.py", "Norm") == ({"m.py"} if brings else set())


def test_a_star_brings_a_builtin_only_from_the_margin() -> None:
    """Inside of functions names such as ``id`` and ``input`` are everywhere."""
    assert not others({"m.py": "def f():\n    id = 1\n"}).behind_star("m.py", "id")
    assert others({"m.py": "id = 1\n"}).behind_star("m.py", "id") == {"m.py"}


def test_a_star_brings_no_name_that_every_module_has() -> None:
    assert not others({"m.py": "known[__name__] = 1\n"}).behind_star("m.py", "__name__")
    assert others({"m.py": "__all__ = ['__name__']\n__name__ = 1\n"}).behind_star("m.py", "__name__") == {"m.py"}


def test_a_star_behind_a_star() -> None:
    files = {"m.py": "from a import *\n", "a.py": "class Norm:\n    pass\n", "b.py": "class Norm:\n    pass\n"}
    assert others(files).behind_star("m.py", "Norm") == {"m.py", "a.py"}
    assert not others(files | {"m.py": "from a import *\n__all__ = ['Other']\n"}).behind_star("m.py", "Norm")
    kept = files | {"m.py": "from b import Norm\nfrom a import *\n__all__ = ['Norm']\n"}
    assert others(kept).behind_star("m.py", "Norm") == {"m.py"}
    both = files | {"m.py": "from a import *\nfrom b import *\nfrom m import *\n"}
    assert others(both).behind_star("m.py", "Norm") == {"m.py", "a.py", "b.py"}


ROOT = {"root.py": "class Root:\n    pass\n"}
ANCESTRY = {
    "through a class": ({"m.py": "from root import Root\nclass Base(Root):\n    pass\n"}, True),
    "through a name that is imported": ({"m.py": "from root import Root as Base\n"}, True),
    "through a module": ({"m.py": "import root\nclass Base(root.Root):\n    pass\n"}, True),
    "through a star": ({"m.py": "from root import *\nclass Base(Root):\n    pass\n"}, True),
    "through two files": (
        {
            "m.py": "from n import Mid\nclass Base(Mid):\n    pass\n",
            "n.py": "from root import (\n    Root as Old,\n)\nclass Mid(Old, object):\n    pass\n",
        },
        True,
    ),
    "behind a comment": ({"m.py": "from root import Root\nclass Base(  # one)\n    Root\n):\n    pass\n"}, True),
    "as one argument of many": (
        {"m.py": "from root import Root\nclass Base(make(1), Root, metaclass=M):\n    x = 1\n"},
        True,
    ),
    "in brackets that are nested deep": ({"m.py": "class Base(make(f(g(1)))):\n    pass\n"}, True),
    "by an assignment": ({"m.py": "import root\nBase = root.Root\n"}, True),
    "of a class inside a class": (
        {"m.py": "class Outer:\n    class In:\n        x = 1\nclass Base(Outer.In):\n    x = 1\n"},
        True,
    ),
    "in one of two branches": (
        {"m.py": "from root import Root\nif x:\n    class Base(Root):\n        y = 1\nelse:\n    Base = object\n"},
        True,
    ),
    "to a library": ({"m.py": HEAD + "class Base(nn.Module):\n    pass\n"}, False),
    "to nothing": ({"m.py": "class Base:\n    pass\n"}, False),
    "beside the class": ({"m.py": "from root import Root\nclass Base:\n    root = Root\n"}, False),
    "in a circle": ({"m.py": "from n import Base\n", "n.py": "from m import Base\n"}, False),
}


@pytest.mark.parametrize("what", ANCESTRY)
def test_descent_by_bytes(what: str) -> None:
    files, meets = ANCESTRY[what]
    asked: list[tuple[str, str]] = []

    def wanted(path: str, name: str) -> bool:
        asked.append((path, name))
        return name == "Root"

    found = others(ROOT | files, ("root.py",)).descends(Symbol("m.Base", "m.py"), wanted, None)
    assert found is meets, asked


def test_descent_through_a_file_that_matters() -> None:
    files = {"m.py": "from n import Mid\nclass Base(Mid):\n    pass\n", "n.py": "class Mid:\n    pass\n"}
    nothing = others(files).descends(Symbol("m.Base", "m.py"), lambda *_: False, lambda path: path == "x.py")
    assert not nothing
    assert others(files).descends(Symbol("m.Base", "m.py"), lambda *_: False, lambda path: path == "n.py")


NET = HEAD + "from base import Base\n\nclass Net(Base):\n    def __init__(self):\n        self.bn = nn.BatchNorm2d(3)\n"


def test_a_base_is_read_where_it_spells_a_layer() -> None:
    plain = {"net.py": NET, "base.py": "class Base:\n    def fill(self, x):\n        x.weight.data.fill_(1)\n"}
    assert modules(plain, "net.py") == set()
    spelled = {**plain, "base.py": "class Base:\n    def fill(self):\n        self.bn.weight.data.fill_(1)\n"}
    assert modules(spelled, "net.py") == {"base.py"}


def test_a_base_is_read_where_the_one_behind_it_spells_a_layer() -> None:
    files = {
        "net.py": NET,
        "base.py": "from deep import Deep\n\nclass Base(Deep):\n    pass\n",
        "deep.py": "class Deep:\n    def fill(self):\n        self.bn.weight.data.fill_(1)\n",
    }
    assert modules(files, "net.py") == {"base.py", "deep.py"}


def test_the_base_of_a_class_without_a_layer_is_not_read() -> None:
    files = {"net.py": HEAD + "from base import Base\n\nclass Config(Base):  # of BatchNorm\n    pass\n"}
    assert modules(files | {"base.py": "class Base:\n    bn = 1\n    weight = 2\n"}, "net.py") == set()


def test_a_user_of_a_network_is_read_where_it_spells_a_layer() -> None:
    net = HEAD + "class Net:\n    def __init__(self):\n        self.bn, self.fc = nn.BatchNorm2d(3), nn.Linear(3, 3)\n"
    use = "from net import Net\n\nnet = Net()\nnet.{}.weight.data.fill_(1)\n"
    assert modules({"net.py": net, "use.py": use.format("bn")}, "net.py") == {"use.py"}
    assert modules({"net.py": net, "use.py": use.format("fc")}, "net.py") == set()


@pytest.mark.parametrize(
    ("member", "use"),
    [
        ("def first(self):\n        return self.bn", "Net().first().weight"),
        ("def __getitem__(self, i):\n        return self.bn", "Net()[0].weight"),
        ("def forward(self):\n        return self.bn", "Net()().weight"),
        ("@property\n    def first(self):\n        return self.bn", "Net().first.weight"),
        ("def parts(self):\n        return [self.bn]", "Net().parts()[0].weight"),
    ],
)
def test_what_gives_a_layer_counts_as_its_name(member: str, use: str) -> None:
    net = HEAD + f"class Net:\n    def __init__(self):\n        self.bn = nn.BatchNorm2d(3)\n\n    {member}\n"
    files = {"net.py": net, "use.py": f"from net import Net\n\nw = {use}\n"}
    assert modules(files, "net.py") == {"use.py"}


def test_what_only_looks_at_a_layer_is_no_reason_to_read() -> None:
    files = {
        "net.py": HEAD + "from kinds import Kind\n\nassert not isinstance(nn.BatchNorm2d(3), Kind)\n",
        "kinds.py": "class Kind:\n    def f(self):\n        return self.bn.weight\n",
    }
    assert modules(files, "net.py") == set()


def test_a_user_of_what_holds_a_network_is_read_where_it_spells_a_layer() -> None:
    net = LAYERS + "class Outer:\n    def __init__(self):\n        self.net = Net()\n"
    use = "from net import Outer\n\nw = Outer().net.{}.weight\n"
    assert modules({"net.py": net, "use.py": use.format("bn")}, "net.py") == {"use.py"}
    assert modules({"net.py": net, "use.py": use.format("fc")}, "net.py") == set()


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "from net import Net as Base\n", "b.py": "from a import Base\nBase().norm\n"},
        {
            "a.py": "from net import Net\n",
            "b.py": "from a import Net as Base\n",
            "c.py": "from b import Base\nBase().norm\n",
        },
        {"a.py": "from net import Net\n", "b.py": "from a import *\n", "c.py": "from b import Net\nNet().norm\n"},
        {  # c.py gets one name from a.py, and another later, from b.py
            "a.py": "from net import Net\n\ndef f(): ...\n",
            "b.py": "from a import Net\n\ndef make(): return Net()\n",
            "c.py": "from a import f\nfrom b import make\n",
            "d.py": "from c import make\nmake().norm\n",
        },
        {  # c.py spells the last name that comes to a.py, and hands all of them on
            "a.py": "from net import Net\nfrom b import make\n",
            "b.py": "from a import Net\n\ndef make(): return Net()\n",
            "c.py": "import a\na.make()\n",
            "d.py": "import c\nc.a.Net().norm\n",
        },
    ],
    ids=["renamed at once", "renamed on the way", "a star", "another name later", "through a module"],
)
def test_a_file_that_hands_a_network_on_is_read_where_another_spells_a_layer(files: dict[str, str]) -> None:
    """Only the last of ``files`` does, and it does not import the network itself."""
    names = {"net.py": {"Net": frozenset({"norm"})}}
    assert "a.py" in others({"net.py": "", **files}).importing(names)
    *_, last = files
    assert "a.py" not in others({"net.py": "", **files, last: "x = 1\n"}).importing(names)


def test_a_function_that_gets_a_network_is_read_where_it_spells_a_layer() -> None:
    net = "from util import zero\n" + LAYERS + "zero(Net())\n"
    util = "def zero(net):\n    net.{}.weight.data.fill_(0)\n"
    assert modules({"net.py": net, "util.py": util.format("bn")}, "net.py") == {"util.py"}
    assert modules({"net.py": net, "util.py": util.format("fc")}, "net.py") == set()


@pytest.mark.parametrize(
    ("function", "read"),
    [
        ("def fill(m):\n    n = m\n    n.weight.data.fill_(1)\n\nfill(Net().bn)\n", True),
        ("def fill(m):\n    n = m\n    n.bn.weight.data.fill_(1)\n\nfill(Net())\n", True),
        ("one = lambda net: net.bn\n\ndef fill(m):\n    n = m\n    one(n).weight.data.fill_(1)\n\nfill(Net())\n", True),
        ("import lib\n\ndef fill(m):\n    lib.put(m)\n    lib.last().bn.weight.data.fill_(1)\n\nfill(Net())\n", True),
        ("import lib\n\ndef fill(m):\n    lib.put(m)\n    lib.last().fc.weight.data.fill_(1)\n\nfill(Net())\n", False),
        ("def fill(m):\n    n = m\n    n.fc.weight.data.fill_(1)\n\nfill(Net())\n", False),
    ],
)
def test_who_else_calls_a_function_matters_where_it_uses_a_layer(function: str, read: bool) -> None:
    files = {"net.py": LAYERS + function, "use.py": "from net import fill\nfrom other import x\n\nfill(x.weight)\n"}
    assert modules(files, "net.py") == ({"use.py"} if read else set())


@pytest.mark.parametrize(
    ("method", "use"),
    [
        ("def each(self, f):\n        f(self.bn)", "Net().each(print)"),
        ("def take(self, layer):\n        self.bn = layer", "Net().take(other)"),
        ("def look(self, f):\n        print(f)", ""),
    ],
)
def test_who_gives_a_method_another_thing_spells_its_name(method: str, use: str) -> None:
    net = HEAD + f"class Net:\n    def __init__(self):\n        self.bn = nn.BatchNorm2d(3)\n\n    {method}\n"
    called = "\nNet().take(nn.Linear(3, 3))\n" if "take" in method else ""
    files = {"net.py": net + called, "use.py": f"from net import Net\n\n{use or 'Net().look(print)'}\n"}
    assert modules(files, "net.py") == ({"use.py"} if use else set())


@pytest.mark.parametrize("own", [True, False])
def test_the_base_of_a_class_gets_what_the_class_does_not_take_itself(own: bool) -> None:
    init = "def __init__(self, norm):\n        self.width = 3\n"
    head = (
        HEAD + f"from base import Base\n\nclass Head(Base):\n    {init if own else 'x = 1'}\n\nHead(nn.BatchNorm2d)\n"
    )
    base = "class Base:\n    def __init__(self, kind):\n        self.kind = kind\n"
    assert modules({"head.py": head, "base.py": base}, "head.py") == (set() if own else {"base.py"})


def test_a_class_that_its_base_makes_has_what_the_base_has() -> None:
    net = HEAD + "class Base:\n    def __init__(self):\n        self.norm = nn.BatchNorm2d(3)\n\n"
    net += "    def other(self):\n        return Heir()\n\nclass Heir(Base):\n    pass\n"
    files = {
        "net.py": net,
        "base.py": "from net import Base\n",
        "use.py": "from net import Heir\n\nw = Heir().norm.weight\n",
    }
    assert modules(files, "net.py") == {"use.py"}


def test_an_heir_has_what_its_base_has() -> None:
    net = LAYERS + "class Heir(Net):\n    pass\n"
    files = {"net.py": net, "use.py": "from net import Heir\n\nw = Heir().bn.weight\n"}
    assert modules(files, "net.py") == {"use.py"}


@pytest.mark.parametrize(
    ("base", "made"),
    [
        ("def __init__(self):\n        self.norm = None", "heir = Heir()\nheir.norm = nn.BatchNorm2d(3)"),
        ("norm: nn.Module", "heir = Heir(nn.BatchNorm2d(3))"),
    ],
)
def test_an_heir_may_have_another_thing_than_its_base(base: str, made: str) -> None:
    net = HEAD + f"class Base:\n    {base}\n\nclass Heir(Base):\n    pass\n\n{made}\n"
    files = {"net.py": net, "use.py": "from net import Heir\n\nw = Heir().norm.weight\n"}
    assert modules(files, "net.py") == {"use.py"}


def test_a_class_method_of_a_layer_gives_one() -> None:
    net = HEAD + "class Norm(nn.BatchNorm2d):\n    @classmethod\n    def make(cls, n):\n        return cls(n)\n\n"
    net += "class Net:\n    factory = Norm.make\n"
    files = {"net.py": net, "use.py": "from net import Net\n\nw = Net().factory(3).weight\n"}
    assert modules(files, "net.py") == {"use.py"}


@pytest.mark.parametrize(("argument", "read"), [("WIDTH", True), ("config.width", False)])
def test_a_large_tree_is_not_searched_for_what_an_object_gives_a_layer(argument: str, read: bool) -> None:
    net = HEAD + f"from conf import Config, WIDTH\n\nconfig = Config()\nlayer = nn.BatchNorm2d({argument})\n"
    conf = "class Config:\n    def __init__(self):\n        self.width = 3\n\nWIDTH = 4\n"
    files = {"net.py": net, "conf.py": conf}
    assert modules(files, "net.py") == {"conf.py"}
    assert modules(files | MANY, "net.py") == ({"conf.py"} if read else set())


def test_a_large_tree_is_not_searched_for_what_one_argument_does_with_another() -> None:
    net = LAYERS + "from store import Store\n\nstore = Store()\nregister(Net().bn, store)\n"
    store = "class Store:\n    def put(self, x):\n        x.weight = x.norm.bn\n"
    assert modules({"net.py": net, "store.py": store}, "net.py") == {"store.py"}
    assert modules({"net.py": net, "store.py": store} | MANY, "net.py") == set()


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("an heir behind an empty class with another layer", {"mid.py", "other.py"}),
        ("an heir that replaces the layer of its base", {"mid.py", "other.py"}),
        ("a base of a module that another file imports as a whole", {"a.py", "more.py", "other.py", "third.py"}),
        ("heirs of a nested class and of one in a package", {"inner.py", "package.py"}),
        (
            "heirs of a base in a module that others hand on",
            {"a.py", "b.py", "c.py", "mid.py", "other.py", "last.py"},
        ),
    ],
)
def test_heirs_with_another_layer_are_read_in_a_large_tree_too(title: str, read: set[str]) -> None:
    files = read_unread()[title]
    idle = {"idle.py": "from mid import Mid\n\n\nclass Idle(Mid):\n    pass\n"}
    triggered = "q/net.py" if "q/net.py" in files else "net.py"
    assert modules({**files, **MANY, **idle}, triggered) == read


def test_heirs_of_two_classes_of_one_name_are_read() -> None:
    block = (
        "    class Block(nn.Module):\n        def __init__(self):\n            self.{0} = nn.BatchNorm2d(3)\n\n"
        "        def freeze(self):\n            self.{0}.weight.requires_grad = False\n\n"
    )
    net = f"{HEAD}if fast:\n{block.format('norm')}else:\n{block.format('bn')}"
    heir = "from net import Block\nfrom other import make\n\nclass Heir(Block):\n    def __init__(self):\n"
    heirs = {"one.py": f"{heir}        self.norm = make()\n", "two.py": f"{heir}        self.bn = make()\n"}
    assert heirs.keys() <= modules({"net.py": net, **heirs, **MANY}, "net.py")
