"""The extension in a real VS Code, where code-server and a browser are installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.command import BEFORE, bn_migrate, harvest, plant
from tests.editor import MAKE, USE
from tests.test_editors import installed as installed
from tests.test_editors import npm
from tests.vscode import MISSING, Code, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")]
FILES = {"net.py": BEFORE + b"other = nn.BatchNorm2d(3, momentum=None)\n", "make.py": MAKE, "use.py": USE}


@pytest.fixture(scope="module")
def extension(installed: Path) -> Path:
    """The packed extension."""
    done = npm("run", "package", cwd=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    return installed / "bn-migrate.vsix"


def test_status_migration_and_restart(extension: Path, tmp_path: Path) -> None:
    folder, other = plant(tmp_path / "project", FILES), plant(tmp_path / "other", FILES)
    with Code(folder, tmp_path / "home", extension, {"bnMigrate.interpreter": sys.executable}) as code:
        code.open("net.py")
        wait_for("the findings", lambda: code.status() == "bn-migrate: 1 rewrite, 1 manual fix")
        code.run("bn-migrate: migrate workspace")
        said = "bn-migrate: 3 rewrites in 3 files, to be looked at and saved; 1 manual fix needed"
        assert code.told("rewrites in") == said
        wait_for("the manual fix that is left", lambda: code.status() == "bn-migrate: 1 manual fix")
        assert harvest(folder) == FILES
        code.run("File: Save All Files")
        bn_migrate(".", cwd=other)
        wait_for("the saved files", lambda: harvest(folder) == harvest(other))
        code.run("bn-migrate: restart the server")
        wait_for("another server", lambda: code.status() == "bn-migrate")
        wait_for("its findings", lambda: code.status() == "bn-migrate: 1 manual fix")


def test_a_missing_server_is_told_with_what_to_do(extension: Path, tmp_path: Path) -> None:
    folder = plant(tmp_path / "project", FILES)
    with Code(folder, tmp_path / "home", extension, {"bnMigrate.interpreter": "no-such-python"}) as code:
        code.open("net.py")
        assert code.told("no-such-python").startswith(
            "bn-migrate: no-such-python -m migrate.lsp cannot be started: there is no such program. Install bn-migrate"
        )
        assert code.status() == "bn-migrate"
