"""Audio workers forked from a process that has loaded what they load.

A worker that starts as the bot starts it takes a fifth of a second of a processor, nearly all of it
imports, and most journeys need one. `tests/unit/test_worker_pool.py` starts them as the bot does.
"""

from __future__ import annotations

import asyncio
import atexit
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NoReturn
from unittest.mock import patch

from bot.audio import worker, worker_pool
from bot.audio.worker_pool import Limits

_LOADED = ("numpy", "soundfile", "soxr", "mutagen.id3", "mutagen.wave", "PIL.ImageDraw")
"""What most jobs import; PyAV, which few do, is as large as all of these."""
_REQUEST_MAX_BYTES = 1 << 20
_CODE_BYTES = 4


class ForkedWorker:
    """What of `asyncio.subprocess.Process` a pool uses."""

    def __init__(
        self,
        pid: int,
        stdin: asyncio.StreamWriter,
        stdout: asyncio.StreamReader,
        end: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._watch(*end), name=f"end of audio worker {pid}")

    async def _watch(self, end: asyncio.StreamReader, asked: asyncio.StreamWriter) -> None:
        try:
            self.returncode = _number(await end.readexactly(_CODE_BYTES))
        finally:
            asked.close()
            self.stdin.close()

    async def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        await asyncio.shield(self._ended)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        """End it now."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


@cache
def address() -> str | None:
    """Start the process that they are forked from, once; where it listens.

    None on Windows, which does not fork.
    """
    if sys.platform == "win32":
        return None
    folder = tempfile.TemporaryDirectory(prefix="workers-")
    path = str(Path(folder.name, "socket"))
    server = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
        (sys.executable, "-m", __name__, path),
        cwd=Path(__file__).parents[1],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdout.read(1), "it has ended"

    def end() -> None:
        server.communicate()
        folder.cleanup()

    atexit.register(end)
    return path


@contextmanager
def forking(address: str | None) -> Generator[None]:
    """Have pools fork their workers from there; None lets them start theirs as ever."""
    if address is None:
        yield
        return

    async def start(limits: Limits) -> object:
        return worker_pool._Worker(await _fork(address, limits))  # pyright: ignore[reportPrivateUsage, reportArgumentType] - no other seam; it is used as one

    with patch.object(worker_pool._Worker, "start", start):  # pyright: ignore[reportPrivateUsage] - no other seam
        yield


async def _fork(address: str, limits: Limits) -> ForkedWorker:
    # Tests leave no processor idle for minutes.
    when_idle = 0
    request = {
        "arguments": [
            str(n) for n in (limits.memory_bytes, limits.cpu_s, limits.niceness, when_idle)
        ],
        "environment": worker_pool._environment(),  # pyright: ignore[reportPrivateUsage] - as the bot itself does
    }
    ours, theirs = socket.socketpair()
    with theirs:
        asked = socket.socket(socket.AF_UNIX)
        asked.connect(address)
        socket.send_fds(asked, [json.dumps(request).encode()], [theirs.fileno()])
    end = await asyncio.open_connection(sock=asked)
    try:
        stdout, stdin = await asyncio.open_connection(sock=ours)
        try:
            pid = _number(await end[0].readexactly(_CODE_BYTES))
        except BaseException:
            # Without its standard input it ends by itself.
            stdin.close()
            raise
    except BaseException:
        end[1].close()
        raise
    return ForkedWorker(pid, stdin, stdout, end)


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big", signed=True)


def _tell(asked: socket.socket, number: int) -> None:
    """Unless who asked has been killed."""
    with suppress(OSError):
        asked.sendall(number.to_bytes(_CODE_BYTES, "big", signed=True))


def _note(_number: int, _frame: FrameType | None) -> None:
    """Have the signal noted at the wake-up descriptor."""


class _Server:
    """Forks a worker for each connection, and tells it the worker's id and exit code."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._asked: dict[int, socket.socket] = {}

    def serve(self) -> None:
        """Until standard input ends."""
        ended, wakes = socket.socketpair()
        wakes.setblocking(False)
        signal.signal(signal.SIGCHLD, _note)
        signal.set_wakeup_fd(wakes.fileno())
        with selectors.DefaultSelector() as selector:
            for source in (self._listener, ended, sys.stdin.fileno()):
                selector.register(source, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._listener:
                        self._start()
                    elif key.fileobj is ended:
                        ended.recv(4096)
                        self._bury()
                    else:
                        return

    def _start(self) -> None:
        asked, _ = self._listener.accept()
        content, descriptors, *_ = socket.recv_fds(asked, _REQUEST_MAX_BYTES, 1)
        if not descriptors:
            # Who asked was killed before it had said for what.
            asked.close()
            return
        [both_ways] = descriptors
        request = json.loads(content)
        pid = os.fork()
        if not pid:
            self._become_worker(both_ways, request["arguments"], request["environment"])
        os.close(both_ways)
        self._asked[pid] = asked
        _tell(asked, pid)

    def _become_worker(
        self, both_ways: int, arguments: list[str], environment: dict[str, str]
    ) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for mine, its in ((both_ways, 0), (both_ways, 1), (nowhere, 2)):
                os.dup2(mine, its)
            os.closerange(3, max(self._listener.fileno(), both_ways, nowhere, *self._fds()) + 1)
            os.environ.clear()
            os.environ.update(environment)
            sys.argv[1:] = arguments
            worker.main()
        finally:
            os._exit(1)

    def _fds(self) -> list[int]:
        return [asked.fileno() for asked in self._asked.values()]

    def _bury(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                with self._asked.pop(pid) as asked:
                    _tell(asked, os.waitstatus_to_exitcode(status))


def main() -> None:
    """Serve at the address that is the only argument."""
    for module in _LOADED:
        importlib.import_module(module)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        sys.stdout.write("\n")
        sys.stdout.flush()
        _Server(listener).serve()


if __name__ == "__main__":
    main()
