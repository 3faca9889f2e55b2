"""Runs the commands of the README's quick start as they are printed, and takes a picture of a terminal."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "docs" / "examples" / "quickstart"
CONSOLE = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
MARK = "\x1e"
WIDTH = 100
TRAINED = "epoch 1: loss"
PICTURED = "bn-migrate . --diff"
SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{chrome_label}">
<style>
.{unique_id}-matrix {{ font: {char_height}px Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }}
.{unique_id}-title {{ font: bold 18px Arial, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g>
</svg>
"""


def replayed(text: str) -> str:
    """The README with the output of each ``$`` command in its console blocks replaced by that of a new run.

    Fractions and versions differ between machines and runs. An output that differs in these alone stays as it is.
    """
    blocks = [_commands(block) for block in CONSOLE.findall(text)]
    outputs = iter(_outputs([command for block in blocks for command, _ in block]))
    new = iter("".join(_shown(c, old, next(outputs)) for c, old in block) for block in blocks)
    return CONSOLE.sub(lambda _: next(new), text)


def _commands(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with the output that is printed below it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _shown(command: str, old: str, new: str) -> str:
    new = "".join(f"{line.rstrip()}\n" for line in new.splitlines())
    return f"$ {command}\n{old if _without_numbers(old) == _without_numbers(new) else new}"


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+\.\d+(\.\d+)?(\+\w+)?", "#", text)


def _outputs(commands: list[str]) -> list[str]:
    """What each command prints, run one after the other by one shell in a folder with a copy of ``docs/``."""
    script = "exec 2>&1\n" + "".join(f"{command}\nprintf '{MARK}'\n" for command in commands)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PROJECT, Path(folder) / PROJECT.relative_to(ROOT), ignore=shutil.ignore_patterns("__pycache__"))
        run = subprocess.run(
            ["bash", "-c", script], cwd=folder, env=_environment(folder), check=True, stdout=subprocess.PIPE, text=True
        )
    outputs = run.stdout.split(MARK)[:-1]
    trained = {output for output in outputs if output.startswith(TRAINED)}
    if "Traceback" in run.stdout or len(outputs) != len(commands) or len(trained) != 1:
        raise RuntimeError(f"The quick start fails, or does not train alike before and after:\n{run.stdout}")
    return outputs


def _environment(folder: str) -> dict[str, str]:
    """The variables of a new user: this program, a name for commits, and neither a cache nor a configuration."""
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "BN_MIGRATE_", "NO_COLOR", "FORCE_COLOR"))},
        **dict.fromkeys(names, "someone@example.org"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BN_MIGRATE_CACHE_DIR": f"{folder}/cache",
        "TERM": "xterm-256color",
        "COLUMNS": str(WIDTH),
    }


def picture() -> str:
    """A picture of what the quick start's project looks like with ``--diff`` on a terminal, as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        for file in PROJECT.glob("*.py"):
            shutil.copy(file, folder)
        shown = _on_terminal(PICTURED, folder)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ ", style="bold green").append(PICTURED, style="bold"))
    console.print(Text.from_ansi(shown.rstrip()))
    template = SVG.replace("{chrome_label}", f"Terminal: {PICTURED}")
    return console.export_svg(title="bn-migrate", code_format=template, unique_id="terminal")


def _on_terminal(command: str, folder: str) -> str:
    """What a command prints on a terminal of ``WIDTH`` columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    with subprocess.Popen(
        command, shell=True, cwd=folder, env=_environment(folder), stdin=slave, stdout=slave, stderr=slave
    ):
        os.close(slave)
        shown = b""
        try:
            while read := os.read(master, 65536):
                shown += read
        except OSError:  # the other end is closed
            pass
    os.close(master)
    return shown.decode().replace("\r\n", "\n")
