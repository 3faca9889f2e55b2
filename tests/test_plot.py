"""The plot of a verification: every comparison has its mark, at the place that the axes say."""

from __future__ import annotations

import math
import random
from xml.etree.ElementTree import Element

import pytest

from migrate.proofs import Case, Measure, Proof, Site
from migrate.report.plot import MOST_LINES, comparisons, plot
from tests.page import SVG, read_svg, text_of

HOSTILE = "nn.Norm('</title></svg><script>alert(\"1\" & 2)</script>\x00\x1b\ud800\uffff')"


def proof(*measures: Measure, before: str = "nn.Norm(c)", path: str = "a.py") -> Proof:
    """A proof with a case for each measure."""
    cases = tuple(Case({"c": i}, {"train": m}) for i, m in enumerate(measures))
    return Proof(before, before, (Site(path, 3),), cases)


def drawn(*proofs: Proof) -> Element:
    return read_svg(plot(comparisons(proofs)))


def marks(svg: Element) -> list[tuple[bool, float, float, str]]:
    """Whether it is one of the passed, where it is, its title."""
    found = []
    for element in svg.iter():
        title = element.find(f"{SVG}title")
        if title is None:
            continue
        if element.tag == f"{SVG}circle":
            x, y = element.attrib["cx"], element.attrib["cy"]
        else:
            x, y = element.attrib["transform"].removeprefix("translate(").removesuffix(")").split()
        assert element.get("class") == ("pass" if element.tag == f"{SVG}circle" else "fail"), "shape and colour agree"
        found.append((element.tag == f"{SVG}circle", float(x), float(y), text_of(title)))
    return found


def scale(svg: Element, side: str) -> dict[str, float]:
    """The labels of the ticks of an axis and their places."""
    anchor, at = ("middle", "x") if side == "x" else ("end", "y")
    ticks = [t for t in svg.iter(f"{SVG}text") if t.get("text-anchor") == anchor and t.get("class") != "name"]
    return {text_of(t): float(t.attrib[at]) - (0 if side == "x" else 4) for t in ticks}


def expected(ticks: dict[str, float], value: float) -> float:
    """The place of a value by what is written at the axis."""
    if value == 0 or math.isinf(value):
        return ticks["0" if value == 0 else "∞"]
    decades = {int(label[2:]): at for label, at in ticks.items() if label.startswith("1e")}
    low, high = min(decades), max(decades)
    return decades[low] + (math.log10(value) - low) / (high - low) * (decades[high] - decades[low])


def diagonal(svg: Element) -> tuple[float, float, float, float]:
    """The longest line of those that show where the error is its bound."""
    lines = [line for line in svg.findall(f"{SVG}line") if line.get("class") == "bound"]
    ends = [tuple(float(line.attrib[name]) for name in ("x1", "y1", "x2", "y2")) for line in lines]
    x1, y1, x2, y2 = max(ends, key=lambda e: math.dist(e[:2], e[2:]))
    return x1, y1, x2, y2


RANDOM = random.Random(0)
ORDINARY = [Measure(10 ** RANDOM.uniform(-11, 1), 10 ** RANDOM.uniform(-7, -2)) for _ in range(200)]
MEASURES = {
    "ordinary": ORDINARY,
    "exact alone": [Measure(0.0, 0.0)],
    "no error": [Measure(0.0, 1e-6), Measure(0.0, 0.0)],
    "one decade": [Measure(1e-6, 1e-6)],
    "failed exact": [Measure(2.0, 0.0), Measure(0.0, 0.0)],
    "infinite": [Measure(math.inf, 0.0), Measure(math.inf, 1e-6), Measure(1e-7, 1e-6)],
    "without bound": [Measure(1e-7, math.inf), Measure(1e-7, 1e-6)],
    "huge": [Measure(1.7e308, 1e-6), Measure(1e-7, 1.7e308)],
    "tiny": [Measure(5e-324, 1e-6), Measure(5e-324, 5e-324), Measure(1.0, 1.0)],
}


