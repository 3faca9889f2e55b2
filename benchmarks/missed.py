"""Runs the programs of tests/programs under the recorder, switches each finding off in turn, and asks whether the
record alone would have reported its place; prints a row of Markdown for each kind of use, and what is not seen.

A place that names a class is no use of it: of imports, annotations, references and the like the recorder sees nothing,
but the layers that are made of them elsewhere.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from migrate import Finding, Means, Options, migrate_paths
from migrate.trace.record import Occurrence, Record, read_record
from tests.small_programs import SmallProgram, read_programs

ROOT = Path(__file__).parent.parent
USES = {
    "call": ("made",),
    "isinstance": ("tested",),
    "attribute": ("read", "written", "deleted"),
    "method": ("read",),
}
"""What the recorder calls that which a finding of a role is about."""
RUNNER = """
import sys, traceback
from pathlib import Path
from tests.small_programs import run

for folder in sorted(Path(sys.argv[1]).iterdir()):
    try:
        run(folder)
    except Exception:
        print(folder, traceback.format_exc(limit=-1), file=sys.stderr)
"""


def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    found, seen, unseen, missed = Counter[str](), Counter[str](), [], []
    with tempfile.TemporaryDirectory() as scratch:
        programs = {folder: program.place for folder, program in _written(Path(scratch, "programs"))}
        record = _recorded(Path(scratch, "programs"))
        for folder, place in programs.items():
            for result in migrate_paths(folder, options=Options(record=record), means=Means(cache=False)):
                occurrences = record.of(result.before) or ()
                for finding in result.findings:
                    line = f"{place}, {Path(result.path).name}:{finding.line}: {finding.before.splitlines()[0]}"
                    if finding.code == "BN219":
                        missed.append(line)
                    elif finding.role in USES and finding.kind != "note":
                        found[finding.role] += 1
                        if any(_fits(finding, o) for o in occurrences):
                            seen[finding.role] += 1
                        else:
                            unseen.append(line)
    print("| use | findings | seen by the recorder as well |\n|---|--:|--:|")
    for role in USES:
        print(f"| {role} | {found[role]} | {seen[role]} |")
    print(f"| all | {sum(found.values())} | {sum(seen.values())} |")
    print("\nNot seen by the recorder:", *unseen, sep="\n  ")
    print("\nSeen by the recorder, and without a finding by reading:", *missed, sep="\n  ")
    return 0


def _written(tree: Path) -> Iterator[tuple[Path, SmallProgram]]:
    """The programs, each in a folder."""
    for number, program in enumerate(read_programs()):
        for path, text in program.files.items():
            file = tree / f"{number:03}" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        yield tree / f"{number:03}", program


def _recorded(tree: Path) -> Record:
    """What all programs did, in one process."""
    runner, output = tree.with_name("runner.py"), tree.with_name("trace.json")
    runner.write_text(RUNNER)
    command = [sys.executable, "-m", "migrate.trace", "-o", output, "--source", tree, runner, tree]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return read_record(output)


def _fits(finding: Finding, occurrence: Occurrence) -> bool:
    """Whether the recorder has seen what a finding is about."""
    name = finding.symbol.rpartition(".")[2] if finding.role in ("attribute", "method") else ""
    return (
        occurrence.use in USES.get(finding.role, ())
        and occurrence.is_own
        and occurrence.name == name
        and _overlap(_ends(finding), _ends(occurrence))
    )


def _ends(place: Finding | Occurrence) -> tuple[tuple[int, int], tuple[int, int]]:
    return (place.line, place.column), (place.end_line, place.end_column)


def _overlap(one: Iterable[tuple[int, int]], other: Iterable[tuple[int, int]]) -> bool:
    (first, end), (second, stop) = one, other
    return first < stop and second < end


if __name__ == "__main__":
    sys.exit(main())
