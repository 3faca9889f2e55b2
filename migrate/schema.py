"""Builds frozen dataclasses from TOML tables; a mistake names the file, the key and what is allowed."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from migrate.errors import UsageError

T = TypeVar("T")
KINDS = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def build(cls: type[T], table: Mapping[str, Any], where: str, dashes: bool = False) -> T:
    """An instance of the dataclass ``cls`` from ``table``, whose keys may be written with ``dashes``.

    ``where`` (file and key so far) prefixes every message. Raises UsageError.
    """
    if not isinstance(table, Mapping):
        raise UsageError(f"{where}: a table is expected, not {table!r}")
    declared = dataclasses.fields(cls)  # type: ignore[arg-type]
    fields = {f.name.replace("_", "-") if dashes else f.name: f for f in declared}
    unknown = [key for key in table if key not in fields]
    if unknown:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; allowed: {', '.join(fields)}")
    hints = _hints(cls)  # type: ignore[arg-type]
    values = {}
    for name, f in fields.items():
        if name in table:
            values[f.name] = _value(hints[f.name], table[name], f"{where}: {name}")
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise UsageError(f"{where}: the key {name!r} is missing")
    return cls(**values)


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value not in args:
            raise UsageError(f"{where}: {value!r} is not one of {', '.join(map(repr, args))}")
        return value
    if origin in (Union, types.UnionType):
        options = [a for a in args if a is not type(None)]
        if len(options) == 1:
            return _value(options[0], value, where)
        if type(value) not in options:
            raise UsageError(f"{where}: {' or '.join(KINDS[a] for a in options)} is expected, not {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise UsageError(f"{where}: a list is expected, not {value!r}")
        return tuple(_value(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise UsageError(f"{where}: a table is expected, not {value!r}")
        return {k: _value(args[1], v, f"{where}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)  # type: ignore[arg-type]
    accepted = (int, float) if hint is float else (hint,)
    if type(value) not in accepted:
        raise UsageError(f"{where}: {KINDS[hint]} is expected, not {value!r}")
    return value
