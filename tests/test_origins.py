"""A use follows its origin: every way to leave a class torch's, with every kind of use, executed after the migration.

What stays torch's has torch's arguments and names, in the same file and in others, whatever their order.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrate.engine import Options, migrate_files
from migrate.findings import Result
from migrate.rules import shipped_rules
from tests.command import bn_migrate, harvest, plant

pytest.importorskip("torch")
pytest.importorskip("tests.frameworks")

HEAD = "import builtins, functools, sys\nimport torch\nfrom torch import nn\n"
SKIP = "  # bn-migrate: skip\n"
DEEP = "+".join(["0.3", *["0"] * 250])
REWRITTEN = {
    "an assignment": "Norm = nn.BatchNorm2d\n",
    "a literal getattr": "Norm = getattr(nn, 'BatchNorm2d')\n",
}
BY_FILE = {
    "an import": "from torch.nn import BatchNorm2d as Norm\n",
    "an exported import": "__all__ = ['Norm']\nfrom torch.nn import BatchNorm2d as Norm\n",
    "a star import": "from torch.nn import *\nNorm = BatchNorm2d\n",
}
"""What some of the files that use it have rewritten."""
LEFT = {
    "a reference that a comment leaves": "Norm = nn.BatchNorm2d" + SKIP,
    "an annotated one": "Norm: type = nn.BatchNorm2d" + SKIP,
    "an unpacked one": "Norm, other = nn.BatchNorm2d, 1" + SKIP,
    "one that a loop takes": "for Norm in (nn.BatchNorm2d,):" + SKIP + "    pass\n",
    "one inside a test": "if (Norm := nn.BatchNorm2d) is None: pass" + SKIP,
    "an import that a comment leaves": "from torch.nn import BatchNorm2d as Norm" + SKIP,
    "an import in a class body": "class Box:\n    from torch.nn import BatchNorm2d as Norm\nNorm = Box.Norm\n",
    "a name in a class body": "class Box:\n    N = nn.BatchNorm2d" + SKIP + "Norm = Box.N\n",
    "another class on another path": "try:\n    from fast_norms import BatchNorm2d as Norm\n"
    "except ImportError:\n    from torch.nn import BatchNorm2d as Norm\n",
    "a choice": "Norm = nn.BatchNorm2d if torch else nn.GroupNorm" + SKIP,
    "two spellings, one of them left": "Norm = nn.BatchNorm2d" + SKIP + "if not torch:\n    Norm = nn.BatchNorm2d\n",
    "getattr that a comment leaves": "Norm = getattr(nn, 'BatchNorm2d')" + SKIP,
    "getattr with a default": "Norm = getattr(nn, 'BatchNorm2d', None)\n",
    "getattr around a comment": "Norm = getattr(nn,  # why\n    'BatchNorm2d')\n",
    "getattr of builtins": "Norm = builtins.getattr(nn, 'BatchNorm2d')\n",
    "a getattr of one's own": "def getattr(*names):\n    return builtins.getattr(*names)\n"
    "Norm = getattr(nn, 'BatchNorm2d')\n",
    "the dict of the module": "Norm = vars(nn)['BatchNorm2d']\n",
    "globals": "globals()['Norm'] = nn.BatchNorm2d" + SKIP,
    "setattr": "setattr(sys.modules[__name__], 'Norm', nn.BatchNorm2d)" + SKIP,
    "a dict": "Norm = {'a': nn.BatchNorm2d}['a']" + SKIP,
    "a function": "def get():\n    return nn.BatchNorm2d" + SKIP + "Norm = get()\n",
    "a name that is bound below": "def get():\n    return LATE\nLATE = nn.BatchNorm2d" + SKIP + "Norm = get()\n",
    "a partial": "Norm = functools.partial(nn.BatchNorm2d)" + SKIP,
    "the class of a layer": "Norm = type(nn.BatchNorm2d(3))" + SKIP,
    "the class of a layer that needs review": "one = nn.BatchNorm2d(3, momentum=None)\nNorm = one.__class__\n",
    "a subclass that needs review": "class Norm(nn.BatchNorm2d):\n    def forward(self, x):\n"
    "        return torch.relu(super().forward(x))\n",
    "a subclass that a comment leaves": "class Norm(nn.BatchNorm2d):" + SKIP + "    pass\n",
    "a subclass of which a comment leaves a part": "class Norm(nn.BatchNorm2d):\n    def forward(self, x):\n"
    "        return super().forward(x)" + SKIP,
    "a subclass of what is left": "N = nn.BatchNorm2d" + SKIP + "class Norm(N):\n    pass\n",
}
LEFT_FILES = {
    "a file that a comment leaves": "# bn-migrate: skip-file\nNorm = nn.BatchNorm2d\n",
    "a file that cannot be rewritten": f"Norm = nn.BatchNorm2d\nlast = lambda: nn.BatchNorm2d(3, momentum={DEEP})\n",
}
USES = {
    "a call": "x = Norm(3, momentum=0.3)\n",
    "a call by position": "x = Norm(3, 1e-3, 0.3)\n",
    "a flag": "x = Norm(3, track_running_stats=False)\n",
    "a partial": "x = functools.partial(Norm, momentum=0.3)(3)\n",
    "another name": "M = Norm\nx = M(3, momentum=0.3)\n",
    "a subclass": "class Own(Norm):\n    def __init__(self, c):\n"
    "        super().__init__(c, momentum=0.3)\nx = Own(3)\n",
    "a subclass that names its base": "class Own(Norm):\n    def __init__(self, c):\n"
    "        Norm.__init__(self, c, momentum=0.3)\nx = Own(3)\n",
    "a default": "def make(c, norm=Norm):\n    return norm(c, momentum=0.3)\nx = make(3)\n",
    "a default that stands for None": "def make(c, norm=None):\n    norm = norm or Norm\n"
    "    return norm(c, momentum=0.3)\nx = make(3)\n",
    "a registry": "TABLE = {'bn': Norm}\nx = TABLE['bn'](3, momentum=0.3)\n",
    "arguments that another call shares": "def both(n):\n    kw = dict(momentum=0.3)\n"
    "    return nn.BatchNorm2d(3, **kw), n(3, **kw)\nx = both(Norm)[1]\n",
    "an attribute": "x = Norm(3)\ny = x.weight.sum()\n",
    "a literal getattr": "x = Norm(3)\ny = getattr(x, 'running_var').sum()\n",
    "a write": "x = Norm(3)\nx.momentum = 0.3\n",
    "a method": "x = Norm(3)\nx.eval()\n",
    "a reset": "x = Norm(3)\nx.reset_running_stats()\ny = x.running_mean.sum()\n",
    "an initialisation": "x = Norm(3)\nnn.init.constant_(x.weight, 0.5)\ny = x.weight.sum()\n",
    "a fill": "x = Norm(3)\nx.bias.data.fill_(0.5)\ny = x.bias.sum()\n",
    "isinstance": "def f(m):\n    if isinstance(m, Norm):\n        return m.running_mean.sum()\n"
    "x = Norm(3)\ny = f(x)\n",
    "isinstance of several": "def f(m):\n    if isinstance(m, (Norm, nn.GroupNorm)):\n        return m.weight.sum()\n"
    "x = Norm(3)\ny = f(x)\n",
    "an attribute of a network": "class Net:\n    def __init__(self):\n        self.bn = Norm(3, momentum=0.3)\n"
    "        nn.init.zeros_(self.bn.weight)\nx = Net().bn\ny = x.weight.sum()\n",
    "an annotation": "def f(m: Norm):\n    return m.weight.sum()\nx = Norm(3)\ny = f(x)\n",
    "a list": "def f(ms):\n    for m in ms:\n        return m.bias.sum()\nx = Norm(3)\ny = f([x])\n",
}


def spread(origin: str, use: str, alone: bool) -> Iterator[dict[str, str]]:
    """The files of the programs: both in one, or the origin in a file before or behind that of the use."""
    if not alone:
        yield {"use.py": HEAD + origin + use}
    for name in ("origin", "z_origin"):
        yield {f"{name}.py": HEAD + origin, "use.py": f"{HEAD}from {name} import Norm\n{use}"}
    yield {"origin.py": HEAD + origin, "use.py": HEAD + "import origin\n" + re.sub(r"\bNorm\b", "origin.Norm", use)}


def migrate(files: dict[str, str]) -> list[Result]:
    return migrate_files([(path, text.encode()) for path, text in files.items()], Options())


def observed(files: dict[str, str]) -> tuple[bool, dict[str, float]]:
    """Whether the layer that a program makes is torch's, and what it shows."""
    import torch

    try:
        for path in sorted(files, key=lambda path: path == "use.py"):
            module = types.ModuleType(path.removesuffix(".py"))
            sys.modules[module.__name__] = module
            exec(compile(files[path], path, "exec"), module.__dict__)
    finally:
        for path in files:
            sys.modules.pop(path.removesuffix(".py"), None)
    seen: dict[str, Any] = {"momentum": module.x.momentum, "eps": module.x.eps, "y": getattr(module, "y", 0.0)}
    numbers = {k: v.item() if isinstance(v, torch.Tensor) else float(v) for k, v in seen.items()}
    return isinstance(module.x, torch.nn.Module), {k: round(v, 6) for k, v in numbers.items()}


