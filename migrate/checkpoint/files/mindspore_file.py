"""Files of MindSpore, read and written by MindSpore."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from migrate.checkpoint.files.damaged import damaged
from migrate.checkpoint.files.frameworks import imported
from migrate.checkpoint.tensor import Bytes, Tensor, as_float32
from migrate.errors import UsageError

ENDING = ".ckpt"
LARGEST = 512 * 2**20
"""The bytes behind which a tensor is stored in several parts of the same name."""
HELD = frozenset(
    {"bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}
    | {"float16", "bfloat16", "float32", "float64"}
)
"""The types that its files give back."""


def read(path: str) -> Iterator[Tensor | tuple[str, str]]:
    """The tensors of a file, and the names of its strings; raises UsageError where one name stands for several."""
    if not path.endswith(ENDING):
        raise UsageError(f"{path}: --to torch reads {ENDING} and .safetensors; without it, files of torch are read")
    mindspore = imported("mindspore")
    stored = Counter[str]()
    try:
        held = mindspore.load_checkpoint(path, choice_func=lambda name: not stored.update([name]))
    except (ValueError, OSError, TypeError) as error:
        line = " ".join(str(error).split()).partition(". ")[0]
        raise damaged(path, "checkpoint of MindSpore", line) from None
    for name, value in held.items():
        if not isinstance(value, mindspore.Tensor):
            yield name, type(value).__name__
            continue
        # MindSpore itself would read one of several, or put their bytes behind each other, and say nothing.
        if stored[name] > max(1, -(-value.nbytes // LARGEST)):
            raise UsageError(f"{path}: holds several tensors of the name {name}: save it with one of each")
        dtype = str(value.dtype).lower()
        yield Tensor(name, dtype, tuple(value.shape), partial(_parts, value))


def _parts(value: Any) -> Iterator[Bytes]:
    array = np.ascontiguousarray(value.asnumpy()).reshape(-1)
    yield memoryview(array.view(np.uint8).data)


def write(path: str, tensors: Iterable[Tensor], metadata: dict[str, str]) -> Iterator[int]:
    """Write a checkpoint, and tell how many bytes of tensors were taken each time that there are more."""
    mindspore = imported("mindspore")
    saved = []
    for tensor in tensors:
        if tensor.dtype not in HELD or not tensor.count:
            what = tensor.dtype if tensor.count else "tensors without values"
            raise UsageError(f"{tensor.name}: MindSpore's .ckpt files hold no {what}: write a .safetensors file")
        plain = as_float32(tensor) if tensor.dtype == "bfloat16" else tensor
        value = mindspore.Tensor(np.frombuffer(plain.data(), np.dtype(plain.dtype)).reshape(tensor.shape))
        if plain is not tensor:
            value = value.astype(mindspore.bfloat16)
        saved.append({"name": tensor.name, "data": value})
        yield tensor.size
    mindspore.save_checkpoint(saved, path)
