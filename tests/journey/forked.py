"""A module run as `python -m` runs it, in a process forked from one that has loaded the bot.

A start as a person makes it takes half a second of a processor, and most of it is imports. This
takes a tenth of that; from its first line on the process is like any other.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from multiprocessing.context import ForkServerProcess
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.forked_workers import forking
from tests.unsynced import unsynced

_LOADED = ["bot.main", "tests.forked_workers", "tests.unsynced", __name__]
"""Before anything is forked; nothing of it starts a thread."""


class Forked:
    """What of `asyncio.subprocess.Process` is used here."""

    def __init__(self, process: BaseProcess, pid: int) -> None:
        self._process = process
        self.pid = pid

    async def wait(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        if self._process.exitcode is None:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            # One descriptor has one reader, and two may wait for the same end.
            sentinel = os.dup(self._process.sentinel)
            loop.add_reader(sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(sentinel)
                os.close(sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def send_signal(self, name: signal.Signals) -> None:
        """Send it, unless the process has ended."""
        if self._process.exitcode is None:
            os.kill(self.pid, name)

    def kill(self) -> None:
        """Let it die now."""
        self.send_signal(signal.SIGKILL)


async def fork(
    module: str, *arguments: str, cwd: Path, env: dict[str, str], out: Path, workers: str | None
) -> Forked:
    """Start a module; what it prints is added to a file. `workers`: where its own are forked."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    process = context.Process(target=_run, args=(module, arguments, cwd, env, out, workers))
    await asyncio.to_thread(_start, process, out)
    assert process.pid is not None
    return Forked(process, process.pid)


def _start(process: ForkServerProcess, out: Path) -> None:
    # It may be read before the process comes to open it.
    out.touch()
    process.start()


def _run(
    module: str,
    arguments: tuple[str, ...],
    cwd: Path,
    env: dict[str, str],
    out: Path,
    workers: str | None,
) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    with out.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.argv[1:] = arguments
    with unsynced(), forking(workers):
        runpy.run_module(module, run_name="__main__", alter_sys=True)
