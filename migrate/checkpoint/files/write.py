"""Writing a checkpoint: whole and checked beside its place first, and then in it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

from migrate.checkpoint.files.read import SAFETENSORS, Checkpoint, read
from migrate.checkpoint.layers import Side
from migrate.checkpoint.tensor import CHUNK, Tensor
from migrate.errors import UsageError

ENDINGS: dict[Side, tuple[str, ...]] = {
    "mindspore": (".ckpt", SAFETENSORS),
    "torch": (".pth", ".pt", ".bin", SAFETENSORS),
}
FORMAT: dict[Side, dict[str, str]] = {"mindspore": {"format": "ms"}, "torch": {"format": "pt"}}
"""What each framework writes into a safetensors file about itself."""


def check_place(path: str, to: Side) -> None:
    """Raise UsageError where a checkpoint cannot be written to a path."""
    if not path.endswith(ENDINGS[to]):
        raise UsageError(f"{path}: --to {to} writes a file that ends in {', '.join(ENDINGS[to])}: name it so")
    if os.path.isdir(path):
        raise UsageError(f"{path}: is a folder: name a file in it")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise UsageError(f"{path}: there is no folder {folder}; make it first")
    if os.path.exists(path) and not os.stat(path).st_mode & 0o222:
        raise UsageError(f"{path}: is read-only: make it writable, or name another file")


def write(
    path: str, to: Side, tensors: list[Tensor], tell: Callable[[int], None], approve: Callable[[str], bool]
) -> None:
    """Write tensors to a file, read them back and compare every bit; ``tell`` gets the bytes that are done.

    The whole file is beside its place when ``approve`` gets its name, and stays nowhere unless that says so. Raises
    UsageError; the file is then what it was before.
    """
    real = os.path.realpath(path)
    ending = os.path.splitext(path)[1]
    folder, name = os.path.split(real)
    try:
        handle, beside = tempfile.mkstemp(ending, f".{name}.", folder)
        os.close(handle)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None
    try:
        for count in _write(beside, to, tensors):
            tell(count)
        _compare(path, tensors, read(beside, to_read(to)), tell)
        if approve(beside):
            _keep_mode(real, beside)
            os.replace(beside, real)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)


def to_read(to: Side) -> Side:
    """The way on which a file of a framework is read: away from it."""
    return "torch" if to == "mindspore" else "mindspore"


def _write(path: str, to: Side, tensors: list[Tensor]) -> Iterator[int]:
    if path.endswith(SAFETENSORS):
        from migrate.checkpoint.files import safetensors_file

        return safetensors_file.write(path, tensors, FORMAT[to])
    if to == "mindspore":
        from migrate.checkpoint.files import mindspore_file

        return mindspore_file.write(path, tensors, {})
    from migrate.checkpoint.files import torch_file

    return torch_file.write(path, tensors, {})


def _compare(path: str, tensors: list[Tensor], written: Checkpoint, tell: Callable[[int], None]) -> None:
    """Raise UsageError where what was written is not what had to be."""
    if sorted(written.tensors) != sorted(tensor.name for tensor in tensors):
        raise UsageError(f"{path}: what was read back has other names: nothing was kept")
    for tensor in tensors:
        back = written.tensors[tensor.name]
        if (back.dtype, back.shape) != (tensor.dtype, tensor.shape) or not _same_bytes(tensor, back, tell):
            raise UsageError(f"{path}: {tensor.name} was read back with another value: nothing was kept")


def _same_bytes(one: Tensor, other: Tensor, tell: Callable[[int], None]) -> bool:
    """Whether two tensors hold the same bytes, whose parts may be of other lengths."""
    if one.size != other.size:
        return False
    theirs, at, seen = np.empty(0, np.uint8), 0, 0
    parts = other.parts()
    for part in one.parts():
        ours = np.frombuffer(part, np.uint8)
        seen += len(ours)
        while len(ours):
            if at == len(theirs):
                following = next(parts, None)
                if following is None:
                    return False
                theirs, at = np.frombuffer(following, np.uint8), 0
            count = min(len(ours), len(theirs) - at, CHUNK)
            if not np.array_equal(ours[:count], theirs[at : at + count]):
                return False
            ours, at = ours[count:], at + count
            tell(count)
    return seen == one.size


def _keep_mode(path: str, beside: str) -> None:
    """Give a new file the mode that the old one has, or that new files get."""
    try:
        mode = os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    os.chmod(beside, mode)
