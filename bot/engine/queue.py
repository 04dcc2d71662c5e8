"""Who is next: the queue for the slots of running predictions.

`Queue.join` gives a `QueueEntry`, whose `granted` is set when its turn to be sent has come; `sent`
says that its create is through, `leave` that it has ended. What stands at the gate for creates
(`bot.engine.submit_gate`) is kept short: those behind wait in here, where the order is fair, so the
queue knows everyone's number whatever it is that they wait for. `QueueEntry.position` is the number
that was told last; `bot.engine.positions` tells it when it has changed in a way worth showing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from statistics import median
from typing import TypeAlias

_AT_GATE = 32
"""So many may be on their way through the gate: twice as many as it lets through at once."""
_RUNS_REMEMBERED = 9
_STALE_SPARE = 64
"""So many entries of the heap more than there are people may be out of date."""


Reason: TypeAlias = tuple[object, ...]
"""What tells one wait from another, but for the number."""


@dataclass(eq=False, slots=True)
class QueueEntry:
    """One generation in the queue, or with its slot; `granted` is set when its turn has come."""

    user_id: int
    arrival: int
    key: str = ""
    """Which generation it is."""
    granted: asyncio.Event = field(default_factory=asyncio.Event)
    tell: Callable[[], None] | None = None
    """Shows its person the position; called at most once for each change of it."""
    is_new: bool = False
    """Whether its person has seen nothing of it so far: these are told first."""
    joined_s: float | None = None
    """When it joined, by the clock's count; None for what was running already."""
    position: int | None = None
    """In the queue, from 1, as last told; None before that, and for who is through."""
    own_before: int = 0
    """How many of the same person's are under way or come before it, when last looked at."""
    reason: Reason | None = None
    """What it waits for, when last looked at."""
    told_reason: Reason | None = None
    """The same, as last told."""
    at_gate_s: float | None = None
    """When it first came to the gate for creates; it keeps its turn there until it is through."""


@dataclass(eq=False, slots=True)
class _Person:
    """What the queue knows of one person's entries."""

    slots: int = 0
    last_grant: int = 0
    """When they were last given a slot, by count."""
    waiting: dict[QueueEntry, None] = field(default_factory=dict[QueueEntry, None])
    """Who came first is first."""

    def key(self) -> tuple[int, int, int]:
        """What their first one is ordered by: the least is next."""
        return self.slots, self.last_grant, next(iter(self.waiting)).arrival


