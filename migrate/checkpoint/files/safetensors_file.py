"""Files of safetensors, read and written in parts.

The library checks what is read, and what was written. It has no way to write a tensor before all are in memory, and
gives numpy no bfloat16; so the bytes are copied here, between headers as the format's documentation describes them: the
length of the header in eight bytes, the header as JSON, then the bytes of the tensors without a gap.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO

from safetensors import SafetensorError, safe_open

from migrate.checkpoint.files.damaged import damaged
from migrate.checkpoint.tensor import CHUNK, SIZES, Bytes, Tensor
from migrate.errors import UsageError

KIND = "safetensors file"
LENGTH = struct.Struct("<Q")
LONGEST = 100_000_000
"""The longest header that the library reads."""
CODES = {
    "BOOL": "bool",
    **{f"{kind[0].upper()}{bits}": f"{kind}{bits}" for kind in ("int", "uint", "float") for bits in (8, 16, 32, 64)},
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
    "C64": "complex64",
}
NAMES = {name: code for code, name in CODES.items()}


def read(path: str) -> Iterator[Tensor]:
    """The tensors of a file; raises UsageError where it is not whole."""
    start, header = _header(path)
    try:
        with safe_open(path, framework="np") as opened:  # checks sizes, types and that there are no gaps
            names = opened.keys()
    except (SafetensorError, OSError) as error:
        raise damaged(path, KIND, _line(error)) from None
    for name in names:
        entry = header[name]
        dtype = CODES.get(entry["dtype"])
        if dtype is None:
            raise UsageError(f"{path}: {name}: values of the type {entry['dtype']} cannot be converted")
        begin, end = entry["data_offsets"]
        yield Tensor(name, dtype, tuple(entry["shape"]), partial(_parts, path, start + begin, start + end))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _header(path: str) -> tuple[int, dict[str, Any]]:
    """Where the bytes of the tensors start, and the header."""
    with open(path, "rb") as file:
        first = file.read(LENGTH.size)
        length = LENGTH.unpack(first)[0] if len(first) == LENGTH.size else 0
        size = os.fstat(file.fileno()).st_size
        if not 2 <= length <= min(LONGEST, size - LENGTH.size):
            raise damaged(path, KIND, f"its first bytes tell of a header of {length}, which it does not hold")
        text = file.read(length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise damaged(path, KIND, "its header is no JSON object")
    return LENGTH.size + length, header


def _parts(path: str, begin: int, end: int) -> Iterator[Bytes]:
    with open(path, "rb", buffering=0) as file:
        file.seek(begin)
        buffer = memoryview(bytearray(min(CHUNK, end - begin)))
        while begin < end:
            count = file.readinto(buffer[: end - begin])
            if not count:
                raise UsageError(f"{path}: ended while it was read")
            begin += count
            yield buffer[:count]


def write(path: str, tensors: Iterable[Tensor], metadata: dict[str, str]) -> Iterator[int]:
    """Write a file, and tell how many bytes of tensors were written each time that there are more."""
    # Large values first, as the library orders them, so that each tensor begins at a multiple of its values' size.
    ordered = sorted(tensors, key=lambda t: (-SIZES[t.dtype], t.name))
    with open(path, "wb", buffering=CHUNK) as file:
        file.write(_header_of(ordered, metadata))
        for tensor in ordered:
            yield from _copy(tensor, file)


def _copy(tensor: Tensor, file: BinaryIO) -> Iterator[int]:
    for part in tensor.parts():
        file.write(part)
        yield len(part)


def _header_of(tensors: list[Tensor], metadata: dict[str, str]) -> bytes:
    header: dict[str, object] = {"__metadata__": metadata}
    at = 0
    for tensor in tensors:
        code, end = NAMES.get(tensor.dtype), at + tensor.size
        if code is None:
            raise UsageError(f"{tensor.name}: safetensors has no {tensor.dtype}: write a .ckpt or .pth file")
        header[tensor.name] = {"dtype": code, "shape": tensor.shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % LENGTH.size)
    return LENGTH.pack(len(text)) + text
