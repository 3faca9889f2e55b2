"""A git repository whose commits run the hooks of this one under the real pre-commit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.command import environment, git, plant

ROOT = Path(__file__).parent.parent
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org")


def local(hook: str, **changes: Any) -> dict[str, Any]:
    """A repository entry with a hook of this project as it is published, run by the installed program."""
    (published,) = (h for h in HOOKS if h["id"] == hook)
    return {"repo": "local", "hooks": [{**published, "language": "system", **changes}]}


def hooked(folder: Path, repository: dict[str, Any], files: dict[str, bytes]) -> Path:
    """A repository with an empty history, ``files`` staged, and pre-commit installed in it."""
    git("init", "--quiet", str(folder), cwd=folder.parent)
    configuration = json.dumps({"repos": [repository]}).encode()  # JSON is YAML
    plant(folder, {".pre-commit-config.yaml": configuration, **files})
    run(sys.executable, "-m", "pre_commit", "install", cwd=folder).check_returncode()
    git("add", ".", cwd=folder)
    return folder


def commit(folder: Path, *files: str) -> tuple[bool, str]:
    """Whether a commit of ``files`` and of what is staged passes the hooks, and what they say."""
    git("add", *files, cwd=folder)
    done = run("git", *IDENTITY, "commit", "--message", "more", cwd=folder)
    return done.returncode == 0, done.stdout + done.stderr


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The finished command, with the installed program on the path and pre-commit's store beside ``cwd``."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = environment({"PATH": path, "PRE_COMMIT_HOME": str(cwd.parent / "store")})
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=600)
