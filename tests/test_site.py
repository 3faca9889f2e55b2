"""The documentation as a site."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from migrate.codes import CODES

pytest.importorskip("material")
ROOT = Path(__file__).parent.parent
LOADING = {"script": "src", "img": "src", "iframe": "src", "link": "href"}


class Page(HTMLParser):
    """The identifiers of a page, and what a browser loads for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id") or "")
        if tag in LOADING and values.get("rel") != "canonical":
            self.loaded.append(values.get(LOADING[tag]) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a link, an anchor or a page that nothing leads to stops it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_code_has_an_anchor(site: Path) -> None:
    assert {code.lower() for code in CODES} <= Page((site / "findings.html").read_text("utf-8")).ids


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.glob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = Page(page.read_text("utf-8")).loaded
        assert loaded and not [address for address in loaded if "//" in address], page.name
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", sheet.read_text("utf-8")), sheet.name


def test_what_pages_offer_to_download_is_there(site: Path) -> None:
    for name in ("report.schema.json", "terminal.svg", "examples/github-workflow.yml"):
        assert (site / name).is_file(), name
    assert not list(site.rglob("*.py"))