class Queue:
    """Slots for so many generations at once, so many for each person; the rest wait.

    Waiting is fair between people: everyone's first comes before anyone's second; among equals,
    whose last turn is longest ago; then who came first. Joining, leaving and granting cost
    O(log n), whoever waits; only `in_order` looks at everyone.
    """

    def __init__(self, max_running: int, max_per_user: int, at_gate: int = _AT_GATE) -> None:
        self.changed = asyncio.Event()
        """Set by whatever may change a position; `bot.engine.positions` clears it."""
        self._max_running = max_running
        self._max_per_user = max_per_user
        self._at_gate = at_gate
        self._arrivals = 0
        self._grants = 0
        self._people: dict[int, _Person] = {}
        self._waiting = 0
        self._holders: set[QueueEntry] = set()
        self._unsent: dict[QueueEntry, None] = {}
        """Those with a slot that are not through the gate, in the order of their grants."""
        self._next: list[tuple[tuple[int, int, int], int]] = []
        """A heap of keys and people; a key that is no longer theirs is passed over."""
        self._took_s = deque[float](maxlen=_RUNS_REMEMBERED)
        """How long the last runs took."""

    def join(
        self,
        user_id: int,
        tell: Callable[[], None] | None = None,
        *,
        now_s: float | None = None,
        is_new: bool = False,
        key: str = "",
    ) -> QueueEntry:
        """Queue up at the end of this person's own; it may be granted at once."""
        entry = self._entry(user_id, key)
        entry.tell, entry.joined_s, entry.is_new = tell, now_s, is_new
        person = self._people[user_id]
        entry.own_before = person.slots + len(person.waiting)
        person.waiting[entry] = None
        self._waiting += 1
        if len(person.waiting) == 1:
            self._enlist(user_id)
        self._grant()
        return entry

    def take_slot(self, user_id: int) -> QueueEntry:
        """Take a slot for what already runs, full or not."""
        entry = self._entry(user_id)
        entry.granted.set()
        self._holders.add(entry)
        self._people[user_id].slots += 1
        self._enlist(user_id)
        self.changed.set()
        return entry

    def sent(self, entry: QueueEntry) -> None:
        """Its create is through the gate, or may be: the next may go there."""
        if entry in self._unsent:
            del self._unsent[entry]
            entry.position = None
            self._grant()

    def leave(self, entry: QueueEntry) -> None:
        """Leave the queue, or the slot; leaving twice is leaving once."""
        person = self._people.get(entry.user_id)
        if person is None:
            return
        if entry in self._holders:
            self._holders.discard(entry)
            self._unsent.pop(entry, None)
            person.slots -= 1
        elif entry in person.waiting:
            del person.waiting[entry]
            self._waiting -= 1
        else:
            return
        entry.position = entry.tell = None
        if person.slots or person.waiting:
            self._enlist(entry.user_id)
        else:
            del self._people[entry.user_id]
        self._grant()

    def __len__(self) -> int:
        """How many are not through, those at the gate included."""
        return len(self._unsent) + self._waiting

    def position(self, entry: QueueEntry) -> int | None:
        """Its number as last told, and before that the last one.

        None for who is through, or is granted and has not been told a number: it goes any moment.
        """
        if entry.granted.is_set():
            return entry.position
        return entry.position or len(self)

    def ran(self, took_s: float | None) -> None:
        """A run has taken so long, as far as that is known."""
        if took_s is not None:
            self._took_s.append(took_s)

    def expected_s(self, position: int) -> float | None:
        """How long until the turn of a number in line, by the last runs; None before the first.

        Of those that run now, half is left on average.
        """
        if not self._took_s:
            return None
        return median(self._took_s) * (position - 0.5) / self._max_running

    @property
    def is_full(self) -> bool:
        """Whether as many are under way as may, whoever they belong to."""
        return len(self._holders) >= self._max_running

    @property
    def taken(self) -> int:
        """How many are under way, those at the gate included."""
        return len(self._holders)

    def unsent(self) -> list[str]:
        """The generations that have a slot and are not through the gate: few."""
        return [entry.key for entry in self._unsent]

    def taken_by(self, user_id: int) -> int:
        """How many of one person's are under way."""
        person = self._people.get(user_id)
        return 0 if person is None else person.slots

    def waits_for_own(self, entry: QueueEntry) -> bool:
        """Whether so many of the same person's come before it that no other's end lets it in."""
        return not entry.granted.is_set() and entry.own_before >= self._max_per_user

    def in_order(self) -> list[QueueEntry]:
        """Everyone who is not through, who is next first: O(n log n)."""
        keys: list[tuple[int, int, int, QueueEntry]] = []
        for person in self._people.values():
            for level, entry in enumerate(person.waiting, start=person.slots):
                entry.own_before = level
                keys.append((level, person.last_grant, entry.arrival, entry))
        # No two have the same arrival, so entries themselves are never compared.
        keys.sort()
        return [*self._unsent, *(key[-1] for key in keys)]

    def is_full_for(self, user_id: int) -> bool:
        """Whether this person has as many slots as one may."""
        return sum(entry.user_id == user_id for entry in self._holders) >= self._max_per_user

    def _entry(self, user_id: int, key: str = "") -> QueueEntry:
        self._arrivals += 1
        if user_id not in self._people:
            self._people[user_id] = _Person()
        return QueueEntry(user_id, self._arrivals, key)

    def _enlist(self, user_id: int) -> None:
        """Note a person's key anew, after what it is made of may have changed."""
        person = self._people[user_id]
        if person.waiting and person.slots < self._max_per_user:
            heappush(self._next, (person.key(), user_id))
        if len(self._next) > 2 * len(self._people) + _STALE_SPARE:
            able = (
                (key, person)
                for key, person in dict(self._next).items()
                if self._is_current(key, person)
            )
            self._next = list(able)
            heapify(self._next)

    def _is_current(self, key: tuple[int, int, int], user_id: int) -> bool:
        person = self._people.get(user_id)
        return (
            person is not None
            and bool(person.waiting)
            and person.slots < self._max_per_user
            and person.key() == key
        )

    def _grant(self) -> None:
        self.changed.set()
        while (
            self._next
            and len(self._holders) < self._max_running
            and len(self._unsent) < self._at_gate
        ):
            key, user_id = heappop(self._next)
            if not self._is_current(key, user_id):
                continue
            person = self._people[user_id]
            entry = next(iter(person.waiting))
            del person.waiting[entry]
            self._waiting -= 1
            person.slots += 1
            self._grants += 1
            person.last_grant = self._grants
            self._holders.add(entry)
            self._unsent[entry] = None
            self._enlist(user_id)
            entry.granted.set()
