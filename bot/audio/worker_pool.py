"""A few worker processes for one kind of work on audio files, and a line before them.

FFmpeg, libsndfile and mutagen are given strangers' bytes, and there are files that crash them, that
take gigabytes or minutes. So whatever decodes, measures, joins, draws or converts does it in a
process that may die of it (`bot.audio.worker`).

Neither library that was looked at does all that is needed. pebble (5.2) kills on a time-out and on
cancel and replaces its processes, but keeps them, with three threads, until the pool is closed, and
passes results as pickles: a decoder that a file has taken over could run code in the bot.
anyio.to_process (4.16) ends idle processes and kills on cancel, but only after five minutes, knows
no number of jobs, and pickles, too. With either, the limits of memory and CPU time would still be
ours.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_type_hints

from pydantic import TypeAdapter

from bot.audio.worker import PATH_KEY
from bot.audio.worker_process import Limits, WorkerProcess
from bot.domain.errors import (
    AudioWorkFailed,
    WorkerCrashed,
    WorkerFaulty,
    WorkerOutOfMemory,
    WorkerTooSlow,
    load,
)

log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")

_READY_AFTER_S = 2.0
"""Whoever is just being answered goes before what is made ready."""


class WorkerPool:
    """Runs jobs in at most `most` processes, which start when needed; the rest wait in line.

    A process is replaced after `replaced_after` jobs, and whenever one did not end well; after
    `idle_s` seconds without work it goes.
    """

    def __init__(
        self, limits: Limits, *, most: int, replaced_after: int, idle_s: float = 10.0
    ) -> None:
        self._limits = limits
        self._most = most
        self._replaced_after = replaced_after
        self._idle_s = idle_s
        self._places = asyncio.Semaphore(most)
        self._expected = self._starting = 0
        self._making_ready: asyncio.Task[None] | None = None
        self._resting: dict[WorkerProcess, asyncio.TimerHandle] = {}
        self._working: set[WorkerProcess] = set()
        self.pause = WorkerPause(self._working)
        """Of those at work."""
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def process_ids(self) -> list[int]:
        """The processes that live, at work or at rest."""
        workers = (*self._working, *self._resting)
        return [w.process.pid for w in workers if w.process.returncode is None]

    async def run(self, job: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Have a job of `bot.audio.jobs` done; when cancelled, its process is killed at once.

        Raises:
            AudioWorkFailed: its subtype says how the process came to fail.
            UserError, OSError: as the job itself raises them.
        """
        asked = {"job": job.__name__, "args": args, "kwargs": kwargs}
        request = json.dumps(asked, default=_told).encode()
        return await self._do(job, request)

    @contextmanager
    def expecting(self, loads: Callable[[], Callable[[], None]]) -> Generator[None]:
        """While somebody is about to come, a process that has done that job is there for them.

        None of so many goes home. The job is asked for only then: to load it takes 25 ms.
        """
        self._expected += 1
        loop = asyncio.get_running_loop()
        timer = loop.call_later(_READY_AFTER_S, self._make_ready, loads)
        try:
            yield
        finally:
            timer.cancel()
            self._expected -= 1

    async def _do(self, job: Callable[..., _T], request: bytes, *, in_another: bool = False) -> _T:
        async with self._places:
            worker = await self._take(in_another=in_another)
            try:
                async with asyncio.timeout(self._limits.wall_s):
                    answer = await worker.ask(request)
            except TimeoutError as error:
                await self._kill(worker)
                raise WorkerTooSlow(self._limits.wall_s) from error
            except (EOFError, OSError) as error:
                raise _death(await self._gone(worker), self._limits) from error
            except BaseException:
                await self._kill(worker)
                raise
            try:
                return _result(answer, job)
            except WorkerOutOfMemory:
                # What it has taken it may not have given back: the next job is to find some.
                worker.jobs = self._replaced_after
                raise
            finally:
                self._rest(worker)

    async def close(self) -> None:
        """Kill every process and wait for their ends."""
        if self._making_ready is not None:
            self._making_ready.cancel()
            await asyncio.wait({self._making_ready})
        for worker, timer in self._resting.items():
            timer.cancel()
            worker.kill()
            self._let_go(worker)
        self._resting.clear()
        for worker in self._working:
            worker.kill()
        while self._leaving:
            await asyncio.wait(tuple(self._leaving))

    async def _take(self, *, in_another: bool) -> WorkerProcess:
        while self._resting and not (in_another and self._is_short):
            worker, timer = self._resting.popitem()
            timer.cancel()
            if worker.process.returncode is None:
                self._working.add(worker)
                return worker
            self._let_go(worker)
        self._starting += 1
        try:
            worker = await WorkerProcess.start(self._limits)
        except OSError as error:
            raise WorkerFaulty(f"no process could be started: {error}") from error
        finally:
            self._starting -= 1
        self._working.add(worker)
        return worker

    @property
    def _is_short(self) -> bool:
        """Whether there are fewer processes than are expected to be needed."""
        there = len(self.process_ids) + self._starting
        return there < min(self._most, self._expected)

    def _make_ready(self, loads: Callable[[], Callable[[], None]]) -> None:
        if self._making_ready is None or self._making_ready.done():
            work = self._start_expected(loads())
            self._making_ready = asyncio.create_task(work, name="audio worker made ready")

    async def _start_expected(self, loads: Callable[[], None]) -> None:
        request = json.dumps({"job": loads.__name__, "args": [], "kwargs": {}}).encode()
        # Whoever comes meets what is wrong, too, and has somebody to tell.
        with suppress(AudioWorkFailed, OSError):
            while self._is_short:
                await self._do(loads, request, in_another=True)

    def _rest(self, worker: WorkerProcess) -> None:
        self._working.discard(worker)
        if worker.jobs >= self._replaced_after:
            self._let_go(worker)
            return
        loop = asyncio.get_running_loop()
        self._resting[worker] = loop.call_later(self._idle_s, self._send_home, worker)

    def _send_home(self, worker: WorkerProcess) -> None:
        del self._resting[worker]
        if self._is_short:
            self._rest(worker)
        else:
            self._let_go(worker)

    async def _kill(self, worker: WorkerProcess) -> None:
        """Kill a worker and wait until it is gone: from then on it writes to no file."""
        worker.kill()
        await self._gone(worker)

    async def _gone(self, worker: WorkerProcess) -> int:
        """Wait for the end of a worker; its exit code."""
        self._working.discard(worker)
        await asyncio.shield(self._let_go(worker))
        return worker.process.returncode or 0

    def _let_go(self, worker: WorkerProcess) -> asyncio.Task[None]:
        task = asyncio.create_task(worker.leave(), name="audio worker leaves")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        return task


