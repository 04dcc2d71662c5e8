"""Threads for blocking work, a few for each kind, so that no kind waits for another."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

_CANCELED_WAIT_S = 5.0


class DiskSilent(OSError):
    """A disk has not answered in time; what was asked of it may still happen."""

    def __init__(self, deadline_s: float) -> None:
        super().__init__(errno.EIO, f"no answer from the disk within {deadline_s:g} s")


class Threads:
    """At most `most` threads; whoever finds them all at work waits, within the deadline."""

    def __init__(self, name: str, most: int, deadline_s: float) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)
        self._deadline_s = deadline_s

    async def run(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """The result of `function`, which works on files.

        When cancelled, it returns only after the thread has, or some seconds later: a file could
        be made, or written to, after it was removed.

        Raises:
            DiskSilent: it is not there in time; the thread is left behind.
        """
        begun = self._pool.submit(partial(function, *args, **kwargs))
        work = asyncio.wrap_future(begun)
        # Nobody may ask for what becomes of it.
        work.add_done_callback(_look)
        try:
            done, _ = await asyncio.wait({work}, timeout=self._deadline_s)
        except asyncio.CancelledError:
            if not begun.cancel():
                await asyncio.wait({work}, timeout=_CANCELED_WAIT_S)
            raise
        if not done:
            begun.cancel()
            raise DiskSilent(self._deadline_s)
        return work.result()


def _look(ended: asyncio.Future[_T]) -> None:
    with suppress(asyncio.CancelledError):
        ended.exception()


INTAKE = Threads("intake", 8, deadline_s=30.0)
"""For files that strangers give."""
TRACKS = Threads("tracks", 16, deadline_s=60.0)
"""For what is paid for: downloads and deliveries."""
HOUSEKEEPING = Threads("housekeeping", 2, deadline_s=120.0)
"""For keeping the folders in order."""
