"""Torch's side of a proof in one file, for a machine without torch: npz without pickles, with a header in JSON."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrate.errors import UsageError
from migrate.verify.outcomes import Outcome

FORMAT = 1
# What zip files and arrays with wrong bytes raise.
DAMAGE = (
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    AttributeError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)
Inputs = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One original call: its text, the inputs it ran on, and what came out."""

    text: str
    inputs: Inputs
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Record:
    """Entries by the key of what was executed; ``hello`` holds versions and signatures."""

    hello: Mapping[str, Any]
    entries: Mapping[str, Entry]


def packed(record: Record) -> bytes:
    """The bytes of a record file."""
    arrays: dict[str, NDArray[Any]] = {}
    header: dict[str, Any] = {"format": FORMAT, "hello": dict(record.hello), "entries": []}
    for i, (key, entry) in enumerate(record.entries.items()):
        outcome = entry.outcome
        header["entries"].append({"key": key, "text": entry.text, "facts": outcome.facts, "error": outcome.error})
        arrays.update({f"{i}/inputs/{name}": a for name, a in entry.inputs.items()})
        arrays.update({f"{i}/outputs/{name}": a for name, a in outcome.arrays.items()})
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def load(path: Path) -> Record:
    """Read a record; raises UsageError for a file that is missing, damaged or of another kind."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays.pop("header").tobytes())
        known = header["format"] == FORMAT
        entries = {e["key"]: _entry(i, e, arrays) for i, e in enumerate(header["entries"])} if known else {}
        if entries:
            _ = header["hello"]["signatures"], header["hello"]["version"]
    except OSError as error:
        raise UsageError(f"--against {path}: cannot be read: {error.strerror or error}") from None
    except DAMAGE as error:
        raise UsageError(
            f"--against {path}: this is no whole record ({type(error).__name__}: {error}): record it again"
        ) from None
    if not known:
        raise UsageError(f"--against {path}: written by another version of bn-migrate: record it again")
    return Record(header.get("hello", {}), entries)


def _entry(i: int, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Entry:
    def part(name: str) -> dict[str, NDArray[np.float32]]:
        start = f"{i}/{name}/"
        return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}

    outcome = Outcome(part("outputs"), header["facts"], header["error"])
    if outcome.error is None and not (outcome.arrays and outcome.facts.keys() >= {"roles", "trainable"}):
        raise KeyError(f"the arrays of {header['text']}")
    return Entry(header["text"], part("inputs"), outcome)
