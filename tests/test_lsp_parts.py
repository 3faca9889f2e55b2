"""Parts of the language server by themselves: texts and columns, edits, the program, other editors."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from migrate.api import migrate_source
from migrate.batch.groups import Group, find_groups
from migrate.engine import Options
from migrate.lsp.elsewhere import Elsewhere, Job
from migrate.lsp.fixes import Marks, whole
from migrate.lsp.folder import Folder, Stale
from migrate.lsp.text import Text, edited
from migrate.lsp.workspace import Workspace
from tests.command import AFTER, BEFORE, environment, plant
from tests.editor import server_program

ROOT = Path(__file__).parent.parent
TEXTS = st.text(st.sampled_from("ab \n\r\x0c\u2028é\N{SNAKE}"), max_size=30)
ENCODINGS = st.sampled_from([*types.PositionEncodingKind])


@given(TEXTS, ENCODINGS, st.data())
def test_offsets_and_positions_are_each_other_s_inverse(
    text: str, encoding: types.PositionEncodingKind, data: st.DataObject
) -> None:
    offset = data.draw(st.integers(0, len(text)))
    made = Text(text, encoding)
    back = made.offset(made.position(offset))
    # Behind the last character of a line is one place, whether the line ends in one character or in two.
    assert text[min(back, offset) : max(back, offset)] in ("", "\r")


@given(TEXTS, ENCODINGS)
def test_positions_beyond_the_end_are_the_end(text: str, encoding: types.PositionEncodingKind) -> None:
    made = Text(text, encoding)
    assert made.offset(types.Position(len(text) + 1, 0)) == len(text)
    assert made.offset(types.Position(0, 1000)) == len(made.line(0))


@given(TEXTS, ENCODINGS, st.data())
def test_a_change_by_positions_is_one_by_offsets(
    text: str, encoding: types.PositionEncodingKind, data: st.DataObject
) -> None:
    """Of two characters that end a line together, an editor never changes one alone."""
    places = [i for i in range(len(text) + 1) if text[max(i - 1, 0) : i + 1] != "\r\n"]
    start, end = sorted((data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))))
    new, made = data.draw(TEXTS), Text(text, encoding)
    change = types.TextDocumentContentChangePartial(made.range(start, end), new)
    assert made.changed([change]).text == text[:start] + new + text[end:]


@given(TEXTS, TEXTS)
def test_the_edits_of_a_file_make_its_new_text(before: str, after: str) -> None:
    assert edited(before, whole(before, after)) == after


@pytest.mark.parametrize("sample", sorted((ROOT / "samples").glob("*.py")), ids=lambda p: p.stem)
def test_every_mark_is_one_that_the_engine_obeys(sample: Path) -> None:
    text = Text(sample.read_text("utf-8"), types.PositionEncodingKind.Utf16)
    rewrites = [f for f in migrate_source(text.text).findings if f.kind == "rewrite"]
    marks = Marks(text).all(rewrites)
    assert marks
    left = migrate_source(edited(text.text, marks))
    assert [f for f in left.findings if f.kind == "rewrite"] == []


def test_groups_are_those_of_the_whole_texts(tmp_path: Path) -> None:
    """Of a file that is not open, its imports are kept and nothing else."""
    files = {
        "pkg/__init__.py": b"from .a import (\n    b,\n    c\n)\n",
        "pkg/a.py": b"import os; from . import d\nx = 'from pkg import e'\nif x: from .f import g\n",
        "pkg/d.py": b"import torch.nn as nn\nnn.BatchNorm2d(3)\n",
        "pkg/e.py": b"import pkg.f as f, \\\n    sys\n",
        "pkg/f.py": b"",
        "other.py": b"import pkg.a\nBatchNorm2d = 1\n",
        "alone.py": b"BatchNorm2d = 1\n",
    }
    folder = Folder(plant(tmp_path, files))
    folder.due({}, lambda: None)
    triggered = ["alone.py", "other.py", "pkg/d.py"]
    assert folder._groups == find_groups(sorted(files), triggered, files.__getitem__)


def test_work_that_became_useless_is_given_up(tmp_path: Path) -> None:
    group = Group(("a.py",), ("a.py",), "")
    job = Job(tmp_path, group, {"a.py": b"import torch.nn as nn\n" + b"x = nn.BatchNorm2d(3)\n" * 3000}, Options())
    elsewhere = Elsewhere()

    def useless() -> None:
        raise Stale

    with pytest.raises(Stale):
        elsewhere.run(job.results, useless)
    assert multiprocessing.active_children() == []
    small = replace(job, overlay={"a.py": BEFORE})
    assert [r.after for r in elsewhere.run(small.results, lambda: None)] == [AFTER]
    elsewhere.end()


def test_nothing_but_the_protocol_gets_to_standard_output(tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom migrate.lsp.command import take_streams\nincoming, outgoing = take_streams()\n"
        "print('stray', flush=True)\nos.system('echo child; cat')\noutgoing.write(incoming.read())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], input=b"protocol", capture_output=True, check=True)
    assert (done.stdout, done.stderr.split()) == (b"protocol", [b"stray", b"child"])


def test_the_command_line_does_without_pygls() -> None:
    script = (
        "import sys, migrate.cli, migrate.api, migrate.codemod\nassert not {'pygls', 'lsprotocol'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_missing_pygls_is_named_with_the_extra_that_brings_it() -> None:
    script = "import sys\nsys.modules['pygls'] = None\nfrom migrate.lsp.command import main\nmain([])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 1
    said = done.stderr.decode()
    assert f"pygls is not installed for {sys.executable}. " in said
    assert f"{sys.executable} -m pip install 'bn-migrate[lsp]'" in said and "Traceback" not in said


BEGIN: dict[str, Any] = {"id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
LEFT: dict[str, tuple[list[dict[str, Any]], int]] = {
    "after a shutdown": ([BEGIN, {"id": 2, "method": "shutdown"}, {"method": "exit"}], 0),
    "without one": ([BEGIN, {"method": "exit"}], 1),
    "before anything": ([{"method": "exit"}], 1),
    "without a word": ([BEGIN], 1),
    "before it said anything": ([], 0),
}


@pytest.mark.parametrize(("sent", "status"), LEFT.values(), ids=LEFT)
def test_the_exit_status_says_whether_the_editor_left_in_order(sent: list[dict[str, Any]], status: int) -> None:
    bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in sent]
    stream = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    command = [server_program()]
    done = subprocess.run(command, input=stream, env=environment(), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (status, b"")
    assert done.stdout.count(b'"result"') == sum("id" in message for message in sent)


def test_the_program_tells_its_version() -> None:
    done = subprocess.run([server_program(), "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"bn-migrate-lsp ")


NEOVIM = """
local folder = vim.fn.getcwd()
local attach = function()
  if vim.lsp.config then
    local roots = { 'pyproject.toml' }
    vim.lsp.config['bn_migrate'] = { cmd = { vim.env.SERVER }, filetypes = { 'python' }, root_markers = roots }
    vim.lsp.enable('bn_migrate')
    vim.cmd('edit net.py')
  else
    vim.cmd('edit net.py')
    local id = vim.lsp.start_client({ cmd = { vim.env.SERVER }, root_dir = folder })
    vim.lsp.buf_attach_client(0, id)
  end
