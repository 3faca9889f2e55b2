"""Evidence of the sources: the classes whose attributes explain all names of a checkpoint."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from migrate.checkpoint.evidence import Kind, Seen, joined
from migrate.checkpoint.keys import Keys
from migrate.checkpoint.layers import Layer, Layers, Side
from migrate.checkpoint.own import Own
from migrate.checkpoint.walk import Explained, View, Walk
from migrate.errors import FileError, UsageError
from migrate.files import Selection, find_files, read
from migrate.flow.attributes import Attributes
from migrate.flow.facts import Fact
from migrate.flow.load import load
from migrate.flow.queries import Queries
from migrate.rules import load_rules
from migrate.syntax.source import Source, python_of


@dataclass(frozen=True, slots=True)
class Match:
    """The classes that explain names, and what they say of each, by the whole name.

    ``is_whole``: they explain all names as they stand, without cutting off a first part.
    """

    titles: tuple[str, ...]
    seen: dict[str, Seen]
    is_whole: bool
    kind: Kind = "source"
    placed: tuple[tuple[str, Layer], ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        some = f" and {len(self.titles) - 2} more" if len(self.titles) > 2 else ""
        return (f"the sources tell: {', '.join(self.titles[:2])}{some}",)


def read_sources(paths: tuple[str, ...], warn: Callable[[str], None]) -> Queries:
    """The flow of all files below some paths; raises UsageError where there are none.

    ``warn`` is told of files that cannot be parsed.
    """
    files: dict[str, bytes] = {}
    for found in find_files(paths, Selection()):
        if found.error is not None:
            raise UsageError(f"--source: {found.path}: {found.error}")
        files[found.path] = _bytes(found.path)
    if not files:
        raise UsageError(f"--source: no Python file at {', '.join(paths)}")

    def parse(path: str) -> ast.Module | None:
        try:
            return Source(files[path], path).tree
        except FileError as error:
            warn(f"{path}: {error}: what it says is not known")
            return None

    rules = load_rules("mindspore.nn")
    return load(files, files, parse, python_of(files.__getitem__), rules, whole_trees=True)


def _bytes(path: str) -> bytes:
    try:
        return read(path)
    except FileError as error:
        raise UsageError(f"--source: {path}: {error}") from None


class SourceTree:
    """Matches the names of a checkpoint with the attributes of the classes of the sources."""

    def __init__(self, queries: Queries, layers: Layers, to: Side) -> None:
        self._attributes = Attributes(queries.flow)
        self._own = Own(queries, self._attributes)
        self._layers = layers
        self._to = to

    def observe(self, keys: Keys) -> Match | None:
        """What the sources say of all names, or of those of parts that are explained; None where they explain none."""
        for views in _views(keys):
            found = [match for view in views if (match := self._match(view)) is not None]
            if found:
                titles = tuple(dict.fromkeys(title for match in found for title in match.titles))
                seen = {key: seen for match in found for key, seen in match.seen.items()}
                return Match(titles, seen, all(match.is_whole for match in found))
        return None

    def _match(self, view: View) -> Match | None:
        """What the roots say that explain a view, the best of them: those of which most names are spelled out."""
        walks = (self._walk(root, view) for root in self._attributes.networks())
        explained = [found for walk in walks if walk.begins() and (found := walk.explain()) is not None]
        best = max(((found.exact, found.known) for found in explained), default=(0, 0))
        chosen = [found for found in explained if (found.exact, found.known) == best]
        if not chosen or 2 * max(found.told for found in chosen) < len(view.keys.shapes):
            return None  # hardly a name is spelled there
        if _disagree(chosen):
            least = min(found.walk.missing() for found in chosen)
            chosen = [found for found in chosen if found.walk.missing() == least]
        below = f" below {view.cut[:-1]}, which stays in front" if view.cut else ""
        titles = tuple(f"{self._attributes.title(found.walk.root)}{below}" for found in chosen)
        seen = {view.cut + name: joined(found.seen[name] for found in chosen) for name in view.keys.shapes}
        return Match(titles, seen, not view.cut)

    def _walk(self, root: Fact, view: View) -> Walk:
        return Walk(self._attributes, self._own, self._layers, self._to, root, view)


def _disagree(explained: Iterable[Explained]) -> bool:
    found: dict[str, set[str | None]] = {}
    for each in explained:
        for name, seen in each.seen.items():
            found.setdefault(name, set()).update(reading.target for reading in seen.readings)
    return any(len(targets) > 1 for targets in found.values())


def _views(keys: Keys) -> Iterator[list[View]]:
    """The names as a whole; then those with the same first part, without it, where it is that of a network."""
    yield [View("", keys)]
    groups = [View(f"{part}.", keys.without(f"{part}.")) for part in sorted(keys.first)]
    yield [view for view in groups if any("." in name for name in view.keys.shapes)]
