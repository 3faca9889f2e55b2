"""A tensor of a checkpoint, as plain bytes that are read when they are needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from migrate.errors import UsageError

CHUNK = 2 << 20
"""Bytes that are in memory at a time where a file can be read in parts."""
SIZES = {
    "bool": 1,
    **dict.fromkeys(("int8", "uint8"), 1),
    **dict.fromkeys(("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"), 1),
    **dict.fromkeys(("int16", "uint16", "float16", "bfloat16"), 2),
    **dict.fromkeys(("int32", "uint32", "float32"), 4),
    **dict.fromkeys(("int64", "uint64", "float64", "complex64"), 8),
    "complex128": 16,
}
"""The bytes of one value, by the name of its type."""
Bytes = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor by name: its bytes are little-endian and in the order of C, ``parts`` gives them from the start.

    A part holds its bytes until the next one is asked for. ``same_as`` is the name of another tensor of the file with
    the same memory.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    parts: Callable[[], Iterator[Bytes]]
    same_as: str = ""

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """The number of its bytes."""
        return self.count * SIZES[self.dtype]

    def data(self) -> Bytes:
        """All of its bytes."""
        found, at = bytearray(), 0
        for part in self.parts():
            if len(part) == self.size:
                return part
            found = found or bytearray(self.size)
            found[at : at + len(part)] = part
            at += len(part)
        return found


def as_float32(tensor: Tensor) -> Tensor:
    """The tensor with values of float32; those of another floating type are rounded where they have to be."""
    if tensor.dtype not in ("float16", "float64", "bfloat16"):
        return tensor
    return replace(tensor, dtype="float32", parts=lambda: iter((_float32(tensor),)))


def _float32(tensor: Tensor) -> bytes:
    data = tensor.data()
    if tensor.dtype == "bfloat16":  # the upper half of the float32 with the same value
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).tobytes()
    values = np.frombuffer(data, np.dtype(tensor.dtype).newbyteorder("<"))
    with np.errstate(over="ignore"):
        rounded = values.astype("<f4")
    if (np.isinf(rounded) & np.isfinite(values)).any():
        raise UsageError(f"{tensor.name}: holds values of {tensor.dtype} that are too large for float32")
    return rounded.tobytes()


def zero_counter(name: str) -> Tensor:
    """A counter that stands at 0."""
    return Tensor(name, "int64", (), lambda: iter((bytearray(SIZES["int64"]),)))
