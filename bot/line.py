"""Who is next: the waiting line for running predictions, and the gate for create requests."""

from __future__ import annotations

import asyncio
import math
from bisect import insort
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from aiolimiter import AsyncLimiter

from bot.clock import Clock
from bot.inputs import Inputs

_LEAST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 300.0
_LONGEST_GUESS_S = 60.0
_FARTHEST_APART_S = 30.0
"""A create that was taken longer ago says nothing of the next."""
_PATIENT_AFTER = 10
"""So many creates taken in a row tell that the service has become more patient."""


@dataclass(eq=False)
class Place:
    """One generation's place; `granted` is set when its turn has come."""

    user_id: int
    arrival: int
    granted: asyncio.Event = field(default_factory=asyncio.Event)
    at_gate_s: float | None = None
    """When it first came to the gate for creates; it keeps its turn there until it is through."""
    called: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it may be the next through that gate."""


class Line:
    """Seats for so many generations at once, so many for each person; the rest wait.

    Waiting is fair between people: everyone's first comes before anyone's second; among equals,
    whose last turn is longest ago; then who came first.
    """

    def __init__(self, max_running: int, max_per_user: int) -> None:
        self._max_running = max_running
        self._max_per_user = max_per_user
        self._arrivals = 0
        self._grants = 0
        self._last_grant: dict[int, int] = {}
        """When each person who has a place was last given a seat, by count."""
        self._seated: set[Place] = set()
        self._waiting: list[Place] = []
        self._order: dict[Place, int] | None = None

    def join(self, user_id: int) -> Place:
        """Take a place at the end of this person's own; it may be granted at once."""
        place = self._place(user_id)
        self._waiting.append(place)
        self._grant()
        return place

    def seat(self, user_id: int) -> Place:
        """Take a seat for what already runs, full or not."""
        place = self._place(user_id)
        place.granted.set()
        self._seated.add(place)
        self._order = None
        return place

    def leave(self, place: Place) -> None:
        """Give up a place or a seat; leaving twice is leaving once."""
        self._seated.discard(place)
        if place in self._waiting:
            self._waiting.remove(place)
        self._grant()
        if not any(other.user_id == place.user_id for other in (*self._seated, *self._waiting)):
            self._last_grant.pop(place.user_id, None)

    def position(self, place: Place) -> int | None:
        """1 for who is next, and so on; None for who has a seat."""
        if self._order is None:
            ordered = self._in_order()
            self._order = {waiting: number for number, waiting in enumerate(ordered, start=1)}
        return self._order.get(place)

    def is_full_for(self, user_id: int) -> bool:
        """Whether this person has as many seats as one may."""
        return sum(place.user_id == user_id for place in self._seated) >= self._max_per_user

    def _place(self, user_id: int) -> Place:
        self._arrivals += 1
        return Place(user_id, self._arrivals)

    def _grant(self) -> None:
        self._order = None
        if len(self._seated) >= self._max_running:
            return
        running = Counter(place.user_id for place in self._seated)
        for place in self._in_order():
            if len(self._seated) >= self._max_running:
                return
            if running[place.user_id] < self._max_per_user:
                self._waiting.remove(place)
                self._seated.add(place)
                self._grants += 1
                self._last_grant[place.user_id] = self._grants
                running[place.user_id] += 1
                place.granted.set()

    def _in_order(self) -> list[Place]:
        ahead = Counter(place.user_id for place in self._seated)
        keys: dict[Place, tuple[int, int, int]] = {}
        for place in sorted(self._waiting, key=lambda waiting: waiting.arrival):
            last_grant = self._last_grant.get(place.user_id, 0)
            keys[place] = (ahead[place.user_id], last_grant, place.arrival)
            ahead[place.user_id] += 1
        return sorted(keys, key=lambda waiting: keys[waiting])


class CreateGate:
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
        self._waiting: list[Place] = []
        self._opens_at_s = -math.inf
        self._apart_s = 0.0
        self._taken_at_s = -math.inf
        self._taken_in_a_row = 0
        self._refusing_since_s: float | None = None
        self._locks = WeakValueDictionary[Inputs, asyncio.Lock]()

    async def enter(self, place: Place) -> None:
        """Wait for a turn; whoever entered leaves."""
        if place.at_gate_s is None:
            place.at_gate_s = self._clock.monotonic()
        insort(self._waiting, place, key=lambda waiting: (waiting.at_gate_s, waiting.arrival))
        try:
            await self._await_turn(place)
            self._inside += 1
        finally:
            self._waiting.remove(place)
            self._call()

    def leave(self) -> None:
        """Make room for the next."""
        self._inside -= 1
        self._call()

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
        if self._taken_in_a_row % _PATIENT_AFTER == 0:
            if self._apart_s == 0.0:
                self._width = min(self._widest, self._width + 1)
            self._apart_s = 0.0
        self._opens_at_s = max(self._opens_at_s, self._taken_at_s + self._apart_s)
        self._call()

    def was_throttled(self, retry_after_s: float | None) -> None:
        """A create was refused for being one too many; None where it was not said until when."""
        now_s = self._clock.monotonic()
        self.was_refused()
        if retry_after_s is None:
            # As long as it has refused already: that doubles each time.
            retry_after_s = min(_LONGEST_GUESS_S, now_s - (self._refusing_since_s or now_s))
        pause_s = min(_LONGEST_PAUSE_S, max(_LEAST_PAUSE_S, retry_after_s))
        self._opens_at_s = max(self._opens_at_s, now_s + pause_s)
        apart_s = self._opens_at_s - self._taken_at_s
        if self._taken_in_a_row == 1 and self._inside == 1 and apart_s <= _FARTHEST_APART_S:
            self._apart_s = apart_s
        self._width = 1

    def was_refused(self) -> None:
        """A create was not taken, for a reason that passes."""
        if self._refusing_since_s is None:
            self._refusing_since_s = self._clock.monotonic()

    def refused_s(self, place: Place) -> float:
        """How long this one has stood here while the service took none of anybody."""
        if self._refusing_since_s is None or place.at_gate_s is None:
            return 0.0
        return self._clock.monotonic() - max(self._refusing_since_s, place.at_gate_s)

    async def _await_turn(self, place: Place) -> None:
        paid = False
        while True:
            if self._waiting[0] is not place or self._inside >= self._width:
                place.called.clear()
                await self._clock.wait(place.called, None)
            elif (pause_s := self._opens_at_s - self._clock.monotonic()) > 0:
                await self._clock.sleep(pause_s)
            elif not paid:
                await self._pace.acquire(min(self.members, self._pace.max_rate))
                paid = True
            else:
                return

    def _call(self) -> None:
        if self._waiting and self._inside < self._width:
            self._waiting[0].called.set()
