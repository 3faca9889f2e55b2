"""What the flow finds depends neither on the order in which files are linked nor on how text is hashed."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from migrate.flow.facts import Fact
from migrate.flow.graph import Graph
from migrate.flow.link import Linker
from migrate.flow.load import words_of
from migrate.flow.state import Flow
from migrate.index.summarise import summarise
from migrate.index.tree import Tree
from tests.cases import FOLDER, read_cases, read_projects, read_unread
from tests.reading import RULES

ORDERS = 4
ROOT = Path(__file__).parent.parent
Projects = dict[str, dict[str, str]]


def read_all() -> Projects:
    """The files of the cases with several of them, and of those that only the flow decides, by title."""
    projects = {case.title: case.before for case in read_projects()} | read_unread()
    return projects | {case.title: {"net.py": case.before} for case in read_cases(FOLDER / "followed.md")}


def solved(files: dict[str, str], order: list[str]) -> Flow:
    flow = Flow(RULES, Tree(files), Graph(), frozenset(files))
    linker = Linker(flow)
    for path in order:
        linker.link(summarise(path, ast.parse(files[path]), words_of(RULES)))
    linker.run()
    return flow


def found(files: dict[str, str], order: list[str]) -> dict[str, list[str]]:
    """What is known at each callee and at each receiver of a name of the rules, by place."""
    flow = solved(files, order)
    places: dict[str, list[str]] = {}
    for path, loaded in flow.modules.loaded.items():
        assert loaded is not None
        asked = [(use.base, f"{path}:{use.line}:{use.column} {use.name}") for use in loaded.summary.uses]
        asked += [(call.callee, f"{path}:{call.line}:{call.column}") for call in loaded.summary.calls]
        for node, place in asked:
            known = {described(flow, fact) for fact in flow.of(node + loaded.base)}
            places[place] = sorted(known.union(places.get(place, ())))
    return places


def described(flow: Flow, fact: Fact) -> str:
    """A fact by names and lines, which are the same in every order, where the graph has numbers."""
    kind, of = fact[0], fact[1]
    if isinstance(of, str):
        return f"{kind} {of}"
    if kind in "KOC":
        return f"{kind} {flow.classes.classes[of].summary.name}"
    if kind in "FB":
        return f"{kind} {flow.functions[of].path}:{flow.functions[of].summary.line}"
    if kind == "P":
        return f"P {flow.homes[of].path}:{flow.calls[of].line}"
    return f"{kind} {sorted({described(flow, held) for held in flow.containers.held(of) if held[0] in 'MI'})}"


@pytest.mark.parametrize("title", read_all())
def test_the_order_of_files_does_not_matter(title: str) -> None:
    files = read_all()[title]
    first = found(files, sorted(files))
    for seed in range(ORDERS):
        order = sorted(files)
        random.Random(seed).shuffle(order)
        assert found(files, order) == first


def test_the_seed_of_hashes_does_not_matter() -> None:
    program = "from tests.test_flow_order import *; print(json.dumps([found(f, list(f)) for f in read_all().values()]))"
    outputs = set()
    for seed in ("0", "1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1 and any(json.loads(outputs.pop()))


PACKAGES = ("torch/ao/nn", "torch/ao/quantization")
SHUFFLED = """
import hashlib, json, random, sys
from pathlib import Path
from migrate.engine import Options, migrate_files
root, seed = Path(sys.argv[1]), int(sys.argv[2])
files = [(str(path), path.read_bytes()) for path in sorted(root.rglob("*.py"))]
random.Random(seed).shuffle(files)
results = sorted(migrate_files(files, Options()), key=lambda result: result.path)
print(json.dumps([[r.path, hashlib.sha256(r.after).hexdigest(), [repr(f) for f in r.findings]] for r in results]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_neither_the_order_of_files_nor_the_seed_of_hashes_matters_in_a_package(package: str) -> None:
    torch = importlib.util.find_spec("torch")
    assert torch is not None and torch.origin is not None
    folder = Path(torch.origin).parents[1] / package
    outputs = set()
    for seed in ("0", "1", "2", "3"):
        command = [sys.executable, "-c", SHUFFLED, str(folder), seed]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert sum(len(findings) for _, _, findings in json.loads(outputs.pop())) > 10
