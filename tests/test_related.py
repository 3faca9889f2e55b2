"""What arrives in functions that need torch's class, also in a file that makes no layers itself."""

from __future__ import annotations

import pytest

from migrate.engine import Options, migrate_files

NET = "from torch import nn\n\nclass Net(nn.Module):\n    def __init__(self):\n        self.bn = nn.BatchNorm2d(3)\n"
HEAD = (
    "import torch\nfrom net import Net\n# BatchNorm\nnet = Net()\nrow = torch.nn.Sequential(net)\n"
    "class Heir(Net):\n    pass\n"
)


@pytest.mark.parametrize(
    "given",
    [
        "net",
        "Net().cuda().eval()",
        "net.forward",
        "[net]",
        "torch.nn.Sequential(net)",
        "row",
        "row.eval()",
        "Heir()",
        "torch.jit.script(net)",
        "torch.jit.trace(net, 1)",
        "torch.optim.swa_utils.AveragedModel(model=net).module",
        "{1: net}[1]",
    ],
)
def test_a_network_of_another_file_arrives(given: str) -> None:
    files = {"net.py": NET, "main.py": f"{HEAD}torch.compile({given})\n"}
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    found = [f for r in results for f in r.findings if r.path == "main.py"]
    assert {f.code for f in found} == {"BN210"}
    assert [f.symbol for f in found].count("torch.compile") == 1


PLAIN = (
    "import torch\nfrom torch import nn\nfrom net import Net\n# BatchNorm\nclass Plain(nn.Module):\n"
    "    def __init__(self):\n        self.conv, self.all = nn.Conv2d(3, 3, 1), [nn.ReLU()]\n"
    "class Logger:\n    def __init__(self):\n        self.net = Net()\n"
    "class Told(Plain):\n    def __init__(self):\n        super().__init__()\n        self.log = Logger()\n"
    "plain, bn = Plain(), nn.BatchNorm2d(3)\n"
)


@pytest.mark.parametrize(
    "given",
    [
        "plain",
        "Plain().cuda().eval()",
        "plain.forward",
        "[plain]",
        "nn.Sequential(plain)",
        "nn.Sequential(plain, nn.ReLU()).eval()",
        "nn.DataParallel(plain).module",
        "{1: plain, 2: Net()}[1]",
        "Told()",
    ],
)
def test_a_network_beside_one_that_holds_a_layer_holds_none(given: str) -> None:
    files = {"net.py": NET, "main.py": f"{PLAIN}torch.compile({given})\n"}
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    assert [(f.line, f.symbol) for r in results for f in r.findings if f.code == "BN210"] == []
