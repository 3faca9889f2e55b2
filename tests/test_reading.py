"""Which files that have no trigger word are read along."""

from __future__ import annotations

import pytest

from migrate.engine import Options, migrate_files
from migrate.flow.load import MAX_FOLLOWED
from tests.reading import HEAD, LAYERS, modules

NET = HEAD + "from base import Base\n\nclass Net(Base):\n    def __init__(self):\n        self.bn = nn.BatchNorm2d(3)\n"


def test_a_base_is_read_where_it_spells_a_layer() -> None:
    base = "class Base:\n    def fill(self):\n        self.bn.weight.data.fill_(1)\n"
    assert modules({"net.py": NET, "base.py": base}, "net.py") == {"base.py"}


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
        ("import lib\n\ndef fill(m):\n    lib.put(m)\n    lib.last().fc.weight.data.fill_(1)\n\nfill(Net())\n", False),
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


def test_the_base_of_a_class_gets_what_the_class_does_not_take_itself() -> None:
    head = HEAD + "from base import Base\n\nclass Head(Base):\n    x = 1\n\nHead(nn.BatchNorm2d)\n"
    base = "class Base:\n    def __init__(self, kind):\n        self.kind = kind\n"
    assert modules({"head.py": head, "base.py": base}, "head.py") == {"base.py"}


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


def test_beyond_a_thousand_files_none_is_read_and_the_first_class_of_the_run_says_so() -> None:
    use = "from net import Net\n\nNet().bn.weight.data.fill_(1)\n"
    net, more = HEAD + "Norm = nn.BatchNorm2d\n\n" + LAYERS, HEAD + "layer = nn.BatchNorm2d(3)\n"
    within = {"net.py": net, "other.py": more} | {f"use{number}.py": use for number in range(MAX_FOLLOWED)}
    beyond = within | {"one_more.py": use}
    assert len(modules(within, "net.py", "other.py")) == MAX_FOLLOWED
    assert modules(beyond, "net.py", "other.py") == set()

    def said(files: dict[str, str]) -> list[tuple[str, int, int]]:
        results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
        return [(r.path, f.line, f.column) for r in results for f in r.findings if f.code == "BN222"]

    assert said(within) == []
    assert said(beyond) == [("net.py", 3, 8)]


@pytest.mark.parametrize(
    ("made", "use"),
    [
        pytest.param("Net().eval", "made().bn.weight.data.fill_(1)", id="a method that gives its object"),
        pytest.param("Net().modules", "for each in made():\n    each.weight.data.fill_(1)", id="a method of networks"),
    ],
)
def test_a_user_of_a_method_of_a_network_is_read_where_the_network_has_a_layer(made: str, use: str) -> None:
    files = {"net.py": LAYERS + f"made = {made}\n", "use.py": f"from net import made\n\n{use}\n"}
    assert modules(files, "net.py") == {"use.py"}
    without = HEAD + f"class Net(nn.Module):\n    pass\n\nmade = {made}  # no BatchNorm\n"
    assert modules(files | {"net.py": without}, "net.py") == set()
