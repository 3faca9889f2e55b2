"""``bn-migrate-trace``: what is recorded, that the program does not notice, and every way in which it may end."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrate.trace.command import command
from migrate.trace.run.writing import write
from tests.command import environment, plant
from tests.recorded import occurrences, plain, said_by_program, trace

USES = """\
import copy, functools, inspect, os, pickle, string, subprocess, sys, threading
import torch
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(7)
NORMS = {"bn": nn.BatchNorm2d, "gn": functools.partial(nn.GroupNorm, 1)}


class Mine(nn.BatchNorm2d):
    def __init__(self, c):
        super().__init__(c, momentum=0.3)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = (NORMS[k](3) for k in NORMS)
        self.c = functools.partial(nn.BatchNorm2d, eps=1e-3)(3, momentum=0.2)
        self.d = Mine(3)

    def forward(self, x):
        return self.d(self.c(self.b(self.a(x)))) + torch.randn(x.shape)


class Data:
    def __len__(self):
        return 2

    def __getitem__(self, i):
        return nn.BatchNorm1d(1).running_var + torch.rand(1)


def init(m):
    if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
        with torch.no_grad():
            m.weight.normal_()
        getattr(m, "bias").data.zero_()
        if hasattr(m, "running_mean"):
            m.momentum = 0.5
            (m
             .eval())


net = Net()
net.apply(init)
twin = pickle.loads(pickle.dumps(copy.deepcopy(net)))
é = "ü", net.c.momentum
del net.a.eps
net.a.eps = 1e-5
net.train()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    loss = net(torch.randn(2, 3, 4, 4)).square().sum()
    loss.backward()
    optimizer.step()
print(loss.item().hex(), [p.double().sum().item().hex() for p in net.state_dict().values()], torch.rand(1))
print(sum(x.sum().item() for x in DataLoader(Data(), num_workers=1)).hex())
thread = threading.Thread(target=lambda: nn.BatchNorm3d(2).bias)
thread.start()
thread.join()
if os.fork() == 0:
    nn.SyncBatchNorm(2).affine
    os._exit(0)
