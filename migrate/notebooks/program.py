"""A notebook as one Python program, and the notebook again from the program once it is rewritten.

Each code cell stands below a comment with its number. What is IPython's gives way to Python that says nothing: the
lines stay as many as they were, and Python stays in its column. Marks and stand-ins hold a word that the notebook does
not, so that they are found again whatever was rewritten around them; nothing outside this module shows them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.errors import FileError
from migrate.notebooks import document
from migrate.notebooks.magics import Form, pieces

_NEWLINE = re.compile(r"(\r\n|\r|\n)")
_INDENTED = re.compile(r"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]+[^\s#]")
BLOCK = "if 1:"
"""What stands before Python that is to keep its column: the indentation of a whole cell, a timed statement."""
WORD = "bn_cell"


@dataclass(frozen=True, slots=True)
class Unread:
    """Text of a cell that is not read as Python, on one line of it; line and column are 1-based, in the cell."""

    cell: int
    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell of the program: the first of its lines there, its text there, and whether a newline was added to it."""

    number: int
    first: int
    text: str
    ended: bool


class Program:
    """The program of a notebook. Raises FileError where the bytes are no notebook that can be read."""

    def __init__(self, data: bytes) -> None:
        self._bom = data.startswith(document.BOM)
        self._json = document.decode(data)
        self._sources = {cell.number: cell.source for cell in document.code_cells(self._json)}
        self._word = self._free_word()
        self._kept: list[str] = []
        """What the stand-ins stand for, by their numbers."""
        self.unread: list[Unread] = []
        self.unread_words: set[str] = set()
        """The names that what is not read may use."""
        found = next((m for s in self._sources.values() if (m := _NEWLINE.search(s))), None)
        newline = found.group() if found else "\n"
        # The first newline of the program is the one that new lines get.
        self._head = f"# {self._word}{newline}"
        parts = [self._head]
        self._places: list[_Place] = []
        line = 2
        for number, source in self._sources.items():
            text = "".join(self._as_python(number, source))
            ended = bool(text) and not text.endswith(("\n", "\r"))
            text += newline * ended
            # IPython takes a cell that is indented as a whole. The mark ends in a line feed, whatever the cells have:
            # a carriage return would be one newline with a line feed that the cell starts with.
            block = f"{BLOCK}  " if _INDENTED.match(text) else ""
            parts += [f"{block}# {self._word} {number}\n", text]
            self._places.append(_Place(number, line + 1, text, ended))
            line += 1 + len(_NEWLINE.findall(text))
        self.text = "".join(parts)
        self._firsts = [place.first for place in self._places]

    @property
    def sources(self) -> dict[int, str]:
        """What the code cells hold, by their numbers."""
        return self._sources

    @property
    def cells(self) -> Iterator[tuple[int, str]]:
        """The number of each code cell, and its part of the program below a line of its own."""
        for place in self._places:
            yield place.number, f"{BLOCK if _INDENTED.match(place.text) else ''}\n{place.text}"

    def place(self, line: int) -> tuple[int, int]:
        """The number of the cell that holds a line of the program, and the line in that cell."""
        place = self._places[max(0, bisect_right(self._firsts, line) - 1)]
        return place.number, max(1, line - place.first + 1)

    def shown(self, text: str) -> str:
        """A part of the program, rewritten or not, as the notebook has it."""
        if self._word not in text:
            return text
        timed = re.compile(rf"{BLOCK} *([^\r\n]*)  # {self._word}_(\d+)_")
        stand_in = re.compile(rf"(?:(?:pass  )?# )?{self._word}_(\d+)\b(?:\(\))?")
        text = timed.sub(lambda m: self._kept[int(m[2])] + m[1], text)
        return stand_in.sub(lambda m: self._kept[int(m[1])], text)

    def encode(self, text: str) -> bytes:
        """The bytes of the notebook with the program ``text`` in its cells."""
        mark = re.compile(rf"(?:{BLOCK}  )?# {self._word} (\d+)\n")
        head, *rest = mark.split(text)
        numbers, texts = [int(n) for n in rest[::2]], rest[1::2]
        missing = [n for n in range(len(self._kept)) if not re.search(rf"{self._word}_{n}\b|{self._word}_{n}_", text)]
        if head != self._head or numbers != [p.number for p in self._places] or missing:
            raise FileError("BN905", "a cell or a magic would be lost; please report it")
        changed: dict[int, str] = {}
        for place, rewritten in zip(self._places, texts, strict=True):
            source = self.shown(rewritten)
            if place.ended:
                source = re.sub(r"(?:\r\n|\r|\n)\Z", "", source)
            if self._word in source:
                raise FileError("BN905", "a magic would be lost; please report it", cell=place.number)
            if source != self._sources[place.number]:
                changed[place.number] = source
        result = document.with_sources(self._json, changed) if changed else self._json
        return (document.BOM if self._bom else b"") + result.encode()

    def _free_word(self) -> str:
        """A word that the notebook does not hold, however it writes it."""
        text = "\0".join([self._json, *self._sources.values()])
        word, n = WORD, 1
        while word in text:
            word, n = f"{WORD}{n}", n + 1
        return word

    def _as_python(self, number: int, source: str) -> Iterator[str]:
        """The text of a cell with stand-ins."""
        line, column = 1, 1
        for piece in pieces(source):
            self.unread_words |= piece.words
            for i, text in enumerate(_NEWLINE.split(piece.text)):
                if i % 2:
                    line, column = line + 1, 1
                    yield text
                    continue
                if piece.form == "python" or not text:
                    yield text
                else:
                    yield self._stand_in("comment" if i else piece.form, text)
                    if piece.form != "close":
                        self.unread.append(Unread(number, line, column, text))
                column += len(text) * (piece.form != "close")

    def _stand_in(self, form: Form, text: str) -> str:
        """Python of the same lines that says nothing. What is assigned becomes a call of something unknown."""
        if form == "timed":
            return BLOCK.ljust(len(text))
        self._kept.append(text)
        name = f"{self._word}_{len(self._kept) - 1}"
        if form == "close":
            return f"  # {name}_"
        return {"statement": f"pass  # {name}", "value": f"{name}()", "comment": f"# {name}"}[form]
