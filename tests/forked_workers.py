"""Audio workers forked from a process that has loaded what they load.

A worker that starts as the bot starts it takes a fifth of a second of a processor, nearly all of it
imports, and most journeys need one. `tests/unit/test_worker_pool.py` starts them as the bot does.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from bot.audio import worker, worker_process
from bot.audio.worker_process import Limits, WorkerProcess
from tests import fork_server
from tests.fork_server import Forked, fork

_LOADED = ("numpy", "soundfile", "soxr", "mutagen.id3", "mutagen.wave", "PIL.ImageDraw")
"""What most jobs import; PyAV, which few do, is as large as all of these."""


class ForkedWorker:
    """What of `asyncio.subprocess.Process` a pool uses."""

    def __init__(
        self, process: Forked, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader
    ) -> None:
        self._process = process
        self.pid = process.pid
        self.stdin = stdin
        self.stdout = stdout

    @property
    def returncode(self) -> int | None:
        """The exit code, once it has ended."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        try:
            return await self._process.wait()
        finally:
            if self.returncode is not None:
                self.stdin.close()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()


def address() -> str | None:
    """Where they are forked; None on Windows, which does not fork."""
    return fork_server.address(__name__)


@contextmanager
def forking(address: str | None) -> Generator[None]:
    """Have pools fork their workers from there; None lets them start theirs as ever."""
    if address is None:
        yield
        return

    async def start(limits: Limits) -> object:
        return WorkerProcess(await _fork(address, limits))  # pyright: ignore[reportArgumentType] - it is used as one

    with patch.object(WorkerProcess, "start", start):
        yield


async def _fork(address: str, limits: Limits) -> ForkedWorker:
    # Tests leave no processor idle for minutes.
    when_idle = 0
    request = {
        "arguments": [
            str(n) for n in (limits.memory_bytes, limits.cpu_s, limits.niceness, when_idle)
        ],
        "environment": worker_process._environment(),  # pyright: ignore[reportPrivateUsage] - as the bot itself does
    }
    ours, theirs = socket.socketpair()
    stdout, stdin = await asyncio.open_connection(sock=ours)
    try:
        with theirs:
            process = await fork(address, request, theirs.fileno())
    except BaseException:
        # Without its standard input it ends by itself.
        stdin.close()
        raise
    return ForkedWorker(process, stdin, stdout)


def _become_worker(request: dict[str, Any], descriptors: list[int]) -> None:
    [both_ways] = descriptors
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for mine, its in ((both_ways, 0), (both_ways, 1), (nowhere, 2)):
        os.dup2(mine, its)
    os.closerange(3, max(both_ways, nowhere) + 1)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    worker.main()


def _load() -> None:
    for module in _LOADED:
        importlib.import_module(module)


if __name__ == "__main__":
    fork_server.serve(_become_worker, _load)
