"""A notebook runs in Jupyter's kernel before and after its migration, and prints the same."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest

from tests.notebooks import migrated, notebook, sources

# Each framework gets the batch as it likes it; what the notebook prints does not depend on that.
CELLS = [
    "%matplotlib --list\nimport numpy as np\nfrom torch import nn",
    "%%capture quiet\nprint('nothing of this')\nstart = np.arange(24.0, dtype=np.float32).reshape(2, 3, 2, 2)",
    "def norm(c, momentum=0.1):\n    return nn.BatchNorm2d(c, momentum=momentum, eps=1e-3)",
    "%%time\n# Timed as a whole\nlayer = norm(3, 0.25)\nplain = nn.BatchNorm2d(3, affine=False)",
    "%time layer.train()\nlayer.weight.data.fill_(2)\nfiles = !echo one two\nprint(files)",
    "%%bash\necho from the shell",
    "def run(x):\n    import sys\n    if 'mindspore' in sys.modules:\n        import mindspore\n"
    "        return mindspore.Tensor(x)\n    import torch\n    return torch.tensor(x)",
    "for _ in range(3):\n    out = layer(run(start))\nmean, scale = layer.running_mean, layer.weight",
    "print(np.round(layer.running_mean.tolist(), 6))\nlayer.eval()",
    "print([np.round(t.tolist(), 3).tolist() for t in (mean, scale, out)])",
]


def run(data: bytes) -> list[str]:
    """What the cells print, but for times and for what an expression at the end of a cell shows."""
    client = pytest.importorskip("nbclient").NotebookClient
    pytest.importorskip("ipykernel")
    done: Any = client(nbformat.reads(data.decode(), as_version=4), timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    printed = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stdout")
    return [line for line in printed.splitlines() if not line.startswith(("CPU times", "Wall time"))]


@pytest.mark.slow
def test_a_notebook_computes_the_same_after_its_migration() -> None:
    pytest.importorskip("mindspore")
    before = notebook(*CELLS)
    after = migrated(before).after
    text = "\n".join(sources(after))
    assert "nn.BatchNorm2d(c, momentum=1 - momentum, eps=1e-3)" in text and "from torch" not in text
    expected = run(before)
    assert "from the shell" in expected and "['one two']" in expected and json.loads(expected[-1])
    assert run(after) == expected
