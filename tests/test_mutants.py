"""The proof on trial: wrong migrations have to fail, each by the measure that shows it, and right ones to pass."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrate.engine import Options, migrate_bytes
from migrate.proofs import Proof
from migrate.rules import shipped_rules
from migrate.verify.settings import Settings
from tests.proving import HEAD, Pair, by_path, prove, prove_results, rewritten

pytest.importorskip("torch")
pytest.importorskip("mindspore")


@dataclass(frozen=True)
class Mutant:
    """A wrong migration and the measure that has to fail; ``worst`` in proofs that also fail by others."""

    title: str
    before: str
    after: str
    measure: str
    called: bool = False


STATISTICS = "moving_mean"
MUTANTS = [
    Mutant(
        "momentum 0.1 not complemented",
        "nn.BatchNorm2d(8, momentum=0.1)",
        "ms.nn.BatchNorm2d(8, momentum=0.1)",
        STATISTICS,
    ),
    Mutant(
        "momentum 0.2 not complemented",
        "nn.BatchNorm2d(8, momentum=0.2)",
        "ms.nn.BatchNorm2d(8, momentum=0.2)",
        STATISTICS,
    ),
    Mutant(
        "momentum 0.01 not complemented",
        "nn.BatchNorm2d(8, momentum=0.01)",
        "ms.nn.BatchNorm2d(8, momentum=0.01)",
        STATISTICS,
    ),
    Mutant(
        "momentum off by 0.01", "nn.BatchNorm2d(8, momentum=0.1)", "ms.nn.BatchNorm2d(8, momentum=0.91)", STATISTICS
    ),
    Mutant("a name not complemented", "nn.BatchNorm2d(8, momentum=m)", "ms.nn.BatchNorm2d(8, momentum=m)", STATISTICS),
    Mutant(
        "1 - m complemented twice",
        "nn.BatchNorm2d(8, momentum=1 - m)",
        "ms.nn.BatchNorm2d(8, momentum=1 - m)",
        STATISTICS,
    ),
    Mutant(
        "parentheses lost", "nn.BatchNorm2d(8, momentum=a - b)", "ms.nn.BatchNorm2d(8, momentum=1 - a - b)", STATISTICS
    ),
    Mutant("momentum dropped", "nn.BatchNorm2d(8, momentum=0.3)", "ms.nn.BatchNorm2d(8)", STATISTICS),
    Mutant("torch's default written out", "nn.BatchNorm2d(8)", "ms.nn.BatchNorm2d(8, momentum=0.1)", STATISTICS),
    Mutant("momentum=None becomes the default", "nn.BatchNorm2d(8, momentum=None)", "ms.nn.BatchNorm2d(8)", STATISTICS),
    Mutant(
        "momentum=None becomes 0", "nn.BatchNorm2d(8, momentum=None)", "ms.nn.BatchNorm2d(8, momentum=0)", STATISTICS
    ),
    Mutant("statistics frozen", "nn.BatchNorm2d(8)", "ms.nn.BatchNorm2d(8, momentum=1.0)", STATISTICS),
    Mutant("eps dropped", "nn.BatchNorm2d(8, eps=1e-3)", "ms.nn.BatchNorm2d(8)", "train"),
    Mutant("eps 1e-5 becomes 1.1e-5", "nn.BatchNorm2d(8, eps=1e-5)", "ms.nn.BatchNorm2d(8, eps=1.1e-5)", "train"),
    Mutant("eps 1e-5 becomes 1e-6", "nn.BatchNorm2d(8, 1e-5)", "ms.nn.BatchNorm2d(8, 1e-6)", "train"),
    Mutant("eps off in the fifth digit", "nn.BatchNorm2d(8, eps=1e-5)", "ms.nn.BatchNorm2d(8, eps=1.0001e-5)", "train"),
    Mutant(
        "momentum off in the fifth digit",
        "nn.BatchNorm2d(8, momentum=0.1)",
        "ms.nn.BatchNorm2d(8, momentum=0.90001)",
        STATISTICS,
    ),
    Mutant(
        "track_running_stats dropped", "nn.BatchNorm2d(8, track_running_stats=False)", "ms.nn.BatchNorm2d(8)", "eval"
    ),
    Mutant(
        "track_running_stats inverted",
        "nn.BatchNorm2d(8, track_running_stats=False)",
        "ms.nn.BatchNorm2d(8, use_batch_statistics=False)",
        "train",
    ),
    Mutant(
        "track_running_stats copied",
        "nn.BatchNorm2d(8, track_running_stats=True)",
        "ms.nn.BatchNorm2d(8, use_batch_statistics=True)",
        "eval",
    ),
    Mutant(
        "an expression mapped the wrong way",
        "nn.BatchNorm2d(8, track_running_stats=t)",
        "ms.nn.BatchNorm2d(8, use_batch_statistics=True if t else None)",
        "eval",
    ),
    Mutant("affine dropped", "nn.BatchNorm2d(8, affine=False)", "ms.nn.BatchNorm2d(8)", "trainable"),
    Mutant("affine inverted", "nn.BatchNorm2d(8)", "ms.nn.BatchNorm2d(8, affine=False)", "trainable"),
    Mutant(
        "a stray position sets gamma_init",
        "nn.BatchNorm2d(8, 1e-5, 0.1, True, True)",
        "ms.nn.BatchNorm2d(8, 1e-5, 0.9, True, 'zeros')",
        "initial",
    ),
    Mutant("bias=False dropped", "nn.BatchNorm2d(8, bias=False)", "ms.nn.BatchNorm2d(8)", "trainable"),
    Mutant("statistics that never update", "nn.BatchNorm2d(8)", "ms.nn.BatchNorm2d(8, dtype=ms.float16)", STATISTICS),
    Mutant(
        "inference mode", "nn.BatchNorm2d(2, momentum=0.2)", "ms.nn.BatchNorm2d(2, momentum=0.8)", "first_call", True
    ),
    Mutant("another class", "nn.BatchNorm2d(8)", "ms.nn.InstanceNorm2d(8)", ""),
    Mutant("fewer channels", "nn.BatchNorm2d(8)", "ms.nn.BatchNorm2d(4)", ""),
    Mutant(
        "torch's fifth position sets gamma_init",
        "nn.BatchNorm2d(8, 1e-5, 0.1, True, False)",
        "ms.nn.BatchNorm2d(8, 1e-5, 0.9, True, False)",
        "initial",
    ),
    Mutant("a keyword of torch", "nn.BatchNorm2d(8, device=d)", "ms.nn.BatchNorm2d(8, device=d)", ""),
    Mutant("an integer eps", "nn.BatchNorm2d(8, eps=1)", "ms.nn.BatchNorm2d(8, eps=1)", ""),
]
MODES = ["pynative", "graph"]


@pytest.fixture(scope="module", params=MODES)
def proofs(request: pytest.FixtureRequest) -> dict[str, Proof]:
    pairs = [Pair(m.before, m.after, m.called) for m in MUTANTS]
    found = by_path(prove(pairs, Settings(mode=request.param)))
    return {m.title: found[f"pair{i}.py"] for i, m in enumerate(MUTANTS)}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.title)
def test_a_wrong_migration_fails_by_the_measure_that_shows_it(proofs: dict[str, Proof], mutant: Mutant) -> None:
    proof = proofs[mutant.title]
    assert not proof.passed
    if mutant.measure:
        assert any(mutant.measure in case.failures for case in proof.cases), proof.worst
    else:
        assert any(case.error for case in proof.cases)
    assert all("reference" not in case.failures for case in proof.cases)


@pytest.mark.parametrize("proofs", ["pynative"], indirect=True)
def test_the_script_of_a_failure_shows_it(proofs: dict[str, Proof], capsys: pytest.CaptureFixture[str]) -> None:
    """Run as a user would paste it: the lines of the two frameworks differ, or one of them raises."""
    for title, proof in proofs.items():
        case = next(c for c in proof.cases if not c.passed)
        try:
            exec(compile(case.snippet, title, "exec"), {})
        except Exception:
            assert case.error is not None, title
            continue
        finally:
            printed = capsys.readouterr().out
        values = [line.replace("MindSpore", "torch") for line in printed.splitlines()]
        assert case.error is not None or len(set(values)) > 1, f"{title}: {case.failures} {printed}"


def random_calls(count: int) -> list[str]:
    """Constructor calls in every spelling, with arguments over their whole domains."""
    generator = random.Random(11)
    calls = []
    while len(calls) < count:
        channels = generator.choice([1, 2, 3, 5, 8, 17])
        named = {
            "eps": repr(10 ** generator.uniform(-7, -0.5)),
            "momentum": repr(generator.choice([0, 1, 0.1, generator.random(), 10 ** generator.uniform(-4, 0)])),
            "affine": repr(generator.random() < 0.7),
            "track_running_stats": repr(generator.random() < 0.7),
        }
        positional = generator.randrange(len(named) + 1)
        given = [f"{k}={v}" if i >= positional else v for i, (k, v) in enumerate(named.items())]
        kept = [text for i, text in enumerate(given) if i < positional or generator.random() < 0.6]
        calls.append(f"nn.BatchNorm2d({', '.join([str(channels), *kept])})")
    return calls


@pytest.mark.parametrize(("mode", "count"), [("pynative", 300), ("graph", 40)])
def test_right_migrations_pass(mode: str, count: int) -> None:
    """What the program itself makes of random calls: no false alarm, and torch agrees with the formula."""
    pairs = []
    for call in random_calls(count):
        migrated = migrate_bytes(f"{HEAD}layer = {call}\nnn.ReLU, torch.zeros\n".encode(), "x.py", Options())
        after = next(f.after for f in migrated.findings if f.role == "call")
        pairs.append(Pair(call, after))
    verification = prove(pairs, Settings(mode=mode))
    assert sum(len(p.sites) for p in verification.proofs) == count
    failed = [(p.before, p.after, p.worst) for p in verification.proofs if not p.passed]
    assert not failed


INHERITED = {
    "momentum not complemented": ("c, momentum=momentum", "c, momentum=momentum"),
    "a literal not complemented": ("c, momentum=0.2", "c, momentum=0.2"),
    "a position not complemented": ("c, 1e-3, momentum", "c, 1e-3, momentum"),
    "a default of the subclass complemented": ("c", "c, momentum=1 - momentum"),
    "track_running_stats by position": ("c, 1e-5, momentum, True, False", "c, 1e-5, 1 - momentum, True"),
}


@pytest.mark.parametrize("what", INHERITED)
@pytest.mark.parametrize("named", [False, True], ids=["super", "by name"])
def test_a_wrong_call_of_the_constructor_of_the_base_fails(what: str, named: bool) -> None:
    before, after = INHERITED[what]
    pair = Pair(f"super().__init__({before})", f"super().__init__({after})")
    if named:
        pair = Pair(f"nn.BatchNorm2d.__init__(self, {before})", f"ms.nn.BatchNorm2d.__init__(self, {after})")
    assert not proved(pair).passed


def test_a_right_call_of_the_constructor_of_the_base_passes() -> None:
    pair = Pair("super().__init__(c, momentum=momentum)", "super().__init__(c, momentum=1 - momentum)")
    assert proved(pair).passed and len(proved(pair).cases) > 4


def proved(pair: Pair) -> Proof:
    """The proof about a call inside the ``__init__`` of a subclass."""
    head = "import torch.nn as nn\nimport mindspore as ms\n"
    texts = [
        f"{head}class Norm({base}):\n    def __init__(self, c, momentum=0.1):\n        {call}\n"
        for base, call in (("nn.BatchNorm2d", pair.before), ("ms.nn.BatchNorm2d", pair.after))
    ]
    (proof,) = prove_results([rewritten(texts[0], texts[1], pair, "a.py")]).proofs
    return proof


BIASED = """
import mindspore
from mindspore import nn

class BatchNorm2d(nn.BatchNorm2d):
    def construct(self, x):
        old = mindspore.Tensor(self.moving_variance.asnumpy().copy())
        y = super().construct(x)
        if self.training:
            kept = 1 - self.momentum
            self.moving_variance.set_data(kept * old + self.momentum * x.var(axis=(0, 2, 3)))
        return y
"""


def test_a_biased_variance_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that is right but for the variance, as the target of a rule."""
    (tmp_path / "biased.py").write_text(BIASED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    rule = (shipped_rules() / "batch_norm_2d.toml").read_text("utf-8")
    (tmp_path / "rules").mkdir()
    replaced = rule.replace('name = "mindspore.nn.BatchNorm2d"', 'name = "biased.BatchNorm2d"', 1)
    (tmp_path / "rules" / "batch_norm_2d.toml").write_text(replaced)
    pair = Pair("nn.BatchNorm2d(8, momentum=0.2)", "biased.BatchNorm2d(8, momentum=0.8)", new_setup="import biased")
    (proof,) = prove([pair], rules=tmp_path / "rules").proofs
    assert proof.cases[0].error is None and "moving_variance" in proof.cases[0].failures
    assert "train" not in proof.cases[0].failures and "moving_mean" not in proof.cases[0].failures
