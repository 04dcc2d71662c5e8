"""A clock that runs fast while nothing happens, and far slower while something does."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast
from unittest.mock import patch

import aiohttp
import aiosqlite

from bot.audio.worker_pool import WorkerPool
from bot.playground.faults import Faults

_STALL_S = 0.01
"""No turn of an event loop takes longer that nobody keeps from running."""
_MOMENT_S = 0.001
_LATE_S = 0.002
"""An event loop wakes up so much later than it wanted to: epoll counts whole milliseconds."""
_BUSY_SLOWER = 50.0
"""Between two polls an hour may pass in a second; the poll itself takes what it takes."""
_HELD_S = 1.0
"""A request that takes longer is held on purpose."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class FastClock:
    """A clock whose seconds are short: every wait takes 1/`speed` of its time.

    Only while all wait for time to pass, though. What this process computes, what others keep it
    from computing, a request, a statement and a worker take a 50th of that at most: at 500 times
    the speed half a second of it would be the end of what a token lives.

    All wait while the event loop does, so that is where time is counted: a look at the clock costs
    nothing, and nothing has to wake up for it.
    """

    def __init__(self, speed: float, ahead_s: float = 0.0) -> None:
        self._speed = speed
        self._busy_speed = max(1.0, speed / _BUSY_SLOWER)
        self._thread = threading.get_ident()
        self._delays = _Delays()
        self._real_s = time.monotonic()
        self._now_s = self._real_s
        self._began_at = datetime.now(UTC) + timedelta(seconds=ahead_s - self._real_s)
        self._requests: list[float] = []
        """When those under way began."""
        self._works = 0
        self._faults: list[Faults] = []

    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        if self._speed == 1:
            return time.monotonic()
        if threading.get_ident() != self._thread:
            return self._now_s
        return self._now_s + self._worked_s(time.monotonic()) * self._busy_speed

    def _worked_s(self, real_s: float) -> float:
        return min(real_s - self._real_s, _STALL_S)

    def _look(self, select: Callable[[float | None], _T], timeout_s: float | None) -> _T:
        """Have the event loop wait for what happens next, and count for how long it did."""
        began_s = time.monotonic()
        self._now_s += self._worked_s(began_s) * self._busy_speed
        self._real_s = began_s
        if timeout_s is not None and timeout_s <= 0:
            return select(timeout_s)
        speed = self._busy_speed if self._under_way(began_s) else self._speed
        delayed_s = self._delays.so_far_s()
        try:
            return select(timeout_s)
        finally:
            self._real_s = time.monotonic()
            idle_s = self._real_s - began_s - (self._delays.so_far_s() - delayed_s)
            if timeout_s is not None:
                idle_s = min(idle_s, timeout_s + _LATE_S)
            self._now_s += max(idle_s, 0.0) * speed

    async def sleep(self, delay_s: float) -> None:
        until_s = self.monotonic() + delay_s
        await asyncio.sleep(0)
        while (left_s := until_s - self.monotonic()) > 0:  # noqa: ASYNC110 - a clock has no event
            await asyncio.sleep(left_s / self._speed)

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        if timeout_s is None:
            return await event.wait()
        until_s = self.monotonic() + timeout_s
        while not event.is_set() and (left_s := until_s - self.monotonic()) >= 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(left_s, _MOMENT_S) / self._speed):
                    await event.wait()
        return event.is_set()

    @contextmanager
    def watching(self, *faults: Faults) -> Generator[None]:
        """Know what is under way; requests that meet one of the faults are held on purpose."""
        self._faults.extend(faults)
        with ExitStack() as stack:
            if self._speed != 1:
                selector = cast("Any", asyncio.get_running_loop())._selector
                waiting = partial(self._look, selector.select)
                stack.enter_context(patch.object(selector, "select", waiting))
            for owner, name, counted in (
                (aiohttp.ClientSession, "_request", self._as_request),
                (aiosqlite.Connection, "_execute", self._as_work),
                (WorkerPool, "run", self._as_work),
                (asyncio, "to_thread", self._as_work),
            ):
                stack.enter_context(patch.object(owner, name, counted(getattr(owner, name))))
            stack.callback(self._delays.close)
            yield

    def _under_way(self, real_s: float) -> bool:
        if self._works:
            return True
        if any(faults.in_hand for faults in self._faults):
            return False
        return any(real_s - began_s < _HELD_S for began_s in self._requests)

    def _as_request(self, call: Callable[_P, Awaitable[_T]]) -> Callable[_P, Awaitable[_T]]:
        async def counted(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            self._requests.append(began_s := time.monotonic())
            try:
                return await call(*args, **kwargs)
            finally:
                self._requests.remove(began_s)

        return counted

    def _as_work(self, call: Callable[_P, Awaitable[_T]]) -> Callable[_P, Awaitable[_T]]:
        async def counted(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            self._works += 1
            try:
                return await call(*args, **kwargs)
            finally:
                self._works -= 1

        return counted


class _Delays:
    """How long this thread was ready to run and others ran; only Linux tells."""

    def __init__(self) -> None:
        self._file: int | None = None
        with suppress(OSError):
            path = Path("/proc/self/task", str(threading.get_native_id()), "schedstat")
            self._file = os.open(path, os.O_RDONLY)

    def so_far_s(self) -> float:
        if self._file is None:
            return 0.0
        return int(os.pread(self._file, 100, 0).split()[1]) / 1e9

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