end
vim.cmd('filetype plugin on')
attach()
vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end, 50)
for _, d in ipairs(vim.diagnostic.get(0)) do
  io.write(string.format('%d:%d-%d %s %s\\n', d.lnum, d.col, d.end_col, d.code or d.user_data.lsp.code, d.source))
end
vim.cmd('qall!')
"""


def test_neovim_shows_the_findings(tmp_path: Path) -> None:
    program = shutil.which("nvim")
    if program is None:
        pytest.skip("nvim is not installed: apt-get install neovim")
    plant(tmp_path, {"net.py": BEFORE, "pyproject.toml": b"", "init.lua": NEOVIM.encode()})
    variables = {**environment(), "SERVER": server_program(), "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    command = [program, "--headless", "--clean", "-c", "luafile init.lua"]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, timeout=60, check=False)
    shown = (done.stdout + done.stderr).decode()
    assert "2:8-39 BN101 bn-migrate" in shown


def test_a_folder_that_goes_while_it_is_looked_at_takes_no_document_along(tmp_path: Path) -> None:
    """The document is one of the outer folder then, under another name."""
    inner = plant(tmp_path, {"inner/a.py": BEFORE}) / "inner"
    uri, told, published = (inner / "a.py").as_uri(), [], []

    class Leaving(Workspace):
        left = False

        async def engine(self, function: Any, *args: Any, **kwargs: Any) -> Any:
            found = await super().engine(function, *args, **kwargs)
            if function.__name__ == "due" and not self.left:
                self.left = True
                self.change_roots([], [inner.as_uri()])
            return found

    async def look() -> str:
        workspace = Leaving(lambda *said: published.append(said), told.append)
        workspace.begin([tmp_path.as_uri(), inner.as_uri()], types.PositionEncodingKind.Utf16)
        workspace.ready.set()
        workspace.open(uri, 1, BEFORE.decode())
        document = await workspace.settled(uri)
        workspace.end()
        assert document is not None and document.current is not None
        return document.name

    assert asyncio.run(asyncio.wait_for(look(), 60)) == os.path.join("inner", "a.py")
    assert not told and published[-1][2]
