"""Migrates released packages and checks every result; prints the table of docs/benchmarks.md.

``python benchmarks/real_code.py [--wheels DIR]``; exit status 1 where a check fails.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tokenize
import zipfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from resolver import Place, references

PACKAGES = {
    "torchvision": "0.29.1",
    "segmentation-models-pytorch": "0.6.0",
    "pytorchcv": "0.0.74",
    "ultralytics": "8.4.190",
}
SHARE = 0.90
NEW_IMPORT = re.compile(r"\s*(import mindspore\b|from mindspore\b)")


@dataclass
class Row:
    """What one package gave."""

    package: str
    files: int = 0
    references: int = 0
    rewritten: int = 0
    reviews: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="take the wheels from here instead of downloading")
    parser.add_argument("--no-library", action="store_true", help="leave the standard library out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        wheels = given.wheels or download(work / "wheels")
        rows = [examine(package, unpack(package, wheels, work / package), work) for package in PACKAGES]
    print_table(rows)
    faults = [f"{row.package}: {fault}" for row in rows for fault in row.faults]
    if not given.no_library:
        faults += check_library()
    for fault in faults:
        print(f"FAILED {fault}", file=sys.stderr)
    return int(bool(faults))


def download(folder: Path) -> Path:
    pins = [f"{name}=={version}" for name, version in PACKAGES.items()]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), *pins], check=True)
    return folder


def unpack(package: str, wheels: Path, folder: Path) -> Path:
    """The Python files of a wheel."""
    pattern = f"{package.replace('-', '_')}-{PACKAGES[package]}-*.whl"
    wheel = next(wheels.glob(pattern), None)
    if wheel is None:
        raise SystemExit(f"{wheels}: no {pattern}")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.endswith(".py")])
    return folder


def examine(package: str, original: Path, work: Path) -> Row:
    """Migrate a copy in place with the command line, and compare it with the original."""
    row = Row(package)
    copy = work / "migrated" / package
    shutil.copytree(original, copy)
    start = time.perf_counter()
    status, output = migrate(copy, "--format", "json")
    row.seconds = time.perf_counter() - start
    report = json.loads(output)
    row.reviews = report["summary"]["reviews"]
    if status != 0 or report["summary"]["errors"]:
        row.faults += [f"{f['path']}: {f['error']}" for f in report["files"] if f["error"]] or [f"exit {status}"]
    findings = {os.path.relpath(f["path"], copy): f["findings"] for f in report["files"]}
    for path in sorted(original.rglob("*.py")):
        row.files += 1
        name = str(path.relative_to(original))
        compare(row, name, path.read_bytes(), (copy / name).read_bytes(), findings.get(name, []))
    share = row.rewritten / row.references
    if share < SHARE:
        row.faults.append(f"{share:.1%} of the references were rewritten, {SHARE:.0%} are expected")
    status, output = migrate(copy, "--check")
    if status != 0:
        row.faults.append(f"a second run changes something (exit {status}): {output}")
    return row


def migrate(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "migrate", "--no-gitignore", *options, str(folder)]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True)  # elsewhere: the installed one
    return done.returncode, done.stdout


def compare(row: Row, name: str, before: bytes, after: bytes, findings: list[dict[str, Any]]) -> None:
    """Check one file: it compiles, only announced places changed, no reference is without a finding."""
    if before != after:
        try:
            compile(after, name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            row.faults.append(f"{name}: does not compile: {error}")
        row.faults += [f"{name}: {fault}" for fault in unexplained(before, after, findings)]
    if b"BatchNorm" not in before:
        return
    for place, class_ in references(decode(before)[0]):
        about = [f for f in findings if f["symbol"].endswith(class_) and span(f).contains(place)]
        row.references += 1
        row.rewritten += any(f["kind"] == "rewrite" for f in about)
        if not any(f["kind"] != "note" or f["code"] == "BN306" for f in about):
            row.faults.append(f"{name}:{place.line}:{place.column}: no finding for {class_}")


def unexplained(before: bytes, after: bytes, findings: list[dict[str, Any]]) -> Iterable[str]:
    """What differs between ``before`` and ``after`` that neither a finding nor a new import explains."""
    text, encoding = decode(before)
    expected = carry_out(text, [f for f in findings if f["before"] != f["after"]]).splitlines(keepends=True)
    actual, actual_encoding = decode(after)
    if encoding != actual_encoding:
        yield f"the encoding was {encoding} and is {actual_encoding}"
    got = actual.splitlines(keepends=True)
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, expected, got, autojunk=False).get_opcodes():
        new = [line for line in got[j1:j2] if line.strip()]  # a group of imports has a blank line before it
        new_imports = bool(new) and all(map(NEW_IMPORT.match, new))
        if tag != "equal" and not (tag == "insert" and new_imports):
            yield f"line {j1 + 1}: {''.join(expected[i1:i2])!r} became {''.join(got[j1:j2])!r}"


def carry_out(text: str, findings: list[dict[str, Any]]) -> str:
    """``text`` with every finding's own text replaced; an inner finding is part of the outer one."""
    starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", text))]
    done, at = "", 0
    for f in sorted(findings, key=lambda f: (f["line"], f["column"], -f["end_line"], -f["end_column"])):
        start = starts[f["line"] - 1] + f["column"] - 1
        end = starts[f["end_line"] - 1] + f["end_column"] - 1
        if start < at:
            continue
        if text[start:end] != f["before"]:
            raise SystemExit(f"line {f['line']}: the finding says {f['before']!r}, the file {text[start:end]!r}")
        done += text[at:start] + f["after"]
        at = end
        if not f["after"]:  # a removed statement takes its line along
            at = next((s for s in starts if s >= end), len(text))
    return done + text[at:]


def span(finding: dict[str, Any]) -> Place:
    return Place(*(finding[key] for key in ("line", "column", "end_line", "end_column")))


def decode(data: bytes) -> tuple[str, str]:
    encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
    return data.decode(encoding), encoding


def print_table(rows: list[Row]) -> None:
    print("| package | files | references | rewritten | review | seconds |")
    print("|---|--:|--:|--:|--:|--:|")
    for r in rows:
        share = f"{r.rewritten} ({r.rewritten / r.references:.1%})"
        version = PACKAGES[r.package]
        print(f"| {r.package} {version} | {r.files} | {r.references} | {share} | {r.reviews} | {r.seconds:.1f} |")


def check_library() -> list[str]:
    """Analyse every file of the running Python's library, trigger or not, and expect no edit."""
    top = Path(sysconfig.get_path("stdlib"))
    paths = [str(p) for p in sorted(top.rglob("*.py")) if "site-packages" not in p.parts]
    start = time.perf_counter()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        results = list(pool.map(analyse_alone, paths, chunksize=20))
    faults = [result for result in results if result]
    parsed = sum(result is not None for result in results)
    seconds = time.perf_counter() - start
    version = ".".join(map(str, sys.version_info[:3]))
    print(
        f"standard library of Python {version}: {len(paths)} files, {parsed} parsable, "
        f"{len(faults)} with an edit or a failure, {seconds:.0f} s",
        file=sys.stderr,
    )
    return faults


def analyse_alone(path: str) -> str | None:
    """What is wrong with the analysis of a file that has no batch norm; None where Python cannot parse it."""
    from migrate.engine import Options, migrate_group

    data = Path(path).read_bytes()
    (result,) = migrate_group([path], [path], lambda _: data, Options())
    if result.error is not None:
        return f"{path}: {result.error}" if result.error.startswith("BN905") else None
    return f"{path}: it is changed" if result.changed else ""


if __name__ == "__main__":
    sys.exit(main())
