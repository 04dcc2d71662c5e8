"""Tasks with an owner, kept, named and drained at the end; and who goes first among them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Protocol

from bot.domain.clock import Clock
from bot.host.garbage import GarbagePause

log = logging.getLogger(__name__)

_PATIENCE_S = 1.5
_FEW = 8
"""So many may begin at once."""
_STEP_S = 0.005
"""Otherwise two hundred in a second at the most."""
_LATE_S = 0.02
"""A loop that wakes one later than that has more to do already than it should."""
_LONGEST_REST_S = 0.5
_LONGEST_PAUSE_S = 0.2
"""After a longer one, the garbage that has come up would take longer to be searched than there is
between two packets of a voice channel; and a person's file would take longer to be read."""


class BackgroundTasks:
    """Owns the background tasks of one part of the bot."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Run `work` until it ends or the owner closes; once that has, it does not begin."""
        task = asyncio.create_task(work, name=name)
        if self._closed:
            task.cancel()
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def idle(self) -> None:
        """Wait until no task is left, those started meanwhile included."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def close(self, patience_s: float = _PATIENCE_S) -> None:
        """Cancel what still runs and wait for it to end, at most `patience_s`.

        What cannot be broken off, such as a statement that a frozen database does not answer, is
        left behind: others have to be closed too.
        """
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, left = await asyncio.wait(tuple(self._tasks), timeout=patience_s)
            for task in left:
                log.warning("task %s does not end and is left behind", task.get_name())

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %s failed", task.get_name(), exc_info=error)


class Pause(Protocol):
    """A time in which something else stands still."""

    def begin(self) -> None:
        """Have it stand still."""
        ...

    def end(self) -> None:
        """Have it go on, where this has stopped it."""
        ...


class UrgentFirst:
    """Lets urgent work go first: what can wait does so while any of it is under way.

    In a burst of commands each must be acknowledged within Discord's 3 s; starting the work they
    ask for would take the event loop's time from those still waiting.
    """

    def __init__(self, clock: Clock, patience_s: float) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._urgent = 0
        self._pauses: list[Pause] = [GarbagePause()]
        self._pauses_end: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()
        self._in_line = 0
        self._calm = asyncio.Event()
        self._calm.set()
        self._watched: asyncio.Event | None = None
        """Set when the one that has the only timer of all that wait stops watching."""

    def stop_meanwhile(self, pause: Pause) -> None:
        """Have something else stand still meanwhile, too, for 0.2 s at the most."""
        self._pauses.append(pause)

    @contextmanager
    def urgent(self) -> Generator[None, None, None]:
        """What is done in here goes first."""
        if self._urgent == 0:
            self._begin_pauses()
        self._urgent += 1
        self._calm.clear()
        try:
            yield
        finally:
            self._urgent -= 1
            if self._urgent == 0:
                self._end_pauses()
                self._calm.set()

    async def calm(self) -> None:
        """Wait until nothing urgent is under way, at most `patience_s`."""
        ends_at_s = self._clock.monotonic() + self._patience_s
        while self._urgent and (left_s := ends_at_s - self._clock.monotonic()) > 0:
            if self._watched is None:
                await self._watch(left_s)
            else:
                await self._watched.wait()

    async def turn(self) -> None:
        """The same, and one after the other, no faster than the event loop keeps up with.

        A start may find thousands of rows to go on with. Were they all begun at once, the commands
        of its first seconds would stand behind them in the loop's queue.
        """
        self._in_line += 1
        try:
            # Those that were started together are all in line by then.
            await asyncio.sleep(0)
            async with self._turn:
                await self.calm()
                if self._in_line > _FEW:
                    await self._give_way()
        finally:
            self._in_line -= 1

    def _begin_pauses(self) -> None:
        for pause in self._pauses:
            pause.begin()
        loop = asyncio.get_running_loop()
        self._pauses_end = loop.call_later(_LONGEST_PAUSE_S, self._end_pauses)

    def _end_pauses(self) -> None:
        if self._pauses_end is not None:
            self._pauses_end.cancel()
            self._pauses_end = None
            for pause in self._pauses:
                pause.end()

    async def _watch(self, left_s: float) -> None:
        self._watched = watched = asyncio.Event()
        try:
            await self._clock.wait(self._calm, left_s)
        finally:
            self._watched = None
            watched.set()

    async def _give_way(self) -> None:
        began_s = self._clock.monotonic()
        await self._clock.sleep(_STEP_S)
        late_s = self._clock.monotonic() - began_s - _STEP_S
        if late_s > _LATE_S:
            await self._clock.sleep(min(late_s, _LONGEST_REST_S))
