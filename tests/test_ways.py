"""How what findings speak about came to their places, on the page of a run; nothing of it where nobody asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from migrate.engine import Options, migrate_files
from migrate.runner import WORTH_A_POOL
from tests.cases import ProjectCase, read_projects
from tests.command import BEFORE, bn_migrate, plant
from tests.notebooks import notebook
from tests.page import having, read_page, text_of

FILES = {
    "norms.py": b"from torch import nn\n\nTABLE = {'</pre><b>': nn.BatchNorm2d, 'ln': nn.LayerNorm}\n\n"
    b"def pick(kind):\n    return TABLE[kind]\n",
    "net.py": b"from norms import pick\n\nclass Net:\n    def __init__(self, c, norm):\n        self.bn = norm(c)\n\n"
    b"    def mean(self):\n        return self.bn.running_mean\n\nnet = Net(3, pick('</pre><b>'))\n"
    b"other = Net(3, pick(input()))\n",
}


def ways(folder: Path, *options: str) -> dict[str, list[str]]:
    """The answers on the page of a run, by the place and code of their findings."""
    done = bn_migrate("--check", "--report", "page.html", *options, ".", cwd=folder)
    assert done.returncode in (0, 1), done.stderr.decode()
    page = read_page((folder / "page.html").read_text("utf-8"))
    (folder / "page.html").unlink()
    found = {}
    for item in (li for ul in having(page, "ul", "findings") for li in ul):
        for part in having(item, "details", "way"):
            assert text_of(part[0]) == "How it came here" and "open" not in part.attrib
            place, code = text_of(item[0]).split()[:2]
            found[f"{place} {code}"] = text_of(part[1]).splitlines()
    return found


def test_the_page_says_what_the_question_does(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    found = ways(tmp_path, "--no-cache")
    (way,) = [lines for place, lines in found.items() if place.startswith("8:16 BN2")]
    asked = bn_migrate(".", "--why", "net.py:8:16", cwd=tmp_path).stdout.decode().splitlines()
    assert way == [line for line in asked if " review " not in line]
    assert way[0] == "self.bn is a layer of torch.nn.BatchNorm2d:" and "self.bn may also be" in "\n".join(way)
    assert "  net.py:10:14: pick('</pre><b>'): the class torch.nn.BatchNorm2d" in way
    assert not any(place.startswith("3:") for place in found), "the class stands there: it comes from nowhere else"


def test_answers_come_from_workers_and_from_the_cache(tmp_path: Path) -> None:
    comment = b"# " + b"x" * WORTH_A_POOL + b"\n"
    plant(tmp_path, {**FILES, "alone.py": BEFORE + comment})
    alone = ways(tmp_path, "--no-cache", "--jobs", "1")
    assert alone and alone == ways(tmp_path, "--no-cache", "--jobs", "2")
    bn_migrate("--check", ".", cwd=tmp_path)  # what that keeps has no answers
    assert ways(tmp_path) == alone == ways(tmp_path)


def test_a_network_is_told_where_a_review_is_about_what_it_holds(tmp_path: Path) -> None:
    text = b"import torch\nfrom torch import nn\n\nclass Net(nn.Module):\n    def __init__(self):\n"
    text += b"        super().__init__()\n        self.bn = nn.BatchNorm2d(3)\n\ndef load(net, state):\n"
    text += b"    net.load_state_dict(state)\n\nload(Net(), torch.load('x'))\n"
    (way,) = [lines for place, lines in ways(plant(tmp_path, {"a.py": text})).items() if "BN210" in place]
    assert (
        way[0] == "net is an object of Net, which derives from torch.nn.Module:" or way[0] == "net is an object of Net:"
    )
    assert way[-1].startswith("  a.py:10:5: net: the parameter net of load: an object of Net")


def test_the_receiver_in_a_call_is_told_where_the_call_is_the_finding(tmp_path: Path) -> None:
    text = b"from torch import nn\n\ndef init(m):\n    nn.init.ones_(m.weight)\n\ninit(nn.BatchNorm2d(3))\n"
    (way,) = [lines for place, lines in ways(plant(tmp_path, {"a.py": text})).items() if place.startswith("4:5")]
    assert way[0] == "m is a layer of torch.nn.BatchNorm2d:"


def test_a_step_in_a_notebook_has_its_cell(tmp_path: Path) -> None:
    cells = ("from torch import nn\nfrom use import mean", "mean(nn.BatchNorm2d(3))")
    plant(tmp_path, {"use.py": b"def mean(x):\n    return x.running_mean\n", "a.ipynb": notebook(*cells)})
    found = ways(tmp_path)
    assert found["2:12 BN105"][1] == "  a.ipynb:cell 2:1:6: nn.BatchNorm2d: the class torch.nn.BatchNorm2d"


@pytest.mark.parametrize("case", read_projects(), ids=lambda case: case.title)
def test_who_asks_changes_no_finding(case: ProjectCase) -> None:
    files = [(path, text.encode()) for path, text in case.before.items()]
    plain, asked = migrate_files(files, Options()), migrate_files(files, Options(ways=True))
    assert not any(f.way for r in plain for f in r.findings), "nothing is found out that nobody asked for"
    assert not any(f.way for r in asked for f in r.findings if f.kind == "note")
    assert [replace(r, findings=tuple(replace(f, way=()) for f in r.findings)) for r in asked] == plain


def test_a_run_without_a_page_finds_no_answers_out(tmp_path: Path) -> None:
    plant(tmp_path / "src", FILES)
    for name, options, is_asked in (("plain", (), False), ("page", ("--report", "page.html"), True)):
        kept = {"BN_MIGRATE_CACHE_DIR": str(tmp_path / name)}
        bn_migrate("--check", *options, "src", cwd=tmp_path, env=kept)
        entries = b"".join(path.read_bytes() for path in (tmp_path / name).rglob("*.json"))
        assert b"self.bn.running_mean" in entries and (b"is a layer of" in entries) is is_asked


def test_the_report_for_programs_stays_as_it_is(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    with_page, without = (
        json.loads(bn_migrate("--check", "--format", "json", *more, ".", cwd=tmp_path).stdout)
        for more in (("--report", "page.html"), ())
    )
    assert with_page == without
