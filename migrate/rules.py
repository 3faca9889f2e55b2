"""Loads ``rules/*.toml``: the only place that knows the names of arguments, attributes and methods."""

from __future__ import annotations

import ast
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from migrate.edits import PLACE
from migrate.errors import UsageError
from migrate.places import OFFERED, offered_rules, rule_paths, rules_folder
from migrate.rule import (
    FORMULAS,
    AttributeTreatment,
    Example,
    Initializer,
    InPlace,
    MethodTreatment,
    Parameter,
    ProofTable,
    Related,
    Rule,
    Scalar,
    Source,
    SubclassTable,
    TargetClass,
    Treatment,
    WriteBack,
)
from migrate.schema import build
from migrate.targets import TARGETS, Target
from migrate.tensor_table import TensorTable
from migrate.triggers import TODO, shortest
from migrate.versions import of_version, told_version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class RuleSet:
    """The rules of a run, with the look-ups that analysis needs."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self.by_name = {name: r for r in rules for name in (r.source.name, *r.source.aliases)}
        self.by_target = {name: r for r in rules for name in (r.target.name, *r.target.aliases)}
        beside = {name: related for r in rules for related in r.related for name in related.names}
        self.carriers = {c.name: (r, c) for r in rules for c in r.target.carrier}
        self.related = {name: related for name, related in beside.items() if not related.only_given}
        self.given = {name: related for name, related in beside.items() if related.only_given}
        self.distinctive = {k: v for r in reversed(rules) for k, v in r.distinctive.items()}
        self.members = frozenset(m for r in rules for m in (*r.attributes, *r.methods))
        self.attribute_names = frozenset(a for r in rules for a in r.attributes)
        self.method_names = frozenset(m for r in rules for m in r.methods)
        self.lacks = frozenset(m for r in rules for m in r.lacks)
        self.of_holders = frozenset(n for r in rules for n, m in r.methods.items() if m.holder)
        self.returns_self = frozenset(m for r in rules for m in (*r.returns_self, *r.target.returns_self))
        self.packages = frozenset(name.partition(".")[0] for r in rules for name in (r.source.name, r.target.name))
        self.short_names = frozenset(name.rpartition(".")[2] for name in self.by_name)
        self.target_names = frozenset(name.rpartition(".")[2] for name in self.by_target)
        self.homes = frozenset(name.rpartition(".")[0] for name in self.by_name)
        self.class_names = self.short_names | self.target_names | {name.rpartition(".")[2] for name in self.related}
        self.telling = frozenset(name for r in rules for name in r.source.telling)
        self.without = frozenset(name for r in rules for name in r.source.without)
        self.tested = frozenset(name for r in rules for name in r.source.tested)
        self.configured = {name: r for r in rules for name in r.source.configured}
        self.fragments = frozenset(f for r in rules for f in r.source.fragments) | self.short_names
        self.source_package = rules[0].source.name.partition(".")[0] if rules else ""
        self.target_package = rules[0].target.name.partition(".")[0] if rules else ""
        self.tensors = frozenset(n for r in rules for n, a in r.attributes.items() if a.tensor)
        self.computations = frozenset(n for r in rules for n, m in r.methods.items() if m.override == "computation")
        self.tensor = next((r.tensor for r in rules if r.tensor.gives), TensorTable())
        """What tensors of both frameworks have in common, which is the same for every class."""
        functions = [(f, i) for r in rules for i in r.initializers for f in i.functions]
        self.initializer_functions = dict(functions)
        self.initializer_package = frozenset(f.rpartition(".")[0] for f, _ in functions)
        last = {n.rpartition(".")[2] for n in (*self.related, *self.carriers)}
        words = last | set(self.distinctive) | self.fragments | self.target_names
        self.names = shortest(word.encode() for word in words)
        """The names, or parts of names, of which one is in every file that has something to migrate."""
        quoted = (f"{quote}{name}{quote}".encode() for name in self.configured for quote in "\"'")
        self.words = shortest([*self.names, *quoted, TODO.encode()])
        """The trigger words: a file without any of them has nothing to migrate, and no comment of an earlier run."""


def shipped_rules() -> Path:
    """The folder of the rule files."""
    return Path(rules_folder())


def rule_files(extra: tuple[Path, ...] = ()) -> Iterator[Path]:
    """The shipped rule files and those of ``extra``, which take the place of one of the same name.

    Each of ``extra`` is a folder, or the name of a file that comes along. Raises UsageError where there is none.
    """
    for folder in (shipped_rules(), *extra):
        files = rule_paths(str(folder))
        if not files:
            offered = ", ".join(offered_rules())
            raise UsageError(f"{folder}: no rule file (*.toml) here, and no such name comes along; these do: {offered}")
        yield from map(Path, files)


@cache
def load_rules(target: Target, extra: tuple[Path, ...] = (), version: str = "") -> RuleSet:
    """The shipped rules and those of ``extra``, for a ``version`` of ``target``; raises UsageError.

    ``version`` may also be that which an interpreter has, as `asked.asked_version` says it.
    """
    tables: dict[str, dict[str, Any]] = {}
    where: dict[str, Path] = {}
    for path in rule_files(extra):
        tables[path.stem], where[path.stem] = _read(path), path
        _check_shape(path, tables[path.stem])
    chosen = list(tables)
    for path in sorted((shipped_rules() / OFFERED).glob("*.toml")) if extra else ():
        if path.stem not in tables:
            tables[path.stem], where[path.stem] = _read(path), path
    files_by_stem = {stem: _rule_file(stem, tables, where) for stem in chosen}
    resolved = tuple(_resolve(f, target, where[stem]) for stem, f in files_by_stem.items())
    told = told_version(resolved, version) or ""
    return RuleSet(tuple(of_version(rule, told) for rule in resolved))


@dataclass(frozen=True, slots=True)
class _ParameterTable:
    name: str
    keyword_only: bool = False
    after: str = ""
    required: bool = False
    default: Scalar | None = None
    samples: tuple[Scalar, ...] = ()
    always_default: bool = False
    on: dict[str, Treatment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _AttributeTable:
    distinctive: bool = False
    on: dict[str, AttributeTreatment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _MethodTable:
    returns_self: bool = False
    imports: tuple[str, ...] = ()
    on: dict[str, MethodTreatment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _RuleFile:
    """A rule file as it is written."""

    schema: Literal[1]
    name: str
    source: Source
    target: dict[str, TargetClass]
    parameter: tuple[_ParameterTable, ...]
    extends: str = ""
    keeps: tuple[str, ...] = ()
    attribute: dict[str, _AttributeTable] = field(default_factory=dict)
    method: dict[str, _MethodTable] = field(default_factory=dict)
    initializer: tuple[Initializer, ...] = ()
    write_back: tuple[WriteBack, ...] = ()
    in_place: tuple[InPlace, ...] = ()
    related: tuple[Related, ...] = ()
    example: tuple[Example, ...] = ()
    proof: ProofTable | None = None
    subclass: SubclassTable = field(default_factory=SubclassTable)
    lacks: tuple[str, ...] = ()
    tensor: TensorTable = field(default_factory=TensorTable)


def _read(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return table
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def _check_shape(path: Path, table: dict[str, Any]) -> None:
    """The parts that files inherit from each other have to be tables before they can be merged."""
    parameters = table.get("parameter", [])
    if not isinstance(parameters, list) or not all(isinstance(p, dict) for p in parameters):
        raise UsageError(f"{path}: parameter: tables [[parameter]] are expected")
    for key in ("target", "attribute", "method"):
        entries = table.get(key, {})
        if not isinstance(entries, dict) or not all(isinstance(v, dict) for v in entries.values()):
            raise UsageError(f"{path}: {key}: tables [{key}.NAME] are expected")
    if not isinstance(table.get("extends", ""), str):
        raise UsageError(f"{path}: extends: the name of a rule file is expected")
    names = [p.get("name") for p in parameters]
    for p in parameters:
        if names.count(p.get("name")) > 1:
            raise UsageError(f"{path}: parameter: {p.get('name')!r} stands there twice")
        if p.get("after") and "extends" not in table and p["after"] not in names:
            raise UsageError(f"{path}: parameter {p.get('name')}: after: no parameter {p['after']!r}")


def _rule_file(stem: str, tables: dict[str, dict[str, Any]], where: dict[str, Path]) -> _RuleFile:
    table = tables[stem]
    seen = [stem]
    while base := table.get("extends"):
        if base not in tables:
            raise UsageError(f"{where[stem]}: extends: no rule file {base!r}; known: {', '.join(tables)}")
        if base in seen:
            raise UsageError(f"{where[stem]}: extends: {' -> '.join([*seen, base])} goes in a circle")
        seen.append(base)
        table = _merge(tables[base], table)
    return build(_RuleFile, _gather_targets(table), str(where[stem]))


def _merge(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """``own`` on top of ``base``, or of those of its tables that ``own`` keeps.

    Examples and related symbols belong to their own file and do not travel.
    """
    base = {k: v for k, v in base.items() if k in own.get("keeps", base)}
    merged = {k: v for k, v in base.items() if k not in ("example", "related", "source", "extends")}
    merged |= {
        k: v for k, v in own.items() if k not in ("target", "parameter", "attribute", "method", "extends", "keeps")
    }
    if "extends" in base:
        merged["extends"] = base["extends"]
    for key in ("attribute", "method"):
        merged[key] = {**base.get(key, {}), **own.get(key, {})}
    merged["target"] = {t: {**base.get("target", {}).get(t, {}), **v} for t, v in own.get("target", {}).items()}
    if isinstance(base.get("proof"), dict) and isinstance(own.get("proof"), dict):
        merged["proof"] = {**base["proof"], **own["proof"]}
    parameters = list(base.get("parameter", []))
    for p in own.get("parameter", []):
        names = [q.get("name") for q in parameters]
        if p.get("name") in names:
            parameters[names.index(p["name"])] = p
        else:
            parameters.insert(names.index(p["after"]) + 1 if p.get("after") in names else len(names), p)
    merged["parameter"] = parameters
    return merged


def _gather_targets(table: dict[str, Any]) -> dict[str, Any]:
    """The table with the keys that name a target moved under ``on``, where the dataclasses expect them."""

    def gather(entry: Any) -> Any:
        if not isinstance(entry, dict):
            return entry
        on = {k: v for k, v in entry.items() if k in TARGETS}
        return {**{k: v for k, v in entry.items() if k not in TARGETS}, **({"on": on} if on else {})}

    result = dict(table)
    if isinstance(table.get("parameter"), list):
        result["parameter"] = [gather(p) for p in table["parameter"]]
    for key in ("attribute", "method"):
        if isinstance(table.get(key), dict):
            result[key] = {name: gather(v) for name, v in table[key].items()}
    return result


def _resolve(file: _RuleFile, target: Target, path: Path) -> Rule:
    for name in file.target:
        if name not in TARGETS:
            raise UsageError(f"{path}: target: {name!r} is not one of {', '.join(TARGETS)}")
    if target not in file.target:
        raise UsageError(f"{path}: target: no table for {target!r}")
    parameters = tuple(
        Parameter(
            p.name,
            p.keyword_only,
            p.on.get(target, Treatment()),
            p.required,
            p.default,
            p.samples,
            p.always_default,
        )
        for p in file.parameter
    )
    attributes = {a: t.on.get(target, AttributeTreatment(to=a)) for a, t in file.attribute.items()}
    _check_values(path, file, target, parameters)
    return Rule(
        name=file.name,
        source=file.source,
        target=file.target[target],
        parameters=parameters,
        attributes=attributes,
        methods={m: t.on.get(target, MethodTreatment(to=m)) for m, t in file.method.items()},
        method_imports={m: t.imports for m, t in file.method.items()},
        returns_self=frozenset(m for m, t in file.method.items() if t.returns_self),
        initializers=file.initializer,
        write_backs=tuple(w for w in file.write_back if w.target == target),
        in_place=file.in_place,
        related=file.related,
        examples=file.example,
        distinctive={a: attributes[a].to for a, t in file.attribute.items() if t.distinctive},
        proof=file.proof,
        subclass=file.subclass,
        lacks=frozenset(file.lacks),
        tensor=file.tensor,
    )


def _check_values(path: Path, file: _RuleFile, target: Target, parameters: tuple[Parameter, ...]) -> None:
    known = file.target[target]
    for name in (file.source.name, *file.source.aliases, known.name, *known.aliases, *known.members.values()):
        if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", name):
            raise UsageError(f"{path}: {name!r} is not a qualified name such as torch.nn.Linear")
    for p in parameters:
        if p.treatment.action == "map" and "{value}" not in p.treatment.otherwise:
            raise UsageError(f"{path}: parameter {p.name}: otherwise: an expression with {{value}} is expected")
    for name in known.positional if known.parameters else ():
        if name not in known.parameters:
            raise UsageError(f"{path}: target: positional: {name!r} is not one of its parameters")
    for name in (a for w in file.write_back for a in w.attributes):
        if name not in file.attribute or name not in {p.name for p in parameters}:
            raise UsageError(f"{path}: write_back: attributes: {name!r} is not both a parameter and an attribute")
    for name, attribute in file.attribute.items():
        needed = attribute.on.get(target, AttributeTreatment()).exists_with
        if needed and needed not in {p.name for p in parameters}:
            raise UsageError(f"{path}: attribute {name}: exists_with: no parameter {needed!r}")
    for name, method in file.method.items():
        unknown = [t for t in method.on.get(target, MethodTreatment()).tensors if t not in file.attribute]
        if unknown:
            raise UsageError(f"{path}: method {name}: tensors: no attribute {unknown[0]!r}")
        treatment = method.on.get(target, MethodTreatment())
        if treatment.override == "check" and not treatment.parameters:
            raise UsageError(f"{path}: method {name}: override: a check needs parameters")
        if treatment.override in ("computation", "text") and not treatment.to:
            raise UsageError(f"{path}: method {name}: override: a {treatment.override} needs a new name, to")
    for where, text, places in _suggestions(file):
        _check_suggestion(f"{path}: {where}", text, places)
    if file.proof is not None:
        _check_proof(path, file)


def _suggestions(file: _RuleFile) -> Iterator[tuple[str, str, set[str]]]:
    """Every text that a review may offer: where it stands, the text, and the places it may hold."""
    for name, attribute in file.attribute.items():
        for a in attribute.on.values():
            for key, text in (
                ("suggest", a.suggest),
                ("assign", a.assign),
                ("present", a.present),
                ("assign_none", a.assign_none),
            ):
                yield f"attribute {name}: {key}", text, {"object", "value"} if key == "assign" else {"object"}
    for name, method in file.method.items():
        yield from ((f"method {name}: suggest", m.suggest, {"object"}) for m in method.on.values())
    for change in file.in_place:
        yield f"in_place {change.methods}: suggest", change.suggest, {"tensor", *change.arguments}
        yield f"in_place {change.methods}: part", change.part, {"tensor", *change.arguments}
    for initializer in file.initializer:
        yield f"initializer {initializer.methods}: part", initializer.part, {"tensor", *initializer.arguments}
    yield "tensor: outward", file.tensor.outward, {"tensor"}
    yield "tensor: inward", file.tensor.inward, {"value"}
    yield from ((f"related {r.names}: suggest", r.suggest, set()) for r in file.related)


def _check_suggestion(where: str, text: str, places: set[str]) -> None:
    for place in PLACE.findall(text):
        if place not in places and "." not in place:
            raise UsageError(f"{where}: {place!r} is not one of {', '.join(sorted(places)) or 'package.name'}")
    try:
        ast.parse(PLACE.sub("x", text))
    except SyntaxError as error:
        raise UsageError(f"{where}: {text!r} is not Python: {error.msg}") from None


def _check_proof(path: Path, file: _RuleFile) -> None:
    proof = file.proof
    assert proof is not None
    known = {"parameters": {p.name for p in file.parameter}, "tensors": set(file.attribute)}
    needed, more, tensors = FORMULAS[proof.formula]
    for key, (symbols, may, named) in {
        "parameters": (needed, more, proof.parameters),
        "tensors": (tensors, (), proof.tensors),
    }.items():
        if not set(symbols) <= set(named) <= {*symbols, *may}:
            raise UsageError(f"{path}: proof: {key}: the keys {', '.join(symbols)} are expected")
        for symbol, name in named.items():
            if name not in known[key]:
                raise UsageError(f"{path}: proof: {key}: {symbol}: the rule has no {name!r}")
    if proof.counter and proof.counter not in file.attribute:
        raise UsageError(f"{path}: proof: counter: the rule has no {proof.counter!r}")
    if proof.shape.count(0) != 1 or min(proof.shape) < 0 or math.prod(n for n in proof.shape if n) < 2:
        raise UsageError(f"{path}: proof: shape: one 0 for the channels and at least two values a channel are expected")