os.wait()
print(inspect.signature(nn.BatchNorm2d), inspect.getfullargspec(nn.BatchNorm2d.__init__), repr(isinstance(1, int)))
print(inspect.getsource(nn.Module.__setattr__)[:40], pickle.loads(pickle.dumps(isinstance)) is isinstance)
print(sys.argv, sys.path[0], __name__, __file__, __spec__)
print(string.Formatter().format("{0.eps}", net.c))
print(subprocess.check_output([sys.executable, "-c", "import sys; print(sys.path)"]))
print(sorted(m for m in sys.modules if m.partition(".")[0] in ("migrate", "click", "libcst")))
sys.exit(3)
"""
SEEN = [
    ("super().__init__(c, momentum=0.3)", "made", "", {"Mine": 1}, {}),
    ("NORMS[k](3)", "made", "", {"BatchNorm2d": 1}, {"GroupNorm": 1}),
    ("functools.partial(nn.BatchNorm2d, eps=1e-3)(3, momentum=0.2)", "made", "", {"BatchNorm2d": 1}, {}),
    ("nn.BatchNorm1d(1)", "made", "", {"BatchNorm1d": 2}, {}),
    ("nn.BatchNorm1d(1).running_var", "read", "running_var", {"BatchNorm1d": 2}, {}),
    (
        "isinstance(m, (nn.BatchNorm2d, nn.GroupNorm))",
        "tested",
        "",
        {"BatchNorm2d": 2, "Mine": 1},
        {"GroupNorm": 1, "Net": 1},
    ),
    ("m.weight", "read", "weight", {"BatchNorm2d": 2, "Mine": 1}, {"GroupNorm": 1}),
    ('getattr(m, "bias")', "read", "bias", {"BatchNorm2d": 2, "Mine": 1}, {"GroupNorm": 1}),
    ('hasattr(m, "running_mean")', "read", "running_mean", {"BatchNorm2d": 2, "Mine": 1}, {"GroupNorm": 1}),
    ("m.momentum", "written", "momentum", {"BatchNorm2d": 2, "Mine": 1}, {}),
    ("eval", "read", "eval", {"BatchNorm2d": 2, "Mine": 1}, {}),
    ("pickle.loads(pickle.dumps(copy.deepcopy(net)))", "made", "copy", {"BatchNorm2d": 2, "Mine": 1}, {}),
    ("copy.deepcopy(net)", "made", "copy", {"BatchNorm2d": 2, "Mine": 1}, {}),
    ("net.c.momentum", "read", "momentum", {"BatchNorm2d": 1}, {}),
    ("net.a.eps", "deleted", "eps", {"BatchNorm2d": 1}, {}),
    ("net.a.eps", "written", "eps", {"BatchNorm2d": 1}, {}),
    ("nn.BatchNorm3d(2)", "made", "", {"BatchNorm3d": 1}, {}),
    ("nn.BatchNorm3d(2).bias", "read", "bias", {"BatchNorm3d": 1}, {}),
    ("nn.SyncBatchNorm(2)", "made", "", {"SyncBatchNorm": 1}, {}),
    ("nn.SyncBatchNorm(2).affine", "read", "affine", {"SyncBatchNorm": 1}, {}),
]


def test_everything_is_recorded_where_it_stands_and_the_program_does_not_notice(tmp_path: Path) -> None:
    plant(tmp_path, {"uses.py": USES.encode()})
    alone = plain("uses.py", "-x", "--append", cwd=tmp_path)
    recorded = trace("-o", "t.json", "uses.py", "-x", "--append", cwd=tmp_path)
    assert (recorded.returncode, recorded.stdout) == (alone.returncode, alone.stdout) == (3, alone.stdout)
    assert said_by_program(recorded.stderr) == said_by_program(alone.stderr)
    assert "executes your code: uses.py -x --append" in recorded.stderr
    seen = occurrences(tmp_path / "t.json", tmp_path / "uses.py")
    if sys.version_info >= (3, 11):
        assert seen == SEEN
    else:
        assert {place[1:3] for place in seen} == {place[1:3] for place in SEEN}
    assert alone.stdout.endswith("[]\n")

    record = json.loads((tmp_path / "t.json").read_text())
    (through,) = [o for o in record["files"][str(tmp_path / "uses.py")]["occurrences"] if "string" in o["through"]]
    assert (through["name"], through["classes"]) == ("eps", {"torch.nn.modules.batchnorm.BatchNorm2d": 1})
    made = [o for o in record["files"][str(tmp_path / "uses.py")]["occurrences"] if o["use"] == "made"]
    (given, effective, count), *others = made[2]["arguments"]
    assert given == {"positions": 1, "keywords": ["eps", "momentum"]}
    assert (effective["eps"], effective["momentum"], effective["affine"], count, others) == (1e-3, 0.2, True, 1, [])
    layers = record["networks"]["__main__.Net"]
    assert [layer["arguments"]["momentum"] for path in "acd" for layer in layers[path]] == [0.5, 0.5, 0.5]
    assert record["runs"][0]["command"] == ["uses.py", "-x", "--append"]


FAILING = """\
import sys

def fail():
    raise {error}

