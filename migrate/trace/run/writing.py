"""Turns what was seen into places, and adds it to the file, which several processes may do at once."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from .places import Files
from .seen import MADE, Seen

try:
    import fcntl
except ImportError:  # Windows, where the last of several processes wins
    fcntl = None  # type: ignore[assignment]

Json = dict[str, Any]
Range = tuple[int | None, int | None, int | None, int | None]
SCHEMA = 1
IDENTITY = ("line", "column", "end_line", "end_column", "use", "name", "through")


class Ranges:
    """Where an instruction stands: lines, and columns in characters, 1-based, the end exclusive.

    Python 3.10 knows the line alone.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._positions: dict[int, list[Range]] = {}
        self._lines: dict[str, list[str]] = {}

    def of(self, code: Any, offset: int, path: str) -> Range:
        if not hasattr(code, "co_positions"):
            line = next((line for start, end, line in code.co_lines() if start <= offset < end), None)
            return line, None, line, None
        if id(code) not in self._positions:
            self._positions[id(code)] = list(code.co_positions())
        line, end_line, column, end_column = self._positions[id(code)][offset // 2]
        return line, self._character(path, line, column), end_line, self._character(path, end_line, end_column)

    def _character(self, path: str, line: int | None, column: int | None) -> int | None:
        if line is None or column is None:
            return None
        if path not in self._lines:
            self._lines[path] = self._files.lines(path)
        text = self._lines[path][line - 1] if line <= len(self._lines[path]) else ""
        return len(text.encode()[:column].decode(errors="replace")) + 1


def document(seen: Seen) -> Json:
    """The occurrences by file. Of those where no instance of a class was, nothing is kept."""
    ranges = Ranges(seen.files)
    files: dict[str, list[Json]] = {}
    places: dict[tuple[Any, ...], Json] = {}
    for code, offset, use, name, cls, through, count in seen.entries():
        path = seen.files.path(code.co_filename)
        place = places.setdefault(
            (path, id(code), offset, use, name, through),
            {"path": path, "code": code, "offset": offset, "use": use, "name": name, "through": through,
             "rules": [], "classes": {}, "others": {}},
        )  # fmt: skip
        spec = seen.rule_of(cls)
        if spec is not None and spec["name"] not in place["rules"]:
            place["rules"].append(spec["name"])
        counts = place["classes" if spec is not None else "others"]
        full = f"{cls.__module__}.{cls.__qualname__}"
        counts[full] = counts.get(full, 0) + count
    for place in places.values():
        if place["classes"]:
            path, code, offset = place.pop("path"), place.pop("code"), place.pop("offset")
            entry = dict(zip(IDENTITY[:4], ranges.of(code, offset, path), strict=True))
            if place["use"] == MADE:
                place["arguments"] = [list(kept) for kept in seen.arguments.get((id(code), offset), ())]
            files.setdefault(path, []).append({**entry, **place})
    digest = seen.files.digest
    return {"files": {path: {"sha256": digest(path), "occurrences": merged([], new)} for path, new in files.items()}}


def merged(old: list[Json], new: list[Json]) -> list[Json]:
    """Occurrences with the counts of both."""
    found = {tuple(entry[key] for key in IDENTITY): entry for entry in old}
    for entry in new:
        same = found.setdefault(tuple(entry[key] for key in IDENTITY), entry)
        if same is entry:
            continue
        for counts in ("classes", "others"):
            for name, count in entry[counts].items():
                same[counts][name] = same[counts].get(name, 0) + count
        same["rules"] += [rule for rule in entry["rules"] if rule not in same["rules"]]
        if "arguments" in entry:
            kept = {json.dumps(a[:2], sort_keys=True): a for a in same["arguments"]}
            for given, effective, count in entry["arguments"]:
                kept.setdefault(json.dumps([given, effective], sort_keys=True), [given, effective, 0])[2] += count
            same["arguments"] = list(kept.values())
    return list(found.values())


def add(file: Json, new: Json, run: Json) -> Json:
    """What a file is once a process of ``run`` has added what it saw.

    A run that does not append begins a file of its own. Of a source that has changed since, the newer text counts.
    """
    ours = any(r["id"] == run["id"] for r in file.get("runs", ()))
    if not file or not (ours or run["append"]):
        file = {"schema": SCHEMA, "tool": run["tool"], "runs": [], "files": {}, "networks": {}, "compiled": []}
    if not ours:
        kept = {"id": run["id"], "command": run["command"], "folder": run["folder"], "versions": new["versions"]}
        file["runs"].append(kept)
    for version in (r for r in file["runs"] if r["id"] == run["id"]):
        version["versions"].update(new["versions"])
    for path, entry in new["files"].items():
        known = file["files"].get(path)
        same = known is not None and known["sha256"] == entry["sha256"]
        occurrences = merged(known["occurrences"], entry["occurrences"]) if same else entry["occurrences"]
        file["files"][path] = {"sha256": entry["sha256"], "occurrences": sorted(occurrences, key=_order)}
    for network, layers in new["networks"].items():
        for path, described in layers.items():
            kept = file["networks"].setdefault(network, {}).setdefault(path, [])
            kept += [d for d in described if d not in kept]
    file["compiled"] = sorted({*file["compiled"], *new["compiled"]})
    return file


def _order(entry: Json) -> tuple[Any, ...]:
    return tuple((value is not None, value) for value in (entry[key] for key in IDENTITY))


def write(path: str, new: Json, run: Json) -> Json:
    """Add what a process saw to the file, one process at a time; the content it has then."""
    with _locked(path) as file:
        text = file.read()
        content = add(json.loads(text) if text else {}, new, run)
        descriptor, name = tempfile.mkstemp(prefix=".bn-migrate-", dir=os.path.dirname(path) or ".")
        with open(descriptor, "w", encoding="utf-8") as fresh:
            json.dump(content, fresh, indent=1)
        os.chmod(name, os.stat(path).st_mode & 0o777)
        os.replace(name, path)
    return content


@contextlib.contextmanager
def _locked(path: str) -> Iterator[IO[str]]:
    """The file, open and locked; one that another process has replaced meanwhile is opened anew."""
    while True:
        with open(path, "a+", encoding="utf-8") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.fstat(file.fileno()).st_ino == os.stat(path).st_ino or fcntl is None:
                    file.seek(0)
                    yield file
                    return


def versions() -> Json:
    """Python, and the frameworks that the process has loaded."""
    found = {"python": sys.version.split()[0]}
    for name in ("torch", "mindspore"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found[name] = str(version)
    return found
