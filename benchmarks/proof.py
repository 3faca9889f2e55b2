"""Times the proof against the import of the frameworks, and proves real code; prints the table of docs/benchmarks.md.

``python benchmarks/proof.py [PATH]...``: the paths are proved beside the samples, for instance unpacked packages of
`real_code.py`. Exit status 1 where a proof fails, or where 100 calls take more than `ALLOWED` times the imports.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "samples"
CALLS = 100
ALLOWED = 3.0
REPEATS = 3


def main() -> int:
    imports = min(seconds_to_import("torch") + seconds_to_import("mindspore") for _ in range(REPEATS))
    with tempfile.TemporaryDirectory() as folder:
        calls = "".join(
            f"a{i} = nn.BatchNorm2d({8 + i % 50}, eps={1 + i}e-5, momentum={i / 200})\n" for i in range(CALLS)
        )
        (Path(folder) / "calls.py").write_text(f"import torch.nn as nn\n{calls}")
        runs = [proved(Path(folder)) for _ in range(REPEATS)]
    taken = min(seconds for seconds, _ in runs)
    ratio = taken / imports
    print(f"{CALLS} distinct calls: {taken:.1f} s, {ratio:.2f} times the imports of both frameworks ({imports:.1f} s)")
    print("\n| tree | distinct calls | places | cases | proved | worst ratio to the bound | seconds |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    failed = sum(show(path) for path in (SAMPLES, *map(Path, sys.argv[1:])))
    return int(ratio > ALLOWED or failed > 0 or any(failures(report) for _, report in runs))


def seconds_to_import(module: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True, capture_output=True)
    return time.perf_counter() - start


def proved(path: Path) -> tuple[float, dict]:
    """Wall seconds of a whole run of the program, and its report."""
    command = [sys.executable, "-m", "migrate", "--verify", "--diff", "--format", "json", str(path)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - start, json.loads(done.stdout)


def failures(report: dict) -> int:
    return report["verification"]["failed"]


def show(path: Path) -> int:
    """Print the row of a tree; returns the number of failed cases."""
    seconds, report = proved(path)
    cases = report["verification"]["cases"]
    pairs = {(c["before"], c["after"], tuple(c["sites"])) for c in cases}
    places = sum(len(sites) for _, _, sites in pairs)
    measures = [m for c in cases for m in c["measures"].values() if m["bound"] > 0]
    worst = max((m["max_abs"] / m["bound"] for m in measures), default=0.0)
    good = sum(all(c["passed"] for c in cases if (c["before"], c["after"], tuple(c["sites"])) == p) for p in pairs)
    print(f"| {path.name} | {len(pairs)} | {places} | {len(cases)} | {good} | {worst:.2f} | {seconds:.1f} |")
    return failures(report)


if __name__ == "__main__":
    sys.exit(main())
