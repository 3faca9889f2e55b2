"""Reads an HTML page as a browser does, and complains about what a browser would only repair."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder, fromstring

VOID = ("meta", "wbr", "input")
SVG = "{http://www.w3.org/2000/svg}"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> inside {self.open[-3:]}"
        self.builder.end(self.open.pop())

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open, f"<{tag}/> closes nothing in HTML"
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self.open:
            self.builder.data(data)


def read_page(page: str) -> Element:
    """The tree of a page; every element is closed where it has to be."""
    reader = _Reader()
    reader.feed(page.replace("\r\n", "\n").replace("\r", "\n"))
    reader.close()
    assert reader.open == []
    return reader.builder.close()


def read_svg(page: str) -> Element:
    """The one picture of a page, which is well-formed XML."""
    found: list[str] = re.findall("<svg.*?</svg>", page, re.DOTALL)
    assert len(found) == 1
    return fromstring(found[0])


def text_of(element: Element) -> str:
    return "".join(element.itertext())


def having(root: Element, tag: str, cls: str) -> Iterator[Element]:
    """The elements of a class, in order."""
    return (e for e in root.iter(tag) if cls in e.get("class", "").split())


def by_id(root: Element, name: str) -> Element:
    (found,) = (e for e in root.iter() if e.get("id") == name)
    return found
