"""The HTML report: complete, escaped, and without anything that loads, or runs but its own script."""

from __future__ import annotations

import base64
import hashlib
import itertools
import math
import platform
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from migrate import __version__
from migrate.codes import level
from migrate.engine import Options, migrate_bytes
from migrate.findings import Report, Result
from migrate.proofs import MEASURES, Case, Measure, Proof, Site, Verification
from migrate.report.evidence import EXPLAINED
from migrate.report.html import render
from migrate.report.text import error_at_place
from migrate.rules import load_rules
from migrate.syntax.source import Source
from migrate.verify.prove import Prover
from migrate.verify.settings import Settings
from tests.command import BEFORE, BROKEN, REVIEW, bn_migrate, plant
from tests.page import by_id, having, read_page, read_svg, text_of
from tests.test_plot import diagonal, expected, marks, scale

SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*.py"))
SCRIPT = "</code></pre></style><script>alert('1 & 2')</script>"
HOSTILE_PATH = f'a"/{SCRIPT}\udcff\n.py'
HOSTILE = f"""import torch.nn as nn

text = "{SCRIPT}"; layer = nn.BatchNorm2d(len("{SCRIPT}"), momentum=0.2)
other = nn.BatchNorm2d(3, momentum=None if "{SCRIPT}" else 0.1)
""".encode()
CALLED = b"import torch\nimport torch.nn as nn\n\nprint(nn.BatchNorm2d(2)(torch.ones(1, 2, 3, 3)))\n"


def migrated(data: bytes, path: str) -> Result:
    return migrate_bytes(data, path, Options())


def wrongly(data: bytes, path: str, old: str, new: str) -> Result:
    """A result with a mistake in the rewritten text."""
    result = migrated(data, path)
    assert old.encode() in result.after
    findings = tuple(replace(f, after=f.after.replace(old, new)) for f in result.findings)
    return replace(result, after=result.after.replace(old.encode(), new.encode()), findings=findings)


@pytest.fixture(scope="module")
def proved() -> Report:
    """A real run, in which four rewrites are wrong: in what they compute, in how they start, and two in an error."""
    results = [migrated(path.read_bytes(), f"samples/{path.name}") for path in SAMPLES]
    results += [migrated(HOSTILE, HOSTILE_PATH), migrated(REVIEW, "review.py"), migrated(BROKEN, "broken.py")]
    results += [
        wrongly(BEFORE.replace(b"3", b"c"), "wrong/value.py", "momentum=0.8", "momentum=0.2"),
        wrongly(CALLED, "wrong/mode.py", ".set_train()", ""),
        wrongly(BEFORE.replace(b"(3", b"(5"), "wrong/name.py", "momentum=0.8", "momentun=0.8"),
        wrongly(BEFORE.replace(b"(3", b"(7"), "wrong/syntax.py", "momentum=0.8", "momentum="),
        migrated(b"x = 1\n", "silent.py"),
    ]
    # Text that does not parse is refused before it is planned with, so its failure is made here.
    unparsed = next(r for r in results if r.path == "wrong/syntax.py")
    with Prover(Settings(), load_rules("mindspore.nn")) as prover:
        verification = prover.prove([r for r in results if r is not unparsed])
    call = next(f for f in unparsed.findings if f.role == "call")
    case = Case({}, error=f"the rewritten text is not an expression: {SCRIPT}")
    broken = Proof(call.before, call.after, (Site(unparsed.path, call.line),), (case,))
    report = Report(verification=replace(verification, proofs=(*verification.proofs, broken)))
    assert report.verification is not None
    failed = report.verification.failed_paths
    for result in results:
        report.add(replace(result, held=result.path in failed))
    return report


def files_of(page: Element) -> list[Element]:
    return list(having(page, "details", "file"))


def rows_of(table: Element) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in table.iter("tr")]


def tiles_of(element: Element) -> dict[str, str]:
    found = (tile for dl in having(element, "dl", "tiles") for tile in dl)
    return {text_of(tile[0]): text_of(tile[1]) for tile in found}


