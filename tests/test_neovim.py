"""The configuration for Neovim, in a real one without a screen."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command import BEFORE, bn_migrate, environment, harvest, plant
from tests.editor import MAKE, ROOT, USE, server_program

NVIM = shutil.which("nvim")
SCRIPT = Path(__file__).with_name("neovim.lua")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(NVIM is None, reason="Neovim (nvim) is not installed")]


def nvim(folder: Path, *arguments: str, settings: str = "") -> subprocess.CompletedProcess[str]:
    """Neovim on net.py of ``folder``, with the configuration where the documentation says that it goes."""
    home = folder.parent / "home"
    plugin = home / "nvim" / "plugin"
    plugin.mkdir(parents=True)
    shutil.copy(ROOT / "editors" / "neovim" / "bn_migrate.lua", plugin)
    (home / "nvim" / "init.lua").write_text(settings, "utf-8")
    places = {f"XDG_{kind}_HOME": str(home) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    command = [str(NVIM), "--headless", "-n", "net.py", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(places),
        capture_output=True,
        text=True,
        timeout=200,
        stdin=subprocess.DEVNULL,
    )


def test_diagnostics_quick_fixes_and_commands(tmp_path: Path) -> None:
    files = {"pyproject.toml": b"", "net.py": BEFORE, "make.py": MAKE, "sub dir/use.py": USE}
    folder, other = plant(tmp_path / "a project", files), plant(tmp_path / "other", files)
    cmd = f"vim.g.bn_migrate = {{ cmd = {{ '{server_program()}' }} }}"
    done = nvim(folder, "-c", f"luafile {SCRIPT}", settings=cmd)
    assert done.returncode == 0, done.stderr
    bn_migrate(".", cwd=other)
    assert harvest(folder) == harvest(other)


def test_a_missing_server_is_told(tmp_path: Path) -> None:
    folder = plant(tmp_path / "project", {"net.py": BEFORE})
    done = nvim(folder, "-c", "qall!", settings="vim.g.bn_migrate = { cmd = { 'no-such-program' } }")
    assert "bn-migrate: no-such-program is not there. Install it (pip install '.[lsp]')" in done.stderr
