"""Who is next: the waiting line for running predictions, and the gate for create requests."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from dataclasses import dataclass, field

from bot.clock import Clock

_LEAST_PAUSE_S = 1.0
_WIDEN_AFTER = 10


@dataclass(eq=False)
class Place:
    """One generation's place; `granted` is set when its turn has come."""

    user_id: int
    arrival: int
    granted: asyncio.Event = field(default_factory=asyncio.Event)


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

    def _place(self, user_id: int) -> Place:
        self._arrivals += 1
        return Place(user_id, self._arrivals)

    def _grant(self) -> None:
        self._order = None
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
    """Lets so many create requests be under way, first come, first served.

    When the service throttles, everyone waits as long as it asks, and then they go one by one
    until it is patient again: an account low on credit may create six a minute.
    """

    def __init__(self, width: int, clock: Clock) -> None:
        self._widest = width
        self._width = width
        self._clock = clock
        self._inside = 0
        self._fine = 0
        self._open_at_s = -math.inf
        self._waiting: deque[asyncio.Event] = deque()

    async def enter(self) -> None:
        """Wait for a turn; whoever entered leaves."""
        if self._inside >= self._width or self._waiting:
            turn = asyncio.Event()
            self._waiting.append(turn)
            try:
                await self._clock.wait(turn, None)
            except BaseException:
                self._withdraw(turn)
                raise
        else:
            self._inside += 1
        try:
            await self._pause()
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """Make room for the next."""
        self._inside -= 1
        self._admit()

    def went_well(self) -> None:
        """A create was accepted."""
        self._fine += 1
        if self._fine >= _WIDEN_AFTER and self._width < self._widest:
            self._width, self._fine = self._width + 1, 0
            self._admit()

    def was_throttled(self, retry_after_s: float | None) -> None:
        """A create was refused for being one too many."""
        self._width, self._fine = 1, 0
        pause_s = max(_LEAST_PAUSE_S, retry_after_s or 0.0)
        self._open_at_s = max(self._open_at_s, self._clock.monotonic() + pause_s)

    async def _pause(self) -> None:
        while (pause_s := self._open_at_s - self._clock.monotonic()) > 0:
            await self._clock.sleep(pause_s)

    def _admit(self) -> None:
        while self._waiting and self._inside < self._width:
            self._inside += 1
            self._waiting.popleft().set()

    def _withdraw(self, turn: asyncio.Event) -> None:
        if turn.is_set():
            self.leave()
        else:
            self._waiting.remove(turn)
