"""The extension for VS Code: what it declares, what it is packed to, and its client with the real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import migrate
from migrate.config import Config, checked
from migrate.lsp import server
from tests.command import environment

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "editors" / "vscode"
PACKAGE = json.loads((SOURCE / "package.json").read_text("utf-8"))
SETTINGS: dict[str, Any] = PACKAGE["contributes"]["configuration"]["properties"]
CHOICES = ("target", "data-format", "device-target", "mode")
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTCACHED", "ENETUNREACH")


def npm(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """npm in a folder, with the interpreter of the tests for the server."""
    variables = environment({"BN_MIGRATE_PYTHON": sys.executable, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)})
    return subprocess.run(["npm", *arguments], cwd=cwd, env=variables, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the extension with what its lock file names."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("Node.js and npm are not installed")
    folder = tmp_path_factory.mktemp("editors") / "vscode"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("node_modules", "out", "dist", "*.vsix"))
    quickly = (
        "--prefer-offline",
        "--fetch-retries=1",
        "--fetch-retry-mintimeout=1000",
        "--fetch-retry-maxtimeout=2000",
    )
    done = npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", *quickly, cwd=folder)
    if done.returncode and any(code in done.stderr for code in UNREACHABLE):
        pytest.skip(f"npm cannot fetch the packages: {done.stderr.strip().splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return folder


def test_the_extension_has_the_version_and_the_names_of_the_program() -> None:
    assert PACKAGE["version"] == migrate.__version__
    names = (SOURCE / "src" / "server.ts").read_text("utf-8")
    for command in (server.VERIFY, server.MIGRATE):
        assert f'"{command}"' in names


def test_settings_of_the_extension_are_those_of_the_server() -> None:
    own = {name.removeprefix("bn-migrate."): s for name, s in SETTINGS.items() if name.startswith("bn-migrate.")}
    told = (ROOT / "docs" / "editors.md").read_text("utf-8").partition("- **Settings**")[2].partition("- **Which")[0]
    assert {f"`{name}`" for name in own} <= {*told.replace(",", " ").replace(".", " ").split()}
    for name in CHOICES:
        choices, _ = get_args(get_type_hints(Config)[name.replace("-", "_")])
        assert own[name]["enum"] == [None, *get_args(choices)]
    samples = {"array": ["x"], "boolean": True, "string": "x"}
    given = {name: s["enum"][1] if "enum" in s else samples[s["type"][0]] for name, s in own.items()}
    assert len(checked(given | {"select": ["BN1"], "ignore": ["BN3"]}, "settings", ROOT)) == len(own)
    assert all(setting["default"] is None for setting in own.values()), "what is not set is pyproject.toml's"


@pytest.mark.slow
def test_one_command_packs_the_extension(installed: Path) -> None:
    """With all that it imports in one file; ``tsc --strict`` has to pass for that."""
    done = npm("run", "package", cwd=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(installed / "bn-migrate.vsix") as packed:
        files = {name.removeprefix("extension/") for name in packed.namelist() if name.startswith("extension/")}
        code = packed.read("extension/dist/extension.js").decode()
        assert json.loads(packed.read("extension/package.json"))["main"] == "./dist/extension.js"
    assert files == {"package.json", "readme.md", "dist/extension.js"}
    assert {name for name in PACKAGE["dependencies"] if f'require("{name}' in code} == set()
    for command in PACKAGE["contributes"]["commands"]:
        assert f'"{command["command"]}"' in code


@pytest.mark.slow
def test_its_client_and_the_server_understand_each_other(installed: Path) -> None:
    done = npm("test", cwd=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# pass 9\n" in done.stdout
