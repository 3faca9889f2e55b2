"""Which classes those of files that were not read derive from, as the bytes of the files tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice

from migrate.analysis.importing import Imports
from migrate.analysis.outline import OPAQUE, Outline

Member = tuple[str, str]
"""A name at module level, with the path of its module before it."""


class Ancestry:
    """Follows the headers of classes through files until one that was read, or a library, is met."""

    def __init__(self, paths: Iterable[str], outline: Callable[[str], Outline], imports: Imports) -> None:
        self._paths = paths
        self._outline = outline
        self._imports = imports

    def meets(
        self,
        cls: Member,
        unread: set[str],
        wanted: Callable[[str, str], bool],
        through: Callable[[str], bool] | None = None,
    ) -> bool:
        """Whether a class of one of the ``unread`` files may derive from a ``wanted`` name of a file that was read.

        Or from a class of an unread file that is for ``through`` to tell. A name that the bytes do not explain may be
        anything.
        """
        seen, todo = {cls}, [cls]
        while todo:
            path, name = todo.pop()
            if path not in unread:
                if wanted(path, name):
                    return True
                continue
            before = self._before(path, name)
            if before is None or (through is not None and through(path)):
                return True
            todo += [member for member in before if member not in seen]
            seen.update(before)
        return False

    def has_heirs(self, cls: Member, number: int) -> bool:
        """Whether more classes of the run than ``number``, read or not, derive from ``cls``."""
        classes = (at for at, _ in self._below(cls) if at[1] in self._outline(at[0]).headers)
        return next(islice(classes, number, None), None) is not None

    def heirs(self, cls: Member, wanted: Callable[[str], bool]) -> Iterator[str]:
        """The files with classes that derive from ``cls`` and are ``wanted``, and those through which they do."""
        came_from = dict(self._below(cls))
        for at in (m for m in came_from if wanted(m[0])):
            step: Member | None = at
            while step is not None:
                yield step[0]
                before = came_from.get(step)
                yield from self._bringing(step, before) if before else ()
                step = before

    def _below(self, cls: Member) -> Iterator[tuple[Member, Member]]:
        """What comes from ``cls``, directly or not, each with what it comes from."""
        seen, todo = {cls}, [cls]
        for member in todo:
            after = [m for m in dict.fromkeys(self._after.get(member, ())) if m not in seen]
            yield from ((m, member) for m in after)
            seen.update(after)
            todo += after

    @cached_property
    def _after(self) -> dict[Member, list[Member]]:
        """What comes from each name: the classes of the run, and the names under which they import their bases."""
        found: dict[Member, list[Member]] = {}
        todo = [(path, name) for path in self._paths for name in self._outline(path).headers]
        seen = set(todo)
        for member in todo:
            before = self._sources(*member) or []
            for origin in before:
                found.setdefault(origin, []).append(member)
            todo += [origin for origin in before if origin not in seen]
            seen.update(before)
        return found

    def _before(self, path: str, name: str) -> list[Member] | None:
        """The ``_sources`` of a name; None where nobody knows, as for one that is assigned."""
        found = self._sources(path, name)
        is_assigned = not found and name not in self._outline(path).headers and name in self._outline(path).assigned
        return None if is_assigned else found

    def _sources(self, path: str, name: str) -> list[Member] | None:
        """What a name of a file comes from: the bases of a class, the origin of an import; None for hidden bases."""
        headers = self._outline(path).headers
        found = list(self._imports.origins(path, name))
        for base in headers.get(name, ()):
            root, _, last = base.rpartition(".")
            if base == OPAQUE or root in headers:
                return None
            found += [(path, last)] if not root else [(file, last) for file in self._modules(path, root)]
        return found

    def _bringing(self, cls: Member, base: Member) -> Iterator[str]:
        """The files whose imports bring a class the module of its base."""
        path, name = cls
        for root in (b.rpartition(".")[0] for b in self._outline(path).headers.get(name, ())):
            yield from self._modules(path, root).get(base[0], ()) if root else ()

    def _modules(self, path: str, root: str) -> dict[str, tuple[str, ...]]:
        """The files of the run that ``root``, something in front of a dot, may be, with those whose imports bring it.

        A name that is not imported may stand for any module that is.
        """
        first, *rest = root.split(".")
        files = {file: () for file, _ in self._imports.origins(path, first)} | self._imports.modules(path, first)
        if not files:
            files = {file: () for file, names, _ in self._imports.targets(path) if names is None}
        for part in rest:
            for file, through in list(files.items()):
                for inner, more in self._imports.modules(file, part).items():
                    files.setdefault(inner, (*through, *more))
        return files