def check(files: dict[str, str], stays: bool | None) -> bool:
    """A layer shows what it showed, and is torch's or not, as ``stays`` says where it is certain.

    False for what is no program in torch.
    """
    try:
        before = observed(files)[1]
    except TypeError:
        return False
    results = migrate(files)
    after = {r.path: r.after.decode() for r in results}
    assert {r.path: r.after.decode() for r in migrate(after)} == after, "a second run changes something"
    try:
        is_torch, seen = observed(after)
    except Exception:
        assert not stays and any(f.kind == "review" for r in results for f in r.findings), after
    else:
        assert (is_torch, seen) == (is_torch if stays is None else stays, before), after
    return True


@pytest.mark.parametrize("origin", LEFT | LEFT_FILES)
def test_what_a_left_origin_brings_is_left(origin: str) -> None:
    text = (LEFT | LEFT_FILES)[origin]
    programs = [files for use in USES.values() for files in spread(text, use, origin in LEFT_FILES)]
    assert sum(check(files, stays=True) for files in programs) > 60


@pytest.mark.parametrize("origin", REWRITTEN | BY_FILE)
def test_what_a_rewritten_origin_brings_is_rewritten(origin: str) -> None:
    programs = [files for use in USES.values() for files in spread((REWRITTEN | BY_FILE)[origin], use, alone=False)]
    assert sum(check(files, stays=None if origin in BY_FILE else False) for files in programs) > 60


def test_what_the_others_have_from_a_file_with_a_failed_proof_stays(tmp_path: Path) -> None:
    rule = (shipped_rules() / "batch_norm_1d.toml").read_text("utf-8")
    copied = '[[parameter]]\nname = "momentum"\ndefault = 0.1\nsamples = [0.3, 0]\n'
    held = b"from torch import nn\nlayer = nn.BatchNorm1d(3, momentum=0.2)\n"
    use = "from torch import nn\nfrom held import layer\n{}\nlayer.weight.sum()\n"
    files = {"src/held.py": held, "src/use.py": use.format("own = nn.BatchNorm2d(3, momentum=0.2)").encode()}
    plant(tmp_path, {**files, "wrong/batch_norm_1d.toml": rule.replace("[proof]", f"{copied}[proof]").encode()})
    done = bn_migrate("--verify", "--rules", "wrong", "src", cwd=tmp_path)
    after = (
        "import mindspore as ms\nfrom held import layer\nown = ms.nn.BatchNorm2d(3, momentum=0.8)\nlayer.weight.sum()\n"
    )
    assert done.returncode == 1 and harvest(tmp_path / "src") == {"held.py": held, "use.py": after.encode()}
    assert b"1 place to review" in done.stdout
