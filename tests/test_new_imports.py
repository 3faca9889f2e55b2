"""New imports land in the group of lines where ruff, sorting as isort does, would have them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.command import bn_migrate, plant

USE = "\n\ndef mean(m: {}):\n    return m.running_mean\n\n\ndef start(m: {}):\n    m.reset_running_stats()\n"
TORCH = USE.replace("{}", "nn.BatchNorm2d")
TYPED = USE.replace("{}", "Norm")
OWN = b"from torch import nn\n\n\nclass Norm(nn.BatchNorm2d):\n    pass\n"
# The imports of a file, and what follows them.
TEXTS = {
    "Python's, others and own": ("import os\n\nfrom torch import nn\n\nfrom pkg.norm import Norm\n", TORCH),
    "two of others": ("import numpy as np\nfrom torch import nn, relu\n\nfrom pkg.norm import Norm\n", TORCH),
    "Python's and own": ("import os\nimport sys\n\nfrom pkg.norm import Norm\n", TYPED),
    "own alone": ("from pkg.norm import Norm\n", TYPED),
    "own alone, relative": ("from . import norm\nfrom .norm import Norm\n", TYPED),
    "own behind a docstring": ('"""A text."""\n\nfrom pkg.norm import Norm\n', TYPED),
    "from the future": ("from __future__ import annotations\n\nimport os\n\nfrom pkg.norm import Norm\n", TYPED),
    "a module of the run": ("import os\n\nimport pkg.norm\nfrom pkg.norm import Norm\n", TYPED),
}


def groups(text: str) -> list[set[str]]:
    """The imports of a file between empty lines, whatever their order."""
    imports = text.partition("\ndef ")[0].strip()
    return [set(group.splitlines()) for group in imports.split("\n\n")]


@pytest.mark.parametrize(("imports", "rest"), TEXTS.values(), ids=TEXTS)
def test_the_groups_are_those_of_a_sorted_file(tmp_path: Path, imports: str, rest: str) -> None:
    plant(tmp_path, {"pkg/__init__.py": b"", "pkg/norm.py": OWN, "pkg/net.py": (imports + rest).encode()})
    sort = ["ruff", "check", "--isolated", "--select", "I", "--quiet", "--config", "src = ['.']", "pkg/net.py"]
    subprocess.run(sort, cwd=tmp_path, check=True)  # sorted before
    assert bn_migrate("pkg", cwd=tmp_path).returncode == 0
    written = (tmp_path / "pkg/net.py").read_text()
    assert "mindspore" in written
    subprocess.run([*sort, "--fix"], cwd=tmp_path, check=True)
    assert groups(written) == groups((tmp_path / "pkg/net.py").read_text())


ODD = {
    "a comment stays above what it is about": (
        "# the layer of this project\nfrom pkg.norm import Norm\n",
        "# the layer of this project\nfrom pkg.norm import Norm\nfrom mindspore",
    ),
    "code between imports parts them": (
        "import os\nos.environ['GLOG_v'] = '3'\nfrom pkg.norm import Norm\n",
        "os.environ['GLOG_v'] = '3'\nfrom mindspore.common.initializer import initializer\n\nfrom pkg.norm",
    ),
    "without groups there is none of its own": (
        "import os\nfrom pkg.norm import Norm\n",
        "import os\nfrom mindspore.common.initializer import initializer\nfrom pkg.norm import Norm\n",
    ),
    "a line that is shared": (
        "import os; from pkg.norm import Norm\n",
        "import os; from mindspore.common.initializer import initializer; from pkg.norm import Norm\n",
    ),
}


@pytest.mark.parametrize(("imports", "after"), ODD.values(), ids=ODD)
def test_what_no_sorting_tool_would_leave(tmp_path: Path, imports: str, after: str) -> None:
    plant(tmp_path, {"pkg/__init__.py": b"", "pkg/norm.py": OWN, "pkg/net.py": (imports + TYPED).encode()})
    assert bn_migrate("pkg", cwd=tmp_path).returncode == 0
    assert after in (tmp_path / "pkg/net.py").read_text()
