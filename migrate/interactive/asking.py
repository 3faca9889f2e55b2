"""Shows a change on a terminal and takes the answer."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Literal, cast, get_args

import click
from rich.console import Console
from rich.text import Text

from migrate.codes import level
from migrate.interactive.units import Unit
from migrate.report.text import STYLES, print_wrapped

Answer = Literal["y", "n", "a", "d", "e", "q"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
MEANING = {
    "y": "take it",
    "n": "leave it as it is",
    "a": "take it and all later changes of the file; suggestions, which a person must decide, are still asked about",
    "d": "leave it and all that is later in the file",
    "e": "write its lines yourself, in your editor",
    "q": "leave it and all that is left, and write what was taken",
    "?": "show this help",
}
SCISSORS = "# ------------------------ >8 ------------------------\n"
ABOUT = "# Write the lines above as they should become; what is below the scissors is ignored.\n"
LINES = {"+": "green", "-": "red", "@": "cyan"}


def ask(unit: Unit, number: int, count: int, out: Console) -> Answer:
    """The answer of a person; the end of the input is taken for ``q``."""
    _show(unit, out)
    what = "suggestion" if unit.is_suggestion else "change"
    keys = [key for key in (*ANSWERS, "?") if key != "e" or unit.cell is None]
    while True:
        out.print(Text(f"({number}/{count}) Take this {what} [{','.join(keys)}]? ", "bold blue"), end="")
        out.file.flush()
        line = sys.stdin.readline()
        if not line:
            out.print()
            return "q"
        key = line.strip().lower()[:1]
        if key in keys and key != "?":
            return cast(Answer, key)
        for name in keys:
            print_wrapped(Text.assemble((name, "bold"), f" - {MEANING[name]}"), out)


def edit(lines: Iterable[str]) -> str | None:
    """The lines of a change as a person wrote them, with the line ends of the file; None where nothing was written."""
    text = "".join(lines)
    end = next((e for e in ("\r\n", "\r") if e in text), "\n")
    written = click.edit(text.replace(end, "\n") + SCISSORS + ABOUT, extension=".py")
    return None if written is None else written.partition(SCISSORS)[0].replace("\n", end)


def again(why: str, out: Console) -> bool:
    """Whether a person wants to write once more what was not right."""
    print_wrapped(Text(f"Your lines cannot be used: {why}", "red"), out)
    out.print(Text("Write them again (n leaves the change as it is) [y,n]? ", "bold blue"), end="")
    out.file.flush()
    return sys.stdin.readline().strip().lower().startswith("y")


def _show(unit: Unit, out: Console) -> None:
    """The reasons and the hunk."""
    out.print()
    for f in unit.findings:
        place = (f"{unit.path}:{f'cell {f.cell}:' if f.cell else ''}{f.line}:{f.column}", "bold")
        said = Text.assemble(place, " ", (f"{f.code} {level(f)}", STYLES[level(f)]), f" {f.message}")
        print_wrapped(said, out)
    for line in unit.hunk:
        out.print(Text(line, LINES.get(line[:1], "")))