def escaped(text: str) -> str:
    """How a page shows what cannot be in one."""
    return text.encode("utf-8", "backslashreplace").decode()


def test_the_real_run_has_what_the_page_has_to_show(proved: Report) -> None:
    assert proved.verification is not None
    assert len(proved.verification.proofs) > 14 and proved.verification.count(passed=True) > 20
    failed = {str(s) for p in proved.verification.proofs if not p.passed for s in p.sites}
    assert failed == {"wrong/value.py:3", "wrong/mode.py:4", "wrong/name.py:3", "wrong/syntax.py:3"}
    assert {f.kind for r in proved.results for f in r.findings} == {"rewrite", "review", "note"}


def test_nothing_loads_and_nothing_runs_but_the_script_of_the_page(proved: Report) -> None:
    source = render(proved)
    page = read_page(source)
    assert source.startswith("<!DOCTYPE html>\n") and page.get("lang") == "en"
    active = {"link", "img", "image", "use", "iframe", "object", "embed", "base", "video"}
    assert not active & {e.tag for e in page.iter()}
    for element in page.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on") and name not in ("src", "srcset", "style", "action", "xlink:href")
            assert name != "href" or value.startswith("#")
            shown = name in ("title", "aria-label", "data-path")
            assert name == "xmlns" or not re.match(r"\s*\w+:", value) or shown, (name, value)
    (style,) = page.iter("style")
    assert not re.search(r"url\(|@import|@font-face|//", text_of(style))
    policy = next(m for m in page.iter("meta") if m.get("http-equiv") == "Content-Security-Policy")
    (script,) = page.iter("script")
    assert not script.attrib and "fetch" not in text_of(script) and "innerHTML" not in text_of(script)
    digest = base64.b64encode(hashlib.sha256(text_of(script).encode()).digest()).decode()
    assert policy.get("content") == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def test_links_and_structure(proved: Report) -> None:
    page = read_page(render(proved))
    ids = [e.attrib["id"] for e in page.iter() if "id" in e.attrib]
    assert len(set(ids)) == len(ids)
    assert {a.attrib["href"][1:] for a in page.iter("a")} <= set(ids)
    levels = [int(e.tag[1]) for e in page.iter() if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), "no level is skipped"
    assert all(th.get("scope") in ("col", "row") for th in page.iter("th"))
    assert all(len({sum(1 for _ in row) for row in table.iter("tr")}) == 1 for table in page.iter("table"))
    assert any(m.get("name") == "viewport" for m in page.iter("meta"))
    style = text_of(next(page.iter("style")))
    assert "prefers-color-scheme: dark" in style and "@media print" in style
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    assert all(style.count(f"{name}:") == 3 for name in used), "light, dark and print define every colour"


def test_summary(proved: Report) -> None:
    summary = by_id(read_page(render(proved)), "summary")
    tiles, totals = tiles_of(summary), proved.summary
    shown = [int(tiles[name]) for name in ("files", "changed", "rewrites", "to review", "errors")]
    assert shown == [totals.files, totals.changed, totals.rewrites, totals.reviews, totals.errors]
    assert int(tiles["warnings"]) > 0 and int(tiles["warnings"]) + int(tiles["notes"]) == totals.notes
    assert proved.verification is not None
    for name, value in proved.verification.environment.items():
        assert tiles[name] == value
    assert tiles["cases passed"] == str(proved.verification.count(passed=True))
    assert tiles["cases failed"] == str(proved.verification.count(passed=False))
    (verdict,) = having(summary, "p", "verdict")
    assert text_of(verdict) == f"✗ 4 of {len(proved.verification.proofs)} distinct calls failed; 4 files not written."


def test_files_that_need_a_person_are_linked(proved: Report) -> None:
    page = read_page(render(proved))
    assert proved.verification is not None
    wanted = [
        escaped(r.path)
        for r in proved.results
        if r.error or r.count("review") or r.path in proved.verification.failed_paths
    ]
    shown = [text_of(next(file.iter("h3"))) for file in files_of(page)]
    assert shown[: len(wanted)] == wanted, "they come first"
    assert all("open" in file.attrib for file in files_of(page)[: len(wanted)])
    assert not any("open" in file.attrib for file in files_of(page)[len(wanted) :])
    links = list(by_id(page, "summary").iter("a"))
    assert [text_of(a) for a in links] == wanted and len(wanted) >= 7
    for link in links:
        target = by_id(page, link.attrib["href"][1:])
        assert text_of(next(target.iter("h3"))) == text_of(link)


