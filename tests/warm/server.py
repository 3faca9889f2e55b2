"""The warm interpreters: ``server.py FOLDER`` listens for all kinds and starts each when it is first asked for."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# The parts that torch imports with the first gradient and the first optimizer.
TORCH = ("torch", "torch.fx.experimental.symbolic_shapes", "torch._dynamo")
KINDS = {
    "migrate": ("migrate", "libcst", "rich.console", "rich.table", "rich.progress", "numpy"),
    "torch": TORCH,
    "mindspore": ("mindspore",),
    "both": (*TORCH, "mindspore"),
}
"""What each kind imports. Nothing but imports: a process that has threads must not fork."""
ROOT = Path(__file__).parent.parent.parent
ELSEWHERE = (
    "migrate.__main__",
    "migrate.bridge",
    "migrate.checkpoint",
    "migrate.codemod",
    "migrate.lsp",
    "migrate.trace.run",
    "migrate.verify.networks.run",
)
"""What other programs and the workers import; all else of the program does without a framework."""


@dataclass(frozen=True)
class Request:
    """What a client asks for: a run of an interpreter with these arguments, in its place."""

    argv: list[str]
    cwd: str
    env: dict[str, str]
    mask: int
    streams: list[int]


def listen(folder: str) -> None:
    """Start a process for each kind when its first client comes; from there it takes over, until our input ends."""
    waiting = selectors.DefaultSelector()
    waiting.register(0, selectors.EVENT_READ)
    for kind in KINDS:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(os.path.join(folder, kind))
        listener.listen(64)
        waiting.register(listener, selectors.EVENT_READ, kind)
    os.write(1, b"ok")
    started: list[subprocess.Popen[bytes]] = []
    while True:
        for key, _ in waiting.select():
            if key.data is None:
                for process in started:
                    process.wait()
                return
            waiting.unregister(key.fileobj)
            command = [sys.executable, __file__, key.data, str(key.fd)]
            # MindSpore reads when it starts how much to say; a network's two processes have sets in the same order.
            env = {**os.environ, **({} if key.data == "migrate" else {"GLOG_v": "4", "PYTHONHASHSEED": "0"})}
            started.append(subprocess.Popen(command, pass_fds=[key.fd], env=env, stdout=2))
            key.fileobj.close()  # when that process dies its clients shall hear of it


class Server:
    """A process that forks for every client, tells it how the fork ended, and ends the fork where it is gone."""

    def __init__(self, listener: socket.socket) -> None:
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(0, selectors.EVENT_READ, self._end)
        self._waiting.register(listener, selectors.EVENT_READ, self._fork)
        self._listener = listener
        self._clients: dict[int, socket.socket] = {}
        self._request: Request | None = None
        self._over = False

    def serve(self) -> Request | None:
        """The request of a client, in the process that is to run it; None in this one when all is over."""
        while not self._over and self._request is None:
            for key, _ in self._waiting.select():
                key.data()
                if self._over or self._request is not None:
                    break
        return self._request

    def _end(self) -> None:
        for pid in self._clients:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        self._over = True

    def _fork(self) -> None:
        client, _ = self._listener.accept()
        request = received(client)
        if request is None:
            client.close()
            return
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            self._waiting.close()
            for connection in (self._listener, client, *self._clients.values()):
                connection.close()
            self._request = request
            return
        with contextlib.suppress(OSError):  # whoever of the two comes first
            os.setpgid(pid, pid)
        for stream in request.streams:
            os.close(stream)
        self._clients[pid] = client
        ended = os.pidfd_open(pid)
        self._waiting.register(client, selectors.EVENT_READ, lambda: self._gone(pid))
        self._waiting.register(ended, selectors.EVENT_READ, lambda: self._ended(pid, ended))

    def _gone(self, pid: int) -> None:
        """The client was killed."""
        self._waiting.unregister(self._clients[pid])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    def _ended(self, pid: int, ended: int) -> None:
        self._waiting.unregister(ended)
        os.close(ended)
        _, status = os.waitpid(pid, 0)
        with self._clients.pop(pid) as client, contextlib.suppress(KeyError, OSError):
            self._waiting.unregister(client)
            client.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def received(client: socket.socket) -> Request | None:
    """The whole request that a client sends; None where it was killed before it had."""
    size, streams, _, _ = socket.recv_fds(client, 4, 3)
    with client.makefile("rb") as file:
        data = file.read(int.from_bytes(size, "big"))
    if size and len(data) == int.from_bytes(size, "big"):
        return Request(**json.loads(data), streams=streams)
    for stream in streams:
        os.close(stream)
    return None


def take_the_place(request: Request) -> None:
    """Make this process what an interpreter is that was started there: streams, folder, variables, path, Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request.cwd)
    os.umask(request.mask)
    os.environ.clear()
    os.environ.update(request.env)
    named, _, errors = request.env.get("PYTHONIOENCODING", "").partition(":")
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)
        stream = open(  # noqa: SIM115
            number,
            "w" if number else "r",
            encoding=named or old.encoding,
            errors=old.errors if number == 2 else errors or old.errors,
            closefd=False,
        )
        if number:
            at_once = bool(request.env.get("PYTHONUNBUFFERED"))
            stream.reconfigure(line_buffering=number == 2 or stream.isatty(), write_through=at_once)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    named_folders = request.env.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [folder for folder in named_folders if folder and folder not in sys.path]


def run(argv: list[str]) -> None:
    """What ``python ARGUMENTS`` does, for a module, a command or a script."""
    if argv[0] == "-m":
        sys.argv = argv[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    elif argv[0] == "-c":
        sys.argv = ["-c", *argv[2:]]
        sys.path.insert(0, "")
        exec(argv[1], {"__name__": "__main__"})
    else:
        sys.argv = argv
        sys.path.insert(0, str(Path(argv[0]).resolve().parent))
        runpy.run_path(argv[0], run_name="__main__")


def imported(kind: str) -> None:
    """Import the modules of the kind; of the program all, as it imports what it needs when it is needed."""
    for name in KINDS[kind]:
        importlib.import_module(name)
    if kind == "migrate":
        for file in sorted((ROOT / "migrate").rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            if not ".".join(parts).startswith(ELSEWHERE):
                importlib.import_module(".".join(parts).removesuffix(".__init__"))
        assert not {"torch", "mindspore"} & sys.modules.keys()


def main() -> None:
    if len(sys.argv) == 2:
        listen(sys.argv[1])
        return
    sys.path.pop(0)  # the folder of this script
    kind, number = sys.argv[1:]
    imported(kind)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    request = Server(socket.socket(fileno=int(number))).serve()
    if request is not None:
        take_the_place(request)
        run(request.argv)


if __name__ == "__main__":
    main()