@pytest.mark.parametrize("found", MEASURES.values(), ids=MEASURES)
def test_every_comparison_is_where_the_axes_say(found: list[Measure]) -> None:
    svg = drawn(proof(*found))
    x, y = scale(svg, "x"), scale(svg, "y")
    places = [(passed, across, down) for passed, across, down, _ in marks(svg)]
    for m in found:
        wanted = expected(x, m.bound), expected(y, m.max_abs)
        assert any(p is m.passed and math.dist((a, d), wanted) < 0.3 for p, a, d in places), (m, wanted, places)
    assert 1 <= len(places) <= len(found)


@pytest.mark.parametrize("found", MEASURES.values(), ids=MEASURES)
def test_everything_is_inside_the_frame(found: list[Measure]) -> None:
    svg = drawn(proof(*found))
    (frame,) = (r for r in svg.findall(f"{SVG}rect") if r.get("class") == "frame")
    left, top, width, height = (float(frame.attrib[name]) for name in ("x", "y", "width", "height"))
    x1, y1, x2, y2 = diagonal(svg)
    points = [(a, d) for _, a, d, _ in marks(svg)] + [(x1, y1), (x2, y2)]
    assert all(left <= x <= left + width and top <= y <= top + height for x, y in points)
    assert all(left <= x <= left + width for x in scale(svg, "x").values())
    assert 3 <= len(scale(svg, "x")) <= 12 and 3 <= len(scale(svg, "y")) <= 12


def test_what_failed_is_above_the_diagonal_and_what_passed_is_not() -> None:
    assert {m.passed for m in ORDINARY} == {True, False}
    svg = drawn(proof(*ORDINARY))
    x1, y1, x2, y2 = diagonal(svg)
    for passed, x, y, title in marks(svg):
        line = y1 + (x - x1) / (x2 - x1) * (y2 - y1)
        assert (y >= line - 0.2) if passed else (y <= line + 0.2), title


def test_an_error_that_is_not_a_number_failed() -> None:
    svg = drawn(proof(Measure(math.nan, 1e-6), Measure(1e-7, 1e-6)))
    ((_, _, y, title),) = (m for m in marks(svg) if not m[0])
    assert y == scale(svg, "y")["∞"] and "nan" in title


def test_a_mark_names_its_call_values_and_measure() -> None:
    ((_, _, _, title),) = marks(drawn(proof(Measure(1.25e-7, 3e-6), before="nn.Norm(\n    c,\n)", path="b.py")))
    assert title == "train: error 1.25e-07, bound 3e-06; nn.Norm( c, ) with c = 0, b.py:3"


def test_marks_at_one_place_are_one_that_names_all() -> None:
    same = [proof(Measure(1e-7, 1e-6), before=f"nn.Norm({i})") for i in range(MOST_LINES + 3)]
    other = proof(Measure(1e-5, 1e-6))
    first, second = marks(drawn(other, *same))
    lines = first[3].split("\n")
    assert [f"nn.Norm({i})" in line for i, line in enumerate(lines)] == [True] * MOST_LINES + [False]
    assert lines[-1] == "and 3 more at this place"
    assert not second[0], "a failure comes last: nothing hides it"


def test_the_picture_says_what_it_shows() -> None:
    svg = drawn(proof(Measure(1e-7, 1e-6), Measure(1e-3, 1e-6)))
    assert svg.get("role") == "img" and "2 comparisons" in svg.attrib["aria-label"]
    assert svg.attrib["aria-label"].endswith("Above the bound: 1.")
    words = [text_of(t) for t in svg.iter(f"{SVG}text")]
    for word in ("bound: what rounding allows", "error: largest difference", "error = bound", "within the bound"):
        assert word in words


def test_hostile_code_is_text() -> None:
    svg = drawn(proof(Measure(1e-7, 1e-6), before=HOSTILE, path="\udcff<b>.py"))
    assert not any(e.tag.endswith(("script", "}b")) for e in svg.iter())
    ((_, _, _, title),) = marks(svg)
    assert "<script>" in title and "\\udcff<b>.py:3" in title
