"""Network proofs in the tests: trees of files, migrated and perhaps spoiled, and all their networks in one run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from migrate.engine import Options, migrate_files
from migrate.findings import Result
from migrate.proofs import NetworkProof
from migrate.rules import load_rules
from migrate.verify.networks.prove import prove_networks
from migrate.verify.networks.spec import parse_networks
from migrate.verify.settings import Settings
from tests.proving import warmed


def migrated(folder: Path) -> list[Result]:
    """The results for every Python file below a folder."""
    return migrate_files([(str(p), p.read_bytes()) for p in sorted(folder.rglob("*.py"))], Options())


def spoiled(results: Sequence[Result], name: str, old: str, new: str) -> list[Result]:
    """The results with a mistake in the rewritten text of a file."""
    (file,) = (r for r in results if os.path.basename(r.path) == name)
    assert file.after.count(old.encode()) == 1, f"{name}: {old!r} stands there once"
    wrong = replace(file, after=file.after.replace(old.encode(), new.encode()))
    return [wrong if r is file else r for r in results]


def proofs(
    results: Sequence[Result],
    networks: dict[str, str],
    settings: Settings | None = None,
    paths: Sequence[str] = (),
) -> dict[str, NetworkProof]:
    """The proof of every network; ``networks`` maps them to their inputs."""
    wanted = parse_networks(tuple(networks), tuple(networks.values()))
    chosen = replace(warmed(settings or Settings(), "both"), networks=wanted)
    return {p.network: p for p in prove_networks(results, paths, chosen, load_rules("mindspore.nn"))}
