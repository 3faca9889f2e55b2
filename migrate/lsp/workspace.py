"""All folders and open documents: who is looked at when, and what is published."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from lsprotocol import types

from migrate.batch.groups import Group
from migrate.errors import UsageError
from migrate.findings import Result
from migrate.lsp.actions import File
from migrate.lsp.asked import Asked, Question, Told
from migrate.lsp.documents import Document, path_of
from migrate.lsp.elsewhere import Elsewhere, Job
from migrate.lsp.folder import Folder, Overlay, Stale
from migrate.lsp.schedule import LONGEST, Schedule
from migrate.lsp.settings import resolve
from migrate.lsp.text import Change, Encoding, Text
from migrate.lsp.whole import Open, Whole

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
Publish = Callable[[str, int | None, list[types.Diagnostic]], None]
Tell = Callable[[str], None]
Check = Callable[[], None]


class Workspace:
    """Lives in the event loop; the engine works in one thread, since a folder is for one at a time.

    ``ready`` is set once the client's settings are known. ``is_told``: the client tells of files that change.
    """

    def __init__(self, publish: Publish, tell: Tell) -> None:
        self._publish = publish
        self._tell = tell
        self._pool = ThreadPoolExecutor(1, "engine")
        self._waiting = ThreadPoolExecutor(1, "waiting")
        self._elsewhere = Elsewhere()
        self._asked = Asked(self.engine)
        self._encoding: Encoding = types.PositionEncodingKind.Utf16
        self._client: dict[str, Any] = {}
        self._documents: dict[str, Document] = {}
        self._folders: dict[Path, Folder] = {}
        self._alone: dict[str, Folder] = {}
        self._schedules: dict[Folder, Schedule] = {}
        self._unconfigured: set[Folder] = set()
        self.ready = asyncio.Event()
        self.is_told = False

    def begin(self, roots: Iterable[str], encoding: Encoding) -> None:
        """Take the client's folders and its way to count columns."""
        self._encoding = encoding
        self.change_roots(roots, [])

    def change_roots(self, added: Iterable[str], removed: Iterable[str]) -> None:
        """Take other folders; the open documents find theirs anew."""
        for path in (p for uri in removed if (p := path_of(uri))):
            self._folders.pop(path, None)
        for path in (p for uri in added if (p := path_of(uri))):
            self._folders.setdefault(path, self._new(Folder(path)))
        for uri, document in self._documents.items():
            folder, name = self._place(uri)
            # Work that goes on knows the document by the name that it had.
            self._documents[uri] = replace(document, folder=folder, name=name, result=None)
        self._ask_all()

    def configure(self, client: dict[str, Any]) -> None:
        """Take the client's settings."""
        self._client = client
        self._unconfigured.update(self._schedules)
        self._ask_all()

    def changed_on_disk(self, paths: Iterable[Path]) -> None:
        """Files have changed outside of the editor."""
        for path in paths:
            for root, folder in self._folders.items():
                if path.suffix == ".toml":
                    self._unconfigured.add(folder)
                elif path.is_relative_to(root):
                    folder.rescan()
        self._ask_all()

    def open(self, uri: str, version: int | None, text: str) -> None:
        """A document is in the editor from now on."""
        folder, name = self._place(uri)
        self._documents[uri] = Document(uri, version, Text(text, self._encoding), folder, name)
        self._ask(folder)

    def change(self, uri: str, version: int | None, changes: list[Change]) -> None:
        """A document was edited."""
        document = self._documents.get(uri)
        if document is not None:
            document.change(version, changes)
            self._ask(document.folder)

    def saved(self, uri: str) -> None:
        """A document was saved: a moment to look at the disk where nobody tells of changes there."""
        document = self._documents.get(uri)
        if document is not None and not self.is_told:
            document.folder.rescan()
            self._ask(document.folder)

    def close(self, uri: str) -> None:
        """A document has left the editor: what counts is on the disk again."""
        document = self._documents.pop(uri, None)
        if document is not None:
            self._publish(uri, None, [])
            self._asked.forget(uri)
            alone = self._alone.pop(uri, None)
            if alone is not None:
                del self._schedules[alone]
                self._unconfigured.discard(alone)
            self._ask(document.folder)

    def end(self) -> None:
        """Stop whatever goes on: the program would wait for it."""
        self._elsewhere.end()
        self._asked.end()

    async def settled(self, uri: str, guess: bool = False) -> Document | None:
        """The document, once the result of its text as it is now is there; a ``guess`` may do where that takes long."""
        document = self._documents.get(uri)
        if document is not None:
            found = document
            await self._schedules[document.folder].settled(lambda: guess and found.guess and found.current is not None)
            if uri in self._documents and self._documents[uri] is not document:
                return await self.settled(uri, guess)  # it has another folder by now
        return document

    def file(self, document: Document) -> File | None:
        """A document for code actions; None where nothing is known of its text."""
        if document.current is None:
            return None
        folder, overlay = document.folder, self._overlay(document.folder)

        def trial(data: bytes) -> dict[str, Result]:
            return folder.trial(document.name, data, overlay)

        results = folder.related(document.name)
        return File(document.uri, document.version, document.text, document.name, document.current, results, trial)

    async def ways(self, document: Document) -> Told | None:
        """How what the findings of a document speak about came there; None while that is not known yet."""
        result, folder = document.current, document.folder
        group = folder.group_of(document.name)
        if result is None or group is None or document.guess:
            return None
        job = Job(folder.root, group, folder.taken(self._overlay(folder)), folder.options)
        question = Question(job, document.name, result.findings)
        return await self._asked.told(document.uri, result, question, folder.is_slow(group))

    async def wholes(self) -> list[Whole]:
        """The client's folders with what is open in them, for their migration; raises UsageError for wrong settings.

        A folder inside another one belongs to that, as on the command line.
        """
        await self.ready.wait()
        outer = [root for root in self._folders if not any(other in root.parents for other in self._folders)]
        return [
            Whole(root, await self.engine(resolve, root, self._client), self._opened_in(root), self._encoding)
            for root in outer
        ]

    def has_changed(self, whole: Whole) -> bool:
        """Whether documents of a folder were opened, edited or closed since."""
        return self._opened_in(whole.root) != whole.opened

    async def engine(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``function`` gives, in the thread of the engine."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: function(*args, **kwargs))

    def show(self, document: Document, diagnostics: list[types.Diagnostic]) -> None:
        """Publish the diagnostics of a document, unless that would say nothing new."""
        said = document.version, diagnostics
        if document.published != said:
            document.published = said
            self._publish(document.uri, *said)

    def _place(self, uri: str) -> tuple[Folder, str]:
        """The innermost folder of a document and its name there; one of its own where it is in none."""
        path = path_of(uri)
        inside = [root for root in self._folders if path is not None and path.is_relative_to(root)]
        if path is not None and inside:
            root = max(inside, key=lambda r: len(r.parts))
            return self._folders[root], str(path.relative_to(root))
        if uri not in self._alone:
            self._alone[uri] = self._new(Folder(path.parent if path is not None else Path.cwd(), alone=True))
        return self._alone[uri], path.name if path is not None else uri

    def _new(self, folder: Folder) -> Folder:
        async def work(check: Check) -> None:
            try:
                await self._look(folder, check)
            except Stale:
                raise
            except Exception as error:
                # The next change finds the server at work, whatever is wrong with this program.
                logger.exception("%s", folder.root)
                self._tell(f"internal error, please report it: {type(error).__name__}: {error}")

        self._schedules[folder] = Schedule(work)
        self._unconfigured.add(folder)
        return folder

    def _ask(self, folder: Folder) -> None:
        if any(document.folder is folder for document in self._documents.values()):
            self._schedules[folder].ask()

    def _ask_all(self) -> None:
        for folder in self._schedules:
            self._ask(folder)

    def _open(self, folder: Folder) -> list[Document]:
        return [document for document in self._documents.values() if document.folder is folder]

    def _opened_in(self, root: Path) -> dict[str, Open]:
        """The documents below ``root`` by their names there."""
        paths = [(document, path_of(document.uri)) for document in self._documents.values()]
        return {
            str(path.relative_to(root)): Open(document.uri, document.version, document.text, document.data)
            for document, path in paths
            if path is not None and path.is_relative_to(root)
        }

    def _overlay(self, folder: Folder) -> Overlay:
        return {document.name: document.data for document in self._open(folder)}

    async def _look(self, folder: Folder, check: Check) -> None:
        """Bring the diagnostics of all open documents of a folder up to date; raises Stale where they changed again."""
        await self.ready.wait()
        if folder in self._unconfigured:
            self._unconfigured.discard(folder)
            try:
                folder.configure(await self.engine(resolve, folder.root, self._client))
            except UsageError as error:
                self._tell(str(error))
        documents, overlay = self._open(folder), self._overlay(folder)
        texts = {document.name: document.text for document in documents}
        if not folder.is_scanned:
            # The disk may take a while: first what each document tells by itself.
            for document in documents:
                if await self.engine(folder.takes, document.name):
                    data = overlay[document.name]
                    result = await self.engine(folder.alone_with, document.name, data, check)
                    self._take(document, result, texts, result)
        due = await self.engine(folder.due, overlay, check)
        slow = [group for group in due if folder.is_slow(group)]
        for group in due:
            if group not in slow:
                await self.engine(folder.analyse, group, overlay, check)
        late = {document.name for document in documents if any(document.name in group.paths for group in slow)}
        results = folder.results(overlay)
        for document in documents:
            if document.name not in late:
                self._take(document, results[document.name], texts)
        if slow:
            await self._take_slowly(folder, slow, [d for d in documents if d.name in late], overlay, check)

    async def _take_slowly(
        self, folder: Folder, groups: list[Group], documents: list[Document], overlay: Overlay, check: Check
    ) -> None:
        """Publish a guess at once and, after a pause in the typing, what the other files tell."""
        texts = {document.name: document.text for document in documents}
        alone = {}
        for document in documents:
            if document.current is not None:
                document.guess = True
            else:
                alone[document.name] = await self.engine(
                    folder.alone_with, document.name, overlay[document.name], check
                )
                if document.text is texts[document.name] and self._documents.get(document.uri) is document:
                    self.show(document, document.take_guess(alone[document.name], document.text))
        await self._schedules[folder].tell()
        await asyncio.sleep(LONGEST)
        for group in groups:
            check()
            job = Job(folder.root, group, folder.taken(overlay), folder.options)
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(self._waiting, self._elsewhere.run, job.results, check)
            folder.keep(group, found)
        results = folder.results(overlay)
        for document in documents:
            by_itself = alone.get(document.name)
            if by_itself is None:
                by_itself = await self.engine(folder.alone_with, document.name, overlay[document.name], check)
            self._take(document, results[document.name], texts, by_itself)

    def _take(self, document: Document, result: Result, texts: dict[str, Text], alone: Result | None = None) -> None:
        """Publish what was found, if it is about the text as it is now."""
        if document.text is texts[document.name] and self._documents.get(document.uri) is document:
            self.show(document, document.take(result, document.text, alone))
