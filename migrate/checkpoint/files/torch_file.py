"""Files of torch, in either of its formats: nothing but tensors and plain containers is read from them."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from migrate.checkpoint.files.damaged import damaged
from migrate.checkpoint.files.frameworks import imported
from migrate.checkpoint.tensor import Bytes, Tensor
from migrate.errors import UsageError

OPTIMIZER = {"state", "param_groups"}
"""The keys of what an optimizer saves, which holds tensors and no weights."""
DEEPEST = 6
"""How many containers deep weights are looked for."""
LISTED = 10
"""Candidates that a message names."""
IN_LIBRARY = re.compile(r"^\[enforce fail[^]]*\][ .]*")
"""Where in torch an error was found, with which some messages begin."""


@dataclass(frozen=True, slots=True)
class StateDict:
    """A mapping with tensors: where it stands in its file, and what it holds. The key of the file's own is empty."""

    key: str
    values: Mapping[Any, Any]


def load(path: str) -> object:
    """What a file holds; raises UsageError where that is more than weights, or no file of torch."""
    torch = imported("torch")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats, which are read all the same
            # A file of the older format cannot be mapped into memory.
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        raise UsageError(f"{path}: {_refused(path, error)}") from None
    except (RuntimeError, ValueError, EOFError, OSError, KeyError, AttributeError, TypeError, IndexError) as error:
        raise damaged(path, "checkpoint of torch", _line(error)) from None


def _refused(path: str, error: Exception) -> str:
    names: list[str] = []
    if zipfile.is_zipfile(path):
        import torch

        try:
            names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        except Exception:
            names = []
    what = f"it needs {', '.join(sorted(names)[:3])}" if names else _line(error)
    return (
        f"holds more than weights, or is no checkpoint, and was not read any further ({what}): "
        "where you trust it, load it in torch and save network.state_dict()"
        + ("; one of MindSpore is read with --to torch" if path.endswith(".ckpt") else "")
    )


def _line(error: Exception) -> str:
    """The first sentence of a message of torch, whose others are advice for programmers."""
    if isinstance(error, KeyError):  # which only says what it did not find
        return "it does not begin as one"
    text = " ".join(IN_LIBRARY.sub("", str(error)).split()) or type(error).__name__
    return text.partition(". ")[0][:200]


def state_dicts(held: object) -> list[StateDict]:
    """The mappings with tensors in what a file holds, the outermost first."""
    import torch

    found: list[StateDict] = []
    opened: set[int] = set()
    todo: list[tuple[str, object, int]] = [("", held, 0)]
    for key, value, depth in todo:
        if isinstance(value, Mapping):
            if set(value) >= OPTIMIZER:
                continue
            inner = value.items()
            if any(isinstance(v, torch.Tensor) for v in value.values()):
                found.append(StateDict(key, value))
        elif isinstance(value, (list, tuple)):
            inner = dict(enumerate(value)).items()
        else:
            continue
        if depth < DEEPEST and id(value) not in opened:  # a pickle may hold a container in itself, many times
            opened.add(id(value))
            todo += [(f"{key}.{name}" if key else str(name), each, depth + 1) for name, each in inner]
    return found


def choose(path: str, held: object, key: str | None) -> StateDict:
    """The weights of a file: those under ``key``, or the only ones. Raises UsageError where that is not told."""
    found = state_dicts(held)
    if key is not None:
        chosen = next((each for each in found if each.key == key), None)
        if chosen is None:
            raise UsageError(f"{path}: --key {key}: no weights there; {_candidates(found)}")
        return chosen
    if not found:
        raise UsageError(f"{path}: holds no tensors by name: what network.state_dict() gives is expected")
    if len(found) > 1:
        raise UsageError(f"{path}: weights stand in several places, name one with --key NAME; {_candidates(found)}")
    return found[0]


def _candidates(found: list[StateDict]) -> str:
    named = [f"{each.key or '(the file itself)'} with {len(each.values)}" for each in found[:LISTED]]
    more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
    return f"there are {', '.join(named)}{more}" if named else "there are none in the file"


def has_counters(path: str, chosen: StateDict) -> bool:
    """Whether a file is younger than the counters of batches that layers save.

    They came a release after the versions of modules that a state dict carries, and before files were archives.
    """
    return zipfile.is_zipfile(path) or hasattr(chosen.values, "_metadata")


def read(path: str, chosen: StateDict) -> Iterator[Tensor | tuple[str, str]]:
    """The tensors of a mapping; for what is none, its name and what it is."""
    import torch

    seen: dict[tuple[object, ...], str] = {}
    for key, value in chosen.values.items():
        name = str(key)
        if not isinstance(value, torch.Tensor):
            yield name, type(value).__name__
            continue
        if value.layout != torch.strided or value.is_quantized or value.is_meta:
            raise UsageError(f"{path}: {name}: only dense tensors can be converted: store it dequantized and dense")
        place = (value.untyped_storage().data_ptr(), value.storage_offset(), value.stride(), value.shape)
        same = seen.setdefault(place, name) if value.numel() else name
        yield Tensor(
            name,
            str(value.dtype).removeprefix("torch."),
            tuple(value.shape),
            partial(_parts, value),
            "" if same == name else same,
        )


def _parts(value: Any) -> Iterator[Bytes]:
    import torch

    plain = value.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    if plain.numel():
        yield memoryview(plain.view(torch.uint8).numpy())


def write(path: str, tensors: Iterable[Tensor], metadata: dict[str, str]) -> Iterator[int]:
    """Write a state dict, and tell how many bytes of tensors were taken each time that there are more."""
    torch, state = imported("torch"), {}
    for tensor in tensors:
        dtype, data = getattr(torch, tensor.dtype), tensor.data()
        flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
        state[tensor.name] = flat.reshape(tensor.shape)
        yield len(data)
    torch.save(state, path)
