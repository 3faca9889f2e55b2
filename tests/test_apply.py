"""``--apply``: which suggestions are written, what becomes of the text and of the findings, and what stays a review."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
import torch

from migrate.chosen import applied
from migrate.codes import CODES
from migrate.decide.drafts import Draft
from migrate.edits import Spelling, Write
from migrate.engine import Options, migrate_bytes
from migrate.errors import UsageError
from migrate.findings import Finding, Result
from migrate.rewrite.applied import apply
from migrate.rewrite.offered import Offers
from migrate.syntax.source import Source
from tests.cases import Case, all_cases
from tests.command import bn_migrate, harvest, plant
from tests.test_suggestions_executed import run as module

HEAD = "import torch\nfrom torch import nn\n"
META = HEAD + "x = nn.BatchNorm2d(8, momentum=0.3, device='meta')\n"
TWO_CALLS = META + "def build(c, **kw):\n    return nn.BatchNorm2d(c, **kw)\n"


def taken(text: str, *codes: str, calls: bool = False, path: str = "a.py") -> Result:
    """The result with the suggestions of ``codes``; it parses, and a second run changes nothing more."""
    options = Options(apply=applied(codes), apply_calls=calls)
    result = migrate_bytes(text.encode(), path, options)
    assert result.error is None, result.error
    ast.parse(result.after)
    assert migrate_bytes(result.after, path, options).after == result.after
    return result


def written(text: str, *codes: str, calls: bool = False) -> str:
    """What becomes of a text below torch's imports, of which those go that nothing uses any more."""
    after = taken(HEAD + text, *codes, calls=calls).after.decode()
    return after.removeprefix("import torch\n").removeprefix("from torch import nn\n")


def advised(result: Result) -> list[Finding]:
    """The findings that are rewrites, though their code is a review's."""
    return [f for f in result.findings if f.kind == "rewrite" and CODES[f.code].kind == "review"]


WRITTEN = {
    "a write": (
        "bn = nn.BatchNorm2d(3)\nbn.training = False\n",
        "BN207",
        "import mindspore as ms\nbn = ms.nn.BatchNorm2d(3)\nbn.set_train(False)\n",
    ),
    "a comparison, with its import": (
        "bn = nn.BatchNorm2d(3)\n\n\ndef f():\n    return bn.momentum == 0.1  # why\n",
        "BN220",
        "import mindspore as ms\nimport math\nbn = ms.nn.BatchNorm2d(3)\n\n\ndef f():\n"
        "    return math.isclose(bn.momentum, 0.1)  # why\n",
    ),
    "an object of several classes, once": (
        "def f(m):\n    if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):\n        return m.affine\n",
        "BN205",
        "import mindspore as ms\ndef f(m):\n    if isinstance(m, (ms.nn.BatchNorm2d, nn.GroupNorm)):\n"
        "        return m.gamma.requires_grad if isinstance(m, ms.nn.BatchNorm2d) else m.affine\n",
    ),
    "one inside another": (
        "bn = nn.BatchNorm2d(3)\nbn.training = bn.affine\n",
        "BN2",
        "import mindspore as ms\nbn = ms.nn.BatchNorm2d(3)\nbn.set_train(bn.gamma.requires_grad)\n",
    ),
    "a rewrite inside": (
        "bn = nn.BatchNorm2d(3)\nbn.training = bool(bn.running_mean.sum() > 0)\n",
        "BN207",
        "import mindspore as ms\nbn = ms.nn.BatchNorm2d(3)\nbn.set_train(bool(bn.moving_mean.sum() > 0))\n",
    ),
    "another code": (
        "bn = nn.BatchNorm2d(3)\nbn.training = False\n",
        "BN220",
        "import mindspore as ms\nbn = ms.nn.BatchNorm2d(3)\nbn.training = False\n",
    ),
    "a skipped line": (
        "bn = nn.BatchNorm2d(3)\nbn.training = False  # bn-migrate: skip[BN207]\n",
        "BN207",
        "import mindspore as ms\nbn = ms.nn.BatchNorm2d(3)\nbn.training = False  # bn-migrate: skip[BN207]\n",
    ),
    "code on MindSpore": (
        "import mindspore as ms\nlayer = ms.nn.BatchNorm2d(3)\nlayer.weight\n",
        "BN402",
        "import mindspore as ms\nlayer = ms.nn.BatchNorm2d(3)\nlayer.gamma\n",
    ),
    "several statements behind a colon": (
        "import mindspore as ms\nlayer = ms.nn.BatchNorm2d(3)\nif x: layer.reset_running_stats()\n",
        "BN402",
        None,
    ),
    "below an import that stands behind a rewrite": (
        "bn = nn.BatchNorm2d(3)\nimport os\nbn.momentum == 0.1\n",
        "BN220",
        "import mindspore as ms\nimport math\nbn = ms.nn.BatchNorm2d(3)\nimport os\nmath.isclose(bn.momentum, 0.1)\n",
    ),
    "a test that stands already": (
        "import mindspore as ms\ndef f(m):\n    if isinstance(m, (ms.nn.BatchNorm2d, nn.GroupNorm)):\n"
        "        return m.gamma.requires_grad if isinstance(m, ms.nn.BatchNorm2d) else m.affine\n",
        "BN402",
        None,
    ),
    "a call, which needs a proof": ("x = nn.BatchNorm2d(8, device='meta')\n", "BN2", None),
    "a call of MindSpore's, which needs no proof": (
        "import mindspore as ms\nx = ms.nn.BatchNorm2d(8, track_running_stats=False)\n",
        "BN403",
        "import mindspore as ms\nx = ms.nn.BatchNorm2d(8, use_batch_statistics=True)\n",
    ),
}


