"""What the tensors of layers are called in either framework: from the rules, and from ``rules/parameters/``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from migrate.errors import UsageError
from migrate.places import rules_folder
from migrate.rule import Rule
from migrate.rules import load_rules
from migrate.schema import build

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Side = Literal["torch", "mindspore"]
"""Where names lead to."""
PACKAGE = "torch.nn."


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a layer's tensors on one side, with what they are called on the other.

    ``ranks`` are numbers of axes on this side. ``dropped`` has no counterpart on the other side.
    """

    names: Mapping[str, str]
    required: frozenset[str]
    ranks: dict[str, int]
    bare: dict[str, int]
    dropped: str
    same: re.Pattern[str] | None

    def target(self, name: str) -> str | None:
        """The name on the other side; None where there is none."""
        if name in self.names:
            return self.names[name]
        return name if self.same is not None and self.same.fullmatch(name) else None

    def knows(self, name: str) -> bool:
        return name == self.dropped or self.target(name) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A class of layers; ``layers.toml`` says what each part means. Names and ranks are torch's, as keys."""

    source: str
    target: str
    names: dict[str, str] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    counter: str = ""
    axis: dict[str, int] = field(default_factory=dict)
    top: dict[str, str] = field(default_factory=dict)
    axes: int = 0
    same: str = ""
    alike: bool = False
    bare: dict[str, int] = field(default_factory=dict)
    make: tuple[str, ...] = ()

    def read(self, to: Side, is_top: bool) -> Names:
        """The names that a checkpoint has for the layer, on the way to a framework."""
        same = re.compile(self.same) if self.same else None
        called = {name: self.top.get(name, name) if is_top else name for name in self.names.values()}
        forth = {name: called[there] for name, there in self.names.items()}
        if to == "mindspore":
            return Names(forth, frozenset(self.required), self.ranks, self.bare, self.counter, same)
        required = frozenset(forth[name] for name in self.required)
        ranks = {forth[name]: rank + (name in self.axis) for name, rank in self.ranks.items()}
        bare = {forth[name]: rank for name, rank in self.bare.items()}
        # Some converters keep the counter, which MindSpore does not read.
        kept = re.compile(re.escape(self.counter)) if self.counter else same
        return Names({there: name for name, there in forth.items()}, required, ranks, bare, "", kept)


@dataclass(frozen=True, slots=True)
class _Class:
    """What a checkpoint shows of a class that has a rule."""

    top: dict[str, str] = field(default_factory=dict)
    axes: int = 0


@dataclass(frozen=True, slots=True)
class _Wrappers:
    prefixes: tuple[str, ...]
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Without:
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    classes: tuple[str, ...]
    tensors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """The file of names as it is written."""

    schema: Literal[1]
    homes: dict[str, str]
    wrappers: _Wrappers
    layer: tuple[Layer, ...]
    without: _Without
    kept: _Kept
    named: dict[str, _Class]


class Layers:
    """The classes of layers whose tensors have known names."""

    def __init__(self, file: _File, rules: Iterable[Rule]) -> None:
        self._homes = file.homes
        self.prefixes = file.wrappers.prefixes
        self.of_wrappers = frozenset(file.wrappers.own)
        self.without_tensors = file.without.layers
        self.kept = frozenset(file.kept.classes)
        self.of_kept = frozenset(file.kept.tensors)
        self.measured = file.layer
        self.all = (*(_of_rule(rule, file.named.get(rule.target.name, _Class())) for rule in rules), *file.layer)
        self._by_class = {name: layer for layer in self.all for name in (layer.source, layer.target)}
        self._empty = frozenset(re.sub("^nn[.]", PACKAGE, made).partition("(")[0] for made in file.without.layers)

    def name(self, cls: str) -> str:
        """The name of a class as the tables have it."""
        for home, plain in self._homes.items():
            if cls.startswith(home):
                cls = plain + cls[len(home) :].rpartition(".")[2]
        return cls

    def of(self, cls: str) -> Layer | None:
        return self._by_class.get(self.name(cls))

    def is_empty(self, cls: str) -> bool:
        """Whether a class is known to have no tensors."""
        return self.name(cls) in self._empty

    def stays(self, cls: str) -> bool:
        """Whether a class is known to stay what it is."""
        return self.name(cls) in self.kept

    @cached_property
    def telling(self) -> tuple[Layer, ...]:
        """The layers whose statistics tell them apart from all others."""
        return tuple(layer for layer in self.all if layer.statistics)


def _of_rule(rule: Rule, named: _Class) -> Layer:
    names = {name: a.to for name, a in rule.attributes.items() if a.tensor and a.to}
    proof = rule.proof
    tensors = proof.tensors if proof is not None else {}
    statistics = tuple(tensors[symbol] for symbol in ("mean", "variance") if symbol in tensors)
    return Layer(
        rule.source.name,
        rule.target.name,
        names,
        ranks=dict.fromkeys(names, 1),
        always=tuple(names.values()),
        statistics=statistics,
        counter=proof.counter if proof is not None else "",
        top=named.top,
        axes=named.axes,
        alike=True,
    )


def load_layers() -> Layers:
    """The classes of the rules and of the file of names; raises UsageError."""
    path = Path(rules_folder()) / "parameters" / "layers.toml"
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    table["named"] = table.pop("class", {})
    return Layers(build(_File, table, str(path)), load_rules("mindspore.nn").rules)
