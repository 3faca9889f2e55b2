"""Proofs in the tests: any pair of texts as the result of a migration, and one pair of workers for many of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from migrate.findings import Finding, Result
from migrate.proofs import Proof, Verification
from migrate.rules import load_rules
from migrate.verify.process import Limits
from migrate.verify.prove import Prover
from migrate.verify.settings import Settings
from tests import warm

HEAD = "import torch\nimport torch.nn as nn\nimport numpy as np\nfrom functools import partial\n"
NEW_HEAD = "import torch\nimport mindspore as ms\nimport numpy as np\nfrom functools import partial\n"


@dataclass(frozen=True)
class Pair:
    """An original and a rewritten call. ``called``: the layer is called where it is made."""

    before: str
    after: str
    called: bool = False
    setup: str = ""
    new_setup: str = ""


def result(pair: Pair, path: str) -> Result:
    """What a migration would have to return for a file with that call in it."""
    tail = "\nlayer(x)\n" if pair.called else "\n"
    before = f"{HEAD}{pair.setup}\nlayer = {pair.before}{tail}"
    after = f"{NEW_HEAD}{pair.new_setup or pair.setup}\nlayer = {pair.after}{tail}"
    return rewritten(before, after, pair, path)


def rewritten(before: str, after: str, pair: Pair, path: str) -> Result:
    """The result for two whole texts, in which the texts of ``pair`` stand last, each on one line."""
    place = before.rindex(pair.before)
    line, column = before.count("\n", 0, place) + 1, place - before.rindex("\n", 0, place)
    span = (line, column, line, column + len(pair.before))
    finding = Finding("BN101", "rewrite", "call", "torch.nn.BatchNorm2d", *span, "", pair.before, pair.after)
    return Result(path, before.encode(), after.encode(), (finding,))


def prove(
    pairs: Iterable[Pair], settings: Settings | None = None, rules: Path | None = None, limits: Limits | None = None
) -> Verification:
    """The verification of all pairs, each in a file of its own: pair0.py, pair1.py, ..."""
    return prove_results([result(pair, f"pair{i}.py") for i, pair in enumerate(pairs)], settings, rules, limits)


def prove_results(
    results: Iterable[Result],
    settings: Settings | None = None,
    rules: Path | tuple[Path, ...] | None = None,
    limits: Limits | None = None,
) -> Verification:
    """The verification of whole files."""
    chosen = load_rules("mindspore.nn", rules if isinstance(rules, tuple) else (rules,) if rules else ())
    with Prover(warmed(settings or Settings(), "mindspore"), chosen, limits) as prover:
        return prover.prove(list(results))


def warmed(settings: Settings, kind: str) -> Settings:
    """The settings with warm interpreters, MindSpore's of this kind, where they name none."""
    return replace(
        settings,
        torch_python=warm.python("torch") if settings.torch_python == sys.executable else settings.torch_python,
        mindspore_python=warm.python(kind)
        if settings.mindspore_python == sys.executable
        else settings.mindspore_python,
    )


def by_path(verification: Verification) -> dict[str, Proof]:
    return {site.path: proof for proof in verification.proofs for site in proof.sites}
