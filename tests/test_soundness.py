"""Generated programs: what is migrated computes the same, or a review says where it does not."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

pytest.importorskip("torch")
pytest.importorskip("mindspore")

from tests.soundness.execution import Outcome, difference, outcomes, run
from tests.soundness.not_yet import NOT_YET
from tests.soundness.program import Piece, Program
from tests.soundness.programs import FORMS, SPELLINGS, programs

KEPT = ("equal, changed", "equal, reviewed", "equal, untouched", "reviewed", "noted", "discarded")


def check(count: int, number: int) -> None:
    """No third outcome in ``count`` programs; hypothesis shows the smallest one that has it."""

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def sound(program: Program) -> None:
        for outcome in outcomes(program):
            assert outcome.kind in KEPT, f"\n{program.text}{', '.join(outcome.forms)}: {outcome.detail}"

    sound()


def test_a_program_computes_the_same_or_a_review_says_where_it_does_not() -> None:
    check(200, 1)


@pytest.mark.slow
def test_many_programs_compute_the_same_or_a_review_says_where_they_do_not() -> None:
    check(2000, int(os.environ.get("SOUNDNESS_SEED", "2")))


def test_the_table_of_what_is_not_there_yet_names_forms() -> None:
    named = {form.partition(":")[0] for row in NOT_YET.values() for group in row for form in group}
    assert named <= {*FORMS, *SPELLINGS}


def of(text: str, name: str = "") -> Program:
    head = "from torch import nn\nimport mindspore as ms\nfrom observer import hidden, observe\n"
    return Program(head, (Piece(text, name=name),))


def seen(text: str) -> list[object]:
    return run(of(text), [of(text).files[0].text])[0]


@pytest.mark.parametrize(
    "call",
    [
        "BatchNorm2d(3, momentum=0.7)",
        "BatchNorm2d(3, eps=1e-3, momentum=0.3)",
        "BatchNorm2d(3, affine=False, momentum=0.3)",
        "BatchNorm2d(3, use_batch_statistics=True, momentum=0.3)",
        "BatchNorm2d(4, momentum=0.3)",
        "BatchNorm2d(3, gamma_init='zeros', momentum=0.3)",
        "BatchNorm1d(3, momentum=0.3)",
    ],
)
def test_the_observer_sees_every_argument(call: str) -> None:
    original = seen("observe(nn.BatchNorm2d(3, momentum=0.7))\n")
    assert not difference(original, seen("observe(ms.nn.BatchNorm2d(3, momentum=0.3))\n"))
    assert difference(original, seen(f"observe(ms.nn.{call})\n"))


def test_a_silent_wrong_is_found() -> None:
    """``globals()`` hides the change from any analysis of names: nothing but execution shows it."""
    text = "globals()['N'] = nn.InstanceNorm2d\nobserve(globals()['N'](3, momentum=0.3))\n"
    assert [o.kind for o in outcomes(of(text))] == ["equal, untouched"]
    assert difference(seen("observe(1)\n"), seen("observe(2)\n"))
    assert difference(seen("observe(1)\n"), seen("observe(1)\nobserve(1)\n"))
    assert difference(seen("observe(1)\n"), seen("observe(hidden.missing)\n"))


def test_a_review_counts_for_its_own_strand() -> None:
    wrong = "observe(nn.BatchNorm2d(3).num_batches_tracked)\n"
    right = "observe(nn.BatchNorm2d(3))\n"
    program = Program(of("").head, (Piece(right), Piece(wrong), Piece(right)))
    assert [o.kind for o in outcomes(program)] == ["equal, changed", "reviewed", "equal, changed"]
    assert isinstance(outcomes(program)[0], Outcome)