class WorkerPause:
    """A time in which workers stand still; on Linux alone.

    There a worker that nobody can tell to go on any more, for the bot was killed meanwhile, ends
    with it.
    """

    def __init__(self, working: Iterable[WorkerProcess]) -> None:
        self._working = working
        self._standing: list[WorkerProcess] = []

    def begin(self) -> None:
        """Have those stand still that work now."""
        if sys.platform == "linux":
            for worker in self._working:
                worker.signal(signal.SIGSTOP)
                self._standing.append(worker)

    def end(self) -> None:
        """Have them go on."""
        if sys.platform == "linux":
            for worker in self._standing:
                worker.signal(signal.SIGCONT)
            self._standing.clear()


def _told(value: object) -> object:
    if isinstance(value, Path):
        return {PATH_KEY: str(value)}
    raise TypeError(f"{type(value).__name__} cannot be told to a worker")


def _death(exit_code: int, limits: Limits) -> AudioWorkFailed:
    # Windows has no exit code below 0.
    killed_by = {-one.value: one.name for one in signal.Signals}.get(exit_code)
    if killed_by == "SIGXCPU":
        return WorkerTooSlow(limits.cpu_s)
    if killed_by == "SIGKILL":
        # Not by us: the system was short of memory.
        return WorkerOutOfMemory()
    return WorkerCrashed(exit_code)


def _result(answer: bytes, job: Callable[..., _T]) -> _T:
    match json.loads(answer):
        case {"result": result}:
            return _adapter(job).validate_python(result)
        case {"refused": str(error)}:
            raise load(error)
        case {"os_error": [code, words, filename]}:
            raise OSError(code, words, filename)
        case {"out_of_memory": True}:
            raise WorkerOutOfMemory
        case {"fault": str(detail)}:
            log.warning("an audio worker met a fault in %s:\n%s", job.__name__, detail)
            raise WorkerFaulty(detail)
        case _:
            raise WorkerFaulty("an answer that is none")


@cache
def _adapter(job: Callable[..., Any]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(job)["return"])
