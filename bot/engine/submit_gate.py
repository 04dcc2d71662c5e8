"""The gate for create requests: so many at once, in order, and no faster than the service takes."""

from __future__ import annotations

import asyncio
import math
from bisect import insort
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from aiolimiter import AsyncLimiter

from bot.domain.clock import Clock
from bot.domain.inputs import Inputs
from bot.domain.waits import Obstacle
from bot.engine.queue import QueueEntry

_LEAST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 300.0
_LONGEST_GUESS_S = 60.0
_FARTHEST_APART_S = 30.0
"""A create that was taken longer ago says nothing of the next."""
_OWN_SERVERS = frozenset({Obstacle.SERVERS_BUSY, Obstacle.SERVERS_LOADING})
_PATIENT_AFTER = 10
"""So many creates taken in a row tell that the service has become more patient."""


class SubmitGate:
    """Lets so many create requests be under way, first come, first served, at a steady pace.

    Whoever was refused and comes again has kept its turn. `pace` is spent by each create, as often
    as there are `members` to share it. When the service throttles, everyone waits as long as it
    asks, and then they go one by one until it is patient again; and so far apart as it takes them,
    where it takes no two in a row: an account low on credit may create six a minute.
    """

    def __init__(self, width: int, clock: Clock, pace: AsyncLimiter) -> None:
        self.members = 1
        """Processes that send creates for the same account."""
        self._widest = width
        self._width = width
        self._clock = clock
        self._pace = pace
        self._inside = 0
        self._left = asyncio.Event()
        """Somebody has, and maybe the last."""
        self._is_shut = False
        self._waiting: list[QueueEntry] = []
        self._called: dict[QueueEntry, asyncio.Event] = {}
        """For each who waits: set when it may be the next to go through."""
        self._opens_at_s = -math.inf
        self._opens_at: datetime | None = None
        self._obstacle: Obstacle | None = None
        self._throttled_at_s = -math.inf
        self._apart_s = 0.0
        self._taken_at_s = -math.inf
        self._taken_in_a_row = 0
        self._refusing_since_s: float | None = None
        self._locks = WeakValueDictionary[Inputs, asyncio.Lock]()

    @property
    def obstacle(self) -> Obstacle | None:
        """Why the service takes few creates at present; None where it does not say so."""
        said_at_s = max(self._throttled_at_s, self._opens_at_s)
        is_past = self._clock.monotonic() > said_at_s + _FARTHEST_APART_S
        return None if is_past else self._obstacle

    @property
    def next_try_at(self) -> datetime | None:
        """When the next create may be sent, in whole seconds; None where that is now."""
        return self._opens_at if self._opens_at_s > self._clock.monotonic() else None

    async def enter(self, entry: QueueEntry) -> None:
        """Wait for a turn; whoever entered leaves."""
        if entry.at_gate_s is None:
            entry.at_gate_s = self._clock.monotonic()
        self._called[entry] = asyncio.Event()
        insort(self._waiting, entry, key=lambda waiting: (waiting.at_gate_s, waiting.arrival))
        try:
            await self._await_turn(entry)
            self._inside += 1
        finally:
            self._waiting.remove(entry)
            del self._called[entry]
            self._call()

    def leave(self) -> None:
        """Make room for the next."""
        self._inside -= 1
        self._left.set()
        self._call()

    async def shut(self, within_s: float) -> None:
        """Let nobody in any more, and wait for who is inside, for so long at the most."""
        self._is_shut = True
        until_s = self._clock.monotonic() + within_s
        while self._inside and (left_s := until_s - self._clock.monotonic()) > 0.0:
            self._left.clear()
            await self._clock.wait(self._left, left_s)

    @asynccontextmanager
    async def alone(self, inputs: Inputs) -> AsyncGenerator[None, None]:
        """Keep others with the very same inputs out: only the journal tells their runs apart."""
        lock = self._locks.setdefault(inputs, asyncio.Lock())
        async with lock:
            yield

    def went_well(self) -> None:
        """A create was taken."""
        refused = self._refusing_since_s is not None
        self._taken_in_a_row = 1 if refused else self._taken_in_a_row + 1
        self._refusing_since_s = None
        self._taken_at_s = self._clock.monotonic()
        if self._obstacle in _OWN_SERVERS:
            self._obstacle = None
        if self._taken_in_a_row % _PATIENT_AFTER == 0:
            if self._apart_s == 0.0:
                self._width = min(self._widest, self._width + 1)
                self._obstacle = None
            self._apart_s = 0.0
        self._open_at(self._taken_at_s + self._apart_s)
        self._call()

    def was_throttled(self, retry_after_s: float | None, *, low_credit: bool = False) -> None:
        """A create was refused for being one too many; None where it was not said until when."""
        self._obstacle = Obstacle.LOW_CREDIT if low_credit else Obstacle.THROTTLED
        self._throttled_at_s = now_s = self._clock.monotonic()
        self.was_refused()
        if retry_after_s is None:
            # As long as it has refused already: that doubles each time.
            retry_after_s = min(_LONGEST_GUESS_S, now_s - (self._refusing_since_s or now_s))
        pause_s = min(_LONGEST_PAUSE_S, max(_LEAST_PAUSE_S, retry_after_s))
        self._open_at(now_s + pause_s)
        apart_s = self._opens_at_s - self._taken_at_s
        if self._taken_in_a_row == 1 and self._inside == 1 and apart_s <= _FARTHEST_APART_S:
            self._apart_s = apart_s
        self._width = 1

    def were_busy(self, again_s: float, obstacle: Obstacle) -> None:
        """No server of the owner's has a place for a create: that tells nothing of its pace."""
        self._obstacle = obstacle
        self._throttled_at_s = now_s = self._clock.monotonic()
        self.was_refused()
        self._open_at(now_s + again_s)

    def was_refused(self) -> None:
        """A create was not taken, for a reason that passes."""
        if self._refusing_since_s is None:
            self._refusing_since_s = self._clock.monotonic()

    def refused_s(self, entry: QueueEntry) -> float:
        """How long this one has stood in the queue while the service took none of anybody."""
        since_s = entry.at_gate_s if entry.joined_s is None else entry.joined_s
        if self._refusing_since_s is None or since_s is None:
            return 0.0
        return self._clock.monotonic() - max(self._refusing_since_s, since_s)

    async def _await_turn(self, entry: QueueEntry) -> None:
        called, paid = self._called[entry], False
        while True:
            if self._is_shut or self._waiting[0] is not entry or self._inside >= self._width:
                called.clear()
                await self._clock.wait(called, None)
            elif (pause_s := self._opens_at_s - self._clock.monotonic()) > 0:
                await self._clock.sleep(pause_s)
            elif not paid:
                await self._pace.acquire(min(self.members, self._pace.max_rate))
                paid = True
            else:
                return

    def _open_at(self, opens_at_s: float) -> None:
        """Let nobody in before then, on the monotonic clock."""
        if opens_at_s <= self._opens_at_s:
            return
        self._opens_at_s = opens_at_s
        opens_at = self._clock.now() + timedelta(seconds=opens_at_s - self._clock.monotonic())
        # In whole seconds, as it is shown: what is told again is then the same.
        self._opens_at = opens_at.replace(microsecond=0) + timedelta(seconds=1)

    def _call(self) -> None:
        if self._waiting and self._inside < self._width:
            self._called[self._waiting[0]].set()
