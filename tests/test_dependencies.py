"""What analysis keeps from round to round is what it would find anew: nothing rests on a fact that has changed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, seed, settings

from migrate.analysis.project import Project
from migrate.engine import Options, migrate_files
from migrate.findings import Result
from tests.cases import all_cases, read_projects

pytest.importorskip("torch")
pytest.importorskip("mindspore")

from tests.soundness.program import Program
from tests.soundness.programs import programs

LINK_ONCE = Project.link_once
HEAD = "import torch.nn as nn\n\n"
CHANGING = {
    "a class that turns out to be an heir when a file between is read": {
        "root.py": HEAD
        + "class Root:  # its heirs have a BatchNorm\n    def fill(self):\n        self.bn.weight.data.fill_(1)\n",
        "mid.py": "from root import Root\n\nclass Mid(Root):\n    pass\n",
        "net.py": HEAD
        + "from mid import Mid\n\nclass Net(Mid):\n    def __init__(self):\n        self.bn = nn.BatchNorm2d(3)\n",
    },
    "an attribute that a file which is read later assigns": {
        "net.py": HEAD
        + "class Net:\n    norm = nn.BatchNorm2d\n\ndef make(c):\n    return Net.norm(c, momentum=0.2)\n",
        "patch.py": "import net\nfrom other import Layer\n\nnet.Net.norm = Layer\n",
        "other.py": "class Layer:\n    pass\n",
    },
    "a class that a decorator gets": {
        "net.py": HEAD
        + "def keep(cls):\n    made = cls(3)\n    made.weight.data.fill_(1)\n    return cls\n\n"
        + "@keep\nclass Norm(nn.BatchNorm2d):\n    pass\n",
    },
    "a function that is handed to code that is not followed": {
        "net.py": HEAD + "def init(m):\n    m.weight.data.fill_(1)\n\ndef pick(net):\n    net.apply(init)\n",
        "use.py": HEAD + "from net import init, pick\n\ninit(nn.BatchNorm2d(3))\npick(nn.Conv2d(3, 3, 1))\n",
    },
    "what an attribute of a function holds, assigned through a file that is read later": {
        "net.py": "def build(c):\n    return build.norm(c, momentum=0.2)  # BatchNorm\n",
        "mid.py": "from net import build\n",
        "use.py": HEAD + "from mid import build\n\nbuild.norm = nn.BatchNorm2d\n",
    },
}


def migrated(files: dict[str, str]) -> list[Result]:
    return migrate_files([(path, text.encode()) for path, text in files.items()], Options())


def anew(files: dict[str, str]) -> list[Result]:
    """The results where every round starts from nothing."""

    def forgetful(self: Project) -> bool:
        self.forget()
        return LINK_ONCE(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Project, "link_once", forgetful)
        return migrated(files)


@pytest.mark.parametrize("case", read_projects(), ids=lambda case: case.title)
def test_the_files_of(case: object) -> None:
    files = case.before  # type: ignore[attr-defined]
    for order in (files, dict(reversed(files.items()))):
        assert migrated(order) == anew(order)


@pytest.mark.parametrize("what", CHANGING)
def test_conclusions_rest_on(what: str) -> None:
    for order in (CHANGING[what], dict(reversed(CHANGING[what].items()))):
        kept = migrated(order)
        assert kept == anew(order) and any(r.changed for r in kept)


def test_single_files() -> None:
    for case in all_cases():
        assert migrated({"a.py": case.before}) == anew({"a.py": case.before}), case.title


@seed(3)
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_generated_programs(program: Program) -> None:
    files = {f"pack/{f.name}.py": f.text for f in program.files}
    assert migrated(files) == anew(files)
