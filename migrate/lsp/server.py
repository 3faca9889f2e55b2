"""The language server: messages in, messages out. What they are about is in the modules beside it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter

from migrate import __version__
from migrate.errors import UsageError
from migrate.explain import explain
from migrate.lsp import actions, hover, proving
from migrate.lsp.documents import path_of
from migrate.lsp.folder import Stale
from migrate.lsp.settings import SECTION, own
from migrate.lsp.whole import said
from migrate.lsp.workspace import Workspace
from migrate.report.failures import failures
from migrate.rules import load_rules
from migrate.selected import MODULES

VERIFY = "bn-migrate.verify"
MIGRATE = "bn-migrate.migrateWorkspace"
EXPLAIN = "bn-migrate.explain"
WATCHED = ("**/*.py", "**/*.pyi", "**/*.pyw", "**/*.toml")


class Protocol(LanguageServerProtocol):
    """The protocol, with cancellation that reaches a command: pygls answers for it, but lets it run on."""

    _server: Server

    def _handle_cancel_notification(self, msg_id: int | str) -> None:
        self._server.call_off(msg_id)
        super()._handle_cancel_notification(msg_id)


class Server(LanguageServer):
    """The server and its state: the workspace, what the client asked for, and the commands that are running."""

    def __init__(self) -> None:
        super().__init__(SECTION, __version__, protocol_cls=Protocol, converter_factory=default_converter)
        self.files = Workspace(self.publish, self.tell)
        self.is_shut_down = False
        self._running: dict[int | str | None, threading.Event] = {}

    def publish(self, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        """Tell the client all that there is to say about a document."""
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))

    def tell(self, message: str, kind: types.MessageType = types.MessageType.Error) -> None:
        """Show a message to the user."""
        self.window_show_message(types.ShowMessageParams(kind, f"bn-migrate: {message}"))

    def call_off(self, request: int | str) -> None:
        """The client has lost its interest in a request."""
        if request in self._running:
            self._running[request].set()

    def end(self) -> None:
        """Stop whatever goes on."""
        for called_off in self._running.values():
            called_off.set()
        self.files.end()

    async def verify(self, uri: str) -> dict[str, Any]:
        """Prove a document, and publish what failed; returns what there is to say."""
        document = await self.files.settled(uri)
        if document is None or document.current is None or document.current.error is not None:
            why = document.result.error if document and document.result else "is not open in the editor"
            return self._unproved(f"cannot be proved: {why}")
        request, called_off = self.protocol.msg_id, threading.Event()
        self._running[request] = called_off
        try:
            verification = await asyncio.to_thread(
                proving.prove, document.current, document.folder.settings, called_off
            )
        except UsageError as error:
            return self._unproved(str(error))
        except proving.Cancelled:
            return {"passed": 0, "failed": 0, "error": "cancelled"}
        finally:
            self._running.pop(request, None)
        failed = [(site.line, message) for site, message in failures(verification) if site is not None]
        self.files.show(document, document.prove(failed))
        message = proving.summary(verification)
        self.tell(message, types.MessageType.Warning if failed else types.MessageType.Info)
        return {"passed": verification.count(True), "failed": verification.count(False), "error": None}

    async def migrate(self) -> dict[str, Any]:
        """Migrate all folders of the client, and say how much that was."""
        request, called_off = self.protocol.msg_id, threading.Event()
        self._running[request] = called_off
        try:
            wholes = await self.files.wholes()
            if not wholes:
                raise UsageError("no folder is open in the editor")
            founds = [await asyncio.to_thread(whole.find, called_off) for whole in wholes]
            edits = [e for w, f in zip(wholes, founds, strict=True) for e in await asyncio.to_thread(w.edits, f)]
            if any(map(self.files.has_changed, wholes)):
                raise Stale
            error = await self._apply(edits)
        except UsageError as wrong:
            error = str(wrong)
        except Stale:
            error = "cancelled" if called_off.is_set() else "files have changed in the meantime; migrate again"
        finally:
            self._running.pop(request, None)
        if error is not None:
            if not called_off.is_set():
                self.tell(f"nothing was migrated: {error}")
            return {"rewrites": 0, "files": 0, "error": error}
        kind = types.MessageType.Warning if any(f.errors or f.left for f in founds) else types.MessageType.Info
        self.tell(said(founds), kind)
        return {"rewrites": sum(f.rewrites for f in founds), "files": len(edits), "error": None}

    async def _apply(self, edits: list[types.TextDocumentEdit]) -> str | None:
        """Have the client carry out edits of many files; returns why it did not."""
        if not edits:
            return None
        edit = types.WorkspaceEdit(document_changes=[*edits])
        answer = await self.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, label="bn-migrate"))
        return None if answer.applied else answer.failure_reason or "the editor has refused the changes"

    def _unproved(self, why: str) -> dict[str, Any]:
        self.tell(why)
        return {"passed": 0, "failed": 0, "error": why}

    async def fetch_settings(self) -> None:
        """Ask the client for its settings, where it can be asked."""
        workspace = self.client_capabilities.workspace
        if workspace is None or not workspace.configuration:
            return
        asked = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        answer = await self.workspace_configuration_async(asked)
        found = own(answer[0]) if answer else None
        if found is not None:
            self.files.configure(found)

    async def register(self) -> None:
        """Ask the client to tell of changed files and settings, where it can."""
        workspace = self.client_capabilities.workspace
        watching = workspace and workspace.did_change_watched_files
        configuring = workspace and workspace.did_change_configuration
        wanted = []
        if watching and watching.dynamic_registration:
            watchers = [types.FileSystemWatcher(pattern) for pattern in WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            wanted.append(types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
        if configuring and configuring.dynamic_registration:
            section = types.DidChangeConfigurationRegistrationOptions(SECTION)
            wanted.append(types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
        if wanted:
            await self.client_register_capability_async(types.RegistrationParams(wanted))
        self.files.is_told = bool(watching and watching.dynamic_registration)


def make_server() -> Server:
    """The server with everything that it answers to."""
    server = Server()
    _lifecycle(server)
    _documents(server)
    _questions(server)
    _commands(server)
    return server


def _lifecycle(server: Server) -> None:
    @server.feature(types.INITIALIZE)
    def _(ls: Server, params: types.InitializeParams) -> None:
        roots = [f.uri for f in params.workspace_folders or ()] or [u for u in (params.root_uri,) if u]
        ls.files.begin(roots, ls.workspace.position_encoding or types.PositionEncodingKind.Utf16)
        ls.files.configure(own(params.initialization_options) or {})

    @server.feature(types.INITIALIZED)
    async def _(ls: Server, _: types.InitializedParams) -> None:
        try:
            await ls.fetch_settings()
        finally:
            ls.files.ready.set()
        await ls.register()

    @server.feature(types.SHUTDOWN)
    def _(ls: Server, _: None) -> None:
        ls.is_shut_down = True

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def _(ls: Server, params: types.DidChangeConfigurationParams) -> None:
        sent = own(params.settings)
        if sent is not None:
            ls.files.configure(sent)
        else:
            await ls.fetch_settings()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def _(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
        ls.files.change_roots([f.uri for f in params.event.added], [f.uri for f in params.event.removed])

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def _(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
        ls.files.changed_on_disk([path for change in params.changes if (path := path_of(change.uri))])


def _documents(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        # A cell of a notebook is no module: what it lacks stands in the cells before it.
        if document.uri.startswith("vscode-notebook-cell:"):
            return
        if document.language_id == "python" or document.uri.endswith(MODULES):
            ls.files.open(document.uri, document.version, document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        ls.files.change(params.text_document.uri, params.text_document.version, [*params.content_changes])

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def _(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
        ls.files.saved(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        ls.files.close(params.text_document.uri)


def _questions(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=actions.KINDS))
    async def _(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        # To migrate a file, as on saving, takes all that can be known of it; a bulb may light up sooner.
        only = params.context.only
        guess = only is None or not actions.is_asked(actions.FIX_ALL, only)
        document = await ls.files.settled(params.text_document.uri, guess)
        file = ls.files.file(document) if document is not None else None
        if file is None:
            return []
        return await ls.files.engine(actions.actions, file, params.range, params.context.only)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def _(ls: Server, params: types.HoverParams) -> types.Hover | None:
        document = await ls.files.settled(params.text_document.uri, guess=True)
        if document is None or document.current is None:
            return None
        options = document.folder.settings.options
        rules = load_rules(options.target, options.rules, options.version)
        current, text = document.current, document.text
        here = hover.findings_at(current, text, params.position)
        ways = await ls.files.ways(document) if here else None
        return hover.hover(here, text, params.position, rules, options.target, ways)


def _commands(server: Server) -> None:
    @server.command(VERIFY)
    async def _(ls: Server, *arguments: Any) -> dict[str, Any]:
        return await ls.verify(str(arguments[0]) if arguments else "")

    @server.command(MIGRATE)
    async def _(ls: Server, *_: Any) -> dict[str, Any]:
        return await ls.migrate()

    @server.command(EXPLAIN)
    def _(ls: Server, *arguments: Any) -> str:
        return explain(str(arguments[0]) if arguments else "")