fail()
"""


@pytest.mark.parametrize(
    "error", ["ValueError('é')", "SystemExit('gone')", "SystemExit(None)", "KeyboardInterrupt", "SystemExit(7)"]
)
def test_what_a_program_raises_passes_through(tmp_path: Path, error: str) -> None:
    plant(tmp_path, {"fail.py": FAILING.format(error=error).encode()})
    alone, recorded = plain("fail.py", cwd=tmp_path), trace("-o", "t.json", "fail.py", cwd=tmp_path)
    assert recorded.returncode == alone.returncode
    if error != "KeyboardInterrupt":  # there Python itself shows the frames of whoever called
        assert said_by_program(recorded.stderr) == alone.stderr
    assert json.loads((tmp_path / "t.json").read_text())["files"] == {}


PRINTING = "import sys\nprint(__name__, sys.argv, sys.path[0], __file__, __package__, __spec__ and __spec__.name)\n"


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "pkg.mod", "-a"),
        ("-m", "pkg", "b"),
        ("pkg/mod.py", "c"),
        ("pkg",),
        ("-m", "no_such_module"),
        ("no_such.py",),
        ("link.py",),
    ],
    ids=" ".join,
)
def test_a_program_is_started_as_python_starts_it(tmp_path: Path, command: tuple[str, ...]) -> None:
    code = PRINTING.encode()
    plant(tmp_path, {"pkg/__init__.py": b"", "pkg/mod.py": code, "pkg/__main__.py": code})
    (tmp_path / "link.py").symlink_to("pkg/mod.py")
    alone, recorded = plain(*command, cwd=tmp_path), trace("-o", "t.json", *command, cwd=tmp_path)
    assert (recorded.returncode, recorded.stdout) == (alone.returncode, alone.stdout)
    if alone.returncode:
        assert alone.stderr.partition("python")[2].partition(":")[2].strip()[:20] in recorded.stderr


def test_a_source_that_goes_while_the_program_runs_is_in_the_record(tmp_path: Path) -> None:
    text = "import os, sys\nfrom torch import nn\nnn.BatchNorm2d(3)\nos.unlink(__file__)\nsys.stderr.close()\n"
    plant(tmp_path, {"gone.py": text.encode()})
    done = trace("-o", "t.json", "gone.py", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "bn-migrate-trace: this executes your code: gone.py\n")
    ((path, file),) = json.loads((tmp_path / "t.json").read_text())["files"].items()
    assert (path, [o["line"] for o in file["occurrences"]]) == (str(tmp_path / "gone.py"), [3])


def entry(line: int, count: int = 1) -> dict[str, object]:
    """An occurrence as a process hands it over."""
    return {
        "line": line, "column": 1, "end_line": line, "end_column": 9, "use": "read", "name": "weight", "through": "",
        "rules": ["torch.nn.BatchNorm2d"], "classes": {"torch.nn.BatchNorm2d": count}, "others": {},
    }  # fmt: skip


def new(digest: str, *entries: dict[str, object]) -> dict[str, object]:
    files = {"/a.py": {"sha256": digest, "occurrences": list(entries)}}
    return {"files": files, "networks": {}, "compiled": [], "versions": {}}


def run(number: str, append: bool) -> dict[str, object]:
    return {"id": number, "append": append, "command": [], "folder": "/", "tool": {}}


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "t.json")
    code = f"""
import sys
from migrate.trace.run.writing import write
from tests.test_recording import entry, new, run
print(end="r", flush=True)
sys.stdin.read(1)
for line in range(20):
    write({path!r}, new("d", entry(1), entry(2 + line + 20 * int(sys.argv[1]))), run("r", False))
