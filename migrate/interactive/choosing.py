"""Asks about all that a run would write, file by file, and finds what is left of it after each answer.

What a person leaves stays the source framework's, as with a comment that asks for it, so each answer may change what
becomes of other places: the files that are connected are looked at again, and only then the next question is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from rich.console import Console
from rich.text import Text

from migrate.batch.groups import Group, find_groups
from migrate.choices import Edited, Spot
from migrate.engine import Options, concerns, migrate_group
from migrate.errors import FileError, UsageError
from migrate.files import Found, read
from migrate.findings import Result
from migrate.interactive.asking import again, ask, edit
from migrate.interactive.units import Unit, units
from migrate.report.totals import plural
from migrate.triggers import trigger_words


@dataclass(slots=True)
class _Asked:
    """What was asked and answered so far: the spots that were ``seen``, and how many units were taken."""

    out: Console
    options: Options
    seen: set[Spot] = field(default_factory=set)
    taken: int = 0
    left: int = 0
    has_quit: bool = False
    unasked: int = 0

    def choose(self, **more: object) -> None:
        self.options = replace(self.options, choices=replace(self.options.choices, **more))  # type: ignore[arg-type]


def choose(found: Iterable[Found], options: Options, cache: bool, out: Console) -> Options:
    """The options with what a person chose among the changes of the files that were ``found``.

    Raises UsageError where one of them was changed meanwhile.
    """
    texts: dict[str, bytes] = {}
    for file in found:
        if file.error is None:
            texts[file.path] = _read(file.path)
    words = trigger_words(options, cache)
    triggered = [path for path, data in texts.items() if concerns(data, words, options.record)]
    asked = _Asked(out, options)
    for group in find_groups(texts, triggered, texts.__getitem__) if triggered else []:
        _ask_about(group, texts.__getitem__, asked)
    changed = [path for path in triggered if _read(path) != texts[path]]
    if changed:
        raise UsageError(f"{changed[0]}: was changed while you were asked: nothing is written, start again")
    unasked = f"; {plural(asked.unasked, 'file')} not asked about" if asked.unasked else ""
    out.print(f"\n{plural(asked.taken, 'place')} taken, {asked.left} left{unasked}.")
    return asked.options


def _read(path: str) -> bytes:
    try:
        return read(path)
    except FileError:
        return b""


def _ask_about(group: Group, get: Callable[[str], bytes], asked: _Asked) -> None:
    """Ask about the files of a group, each once those before it are settled."""

    def look() -> dict[str, Result]:
        # Comments would be changes of their own.
        options = replace(asked.options, todo=(), ways=False)
        return {r.path: r for r in migrate_group(group.paths, group.triggered, get, options)}

    results = look() if not asked.has_quit else {}
    for path in group.triggered:
        if asked.has_quit:
            asked.options = replace(asked.options, as_they_are=asked.options.as_they_are | {path})
            asked.unasked += 1
        else:
            results = _ask_file(path, results, look, asked)


def _ask_file(
    path: str, results: dict[str, Result], look: Callable[[], dict[str, Result]], asked: _Asked
) -> dict[str, Result]:
    """Ask about a file until nothing is left; the results with the answers."""
    takes_all = leaves_all = False
    number = 0
    while left := _left(results.get(path), asked.seen):
        unit, number = left[0], number + 1
        if leaves_all:
            answer = "n"
        elif takes_all and not unit.is_suggestion:
            answer = "y"
        else:
            answer = ask(unit, number, number - 1 + len(left), asked.out)
        takes_all = takes_all or answer == "a"
        leaves_all = leaves_all or answer in ("d", "q")
        asked.has_quit = asked.has_quit or answer == "q"
        asked.seen |= unit.spots
        if answer == "e":
            results = _by_hand(unit, results, look, asked)
        elif _settle(unit, answer in ("y", "a"), asked):
            results = look()
            _tell_refused(unit, results[path], asked.out)
    return results


def _left(result: Result | None, seen: Iterable[Spot]) -> list[Unit]:
    """The units of a file that were not asked about."""
    known = set(seen)
    return [unit for unit in units(result) if not unit.spots <= known] if result is not None else []


def _tell_refused(unit: Unit, result: Result, out: Console) -> None:
    """Say where a suggestion cannot be carried out where it stands, such as inside another change."""
    reviews = {(result.path, f.cell, f.line, f.column, f.code) for f in result.findings if f.kind == "review"}
    if unit.is_suggestion and unit.spots <= reviews:
        out.print(Text("This suggestion cannot be written here: it stays a review.", "red"))


def _settle(unit: Unit, is_taken: bool, asked: _Asked) -> bool:
    """Keep an answer; returns whether anything else may follow from it."""
    choices = asked.options.choices
    asked.taken += is_taken
    asked.left += not is_taken
    if unit.is_suggestion and is_taken:
        asked.choose(taken=choices.taken | unit.spots)
    elif not unit.is_suggestion and not is_taken:
        asked.choose(left=choices.left | {(unit.path, unit.cell, line) for line in unit.lines})
    else:
        return False
    return True


def _by_hand(
    unit: Unit, results: dict[str, Result], look: Callable[[], dict[str, Result]], asked: _Asked
) -> dict[str, Result]:
    """The results with the lines that a person writes, or leaves in the end."""
    choices, lines = asked.options.choices, "".join(unit.after)
    while (text := edit([lines])) is not None:
        written = Edited(unit.path, unit.first, unit.first + len(unit.before) - 1, text)
        asked.choose(edited=(*choices.edited, written))
        found = look()
        error = found[unit.path].error
        if error is None:
            asked.taken += 1
            return found
        asked.choose(edited=choices.edited)
        if not again("the file does not parse with them" if error.startswith("BN905") else error, asked.out):
            break
        lines = text
    _settle(unit, False, asked)
    return look()
