"""Measures a check by bn-migrate against other tools, against the least it could cost, and as a tree grows.

``python benchmarks/speed.py --work DIR NAME=FOLDER... [--peers NAME,NAME] [--copies 1,2,4,8] [--large 30000]
[--repeats 3] [--limit 600] [--json FILE] [--plot FILE.svg]``, for instance

    python benchmarks/speed.py --work /tmp/speed torchvision=/opt/torchvision --copies 1,2,4,8 --plot speed.svg

The tables of docs/benchmarks.md go to standard output, what is going on to standard error. Everybody gets the same
copy of a tree, in DIR, where the environments of the peers stay for the next time; DIR should be in no repository.
What is larger is made of copies of the first tree (`copies`). Contenders take turns, and the lowest seconds of the
repeats count; what takes a minute runs once. CPU seconds are user and system time of a command and of all processes
that it waited for; memory is the largest resident set of any one of these processes, not their sum, and no less than
the 8 MiB of the Python that starts them. A run over the limit or an installation that fails has a line that says so.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import re
import shutil
import signal
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from copies import Tree, copies, copy, large
from measuring import Contender, Outcome, measure, race
from peers import PEERS, contender, install
from speed_plot import Bar, Panel, plot

import migrate

OURS = Path(sysconfig.get_path("scripts")) / "bn-migrate"
CHECK = ("--check", "--quiet", "--profile")
PLAIN = "bn-migrate"
ALONE = "bn-migrate --jobs 1"
SAMPLES = Path(__file__).parent.parent / "samples"
EDITOR_LINES = 500
STAGE = re.compile(r"^(\w+) +([\d.]+) +([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Setting:
    """What the command line says about all measurements."""

    work: Path
    repeats: int
    limit: float
    peers: Mapping[str, str]
    """Why a peer has no environment; empty where it has one."""

    @property
    def trees(self) -> Path:
        return self.work / "trees"

    @property
    def scratch(self) -> Path:
        return self.work / "scratch"

    def race(self, contenders: Sequence[Contender]) -> list[Outcome]:
        return race(contenders, self.repeats, self.limit, self.scratch)


@dataclass
class Field:
    """The outcomes on one tree, by what they are: ours, floor or peer."""

    tree: Tree
    parsed: str
    """How many files the parsers get, and which."""
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)

    def named(self, name: str) -> Outcome | None:
        return next((o for group in self.outcomes.values() for o in group if o.name == name and o.runs), None)


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is running ends, too
    work = given.work.resolve()
    folders = dict(word.split("=", 1) for word in given.trees)
    names = [name for name in given.peers.split(",") if name]
    setting = Setting(work, given.repeats, given.limit, {n: install(n, work / "peers", given.limit) for n in names})
    setting.scratch.mkdir(parents=True, exist_ok=True)
    # As pip leaves an installation: where Python is told to write no byte code, a checkout would compile every time.
    compileall.compile_dir(Path(migrate.__file__).parent, quiet=1)
    load = [os.getloadavg()[1]]
    trees = [copy(name, Path(folder), setting.trees) for name, folder in folders.items()]
    fields = [compete(tree, setting) for tree in trees]
    if given.large:
        fields.append(compete(large(trees[0], given.large, setting.trees), setting, fields[0]))
    editor = edit(setting)
    sizes = [int(number) for number in given.copies.split(",") if number]
    growth = grow([copies(trees[0], number, setting.trees) for number in sizes], setting)
    load.append(os.getloadavg()[1])
    busy = f"load {load[0]:.1f} before and {load[1]:.1f} after"
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {busy}.")
    show(fields, editor, growth)
    if given.json:
        given.json.write_text(json.dumps({"load": load, **document(fields, editor, growth)}, indent=1))
    if given.plot:
        given.plot.write_text(plot([panel(f) for f in fields]), encoding="utf-8")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="environments and copies of trees")
    parser.add_argument("--peers", default=",".join(PEERS), metavar="NAME,NAME", help="default: %(default)s")
    parser.add_argument("--copies", default="", metavar="N,N", help="measure so many copies of the first tree")
    parser.add_argument("--large", type=int, default=0, metavar="FILES", help="measure copies with so many files, too")
    parser.add_argument("--repeats", type=int, default=3, metavar="N")
    parser.add_argument("--limit", type=float, default=600, metavar="SECONDS", help="of a run and of an installation")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures of every run")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    given = parser.parse_args()
    unknown = [name for name in given.peers.split(",") if name and name not in PEERS]
    if unknown or any("=" not in word for word in given.trees):
        parser.error(f"no peer {unknown[0]!r}" if unknown else "a tree is NAME=FOLDER")
    return given


def compete(tree: Tree, setting: Setting, smaller: Field | None = None) -> Field:
    """All contenders on one tree; ``smaller`` tells which peers need not be tried."""
    print(f"{tree.name}: {tree.files} files", file=sys.stderr, flush=True)
    found, fault = findings(tree, setting)
    listed = setting.scratch / "listed.txt"
    listed.write_text("\n".join(found))
    peers = [contender(name, setting.work / "peers", tree.folder, setting.scratch) for name in setting.peers]
    groups = {"ours": ours(tree, setting), "floor": floors(tree, listed), "peer": peers}
    faults = {c.name: fault for c in groups["ours"]}
    for peer, reason in zip(peers, setting.peers.values(), strict=True):
        faults[peer.name] = reason or out_of_reach(peer, tree, setting, smaller)
    ready = [c for group in groups.values() for c in group if not faults.get(c.name)]
    outcomes = {outcome.name: outcome for outcome in setting.race(ready)}
    for name, reason in faults.items():
        outcomes.setdefault(name, Outcome(name, fault=reason))
    return Field(
        tree,
        f"{len(found):,} files {'that name BatchNorm2d' if fault else 'with a finding'}",
        {kind: [outcomes[c.name] for c in group] for kind, group in groups.items()},
    )


def out_of_reach(peer: Contender, tree: Tree, setting: Setting, smaller: Field | None) -> str:
    """Says so where a peer would need far more than the limit, going by a smaller tree."""
    before = smaller.named(peer.name) if smaller else None
    if before is None or smaller is None:
        return ""
    expected = before.seconds * tree.files / smaller.tree.files
    return f"not run: about {expected:,.0f} s by {smaller.tree.name}" if expected > 2 * setting.limit else ""


def findings(tree: Tree, setting: Setting) -> tuple[list[str], str]:
    """The files with a finding; where a run does not end, those with the word, and why."""
    words = "--check", "--no-cache", "--format", "json"
    measured = measure(Contender("findings", [OURS, *words, tree.folder], '"summary"'), setting.limit, setting.scratch)
    if isinstance(measured, str):
        return [str(p) for p in sorted(tree.folder.rglob("*.py")) if b"BatchNorm2d" in p.read_bytes()], measured
    report, _ = json.JSONDecoder().raw_decode(measured.output, measured.output.index("{"))
    if report["summary"]["files"] < tree.files:
        raise SystemExit(f"{tree.folder}: only {report['summary']['files']} of {tree.files} files were taken")
    return [f["path"] for f in report["files"] if f["findings"]], ""


def ours(tree: Tree, setting: Setting) -> list[Contender]:
    cache = setting.scratch / "cache"
    kept = {"BN_MIGRATE_CACHE_DIR": str(cache)}
    empty = partial(shutil.rmtree, cache, ignore_errors=True)
    return [
        Contender(PLAIN, [OURS, *CHECK, "--no-cache", tree.folder], r"(?m)^stage"),
        Contender(ALONE, [OURS, *CHECK, "--no-cache", "--jobs", "1", tree.folder], r"(?m)^stage"),
        Contender(
            "bn-migrate, empty cache", [OURS, *CHECK, tree.folder], r"(?m)^stage", environment=kept, prepare=empty
        ),
        Contender("bn-migrate, full cache", [OURS, *CHECK, tree.folder], r"(?m)^stage", environment=kept),
    ]


def floors(tree: Tree, listed: Path) -> list[Contender]:
    script = Path(__file__).with_name("floors.py")
    number = len(listed.read_text().splitlines())
    return [
        Contender("python -c pass", [sys.executable, "-c", "pass"]),
        Contender("import libcst", [sys.executable, "-c", "import libcst"]),
        Contender("grep -rl BatchNorm2d", ["grep", "-rl", "BatchNorm2d", tree.folder]),
        Contender(f"read all, ast.parse {number}", [sys.executable, script, "ast", listed, tree.folder]),
        Contender(f"libcst.parse_module {number}", [sys.executable, script, "libcst", listed]),
    ]


def edit(setting: Setting) -> list[Outcome]:
    """What an editor would call on a file of `EDITOR_LINES` lines or a few more: the samples, the shortest first."""
    texts = sorted((path.read_text() for path in SAMPLES.glob("*.py")), key=len)
    chosen: list[str] = []
    while sum(text.count("\n") for text in chosen) < EDITOR_LINES:
        chosen.append(texts[len(chosen) % len(texts)])
    source = setting.scratch / "editor.py"
    source.write_text("".join(chosen))
    return setting.race(
        [
            Contender("bn-migrate - --diff", [OURS, "-", "--diff"], r"(?m)^\+.*mindspore", stdin=source),
            Contender("bn-migrate -", [OURS, "-"], "mindspore", stdin=source),
            Contender("import libcst", [sys.executable, "-c", "import libcst"]),
            Contender("python -c pass", [sys.executable, "-c", "pass"]),
        ]
    )


def grow(trees: Sequence[Tree], setting: Setting) -> list[Field]:
    """Ours on more and more copies, in turns."""
    plans = [(tree, [c for c in ours(tree, setting) if c.name in (PLAIN, ALONE)]) for tree in trees]
    for tree in trees:
        print(f"{tree.name}: {tree.files} files", file=sys.stderr)
    outcomes = iter(setting.race([c for _, contenders in plans for c in contenders]))
    return [Field(tree, "", {"ours": [next(outcomes) for _ in contenders]}) for tree, contenders in plans]


def stages(outcome: Outcome) -> dict[str, tuple[float, float]]:
    """Seconds and CPU seconds by stage, as the run with the least CPU seconds printed them."""
    return {m[1]: (float(m[2]), float(m[3])) for m in STAGE.finditer(outcome.best.output)} if outcome.runs else {}


def show(fields: Sequence[Field], editor: Sequence[Outcome], growth: Sequence[Field]) -> None:
    for f in fields:
        print(f"\n{f.tree.name}: {f.tree.files:,} files, {f.tree.lines:,} lines, {f.parsed}\n")
        _table([o for group in f.outcomes.values() for o in group], f.named(PLAIN))
    print()
    _stage_table(fields)
    print(f"\nStandard input, a file of about {EDITOR_LINES} lines:\n")
    _table(editor, next((o for o in editor if o.runs), None))
    if growth:
        print()
        _growth_table(growth)


def _table(outcomes: Sequence[Outcome], base: Outcome | None) -> None:
    """Ratios are to the CPU seconds of ``base``."""
    print("| command | seconds | CPU seconds | ratio | peak MiB |\n|---|--:|--:|--:|--:|")
    for o in outcomes:
        if o.fault:
            print(f"| {o.name} | {o.fault} | | | |")
        else:
            ratio = f"{number(o.cpu / base.cpu)}×" if base else ""
            print(f"| {o.name} | {number(o.seconds)} | {number(o.cpu)} | {ratio} | {o.mebibytes:.0f} |")


def _stage_table(fields: Sequence[Field]) -> None:
    columns = [(f.tree.name, o) for f in fields for name in (PLAIN, ALONE) if (o := f.named(name))]
    if not columns:
        return
    heads = [f"{name}{', --jobs 1' if o.name == ALONE else ''}" for name, o in columns]
    print(f"| stage, CPU seconds | {' | '.join(heads)} |\n|---|{'--:|' * len(columns)}")
    spent = [stages(o) for _, o in columns]
    for stage in spent[0]:
        print(f"| {stage} | {' | '.join(f'{s[stage][1]:.3f}' for s in spent)} |")
    rest = [o.best.cpu - sum(cpu for _, cpu in s.values()) for (_, o), s in zip(columns, spent, strict=True)]
    print(f"| start and rest | {' | '.join(f'{seconds:.3f}' for seconds in rest)} |")


def _growth_table(growth: Sequence[Field]) -> None:
    print("| copies | files | command | seconds | CPU seconds | ratio | peak MiB |\n|--:|--:|---|--:|--:|--:|--:|")
    for f in growth:
        for o in f.outcomes["ours"]:
            base = growth[0].named(o.name)
            copied = f"| {f.tree.name} | {f.tree.files:,} | {o.name}"
            if o.fault or not base:
                print(f"{copied} | {o.fault} | | | |")
            else:
                ratio = f"{number(o.cpu / base.cpu)}×"
                print(f"{copied} | {number(o.seconds)} | {number(o.cpu)} | {ratio} | {o.mebibytes:.0f} |")


def number(value: float) -> str:
    """About three digits."""
    return f"{value:.{3 if value < 0.1 else 2 if value < 10 else 1 if value < 100 else 0}f}"


def panel(competed: Field) -> Panel:
    bars = [
        Bar(o.name, kind, o.cpu if o.runs else None, f"{number(o.cpu)} s" if o.runs else o.fault)
        for kind, group in competed.outcomes.items()
        for o in group
    ]
    return Panel(f"{competed.tree.name}, {competed.tree.files:,} files", bars)


def document(fields: Sequence[Field], editor: Sequence[Outcome], growth: Sequence[Field]) -> dict[str, Any]:
    """All figures, for JSON."""
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "system": platform.platform()}
    return {
        "machine": machine,
        "trees": [_raw(f) for f in fields],
        "stdin": [o.raw() for o in editor],
        "growth": [_raw(f) for f in growth],
    }


def _raw(competed: Field) -> dict[str, Any]:
    tree = {"name": competed.tree.name, "files": competed.tree.files, "lines": competed.tree.lines}
    outcomes = [
        {"kind": kind, **o.raw(), "stages": stages(o)} for kind, group in competed.outcomes.items() for o in group
    ]
    return {**tree, "parsed": competed.parsed, "outcomes": outcomes}


if __name__ == "__main__":
    sys.exit(main())