def shown_files(proved: Report) -> list[tuple[Element, Result]]:
    """The files of the page with their results."""
    by_path = {escaped(r.path): r for r in proved.results}
    files = files_of(read_page(render(proved)))
    return [(file, by_path.pop(text_of(next(file.iter("h3"))))) for file in files]


def test_every_file_with_every_finding(proved: Report) -> None:
    assert "1 file without findings not listed." in text_of(by_id(read_page(render(proved)), "files"))
    pairs = shown_files(proved)
    assert len(pairs) == len(proved.results)
    for file, result in pairs:
        items = [li for ul in having(file, "ul", "findings") for li in ul]
        said = sorted(f"{f.line}:{f.column} {f.code} {level(f)} {f.message}" for f in result.findings)
        assert sorted(text_of(item[0]) for item in items) == said
        if result.error is not None:
            line = f"line {result.error_line}: " if result.error_line else ""
            assert f"✗ {line}{error_at_place(result)}" in [text_of(p) for p in having(file, "p", "bad")]


def test_files_that_are_not_written_say_so(proved: Report) -> None:
    for file, result in shown_files(proved):
        said = [text_of(e) for e in file.iter() if "ot written" in text_of(e) and e.tag in ("span", "p")]
        failed = result.path.startswith("wrong/")
        assert said == (["✗ not written: a proof failed", "✗ Not written, since a proof failed."] if failed else [])


CODED = "# -*- coding: {} -*-\n# {}\nimport torch.nn as nn\nlayer = nn.BatchNorm2d(3)  # {}\n"
DIFFS = {
    "plain": BEFORE,
    "crlf": BEFORE.replace(b"\n", b"\r\n"),
    "no newline at the end": BEFORE.rstrip(b"\n"),
    "byte order mark": b"\xef\xbb\xbf" + BEFORE,
    "utf-8": CODED.format("utf-8", "größe", "批归一化 😀").encode(),
    "gbk": CODED.format("gbk", "批", "批归一化").encode("gbk"),
    "latin-1": CODED.format("latin-1", "größe", "é").encode("latin-1"),
    "markup": b"# &lt; &amp;amp; <b> ]]> -->\n" + BEFORE + b"# </pre>\n",
    "carriage return in a line": b"x = 1\ry = 2\n" + BEFORE,
    "lines like a header": b"'''\n-- a\n++ b\n'''\n" + BEFORE + b"r'''\n-- a\n++ b\n@@ c\n\\ d\n'''\n",
}


def lines_shown(file: Element) -> list[tuple[str, str, str, str]]:
    """The kind, the two numbers and the text of each line of code, as the page has them."""
    return [
        ((line.get("class") or "").split()[1], text_of(line[0]), text_of(line[1]), text_of(line[3]))
        for line in having(file, "div", "line")
    ]


def check_lines(file: Element, result: Result) -> None:
    """Every line that goes or comes is there once, with its number and its text; so is what surrounds them."""
    encoding = Source(result.before, result.path).encoding
    before, after = (
        re.split("\r\n|\r|\n", data.decode(encoding, "backslashreplace")) for data in (result.before, result.after)
    )
    shown = lines_shown(file)
    old = {int(n): line for kind, n, _, line in shown if kind != "add"}
    new = {int(n): line for kind, _, n, line in shown if kind != "remove"}
    assert len(old) + len(new) == sum(1 + (kind == "same") for kind, *_ in shown), "no line is there twice"
    for found, lines in ((old, before), (new, after)):
        assert all(text == visible(lines[n - 1]) for n, text in found.items())
    kept = [line for n, line in enumerate(before, 1) if ("remove", str(n)) not in {s[:2] for s in shown}]
    same = [line for n, line in enumerate(after, 1) if ("add", str(n)) not in {(s[0], s[2]) for s in shown}]
    assert kept == same, "what is not marked did not change"


