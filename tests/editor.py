"""An editor for the tests: a real client that talks to the real server over stdio, and keeps the texts itself."""

from __future__ import annotations

import asyncio
import shutil
import sysconfig
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, LanguageClientProtocol, register_lsp_features

from migrate.lsp.documents import path_of
from tests.command import environment, plant

T = TypeVar("T")
PATIENCE = 120
"""Seconds after which an answer is taken for lost; nothing is measured."""
QUICK_FIX = types.CodeActionKind.QuickFix
UTF16 = types.PositionEncodingKind.Utf16
CODECS = {UTF16: ("utf-16-le", 2), types.PositionEncodingKind.Utf8: ("utf-8", 1)}
ROOT = Path(__file__).parent.parent
SAMPLES = sorted((ROOT / "samples").glob("*.py"))
FIX_ALL = "source.fixAll.bnMigrate"
MAKE = b"from torch import nn\n\ndef norm(c):\n    return nn.BatchNorm2d(c, momentum=0.3)\n"
USE = b"from make import norm\n\ndef mean(c):\n    return norm(c).running_mean\n"


def server_program() -> str:
    """The installed ``bn-migrate-lsp`` of this environment."""
    found = shutil.which("bn-migrate-lsp", path=sysconfig.get_path("scripts"))
    assert found is not None, "install the package: pip install -e '.[dev]'"
    return found


