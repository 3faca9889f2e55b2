"""Other rewriters and linters: the releases, how they are installed, and the command that is nearest to a check."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from measuring import Contender


@dataclass(frozen=True)
class Peer:
    """``words`` follow the name of the program; ``{tree}`` and ``{scratch}`` in them are folders."""

    pins: tuple[str, ...]
    program: str
    words: tuple[str, ...]
    sign: str
    does: str
    beside: bool = False
    """Works from the folder that holds the tree, since it takes module names from there."""


PEERS = {
    "torchfix": Peer(
        ("torchfix==0.7.0", "libcst==1.5.1", "flake8==7.5.0"),
        "torchfix",
        ("{tree}",),
        r"Finished checking [1-9]",
        "all rules that are on by default, for torch; reports",
    ),
    "fixit": Peer(
        ("fixit==2.2.1", "libcst==1.9.0"),
        "fixit",
        ("--quiet", "lint", "{tree}"),
        r"[1-9]\d* files? (checked|clean)",
        "all rules that it brings, for Python; reports",
    ),
    "bump-pydantic": Peer(
        ("bump-pydantic==0.8.0", "libcst==1.9.0", "typer==0.29.2", "pydantic==2.14.4"),
        "bump-pydantic",
        ("--diff", "--log-file", "{scratch}/bump-pydantic.log", "."),
        r"Run successfully|Found \d+ errors",
        "a migration of another library: finds nothing to change here",
        beside=True,
    ),
    "paconvert": Peer(
        ("paconvert==3.3.1", "black==22.8.0", "astor==0.8.1"),
        "paconvert",
        ("--in_dir", "{tree}", "--out_dir", "{scratch}/paconvert", "--log_dir", "disable", "--no_format"),
        r"Convert Summary",
        "all of torch to Paddle, without its formatter; writes a new tree",
    ),
    "ast-grep-cli": Peer(
        ("ast-grep-cli==0.51.1",),
        "ast-grep",
        ("run", "--lang", "python", "-p", "nn.BatchNorm2d($$$A)", "-r", "ms.nn.BatchNorm2d($$$A)", "{tree}"),
        "",
        "the text of one pattern; prints a diff",
    ),
}


def install(name: str, folder: Path, limit: float) -> str:
    """Make the environment of a peer, unless it is there; returns why there is none."""
    peer, home = PEERS[name], folder / name
    done = home / "installed.txt"
    if done.exists() and done.read_text().split() == list(peer.pins):
        return ""
    print(f"installing {name}", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    command = [home / "bin" / "python", "-m", "pip", "install", "--quiet", *peer.pins]
    try:
        subprocess.run(command, check=True, timeout=limit, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        return f"not installed within {limit:.0f} s"
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")] or [f"exit {error.returncode}"]
        return f"not installed: {lines[-1][:200]}"
    done.write_text("\n".join(peer.pins))
    return ""


def contender(name: str, folder: Path, tree: Path, scratch: Path) -> Contender:
    peer = PEERS[name]
    words = [word.format(tree=tree, scratch=scratch) if "{" in word else word for word in peer.words]
    clear: Callable[[], None] = partial(shutil.rmtree, scratch / "paconvert", ignore_errors=True)
    program = folder / name / "bin" / peer.program
    where = tree.parent if peer.beside else None
    # Some of them start others by name, which are in the same folder.
    path = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    return Contender(f"{name} {version(name)}", [program, *words], peer.sign, where, path, clear)


def version(name: str) -> str:
    return PEERS[name].pins[0].partition("==")[2]
