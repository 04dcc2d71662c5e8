"""Servers that fork a process for whoever asks, and have loaded what it needs.

A start as a person makes it takes half a second of a processor and more, and nearly all of that is
imports. A module that serves when it is run is such a server; workers of pytest-xdist share it.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, NoReturn, cast

SHARED = "TESTS_FORK_SERVERS"
"""The environment's name for the folder of those that all processes share."""
_REQUEST_MAX_BYTES = 1 << 20
_DESCRIPTORS_MAX = 2
_CODE_BYTES = 4


class Forked:
    """What of `asyncio.subprocess.Process` is used of a forked one."""

    def __init__(self, pid: int, end: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._watch(*end), name=f"end of process {pid}")

    async def _watch(self, end: asyncio.StreamReader, asked: asyncio.StreamWriter) -> None:
        try:
            self.returncode = as_number(await end.readexactly(_CODE_BYTES))
        finally:
            asked.close()

    async def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        await asyncio.shield(self._ended)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, name: signal.Signals) -> None:
        """Send it, unless the process has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, name)

    def kill(self) -> None:
        """Let it die now."""
        self.send_signal(signal.SIGKILL)


@cache
def address(module: str) -> str | None:
    """Where the server listens that such a module is; started unless there is one to share.

    None on Windows, which does not fork.
    """
    if sys.platform == "win32":
        return None
    shared = os.environ.get(SHARED)
    if shared is not None:
        return str(Path(shared, module))
    folder = tempfile.mkdtemp(prefix="forks-")
    server = start(module, folder)

    def end() -> None:
        server.communicate()
        shutil.rmtree(folder)

    atexit.register(end)
    return str(Path(folder, module))


def start(module: str, folder: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a server that listens in a folder, until its standard input is closed."""
    with socket.socket(socket.AF_UNIX) as listener:
        # Whoever connects from now on waits until it has come to listen.
        listener.bind(str(Path(folder, module)))
        listener.listen(64)
        number = listener.fileno()
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
            (sys.executable, "-m", module, str(number), *arguments),
            cwd=Path(__file__).parents[1],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[number],
        )


def ask(address: str, request: object, *descriptors: int) -> socket.socket:
    """Ask for a process, which gets these descriptors; its id and exit code come at the socket."""
    asked = socket.socket(socket.AF_UNIX)
    try:
        asked.connect(address)
        socket.send_fds(asked, [json.dumps(request).encode()], descriptors)
    except BaseException:
        asked.close()
        raise
    return asked


async def fork(address: str, request: object, *descriptors: int) -> Forked:
    """Ask for a process, which has begun then."""
    end = await asyncio.open_connection(sock=ask(address, request, *descriptors))
    try:
        pid = as_number(await end[0].readexactly(_CODE_BYTES))
    except BaseException:
        end[1].close()
        raise
    return Forked(pid, end)


def as_number(content: bytes) -> int:
    """An id or an exit code as the server tells it."""
    return int.from_bytes(content, "big", signed=True)


def read_number(told: BinaryIO) -> int:
    """The next of them; raises EOFError where the server has ended."""
    content = told.read(_CODE_BYTES)
    if len(content) < _CODE_BYTES:
        raise EOFError("the server of forks has ended")
    return as_number(content)


def serve(run: Callable[[Any, list[int]], object], load: Callable[[], object]) -> None:
    """Serve at the listener whose number is the first argument, until standard input ends.

    `load` is called when the first process is asked for, and in each one `run` with the request
    and the descriptors.
    """
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        _Server(listener, run, load).serve()


def _note(_number: int, _frame: FrameType | None) -> None:
    """Have the signal noted at the wake-up descriptor."""


def _tell(asked: socket.socket, number: int) -> None:
    """Unless who asked has been killed."""
    with suppress(OSError):
        asked.sendall(number.to_bytes(_CODE_BYTES, "big", signed=True))


class _Server:
    """Forks a process for each connection, and tells it the process's id and exit code."""

    def __init__(
        self,
        listener: socket.socket,
        run: Callable[[Any, list[int]], object],
        load: Callable[[], object],
    ) -> None:
        self._listener = listener
        self._run = run
        self._load: Callable[[], object] | None = load
        self._ended, self._wakes = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._silent: set[socket.socket] = set()
        """Of those who have connected, and have yet to say for what."""
        self._asked: dict[int, socket.socket] = {}
        """Of those whose process runs, by its id."""
        # Ctrl+C is for those that work; this one is told by its standard input.
        self._interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Until standard input ends."""
        self._wakes.setblocking(False)
        signal.signal(signal.SIGCHLD, _note)
        signal.set_wakeup_fd(self._wakes.fileno())
        for source in (self._listener, self._ended, 0):
            self._selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    asked, _ = self._listener.accept()
                    self._silent.add(asked)
                    self._selector.register(asked, selectors.EVENT_READ)
                elif key.fileobj is self._ended:
                    self._ended.recv(4096)
                    self._bury()
                elif isinstance(key.fileobj, socket.socket):
                    self._silent.remove(key.fileobj)
                    self._selector.unregister(key.fileobj)
                    self._start(key.fileobj)
                else:
                    return

    def _start(self, asked: socket.socket) -> None:
        content, descriptors, *_ = socket.recv_fds(asked, _REQUEST_MAX_BYTES, _DESCRIPTORS_MAX)
        if not content:
            # Who asked was killed before it had said for what.
            asked.close()
            return
        if self._load is not None:
            self._load()
            self._load = None
        pid = os.fork()
        if not pid:
            asked.close()
            self._become(json.loads(content), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._asked[pid] = asked
        _tell(asked, pid)

    def _become(self, request: object, descriptors: list[int]) -> NoReturn:
        """Keep nothing of the server; end as a process of multiprocessing does."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, self._interrupted)
            for mine in (self._selector, self._listener, self._ended, self._wakes):
                mine.close()
            for other in (*self._silent, *self._asked.values()):
                other.close()
            self._run(request, descriptors)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                sys.stderr.write(f"{end.code}\n")
        except BaseException:  # noqa: BLE001 - told as Python tells it
            traceback.print_exc()
        finally:
            cast("Any", threading)._shutdown()
            cast("Any", atexit)._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(code)

    def _bury(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                with self._asked.pop(pid) as asked:
                    _tell(asked, os.waitstatus_to_exitcode(status))
