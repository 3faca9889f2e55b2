"""Hooks of mkdocs: the pages that stand outside of ``docs/`` become part of the site, and links fit both homes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

DOCS = Path(__file__).parent
ROOT = DOCS.parent
OUTSIDE = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<to>[^)#:]+)(?P<anchor>#[^)]+)?\)")
NAMED_BLOCK = re.compile(r"^```(?P<language>\w+) (?P<file>\S+)$", re.MULTILINE)
ANCHORED = re.compile(r'^<a id="(?P<anchor>[^"]+)"></a>\n(?P<heading>#+ .*)$', re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages of the repository's root."""
    for name, page in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The text of a page as the site's Markdown needs it."""
    home = {page: ROOT / name for name, page in OUTSIDE.items()}.get(page.file.src_uri, DOCS / page.file.src_uri).parent
    markdown = LINK.sub(lambda link: _link(link, home), markdown)
    markdown = ANCHORED.sub(r"\g<heading> { #\g<anchor> }", markdown)
    if "````" in markdown:  # a page that shows blocks as they are written
        return markdown
    return NAMED_BLOCK.sub(r'```\g<language> title="\g<file>"', markdown)


def _link(link: re.Match[str], home: Path) -> str:
    """A link as seen from the site's only folder; one to a file that the site does not have becomes its text."""
    target = (home / link["to"]).resolve()
    if target.parent == ROOT and target.name in OUTSIDE:
        to = OUTSIDE[target.name]
    elif target.is_relative_to(DOCS) and target.is_file():
        to = str(target.relative_to(DOCS))
    elif target.exists():
        return link["text"]
    else:  # mkdocs says so
        to = link["to"]
    return f"{link['image']}[{link['text']}]({to}{link['anchor'] or ''})"
