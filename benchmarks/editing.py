"""Times the language server while a file of 1,000 lines is edited; prints a row of Markdown for each kind of file.

``python benchmarks/editing.py [EDITS]``: from a ``didChange`` to the ``publishDiagnostics`` of that version, over
stdio, against ``ast.parse`` of the same text in the same run. Nothing is kept from one edit to the next: each changes
an argument that a finding is about. Exit status 1 where the 95th percentile is more than `ALLOWED` times the parse.
"""

from __future__ import annotations

import ast
import json
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

LINES = 1000
EDITS = 100
ALLOWED = 60.0
HEAD = "import torch\nfrom torch import nn\n\n"
NORMED = """\
class Block{i}(nn.Module):
    def __init__(self, c: int, norm_layer=nn.BatchNorm2d) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)
        self.bn = nn.BatchNorm2d(c, momentum=0.{i:03})
        self.norm = norm_layer(c)
        for m in self.modules():
            if isinstance(m, nn.BatchNorm2d):
                nn.init.ones_(m.weight)

    def forward(self, x):
        return self.norm(torch.relu(self.bn(self.conv(x)))) + x


"""
PLAIN = """\
class Plain{i}(nn.Module):
    def __init__(self, c: int, steps: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)
        self.scale = [0.5 * (step + 1) for step in range(steps)]

    def forward(self, x):
        y = self.conv(x)
        for factor in self.scale:
            y = torch.relu(y) * factor + self.conv(y)
        return y + x if self.training else torch.sigmoid(y)


"""


def main() -> int:
    edits = int(sys.argv[1]) if len(sys.argv) > 1 else EDITS
    print("| file | findings | `ast.parse`, ms | median, ms | 95th percentile, ms | times `ast.parse` |")
    print("|---|--:|--:|--:|--:|--:|")
    return int(max(row("one class in six", 6, edits), row("every class", 1, edits)) > ALLOWED)


def module(every: int) -> str:
    """A module of `LINES` lines, in which one class in ``every`` has batch norm."""
    text, i = HEAD, 0
    while text.count("\n") < LINES:
        text += (PLAIN if i % every else NORMED).format(i=i)
        i += 1
    lines = text.split("\n")[:LINES]
    while lines[-1].strip():
        lines.pop()
    while lines[-1:] and not lines[-1].startswith("class"):
        lines.pop()
    return "\n".join(lines[:-1] + ["#"] * (LINES - len(lines) + 1)) + "\n"


def row(kind: str, every: int, edits: int) -> float:
    """Measure one file and print what was found; returns the multiple of the parse."""
    text = module(every)
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        found = server.open(text)
        parses, answers = [], []
        generator = random.Random(3)
        for version in range(2, edits + 2):
            line, column = generator.choice(places(text))
            digit = generator.choice("123456789")
            lines = text.split("\n")
            lines[line] = lines[line][:column] + digit + lines[line][column + 1 :]
            text = "\n".join(lines)
            start = time.perf_counter()
            ast.parse(text)
            parses.append(time.perf_counter() - start)
            answers.append(server.change(version, line, column, digit))
    parse, middle = statistics.median(parses), statistics.median(answers)
    slow = statistics.quantiles(answers, n=20)[-1]
    numbers = f"{1000 * parse:.1f} | {1000 * middle:.0f} | {1000 * slow:.0f} | {slow / parse:.1f}"
    print(f"| {kind} | {found} | {numbers} |", flush=True)
    return slow / parse


def places(text: str) -> list[tuple[int, int]]:
    """The last digit of every momentum: line and column, both from 0."""
    return [(i, len(line) - 2) for i, line in enumerate(text.split("\n")) if "momentum=" in line]


class Server:
    """The server on a file of a folder, spoken to without a client of its own that would take time, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._uri = (folder / "net.py").as_uri()
        program = Path(sysconfig.get_path("scripts")) / "bn-migrate-lsp"
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Server:
        folders = [{"uri": self._folder.as_uri(), "name": "folder"}]
        self._send(id=1, method="initialize", params={"capabilities": {}, "workspaceFolders": folders})
        while "id" not in self._receive():
            pass
        self._send(method="initialized", params={})
        return self

    def __exit__(self, *_: object) -> None:
        self._send(id=2, method="shutdown", params=None)
        self._send(method="exit", params=None)
        self._process.communicate(timeout=30)

    def open(self, text: str) -> int:
        """Open the file; returns the number of diagnostics, once the folder was looked at, too."""
        document = {"uri": self._uri, "languageId": "python", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        found = len(self._published(1)["diagnostics"])
        hover = {"textDocument": {"uri": self._uri}, "position": {"line": 0, "character": 0}}
        self._send(id=3, method="textDocument/hover", params=hover)
        while self._receive().get("id") != 3:
            pass
        return found

    def change(self, version: int, line: int, column: int, new: str) -> float:
        """Replace one character; returns the seconds to the diagnostics of the new text."""
        place = {"start": {"line": line, "character": column}, "end": {"line": line, "character": column + 1}}
        document = {"uri": self._uri, "version": version}
        start = time.perf_counter()
        changes = [{"range": place, "text": new}]
        self._send(method="textDocument/didChange", params={"textDocument": document, "contentChanges": changes})
        self._published(version)
        return time.perf_counter() - start

    def _published(self, version: int) -> dict[str, Any]:
        while True:
            message = self._receive()
            params = message.get("params") or {}
            if message.get("method") == "textDocument/publishDiagnostics" and params.get("version") == version:
                return dict(params)

    def _send(self, **message: Any) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while (header := self._process.stdout.readline().strip()) != b"":
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


if __name__ == "__main__":
    sys.exit(main())
