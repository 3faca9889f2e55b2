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
    "given", ["net", "Net().cuda().eval()", "net.forward", "[net]", "torch.nn.Sequential(net)", "row", "Heir()"]
)
def test_a_network_of_another_file_arrives(given: str) -> None:
    files = {"net.py": NET, "main.py": f"{HEAD}torch.compile({given})\n"}
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    found = [f for r in results for f in r.findings if r.path == "main.py"]
    assert [(f.code, f.symbol) for f in found] == [("BN210", "torch.compile")]