def visible(line: str) -> str:
    """A line as a page can show it."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", lambda m: chr(0x2400 + ord(m[0])), escaped(line))


@pytest.mark.parametrize("name", DIFFS)
def test_each_line_is_shown_once_with_its_number(name: str) -> None:
    report = Report()
    result = migrated(DIFFS[name], "a b.py")
    report.add(result)
    assert result.changed
    (file,) = files_of(read_page(render(report)))
    check_lines(file, result)


def test_lines_of_the_run(proved: Report) -> None:
    for file, result in shown_files(proved):
        check_lines(file, result)
        assert result.before == result.after or any(kind == "add" for kind, *_ in lines_shown(file))


def test_what_is_marked_is_what_needs_a_person(proved: Report) -> None:
    for file, result in shown_files(proved):
        marked = [text_of(mark) for mark in file.iter("mark")]
        wanted = [f.before for f in result.findings if level(f) in ("review", "warning")]
        assert len(marked) <= sum(1 + text.count("\n") for text in wanted)
        assert all(any(mark in text for text in wanted) for mark in marked) and bool(marked) is bool(wanted)


def test_a_finding_stands_below_its_line_or_what_comes_for_it(proved: Report) -> None:
    for file, result in shown_files(proved):
        ends = {f"{f.line}:{f.column} {f.code}": f.end_line for f in result.findings}
        for piece in having(file, "div", "excerpt"):
            above: list[int] = []
            for child in piece:
                if child.tag == "div":
                    above += [int(text_of(child[0]))] if text_of(child[0]) else []
                    continue
                for item in child:
                    assert ends[" ".join(text_of(item[0]).split()[:2])] in above


def test_code_has_colours() -> None:
    report = Report()
    report.add(migrated(b"import torch.nn as nn\n\ndef f():\n    return nn.BatchNorm2d(3), 'a'  # b\n", "a.py"))
    page = read_page(render(report))
    found = {(e.get("class"), text_of(e)) for e in page.iter("span")}
    assert {("k", "import"), ("k", "def"), ("f", "f"), ("m", "3"), ("c", "# b")} <= found and ("s", "'") in found


def test_the_head_says_what_the_run_was(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    options = ("--check", "--target", "mindspore.mint.nn", "--report", "page <1>.html")
    bn_migrate(*options, "a.py", cwd=tmp_path)
    page = read_page((tmp_path / "page <1>.html").read_text("utf-8"))
    (about,) = having(page, "dl", "about")
    said = dict(zip([text_of(e) for e in about.iter("dt")], [text_of(e) for e in about.iter("dd")], strict=True))
    assert said["command"] == "bn-migrate --check --target mindspore.mint.nn --report 'page <1>.html' a.py"
    assert datetime.fromisoformat(said["date"]).tzinfo is not None
    assert said["versions"] == f"bn-migrate {__version__}, Python {platform.python_version()}"
    assert said["target"].startswith("mindspore.mint.nn")


def test_hostile_code_and_paths_are_text(proved: Report) -> None:
    source = render(proved)
    assert source.encode("utf-8") and source.count("<script") == 1
    (hostile,) = (f for f, r in shown_files(proved) if r.path == HOSTILE_PATH)
    assert SCRIPT in text_of(next(hostile.iter("h3"))) and text_of(hostile).count(SCRIPT) > 6


@pytest.mark.parametrize(("version", "said"), [("2.10", "signatures before 2.12"), ("2.12", "signatures of 2.12")])
def test_the_head_says_for_which_signatures_calls_were_written(tmp_path: Path, version: str, said: str) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate("--check", "--mindspore-version", version, "--report", "page.html", "a.py", cwd=tmp_path)
    assert done.returncode == 1, done.stderr.decode()
    assert f"mindspore.nn, {said}" in (tmp_path / "page.html").read_text("utf-8")


def test_every_call_has_a_row(proved: Report) -> None:
    tables = by_id(read_page(render(proved)), "verification").iter("table")
    (table,) = (table for table in tables if table.get("aria-describedby") == "measured")
    head, *rows = rows_of(table)
    assert proved.verification is not None
    assert head == ["call", "verdict", "places", "cases", *MEASURES]
    for row, proof in zip(rows, proved.verification.proofs, strict=True):
        call = " ".join(row[0].split())
        for shown in (proof.before, proof.after, escaped(str(proof.sites[0]))):
            assert " ".join(shown.split()) in call
        assert row[1:4] == ["✓ proved" if proof.passed else "✗ failed", str(len(proof.sites)), str(len(proof.cases))]
        for name, cell in zip(MEASURES, row[4:], strict=True):
            worst = proof.worst.get(name)
            assert (cell == "–") is (worst is None)
            if worst is not None:
                assert cell.startswith("✗") is not worst.passed
                shown = cell.removeprefix("✗ ").replace("∞", "inf")
                assert float(shown) == pytest.approx(worst.ratio, rel=0.01)


def test_every_comparison_has_a_mark_that_names_its_call(proved: Report) -> None:
    page = render(proved)
    svg = read_svg(page)
    x, y, found = scale(svg, "x"), scale(svg, "y"), marks(svg)
    assert proved.verification is not None
    for proof in proved.verification.proofs:
        place = escaped(str(proof.sites[0]))
        measured = [(name, m) for case in proof.cases for name, m in case.measures.items()]
        for name, m in measured:
            wanted = expected(x, m.bound), expected(y, m.max_abs)
            here = [title for passed, *at, title in found if passed is m.passed and math.dist(at, wanted) < 0.3]
            named = [t for t in here if "more at this place" in t or f"{name}: error {m.max_abs:.3g}" in t]
            assert named, (proof.before, name, here)
        assert any(place in title for *_, title in found) or not measured
    assert "2 cases ended in an error and so without a mark." in text_of(by_id(read_page(page), "verification"))


def test_real_failures_are_above_the_diagonal(proved: Report) -> None:
    svg = read_svg(render(proved))
    x1, y1, x2, y2 = diagonal(svg)
    found, zero = marks(svg), scale(svg, "y")["0"]
    assert sum(not passed for passed, *_ in found) >= 3 and sum(passed for passed, *_ in found) > 50
    for passed, x, y, title in found:
        line = y1 + (x - x1) / (x2 - x1) * (y2 - y1) if x >= x1 else zero
        assert (y > line - 0.2) if passed else (y < line + 0.2), title


def test_failures_are_explained(proved: Report) -> None:
    failures = by_id(read_page(render(proved)), "failures")
    assert proved.verification is not None
    failed = [p for p in proved.verification.proofs if not p.passed]
    assert [p.sites[0].path for p in failed] == [f"wrong/{n}.py" for n in ("value", "mode", "name", "syntax")]
    for article, proof in zip(failures.iter("article"), failed, strict=True):
        assert proof.before in text_of(article) and proof.after in text_of(article)
        shown = list(having(article, "details", "case"))
        assert ["open" in d.attrib for d in shown].count(True) == 1
        for detail, case in zip(shown, (c for c in proof.cases if not c.passed), strict=True):
            _explained(detail, case)
    assert "torch gives -1 1, MindSpore 1 2" in text_of(failures)


def _explained(detail: Element, case: Case) -> None:
    for name, value in case.bindings.items():
        assert f"{name} = {value!r}" in text_of(detail[0])
    rows = [row for table in detail.iter("table") for row in rows_of(table)[1:]]
    assert [row[0] for row in rows] == list(case.failures)
    for row in rows:
        m = case.measures[row[0]]
        shown = [float(cell.replace("∞", "inf")) for cell in row[1:]]
        assert shown == pytest.approx([m.max_abs, m.bound, m.ratio], rel=0.01)
    pres = [text_of(pre) for pre in detail.iter("pre")]
    assert pres == [text for text in (case.error, case.snippet) if text]


def of(verification: Verification | None) -> Element:
    report = Report(verification=verification)
    report.add(migrated(BEFORE, "a.py"))
    return read_page(render(report))


NOTHING: dict[str, tuple[Verification | None, str]] = {
    "not verified": (None, "Not verified: nothing was executed."),
    "no call": (Verification({"device": "CPU"}, ()), "There was no rewritten call to prove."),
    "recorded": (Verification({}, (), recorded=1), "1 execution of torch recorded; nothing was proved or written."),
}


@pytest.mark.parametrize(("verification", "said"), NOTHING.values(), ids=NOTHING)
def test_nothing_to_show_is_said(verification: Verification | None, said: str) -> None:
    page = of(verification)
    assert [text_of(p) for p in having(page, "p", "verdict")] == [said]
    assert not list(page.iter("svg")) and all(a.get("href") != "#verification" for a in page.iter("a"))


def test_a_proof_without_measures_has_no_plot() -> None:
    proof = Proof("a()", "b()", (Site("a.py", 1),), (Case({}, error="no"),))
    page = of(Verification({}, (proof,)))
    assert not list(page.iter("svg")) and "an error ended it" in text_of(by_id(page, "failures"))


def test_the_case_that_says_most_is_open() -> None:
    cases = Case({"c": 1}, error="no"), Case({"c": 2}, {"train": Measure(1.0, 1e-6)}), Case({"c": 3}, error="no")
    page = of(Verification({}, (Proof("a()", "b()", (Site("a.py", 1),), cases),)))
    (opened,) = (d for d in having(page, "details", "case") if "open" in d.attrib)
    assert text_of(opened[0]) == "with c = 2: train is 1e+06 times its bound"


def test_of_many_failures_a_few_are_open() -> None:
    proofs = [Proof(f"a({i})", f"b({i})", (Site("a.py", i),), (Case({}, error="no"),)) for i in range(30)]
    cases = list(having(of(Verification({}, tuple(proofs))), "details", "case"))
    assert ["open" in c.attrib for c in cases] == [True] * 10 + [False] * 20


def test_all_proved() -> None:
    proof = Proof("a()", "b()", (Site("a.py", 1),), (Case({}, {"train": Measure(1e-7, 1e-6)}),))
    page = of(Verification({}, (proof, proof)))
    (verdict,) = having(page, "p", "verdict")
    assert text_of(verdict) == "✓ 2 distinct calls proved." and "failures" not in [e.get("id") for e in page.iter()]


def test_an_empty_run() -> None:
    assert "Files" in text_of(read_page(render(Report())))


def many(count: int) -> Report:
    """A run over many files, with a proof for each and a call that stands in all."""
    case = Case({}, {"train": Measure(1e-7, 1e-6)})
    proofs = [Proof(f"a({i})", f"b({i})", (Site(f"{i}.py", 3),), (case,)) for i in range(count)]
    everywhere = Proof("a()", "b()", tuple(Site(f"{i}.py", 9) for i in range(count)), (case,))
    report = Report(verification=Verification({}, (*proofs, everywhere)))
    for i in range(count):
        report.add(migrated(REVIEW if i % 2 else BEFORE, f"{i}.py"))
    return report


@pytest.mark.parametrize(
    ("pick", "name"),
    [
        (lambda page: files_of(page)[-1], "a file"),
        (lambda page: next(by_id(page, "summary").iter("details")), "what needs attention"),
        (lambda page: next(by_id(page, "verification").iter("details")), "the calls"),
    ],
    ids=["file", "attention", "calls"],
)
def test_long_parts_are_folded(pick: Callable[[Element], Element], name: str) -> None:
    assert "open" not in pick(read_page(render(many(60)))).attrib, name
    opened = pick(read_page(render(many(2)))).attrib
    assert ("open" in opened) is (name != "a file")


def test_many_places_are_folded_and_all_there() -> None:
    page = read_page(render(many(60)))
    (places,) = (d for d in page.iter("details") if text_of(d[0]) == "60 places")
    assert [f"{i}.py:9" for i in range(60)] == [text_of(code) for code in places.iter("code")]


def test_every_measure_is_explained() -> None:
    assert list(EXPLAINED) == list(MEASURES)
