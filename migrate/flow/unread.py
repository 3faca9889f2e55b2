"""Files of a run that are not read, as far as their bytes tell what they import and which names they spell."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from functools import cache, cached_property
from typing import NamedTuple

from migrate.index.imports import WORD, Imports, Read, name_of
from migrate.index.outline import Outline, words_of
from migrate.index.tree import Tree
from migrate.rules import RuleSet

TAKES = re.compile(
    rf"(?<![.\w])({WORD})\s*\.\s*__dict__|\b(?:vars|getattr|getmembers|dir)\(\s*({WORD})\s*[,)](?!\s*[\"'])".encode(
        "latin-1"
    )
)
"""What looks something up in all that a name has."""
KEEPS = re.compile(rb"\]\s*=[^=]|\.(?:append|add|insert|setdefault|update|register)\(|\bglobal\b")
"""What a function does that keeps something for others."""
LONG_TEXT = re.compile(rb"(\"\"\"|''').*?\1", re.DOTALL)
"""A text of several lines, such as what a function says of itself: no code."""


class Having(NamedTuple):
    """A file with the names under which it may have something, and the files that make of it what it has."""

    path: str
    names: frozenset[str]
    through: tuple[str, ...]


class Part(NamedTuple):
    """A part of a file: the names that stand in it, and whether it spells attributes or methods of a layer.

    ``keeps``: something at the margin may have what it gets afterwards; ``is_class``: its objects may. ``general``: it
    spells what concerns all that a network holds.
    """

    words: frozenset[str]
    uses_attributes: bool
    calls_methods: bool
    keeps: bool
    is_class: bool
    general: bool


class Unread:
    """What the files without a summary import, and what stands in them."""

    def __init__(self, paths: Iterable[str], read: Read, rules: RuleSet, tree: Tree) -> None:
        self.paths = sorted(paths)
        self.imports = Imports(read, tree)
        self._outline: Callable[[str], Outline] = cache(lambda path: Outline(read(path)))
        self._attribute = re.compile(
            rf"\.(?:{_any(rules.attribute_names)})\b|[\"'](?:{_any(rules.members)})[\"']".encode()
        )
        methods = _any(rules.members - rules.attribute_names)
        behind = r"(?:\([^()\n]*\)|\[[^\[\]\n]*\])*"
        self._method = re.compile(rf"({WORD}){behind}\.(?:{methods})\b".encode("latin-1"))
        self._any_method = re.compile(rf"[\w\x80-\xff)\]]\.(?:{methods})\b".encode("latin-1"))
        self._given = [name.split(".") for name in rules.given]
        dotted = _any(".".join(name[-2:]) for name in self._given)
        self._general = re.compile(rf"\b(?:{dotted})\b|\.(?:{_any(rules.of_holders)})\b".encode())
        ends = {(name[-1], ".".join(name[-2:])) for name in self._given} | {(n, f".{n}") for n in rules.of_holders}
        self._ends = [(name, text.encode()) for name, text in sorted(ends)]
        self._members_of_rules = rules.members
        self._methods = rules.members - rules.attribute_names
        self._called: dict[str, frozenset[str]] = {}
        self._running: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._naming: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._uses: dict[str, bool] = {}
        self._concerned: dict[str, bool] = {}
        self._parts: dict[tuple[str, str], Part] = {}
        self._taken: dict[str, frozenset[str]] = {}

    def origins(self, path: str, name: str) -> list[tuple[str, str]]:
        """The names of other files that a file has as ``name``, by an import of it or of all names.

        A star brings what its file spells, other than what it keeps to itself.
        """
        found = list(self.imports.origins(path, name))
        if not found and not (name.startswith("__") and name.endswith("__")):
            found += [(file, name) for file in self.imports.stars(path) if self._brings(file, name)]
        return found

    def _brings(self, path: str, name: str) -> bool:
        public = self._outline(path).public
        return name in public if public is not None else name in self.words(path) or bool(self.imports.stars(path))

    def words(self, path: str) -> set[str]:
        """Every name that stands in a file."""
        return self._outline(path).words

    def uses_layers(self, path: str, names: Collection[str]) -> bool:
        """Whether a file, or a function that it imports, spells an attribute of a layer; or a method behind a name.

        Every network has the methods of a layer, so that they tell nothing where they stand alone.
        """
        if path not in self._uses:
            self._uses[path] = any(part.uses_attributes for part in self._near(path))
        if self._uses[path]:
            return True
        if path not in self._called:
            self._called[path] = frozenset(map(name_of, self._method.findall(self._outline(path).data)))
        return not self._called[path].isdisjoint(names)

    def concerns_networks(self, path: str) -> bool:
        """Whether a file, or a function that it imports, spells what concerns all that a network holds."""
        if path not in self._concerned:
            self._concerned[path] = any(part.general for part in self._near(path))
        return self._concerned[path]

    def _near(self, path: str) -> Iterator[Part]:
        """A file, and the functions and classes of others that it names."""
        whole = self._part(path, "")
        yield whole
        for word in whole.words:
            yield from (self._part(*found) for found in self._members(path, word, whole))

    def keeping(self, path: str, name: str) -> dict[str, frozenset[str]]:
        """The files that may have what ``name`` of a file keeps, or what it calls does, with what they call that."""
        found: dict[str, frozenset[str]] = {}
        keeping = [each for each in self._runs(path, name) if self._part(*each).keeps]
        for file, had in (beside for each in keeping for beside in self._beside(*each)):
            found[file] = found.get(file, frozenset()) | had
        return found

    def _beside(self, path: str, name: str) -> Iterator[tuple[str, frozenset[str]]]:
        """The files that have more from a file than ``name`` alone, with what they call that.

        Where the name is not known, those that have something that the file puts things into.
        """
        outline = self._outline(path)
        margin = outline.margin - {name} if name else outline.filled
        for file, imported in self.importers.get(path, {}).items() if margin else ():
            had = {bound for original, bound in imported.items() if original in margin or (name and not original)}
            if "*" in imported and name:
                had |= margin
            if had:
                yield file, frozenset(had)

    @cached_property
    def importers(self) -> dict[str, dict[str, dict[str, str]]]:
        """For each file those that import from it, with the names they have, each by its name here.

        The empty name is the module as a whole, by way of its package or not, and ``*`` all names.
        """
        found: dict[str, dict[str, dict[str, str]]] = {}
        for path in self.paths:
            for target in self.imports.targets(path):
                found.setdefault(target.path, {}).setdefault(path, {})[target.name.strip(".")] = target.bound
        return found

    def replaces(self, path: str, bases: Collection[str], names: Collection[str]) -> bool:
        """Whether a file gives one of ``names`` another meaning: of an object, or in a class that derives from one."""
        outline = self._outline(path)
        if not outline.given.isdisjoint(names):
            return True
        if outline.replaced.isdisjoint(names):
            return False
        headers = outline.headers.values()
        return any(not set(base.split(".")).isdisjoint(bases) for header in headers for base in header)

    def runs(self, path: str, name: str) -> list[Part]:
        """What runs where ``name`` of a file is called, as far as names tell; the whole file for an empty name."""
        return [self._part(*each) for each in self._runs(path, name)]

    def _runs(self, path: str, name: str) -> list[tuple[str, str]]:
        if (path, name) not in self._running:
            found = self._running[path, name] = [(path, name)]
            seen = set(found)
            for at, member in found:
                new = [each for each in self._named(at, member) if each not in seen]
                found += new
                seen.update(new)
        return self._running[path, name]

    def _named(self, path: str, name: str) -> list[tuple[str, str]]:
        """The functions and classes that a part may name, each once."""
        if (path, name) not in self._naming:
            part, own = self._part(path, name), self._outline(path).parts
            named = ([(path, word)] if word in own else self._members(path, word, part) for word in sorted(part.words))
            self._naming[path, name] = list(dict.fromkeys(found for each in named for found in each))
        return self._naming[path, name]

    def _gets(self, path: str, handle: str, names: Collection[str]) -> bool:
        """Whether a file may take one of ``names`` from a module that it has, or hands the module on as it is."""
        is_named = not self.words(path).isdisjoint(names) or self.takes_any(path, (handle,))
        return is_named or handle not in self._outline(path).code_words

    def takes_any(self, path: str, handles: Iterable[str]) -> bool:
        """Whether a file may take anything from a module that it has: ``vars(models)``, ``models.__dict__``."""
        if path not in self._taken:
            modules = {target.bound for target in self.imports.targets(path) if not target.name}
            self._taken[path] = frozenset(modules.intersection(self._find_taken(self._outline(path).data)))
        return not self._taken[path].isdisjoint(handles)

    def _find_taken(self, data: bytes) -> Iterator[str]:
        """The names of which a file takes anything."""
        if any(word in data for word in (b"__dict__", b"vars(", b"getattr(", b"getmembers(", b"dir(")):
            yield from (name_of(found[1] or found[2]) for found in TAKES.finditer(data))

    def hands_on(self, path: str, names: Collection[str]) -> bool:
        """Whether others import from a file one of ``names`` that it defines."""
        made = self._outline(path).margin.intersection(names)
        had = self.importers.get(path, {}).values()
        return bool(made) and any("*" in each or "" in each or not made.isdisjoint(each) for each in had)

    def _members(self, path: str, word: str, part: Part) -> list[tuple[str, str]]:
        """What a word of a part may mean that its file imports: of a module, all that stands in the part."""
        found = []
        for file, name in self.imports.origins(path, word):
            if name:
                found.append((file, name))
            else:
                found += [(file, inner) for inner in self._outline(file).parts if inner in part.words]
        return found

    def _part(self, path: str, name: str) -> Part:
        """A function or class at the margin of a file; the whole file where it has none of that name."""
        if (path, name) not in self._parts:
            data = self._outline(path).parts.get(name, self._outline(path).data)
            words = frozenset(words_of(data))
            # Most parts have none of the names, and names are found sooner than patterns.
            uses = not words.isdisjoint(self._members_of_rules) and self._attribute.search(data) is not None
            calls = not words.isdisjoint(self._methods) and self._any_method.search(data) is not None
            general = any(text in data for name, text in self._ends if name in words)
            general = (general and self._general.search(data) is not None) or any(self._imported(path, words))
            keeps, is_class = self._keeps(path, name, data), data.startswith(b"class")
            self._parts[path, name] = Part(words, uses, calls, keeps, is_class, general)
        return self._parts[path, name]

    def _keeps(self, path: str, name: str, data: bytes) -> bool:
        """Whether a function may put something into what others have, too: its own variables are gone afterwards."""
        code = LONG_TEXT.sub(b"", data)
        if KEEPS.search(code) is None:
            return False
        shared = {*self._outline(path).margin, *(target.bound for target in self.imports.targets(path))}
        return not name or not shared.isdisjoint(words_of(code) - {name})

    def _imported(self, path: str, words: Collection[str]) -> Iterator[bool]:
        """Whether each function that a layer does not get through may have been imported by its bare name."""
        for *module, name in self._given:
            yield name in words and len(module) > 1 and self.words(path).issuperset(module)

    def onward(self, having: Iterable[tuple[str, frozenset[str]]], is_read: Container[str]) -> list[Having]:
        """The files, not read, that have names from files ``having`` them, or something that one makes of these.

        A file that only hands a name on makes nothing of it; what a file that was read makes is known.
        """
        found: dict[str, Having] = {}
        todo = {path: Having(path, names, ()) for path, names in having}
        while todo:
            at, got, through = todo.pop(next(iter(todo)))
            known = found.get(at)
            if known is not None and got <= known.names:
                continue
            has = got | known.names if known is not None else got
            outline = self._outline(at)
            made = outline.made_of(has)
            if made or not outline.code_words.isdisjoint(got):
                has |= made
                through = (*through, at)
            found[at] = Having(at, has, known.through if known is not None else through)
            for file, imported in self.importers.get(at, {}).items():
                if file in through:
                    continue
                passed = {bound for original, bound in imported.items() if original in has}
                if "*" in imported:
                    passed |= has
                if "" in imported and self._gets(file, imported[""], has):
                    passed.add(imported[""])
                if passed and file in is_read:
                    found.setdefault(file, Having(file, frozenset(passed), through))
                elif passed:
                    before = todo.get(file) or Having(file, frozenset(), through)
                    todo[file] = before._replace(names=before.names | passed)
        return list(found.values())


def _any(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names)))