class Editor:
    """Opens, edits and asks. Used as a context manager; ``encodings`` are the ways to count columns that it offers."""

    def __init__(
        self,
        folder: Path | None,
        *,
        client: str = "visual_studio_code",
        encodings: list[types.PositionEncodingKind] | None = None,
        options: Any = None,
        settings: Any = None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._texts: dict[Path, str] = {}
        self._versions: dict[Path, int] = {}
        self.published: list[types.PublishDiagnosticsParams] = []
        self.capabilities = client_capabilities(client)
        self.capabilities.general = types.GeneralClientCapabilities(position_encodings=encodings)
        asked = self.capabilities.workspace
        assert asked is not None
        asked.configuration = settings is not None
        self.client = LanguageClient(protocol_cls=LanguageClientProtocol, converter_factory=default_converter)
        features = {**DEFAULT_CLIENT_FEATURES}
        features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] = lambda _, params: self.published.append(params)
        features[types.CLIENT_REGISTER_CAPABILITY] = lambda _, params: None
        features[types.WORKSPACE_APPLY_EDIT] = lambda _, params: self._apply(params.edit)
        named = {name: _named(f) for name, f in features.items()}
        if settings is not None:
            named[types.WORKSPACE_CONFIGURATION] = _late(settings)
        register_lsp_features(self.client, named)
        roots = [types.WorkspaceFolder(folder.as_uri(), folder.name)] if folder is not None else []
        self._begin = types.InitializeParams(self.capabilities, workspace_folders=roots, initialization_options=options)
        self.told = types.InitializeResult(types.ServerCapabilities())

    def __enter__(self) -> Editor:
        self.wait(self.client.start_io(server_program(), env=environment()))
        self.told = self.wait(self.client.initialize_session(self._begin))
        return self

    def __exit__(self, *_: object) -> None:
        self.wait(self.client.shutdown_session())
        self.wait(self.client.stop())
        self._loop.close()

    def wait(self, what: Coroutine[Any, Any, T] | asyncio.Future[T]) -> T:
        """The result of something that takes a while."""
        return self._loop.run_until_complete(asyncio.wait_for(what, PATIENCE))

    @property
    def messages(self) -> list[str]:
        """What the user was shown."""
        return [message.message for message in self.client.messages]

    def change_folders(self, added: list[Path], removed: list[Path]) -> None:
        """Add folders to the workspace, or take some away."""
        folders = [[types.WorkspaceFolder(f.as_uri(), f.name) for f in some] for some in (added, removed)]
        event = types.WorkspaceFoldersChangeEvent(*folders)
        self.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

    def tell_of(self, path: Path) -> None:
        """Tell the server that a file has changed on the disk."""
        change = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))

    def set(self, settings: Any) -> None:
        """Change the settings, and tell the server so."""
        self.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))

    def open(self, path: Path, text: str | None = None) -> None:
        """Open a file, or a new one with ``text``."""
        self._texts[path] = path.read_bytes().decode() if text is None else text
        self._versions[path] = 1
        item = types.TextDocumentItem(path.as_uri(), "python", 1, self._texts[path])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def opened(self) -> list[Path]:
        """The files that are open."""
        return [*self._texts]

    def close(self, path: Path) -> None:
        """Close a file."""
        del self._texts[path], self._versions[path]
        document = types.TextDocumentIdentifier(path.as_uri())
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def text(self, path: Path) -> str:
        """What stands in the editor."""
        return self._texts[path]

    def edit(self, path: Path, old: str, new: str) -> None:
        """Write ``new`` instead of ``old``, as typing does: one change with a range."""
        text = self._texts[path]
        start = text.index(old)
        place = types.Range(self.position(path, start), self.position(path, start + len(old)))
        self._texts[path] = text[:start] + new + text[start + len(old) :]
        self._versions[path] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[path], path.as_uri())
        change = types.TextDocumentContentChangePartial(place, new)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def position(self, path: Path, offset: int) -> types.Position:
        """The position of an offset in a text whose lines end in line feeds."""
        before = self._texts[path][:offset]
        return types.Position(before.count("\n"), self._units(before.rpartition("\n")[2]))

    def marked(self, path: Path, place: types.Range) -> str:
        """The text that a range covers."""
        start, end = self._offset(path, place.start), self._offset(path, place.end)
        return self._texts[path][start:end]

    def diagnostics(self, path: Path) -> list[types.Diagnostic]:
        """What is shown for a file, once the server has come to rest."""
        self.hover(path, types.Position(0, 0))
        return next(([*p.diagnostics] for p in reversed(self.published) if p.uri == path.as_uri()), [])

    def finish(self, path: Path) -> None:
        """Wait for all that other files tell of a file, however long that takes: to migrate it needs that."""
        self.actions(path, self._texts[path][:1], "source.fixAll")

    def start(self, what: Coroutine[Any, Any, T] | asyncio.Future[T]) -> asyncio.Future[T]:
        """Something that goes on while others are waited for."""
        return asyncio.ensure_future(what, loop=self._loop)

    def rest(self, seconds: float) -> None:
        """Let messages come in that nothing waits for."""
        self.wait(asyncio.sleep(seconds))

    def codes(self, path: Path) -> list[str]:
        """The codes that are shown for a file, in their order."""
        return [str(d.code) for d in self.diagnostics(path)]

    def children(self) -> set[str]:
        """The child processes of the server."""
        assert self.client._server is not None
        tasks = Path(f"/proc/{self.client._server.pid}/task")
        return {pid for path in tasks.glob("*/children") for pid in path.read_text().split()}

    def comes_back_to(self, children: set[str]) -> bool:
        """Whether all child processes but these come to an end."""

        async def ended() -> bool:
            while not self.children() <= children:
                await asyncio.sleep(0.05)
            return True

        return self.wait(ended())

    def hover(self, path: Path, position: types.Position) -> str:
        """What hovering shows; nothing where there is nothing to say."""
        document = types.TextDocumentIdentifier(path.as_uri())
        found = self.wait(self.client.text_document_hover_async(types.HoverParams(document, position)))
        return found.contents.value if found and isinstance(found.contents, types.MarkupContent) else ""

    def hover_on(self, path: Path, text: str) -> str:
        """What hovering over the first ``text`` of a file shows."""
        return self.hover(path, self.position(path, self._texts[path].index(text) + 1))

    def ask_actions(self, path: Path, text: str, *only: str) -> types.CodeActionParams:
        start = self._texts[path].index(text)
        place = types.Range(self.position(path, start), self.position(path, start + len(text)))
        context = types.CodeActionContext([], only=[*only] or None)
        return types.CodeActionParams(types.TextDocumentIdentifier(path.as_uri()), place, context)

    def actions(self, path: Path, text: str, *only: str) -> list[types.CodeAction]:
        """What is offered where ``text`` first stands."""
        found = self.wait(self.client.text_document_code_action_async(self.ask_actions(path, text, *only)))
        return [action for action in found or [] if isinstance(action, types.CodeAction)]

    def titles(self, path: Path, text: str) -> list[str]:
        """The titles of the quick fixes that are offered where ``text`` first stands."""
        return [action.title for action in self.actions(path, text, QUICK_FIX.value)]

    def fixed(self, path: Path, text: str, title: str) -> str:
        """The text after the quick fix with this title."""
        (action,) = [a for a in self.actions(path, text, QUICK_FIX.value) if a.title.startswith(title)]
        return self.applied(path, action)

    def applied(self, path: Path, action: types.CodeAction) -> str:
        """The text after an action, which must be about this file as it is."""
        assert action.edit is not None and action.edit.document_changes is not None
        (change,) = action.edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        assert (change.text_document.uri, change.text_document.version) == (path.as_uri(), self._versions[path])
        return self._edited(path, change)

    def command(self, name: str, *arguments: Any) -> Any:
        """The answer to a command."""
        params = types.ExecuteCommandParams(name, [*arguments])
        return self.wait(self.client.workspace_execute_command_async(params))

    def cancelled(self, method: str, params: Any, when: Callable[[], bool] = lambda: True) -> JsonRpcException:
        """The error that ends a request which is called off as soon as it is sent and ``when`` is true."""

        async def ask() -> JsonRpcException:
            request = self.client.protocol.send_request_async(method, params, msg_id="called off")
            task = asyncio.ensure_future(request)
            await asyncio.sleep(0)
            while not when():
                await asyncio.sleep(0.01)
            self.client.cancel_request(types.CancelParams("called off"))
            try:
                await task
            except JsonRpcException as error:
                return error
            raise AssertionError("it was answered")

        return self.wait(ask())

    def _edited(self, path: Path, change: types.TextDocumentEdit) -> str:
        text = self._texts[path]
        edits = [(self._offset(path, e.range.start), self._offset(path, e.range.end), e.new_text) for e in change.edits]
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _apply(self, edit: types.WorkspaceEdit) -> types.ApplyWorkspaceEditResult:
        """Change files as the server asks, all or none: it opens them, refuses other versions, and saves nothing."""
        changes = [change for change in edit.document_changes or () if isinstance(change, types.TextDocumentEdit)]
        files = {path_of(change.text_document.uri): change for change in changes}
        assert len(files) == len(edit.document_changes or ()) and None not in files
        for path, change in files.items():
            if change.text_document.version != self._versions.get(path):
                return types.ApplyWorkspaceEditResult(False, f"{path.name} has another version")
        for path, change in files.items():
            if path not in self._texts:
                self.open(path)
            self.edit(path, self._texts[path], self._edited(path, change))
        return types.ApplyWorkspaceEditResult(True)

    def _units(self, text: str) -> int:
        codec, width = CODECS.get(self.told.capabilities.position_encoding or UTF16, ("utf-32-le", 4))
        return len(text.encode(codec)) // width

    def _offset(self, path: Path, position: types.Position) -> int:
        lines = self._texts[path].split("\n")
        line = lines[position.line] if position.line < len(lines) else ""
        codec, width = CODECS.get(self.told.capabilities.position_encoding or UTF16, ("utf-32-le", 4))
        column = len(line.encode(codec)[: position.character * width].decode(codec))
        return sum(len(before) + 1 for before in lines[: position.line]) + column