@pytest.mark.parametrize(("before", "code", "after"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written(before: str, code: str, after: str | None) -> None:
    assert written(before, code) == (before if after is None else after)


def test_a_call_is_written_for_a_proof_but_where_that_failed() -> None:
    assert "ms.nn.BatchNorm2d(8, momentum=0.7)" in written(META.removeprefix(HEAD), "BN201", calls=True)
    options = Options(apply=("BN201",), apply_calls=True, unproved=frozenset({("a.py", None, 3)}))
    assert migrate_bytes(META.encode(), "a.py", options).after == META.encode()


def test_a_class_that_is_handed_on_is_left_since_no_call_can_be_proved() -> None:
    text = b"from torch import nn\ndef f(norm=nn.BatchNorm2d): return norm\n"
    options = Options(data_format="NHWC", apply=applied(["BN216"]), apply_calls=True)
    result = migrate_bytes(text, "a.py", options)
    assert [(f.code, f.kind, bool(f.suggestion)) for f in result.findings] == [("BN216", "review", True)]
    assert result.after == text


def test_what_stands_inside_a_rewrite_stays_a_review() -> None:
    text = HEAD + "bn = nn.BatchNorm2d(3)\nother = nn.BatchNorm2d(8 if bn.affine else 4, momentum=0.2)\n"
    result = taken(text, "BN208")
    (left,) = (f for f in result.findings if f.code == "BN208")
    assert (left.kind, left.suggestion) == ("review", "bn.gamma.requires_grad")
    assert b"8 if bn.affine else 4, momentum=0.8" in result.after


def test_a_suggestion_with_which_the_file_would_not_parse_is_left_out_alone() -> None:
    source = Source(b"a = f(1)\nb = f(2)\n", "a.py")
    first, second = (s.value for s in source.tree.body if isinstance(s, ast.Assign))
    edits = (Write(first, "if a: pass"), Write(second, "g(2)"))
    drafts = [Draft("BN207", "attribute", "", e.node, "", suggestion=(e,)) for e in edits]
    spelling = Spelling({}, {})
    texts, _ = apply(source, [], spelling, Offers(source, [], spelling), drafts)
    assert texts == {source.span(second): "g(2)"}


def test_an_applied_review_is_a_rewrite_with_its_code_and_the_new_text() -> None:
    result = taken(HEAD + "bn = nn.BatchNorm2d(3)\nx = bn.momentum == 0.1\n", "BN220")
    (found,) = advised(result)
    assert (found.code, found.before, found.after) == ("BN220", "bn.momentum == 0.1", "math.isclose(bn.momentum, 0.1)")
    assert not found.suggestion and "what to write needs" not in found.message
    (review,) = (f for f in migrate_bytes(result.before, "a.py", Options()).findings if f.code == "BN220")
    assert review.kind == "review" and review.message == f"{found.message}; what to write needs import math"


MEETING = HEAD + (
    "def f(conv, bn: nn.BatchNorm2d):\n"
    "    a = torch.rsqrt(bn.running_var)\n"
    "    conv.weight = bn.weight\n"
    "    return a * torch.exp(bn.bias)\n"
)


def test_notes_of_one_decision_are_written_with_the_review_and_what_is_left_of_them_is_one() -> None:
    def told(*codes: str) -> list[tuple[str, str, int]]:
        result = migrate_bytes(MEETING.encode(), "a.py", Options(apply=codes))
        return [(f.code, f.kind, f.line) for f in result.findings if f.line > 3]

    assert told() == [("BN218", "review", 4), ("BN308", "note", 5), ("BN308", "note", 6)]
    assert told("BN218") == [("BN218", "rewrite", 4), ("BN218", "review", 5), ("BN218", "rewrite", 6)]


def test_an_import_goes_above_the_first_that_needs_it_and_joins_those_of_the_rewrites() -> None:
    text = '"""Docs."""\nfrom torch import nn\n\n\ndef f(bn: nn.BatchNorm2d):\n    return bn.momentum == 0.1\n\n\n'
    text += "class A:\n    bn = nn.BatchNorm2d(3)\n"
    after = taken(text, "BN220").after.decode()
    assert after.startswith('"""Docs."""\n') and after.count("import math\n") == 1
    assert after.index("import math\n") < after.index("def f")


def test_comments_above_what_is_left_and_none_above_what_was_written() -> None:
    text = HEAD + "bn = nn.BatchNorm2d(3)\nbn.training = False\nx = nn.BatchNorm2d(8, momentum=None)\n"
    options = Options(todo=("BN201", "BN207"), apply=("BN207",))
    after = migrate_bytes(text.encode(), "a.py", options).after.decode()
    assert after.count("TODO(bn-migrate)") == 1 and "\nbn.set_train(False)\n# TODO(bn-migrate): BN201 " in after


@pytest.mark.parametrize("case", all_cases(), ids=lambda c: c.id)
def test_every_suggestion_of_the_cases_parses_where_it_is_written(case: Case) -> None:
    target, data_format = case.options.get("target", "mindspore.nn"), case.options.get("data-format", "NCHW")
    options = Options(target, data_format, apply=applied(["BN2"]), apply_calls=True)  # type: ignore[arg-type]
    result = migrate_bytes(case.before.encode(), "a.py", options)
    assert result.error is None
    text = result.after.decode()
    ast.parse(text)
    assert all(f.after in text for f in advised(result))
    if "above the import that the migration adds" not in case.title:
        assert migrate_bytes(result.after, "a.py", options).after == result.after


EXECUTED = {
    "a mode": "bn = nn.BatchNorm2d(3)\nbn.training = False\nresult = bn.affine, bn.momentum == 0.1, bn.momentum != 0.2",
    "several classes": (
        "def f(m):\n    if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):\n        return m.affine\n"
        "result = f(nn.BatchNorm2d(3)), f(nn.GroupNorm(1, 3, affine=False))"
    ),
    "modules": "bn = nn.BatchNorm2d(3)\nresult = len(list(bn.modules()))",
}


@pytest.mark.parametrize("source", EXECUTED.values(), ids=EXECUTED)
def test_what_is_written_does_the_same(source: str) -> None:
    result = taken(HEAD + source + "\n", "BN2")
    assert advised(result)
    assert module(result.after.decode())["result"] == module(HEAD + source)["result"]


def test_a_mode_that_is_written_normalises_alike() -> None:
    source = HEAD + "bn = nn.BatchNorm2d(3)\nbn.training = False\n"
    data = np.random.default_rng(0).normal(3, 2, (2, 3, 4, 4)).astype(np.float32)
    theirs = module(source)["bn"](torch.from_numpy(data)).detach().numpy()
    ours = module(taken(source, "BN207").after.decode())["bn"](ms.Tensor(data)).asnumpy()
    assert np.abs(ours - theirs).max() < 1e-5


def test_the_command_line(tmp_path: Path) -> None:
    text = f"{META}bn = nn.BatchNorm2d(3)\nbn.training = False\n".encode()
    plant(tmp_path, {"a.py": text})
    shown = bn_migrate("--diff", "--apply", "bn207,BN201", "a.py", cwd=tmp_path)
    assert b"\n+bn.set_train(False)\n" in shown.stdout and harvest(tmp_path)["a.py"] == text
    assert b"bn-migrate: --apply: 1 suggestion is about a call, which is applied with --verify only\n" in shown.stderr
    assert b"--apply" not in bn_migrate("-q", "--diff", "--apply", "BN2", "a.py", cwd=tmp_path).stderr
    assert b"--apply" not in bn_migrate("--diff", "--apply", "BN207", "a.py", cwd=tmp_path).stderr
    document = bn_migrate("--check", "--format", "json", "--apply", "BN207", "a.py", cwd=tmp_path)
    kinds = {f["code"]: f["kind"] for f in json.loads(document.stdout)["files"][0]["findings"]}
    assert document.returncode == 1 and kinds["BN207"] == "rewrite" and kinds["BN201"] == "review"
    assert b"BN207 review" in bn_migrate("--check", "a.py", cwd=tmp_path).stdout  # not from the cache of the others
    assert b"set_train(False)" in bn_migrate("-", "--apply", "BN207", stdin=text, cwd=tmp_path).stdout
    bn_migrate("--apply", "BN207", "a.py", cwd=tmp_path)
    first = harvest(tmp_path)["a.py"]
    assert b"\nbn.set_train(False)\n" in first and b"device='meta'" in first
    bn_migrate("--apply", "BN207", "a.py", cwd=tmp_path)
    assert harvest(tmp_path)["a.py"] == first


@pytest.mark.parametrize("reads", ["a file", "standard input"])
def test_calls_are_written_where_their_proof_passes_and_stay_reviews_where_not(tmp_path: Path, reads: str) -> None:
    plant(tmp_path, {"a.py": TWO_CALLS.encode()})
    if reads == "a file":
        done = bn_migrate("--verify", "--apply", "BN2", "a.py", cwd=tmp_path)
        after = harvest(tmp_path)["a.py"].decode()
    else:
        done = bn_migrate("--verify", "--apply", "BN2", "-", cwd=tmp_path, stdin=TWO_CALLS.encode())
        after = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert "ms.nn.BatchNorm2d(8, momentum=0.7)\n" in after and "nn.BatchNorm2d(c, **kw)" in after
    said = (done.stdout + done.stderr).decode()
    assert "BN202 review" in said and "BN201 review" not in said


def test_a_record_proves_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": META.encode()})
    done = bn_migrate("--record", "torch.npz", "--apply", "BN2", "a.py", cwd=tmp_path)
    assert done.returncode == 0 and b"BN201 review" in done.stdout


@pytest.mark.parametrize("named", ["BN213", "BN212", "BN1", "BN301", "BN999", ""])
def test_what_cannot_be_applied_is_an_error(named: str) -> None:
    with pytest.raises(UsageError, match="--apply: "):
        applied([named])


def test_a_prefix_leaves_out_what_cannot_be_applied() -> None:
    codes = applied(["BN2"])
    assert {"BN201", "BN207", "BN220"} <= set(codes) and not {"BN212", "BN213", "BN402"} & set(codes)


def test_it_cannot_be_configured(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": b'[tool.bn-migrate]\napply = ["BN207"]\n', "a.py": META.encode()})
    done = bn_migrate("a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"unknown key 'apply'" in done.stderr
