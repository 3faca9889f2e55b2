"""What reviews of assignments offer; and lines that are added: where they go, and the findings that show them."""

from __future__ import annotations

import importlib
from dataclasses import asdict
from pathlib import Path

import pytest

from migrate.engine import Options, migrate_bytes
from tests.cases import FOLDER, Case, read_cases

HEAD = "from torch import nn\ndef f(m: nn.BatchNorm2d, value, deep: nn.BatchNorm3d):\n"
MEANT = "is_training=True, epsilon={0}.eps, momentum={0}.momentum, data_format={0}.format"
TRAIN = f"{{0}}.bn_train = ms.ops.BatchNorm({MEANT})"
INFER = "{0}.bn_infer = ms.ops.BatchNorm(is_training=False, epsilon={0}.eps, data_format={0}.format)"


def offered(body: str) -> list[str]:
    """The suggestions of the reviews of a function's body."""
    result = migrate_bytes(f"{HEAD}{body}\n".encode(), "x.py", Options())
    assert result.error is None
    return [f.suggestion for f in result.findings if f.code == "BN207"]


@pytest.mark.parametrize(
    ("body", "suggestions"),
    [
        ("    m.momentum = value", [f"m.momentum = value\n    {TRAIN}"]),
        ("\tm.momentum = value", [f"m.momentum = value\n\t{TRAIN}"]),
        ("    m.eps = value  # small", [f"m.eps = value\n    {TRAIN}\n    {INFER}"]),
        ("    m.momentum = value\n    m.eps = 1e-3", ["", f"m.eps = 1e-3\n    {TRAIN}\n    {INFER}"]),
        ("    if value: m.momentum = 0.1", [f"m.momentum = 0.1; {TRAIN}"]),
        ("    deep.momentum = value", [f"deep.bn2d.momentum = value\n    {TRAIN}"]),
        ("    m.training = False", ["m.set_train(False)"]),
        ("    m.training = value > 3", ["m.set_train(value > 3)"]),
        ("    m.momentum = 1", [""]),
        ("    m.momentum = None", [""]),
        ("    m.eps = 0.0", [""]),
        ("    m.momentum *= 0.5", [""]),
        ("    m.num_features = value", [""]),
    ],
)
def test_suggestion(body: str, suggestions: list[str]) -> None:
    owner = "deep.bn2d" if "deep" in body else "m"
    assert offered(body) == [s.format(owner) for s in suggestions]


def test_a_suggestion_is_spelled_as_the_file_has_it() -> None:
    text = f"from mindspore import ops as o\n{HEAD}    m.momentum = value\n"
    result = migrate_bytes(text.encode(), "x.py", Options())
    (suggestion,) = (f.suggestion for f in result.findings if f.code == "BN207")
    assert suggestion == f"m.momentum = value\n    {TRAIN.format('m')}".replace("= ms.ops.", "= o.")


BRANCH = "def g(m):{0}    if isinstance(m, (nn.BatchNorm2d, nn.InstanceNorm2d)):{0}        m.eps = 1e-3"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["", "  # last", "{0}", "  # last{0}"])
def test_the_end_of_the_file_and_its_newlines_stay(newline: str, end: str) -> None:
    text = f"from torch import nn{newline}{BRANCH.format(newline)}{end.format(newline)}"
    result = migrate_bytes(text.encode(), "x.py", Options())
    comment = "  # last" if "last" in end else ""
    expected = [
        "from torch import nn",
        "import mindspore as ms",
        "def g(m):",
        "    if isinstance(m, ms.nn.BatchNorm2d):",
        f"        m.eps = 1e-3{comment}",
        f"        {TRAIN.format('m')}",
        f"        {INFER.format('m')}",
        "    elif isinstance(m, nn.InstanceNorm2d):",
        f"        m.eps = 1e-3{comment}",
    ]
    last = newline if end.endswith("{0}") else ""
    assert result.after.decode() == newline.join(expected) + last


def test_two_copies_at_the_end_of_a_file_without_newline() -> None:
    text = "from torch import nn\ndef g(m):\n    if isinstance(m, {}):\n        {}"
    classes = "(nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm)"
    result = migrate_bytes(text.format(classes, "m.weight.requires_grad = False").encode(), "x.py", Options())
    assert result.after.decode() == (
        "from torch import nn\nimport mindspore as ms\ndef g(m):\n"
        "    if isinstance(m, ms.nn.BatchNorm2d):\n        m.gamma.requires_grad = False\n"
        "    elif isinstance(m, ms.nn.BatchNorm3d):\n        m.bn2d.gamma.requires_grad = False\n"
        "    elif isinstance(m, nn.GroupNorm):\n        m.weight.requires_grad = False"
    )


@pytest.mark.parametrize("end", ["", "  # last"])
def test_lines_behind_the_last_one(end: str) -> None:
    result = migrate_bytes(f"{HEAD}    m.momentum = 0.1{end}".encode(), "x.py", Options())
    assert result.after.decode().endswith(f"\n    m.momentum = 0.1{end}\n    {TRAIN.format('m')}")


CASES = [case for name in ("branches", "writes") for case in read_cases(FOLDER / f"{name}.md")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_findings_and_imports_explain_every_difference(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "benchmarks"))
    unexplained = importlib.import_module("real_code").unexplained
    options = Options(case.options.get("target", "mindspore.nn"))
    result = migrate_bytes(case.before.encode(), "case.py", options)
    if any(f.role == "import" for f in result.findings):
        pytest.skip("imports change lines beside those that are added")
    assert list(unexplained(result.before, result.after, [asdict(f) for f in result.findings])) == []