def _named(feature: Any) -> Any:
    """A function of its own for each registration."""

    def handler(client: LanguageClient, params: Any) -> Any:
        return feature(client, params)

    return handler


def _late(settings: dict[str, Any]) -> Any:
    """What answers a question for settings after a while, as an editor with other things to do."""

    async def handler(client: LanguageClient, params: types.ConfigurationParams) -> list[Any]:
        await asyncio.sleep(0.5)
        return [settings.get(item.section or "") for item in params.items]

    return handler


@pytest.fixture(scope="session")
def server() -> Iterator[Editor]:
    """One server for all tests that want nothing special of it; it has no folder of its own."""
    with Editor(None) as editor:
        yield editor


@pytest.fixture
def editor(server: Editor, tmp_path: Path) -> Iterator[Editor]:
    """The shared server with the folder of the test."""
    server.change_folders([tmp_path], [])
    yield server
    for path in server.opened():
        server.close(path)
    server.change_folders([], [tmp_path])


def opened(editor: Editor, folder: Path, data: bytes, name: str = "net.py") -> Path:
    """A file of the folder with ``data`` in it, open in the editor."""
    path = plant(folder, {name: data}) / name
    editor.open(path)
    return path


def first(editor: Editor, path: Path, code: str) -> types.Diagnostic:
    """The first diagnostic with a code."""
    return next(d for d in editor.diagnostics(path) if d.code == code)
