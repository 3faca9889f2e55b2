"""Small programs as people write them: migrated, they compute the same, or a review says where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("mindspore")

from tests.small_programs import Observed, Place, SmallProgram, described, observe, read_programs
from tests.soundness.execution import difference

PROGRAMS = read_programs()


def those(outcome: str) -> pytest.MarkDecorator:
    programs = [program for program in PROGRAMS if program.outcome == outcome]
    return pytest.mark.parametrize("program", programs, ids=lambda program: program.title.rstrip("."))


def fail(program: SmallProgram, seen: Observed, *lines: str) -> None:
    """Fail with the place of the program, what is wrong with it, and how it was changed."""
    pytest.fail("\n".join([f"{program.place}: {program.title}", *lines, *seen.changes]), pytrace=False)


def listed(what: str, reviews: set[Place]) -> list[str]:
    return [f"{what} {path}:{line} {code}" for path, line, code in sorted(reviews)]


@those("equal")
def test_the_same_is_computed_and_nothing_else_is_left_for_review(program: SmallProgram, tmp_path: Path) -> None:
    seen = observe(program, tmp_path)
    if seen.difference:
        fail(
            program, seen, "the migration computes something else:", seen.difference, *listed("review at", seen.reviews)
        )
    if seen.reviews != program.marked:
        more, less = seen.reviews - program.marked, program.marked - seen.reviews
        fail(program, seen, *listed("a review that is not marked:", more), *listed("no review any more:", less))


@those("review")
def test_something_else_is_computed_and_reviews_say_where(program: SmallProgram, tmp_path: Path) -> None:
    seen = observe(program, tmp_path)
    missing = program.marked - seen.reviews
    if not seen.difference:
        fail(program, seen, "the same is computed now: write > equal", *listed("review at", seen.reviews))
    if missing or not program.marked:
        fail(program, seen, "not reviewed, and different:", seen.difference, *listed("no review any more:", missing))


@pytest.mark.parametrize(
    "other",
    [
        "BatchNorm2d(3, momentum=0.7)",
        "BatchNorm2d(3, momentum=0.29)",
        "BatchNorm2d(3, 1e-3, momentum=0.3)",
        "BatchNorm2d(3, affine=False, momentum=0.3)",
        "BatchNorm2d(3, track_running_stats=False)",
        "BatchNorm2d(3, momentum=0.3).requires_grad_(False)",
        "InstanceNorm2d(3, momentum=0.3, affine=True, track_running_stats=True)",
    ],
)
def test_what_is_compared_shows_every_argument(other: str) -> None:
    from torch import nn

    wanted = described(nn.BatchNorm2d(3, momentum=0.3))
    assert not difference(wanted, described(nn.BatchNorm2d(3, momentum=0.3)))
    assert difference(wanted, described(eval(f"nn.{other}")))


def test_titles_are_sentences_and_given_once() -> None:
    titles = [program.title for program in PROGRAMS]
    assert len(titles) == len(set(titles)) and all(title[0].isupper() and title[-1] == "." for title in titles)
