"""What a checkpoint holds, whatever its format; sharded ones by their index."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from migrate.checkpoint.layers import Side
from migrate.checkpoint.tensor import Tensor
from migrate.errors import UsageError

INDEX = ".index.json"
SAFETENSORS = ".safetensors"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of a checkpoint by name; ``others`` are its values that are none, with their types.

    ``key`` is where the weights stand in the file, empty where the file is the weights. ``counts``: it is not older
    than the counters of batches that torch's layers have.
    """

    tensors: dict[str, Tensor]
    others: dict[str, str] = field(default_factory=dict)
    key: str = ""
    counts: bool = True


def read(path: str, to: Side, key: str | None = None) -> Checkpoint:
    """The checkpoint at a path, on its way to a framework; raises UsageError.

    A folder stands for the one index in it.
    """
    path = _index_in(path) if os.path.isdir(path) else path
    if not os.path.isfile(path):
        raise UsageError(f"{path}: there is no such file")
    if os.path.getsize(path) == 0:
        raise UsageError(f"{path}: is empty")
    try:
        return _read_file(path, to, key) if not path.endswith(INDEX) else _read_shards(path, to, key)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None


def files_of(path: str) -> list[str]:
    """The files that a checkpoint consists of; raises UsageError."""
    path = _index_in(path) if os.path.isdir(path) else path
    if not path.endswith(INDEX):
        return [path]
    return [os.path.join(os.path.dirname(path), name) for name in dict.fromkeys(_weight_map(path).values())]


def _index_in(folder: str) -> str:
    found = sorted(name for name in os.listdir(folder) if name.endswith(INDEX))
    if len(found) != 1:
        raise UsageError(f"{folder}: a folder with one index (*{INDEX}) is expected, there are {len(found)}")
    return os.path.join(folder, found[0])


def _check_readable(path: str) -> None:
    """Raise UsageError for a file that may not be read: libraries take it for one that is damaged."""
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None


def _read_file(path: str, to: Side, key: str | None) -> Checkpoint:
    _check_readable(path)
    if path.endswith(SAFETENSORS):
        from migrate.checkpoint.files import safetensors_file

        if key is not None:
            raise UsageError(f"{path}: --key: a safetensors file holds weights alone")
        return _gathered(path, safetensors_file.read(path))
    if to == "torch":
        from migrate.checkpoint.files import mindspore_file

        if key is not None:
            raise UsageError(f"{path}: --key: a MindSpore checkpoint holds weights alone")
        return _gathered(path, mindspore_file.read(path))
    from migrate.checkpoint.files import torch_file

    chosen = torch_file.choose(path, torch_file.load(path), key)
    found = _gathered(path, torch_file.read(path, chosen), chosen.key)
    return replace(found, counts=torch_file.has_counters(path, chosen))


def _gathered(path: str, found: Iterator[Tensor | tuple[str, str]] | Iterator[Tensor], key: str = "") -> Checkpoint:
    tensors: dict[str, Tensor] = {}
    others: dict[str, str] = {}
    for each in found:
        name = each.name if isinstance(each, Tensor) else each[0]
        _check_name(path, name)
        if name in tensors or name in others:
            raise UsageError(f"{path}: holds two values of the name {name}")
        if isinstance(each, Tensor):
            tensors[name] = each
        else:
            others[name] = each[1]
    if not tensors:
        raise UsageError(f"{path}: holds no tensors")
    return Checkpoint(tensors, others, key)


def _check_name(path: str, name: str) -> None:
    """Raise UsageError for what cannot be the path of an attribute."""
    if not all(name.split(".")) or "/" in name or not name.isprintable():
        raise UsageError(f"{path}: {name!r} is no name of a parameter: rename it; parts between dots are names")


def _read_shards(path: str, to: Side, key: str | None) -> Checkpoint:
    if key is not None:
        raise UsageError(f"{path}: --key: the files of an index hold weights alone")
    places = _weight_map(path)
    folder = os.path.dirname(path)
    tensors: dict[str, Tensor] = {}
    for file in dict.fromkeys(places.values()):
        shard = os.path.join(folder, file)
        if not os.path.isfile(shard):
            raise UsageError(f"{path}: names {file}, which is not there")
        held = _read_file(shard, to, None)
        for name, tensor in held.tensors.items():
            if name in tensors or places.get(name) != file:
                where = places.get(name)
                raise UsageError(f"{path}: {file} holds {name}, for which the index names {where or 'no file'}")
            tensors[name] = tensor
    missing = [name for name in places if name not in tensors]
    if missing:
        raise UsageError(f"{path}: {places[missing[0]]} does not hold {missing[0]}, for which the index names it")
    return Checkpoint({name: tensors[name] for name in places})


def _weight_map(path: str) -> dict[str, str]:
    """The files of an index by the names of their tensors; raises UsageError where one lies elsewhere."""
    try:
        with open(path, encoding="utf-8") as file:
            index: Any = json.load(file)
    except (ValueError, RecursionError):
        index = None
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict) or not places:
        raise UsageError(f"{path}: no index of a sharded checkpoint: it has no weight_map")
    for name, file in places.items():
        if not isinstance(file, str) or not file or os.path.basename(file) != file or file in (".", ".."):
            raise UsageError(f"{path}: {name}: {file!r} is no file beside the index")
    return places