"""
    command = [sys.executable, "-c", code]
    processes = [
        subprocess.Popen([*command, str(n)], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for n in range(3)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.read(1) == b"r"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"g")
        process.stdin.flush()
    assert [process.communicate()[0] for process in processes] == [b""] * 3
    kept = json.loads(Path(path).read_text())["files"]["/a.py"]["occurrences"]
    assert [o["line"] for o in kept] == list(range(1, 62))
    assert kept[0]["classes"] == {"torch.nn.BatchNorm2d": 60}
    assert os.listdir(tmp_path) == ["t.json"]


@pytest.mark.parametrize(
    ("append", "digest", "lines", "count"),
    [(True, "d", [1, 2], 2), (True, "other", [1], 1), (False, "d", [1], 1)],
    ids=["of the same text adds up", "of another text counts alone", "without --append begins anew"],
)
def test_a_second_run(tmp_path: Path, append: bool, digest: str, lines: list[int], count: int) -> None:
    path = str(tmp_path / "t.json")
    write(path, new("d", entry(1), entry(2)), run("first", False))
    content = write(path, new(digest, entry(1)), run("second", append))
    kept = content["files"]["/a.py"]["occurrences"]
    assert [o["line"] for o in kept] == lines
    assert kept[0]["classes"] == {"torch.nn.BatchNorm2d": count}
    assert len(content["runs"]) == (2 if append else 1)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("-o", "t.json"), "name a SCRIPT, or -m MODULE"),
        (("-o", "t.json", "-m"), "name a SCRIPT, or -m MODULE"),
        (("a.py",), "-o FILE.json is needed"),
        (("-o", "no/t.json", "a.py"), "there is no folder"),
        (("-o", "a.py", "a.py"), "it is not JSON; it is left as it is"),
        (("-o", "other.json", "a.py"), "the keys files and runs are expected; it is left as it is"),
        (("--bogus", "-o", "t.json", "a.py"), "No such option"),
        (("-o", "t.json", "--source", "no", "a.py"), "does not exist"),
        (("-o", "t.json", "--torch-python", "no-such-python", "a.py"), "--torch-python"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_mistake_is_one_line_and_runs_nothing(tmp_path: Path, args: tuple[str, ...], words: str) -> None:
    plant(tmp_path, {"a.py": b"open('ran', 'w')\n", "other.json": b'{"a": 1}\n'})
    done = trace(*args, cwd=tmp_path)
    lines = [line for line in done.stderr.splitlines() if "executes your code" not in line and "--help" not in line]
    assert done.returncode == 2 and len(lines) == 1 and words in lines[0], done.stderr
    assert sorted(os.listdir(tmp_path)) == ["a.py", "other.json"]
    assert (tmp_path / "other.json").read_bytes() == b'{"a": 1}\n'


def test_sources_can_be_named(tmp_path: Path) -> None:
    plant(tmp_path, {"lib/norms.py": b"from torch import nn\nlayer = nn.BatchNorm2d(3)\n"})
    plant(tmp_path, {"main.py": b"import sys\nsys.path.append('lib')\nimport norms\nnorms.layer.eps\n"})
    done = trace("-o", "t.json", "--source", "lib", "main.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(json.loads((tmp_path / "t.json").read_text())["files"]) == [str(tmp_path / "lib/norms.py")]


def test_every_option_is_explained() -> None:
    page = (Path(__file__).parent.parent / "docs" / "trace.md").read_text("utf-8")
    for option in (o for p in command.params for o in p.opts if o.startswith("-")):
        assert f"`{option}" in page, option


COMPILED = """\
import sys
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.bn(x) + self.bn.bias.sum()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
        self.block = Block()

    def forward(self, x):
        return self.block(self.bn(x)) * self.bn.weight.sum()

torch.manual_seed(0)
net = Net()
x = torch.randn(2, 3, 4, 4)
made = {
    "compile": lambda: torch.compile(net, backend="eager", fullgraph=True),
    "compile a function": lambda: torch.compile(lambda x: net(x), backend="eager"),
    "script": lambda: torch.jit.script(net),
    "trace": lambda: torch.jit.trace(net, x),
    "export": lambda: torch.export.export(net, (x,)).module(),
}[sys.argv[1]]()
print([made(x).sum().item().hex() for _ in range(3)])
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["compile", "compile a function", "script", "trace", "export"])
def test_compiled_parts_compute_the_same_and_are_recorded_or_named(tmp_path: Path, how: str) -> None:
    source = plant(tmp_path, {"net.py": COMPILED.encode()}) / "net.py"
    alone, recorded = plain("net.py", how, cwd=tmp_path), trace("-o", "t.json", "net.py", how, cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    assert recorded.stdout == alone.stdout, recorded.stderr
    compiled = json.loads((tmp_path / "t.json").read_text())["compiled"]
    seen = [text for text, *_ in occurrences(tmp_path / "t.json", source)]
    for line, use in (10, "self.bn.bias"), (19, "self.bn.weight"):
        assert use in seen or any(what.startswith(f"{source}:{line} ") for what in compiled), (line, compiled)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"),
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n2", "test_it.py"),
        ("-m", "unittest", "-q", "test_it"),
        ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1", "test_it.py"),
    ],
    ids=["pytest", "pytest in processes", "unittest", "torchrun"],
)
def test_programs_that_run_programs(tmp_path: Path, command: tuple[str, ...]) -> None:
    text = """\
        import unittest
        from torch import nn

        class Test(unittest.TestCase):
            def test_weight(self):
                layer = nn.BatchNorm2d(3)
                assert layer.weight.sum() == 3
                self.assertEqual(layer.eps, 4)

        if __name__ == "__main__":
            unittest.main()
        """
    source = plant(tmp_path, {"test_it.py": inspect.cleandoc(text).encode()}) / "test_it.py"
    done = trace("-o", "t.json", *command, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    seen = [text for text, *_ in occurrences(tmp_path / "t.json", source)]
    assert seen == ["nn.BatchNorm2d(3)", "layer.weight", "layer.eps"]
