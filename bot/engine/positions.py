"""Tells people what they wait for and where they stand: soon, then when it is worth an edit.

An edit costs some milliseconds of the event loop and one of Discord's requests, so thousands who
wait share an allowance of them, whatever their number. Near the front every change is told; far
back a number is told again once it is off by a quarter, the most misleading first. So is another
reason of the wait, or another time of the next try.
"""

from __future__ import annotations

import logging
from heapq import nlargest

from bot.domain.clock import Clock
from bot.domain.waits import Hindered, InQueue, OwnRunning, ToBeSent, Wait
from bot.engine.queue import Queue, QueueEntry
from bot.engine.submit_gate import SubmitGate

log = logging.getLogger(__name__)

_NEAR = 10
"""Up to this number every change is told, and when the next try is."""
_OFF = 1.25
"""Farther back, a number that is wrong by this factor."""
_NEW_PER_S = 50.0
"""People who have seen nothing yet."""
_AGAIN_PER_S = 4.0
"""All others together."""
_AT_ONCE_MAX = 50
_LEAST_PAUSE_S = 0.5
_LOOKED_AT_PER_S = 3000.0
"""Places; to look at one costs about a microsecond."""


class Positions:
    """Looks at the queue after it has changed, and has entries tell their numbers."""

    def __init__(self, queue: Queue, submit_gate: SubmitGate, clock: Clock) -> None:
        self._queue = queue
        self._submit_gate = submit_gate
        self._clock = clock
        now_s = clock.monotonic()
        self._new = _Allowance(_NEW_PER_S, now_s)
        self._again = _Allowance(_AGAIN_PER_S, now_s)

    async def keep_told(self) -> None:
        """Do so until it is cancelled; a queue that nothing changes costs nothing."""
        pause_s = _LEAST_PAUSE_S
        while True:
            await self._clock.wait(self._queue.changed, None)
            # Whoever is through in a moment need not be told, and a burst is looked at once.
            await self._clock.sleep(pause_s)
            self._queue.changed.clear()
            pause_s = max(_LEAST_PAUSE_S, self.tell() / _LOOKED_AT_PER_S)

    def tell(self) -> int:
        """Have those tell their number for whom it counts most now; how many there are in all."""
        order = self._queue.in_order()
        new: list[tuple[int, QueueEntry]] = []
        again: list[tuple[float, int, QueueEntry]] = []
        obstacle, is_full = self._submit_gate.obstacle, self._queue.is_full
        next_try_at = self._submit_gate.next_try_at if obstacle else None
        for number, entry in enumerate(order, start=1):
            again_at = next_try_at if number <= _NEAR else None
            if self._queue.waits_for_own(entry):
                reason = ("own", entry.own_before, obstacle, again_at)
            elif is_full and not entry.granted.is_set():
                reason = ("queue", obstacle, again_at)
            else:
                reason = ("gate", obstacle, again_at)
            goes_now = entry.granted.is_set() and obstacle is None
            is_same = goes_now or entry.told_reason == reason
            if entry.position == number and is_same:
                continue
            entry.reason = reason
            if entry.is_new:
                new.append((number, entry))
            elif (weight := _weight(entry.position, number, is_same=is_same)) is not None:
                again.append((weight, -number, entry))
        now_s = self._clock.monotonic()
        chosen = new[: self._new.take(len(new), now_s)]
        worst = nlargest(self._again.take(len(again), now_s), again)
        chosen += ((-number, entry) for _, number, entry in worst)
        for number, entry in chosen:
            entry.position, entry.is_new = number, False
            entry.told_reason = entry.reason
            _tell(entry)
        if len(chosen) < len(new) + len(again):
            self._queue.changed.set()
        return len(order)


class _Allowance:
    """So many a second; what is not used is kept for a burst."""

    def __init__(self, per_s: float, now_s: float) -> None:
        self._per_s = per_s
        self._left = float(_AT_ONCE_MAX)
        self._at_s = now_s

    def take(self, wanted: int, now_s: float) -> int:
        """As many as there are to have now, at most `wanted`."""
        grown = self._left + (now_s - self._at_s) * self._per_s
        self._left, self._at_s = min(_AT_ONCE_MAX, grown), now_s
        taken = min(wanted, int(self._left))
        self._left -= taken
        return taken


def why(queue: Queue, submit_gate: SubmitGate, entry: QueueEntry) -> Wait | None:
    """What an entry waits for; None for who goes any moment."""
    position, obstacle = queue.position(entry), submit_gate.obstacle
    is_near = obstacle is not None and position is not None and position <= _NEAR
    again_at = submit_gate.next_try_at if is_near else None
    if queue.waits_for_own(entry):
        running = queue.taken_by(entry.user_id)
        return OwnRunning(running, max(0, entry.own_before - running), obstacle, again_at)
    if position is None:
        return None
    if queue.is_full and not entry.granted.is_set():
        return InQueue(position, queue.taken, obstacle, again_at)
    if obstacle is not None:
        return Hindered(obstacle, again_at, position)
    return ToBeSent(position)


def _weight(told: int | None, number: int, *, is_same: bool) -> float | None:
    """How misleading what is shown is, from 1; None where it may stay."""
    if told is None or not is_same:
        # After a restart: an older number may stand there, which those near the front miss most.
        return _OFF + 1 / number
    off = max(told / number, number / told)
    return off if number <= _NEAR or off >= _OFF else None


def _tell(entry: QueueEntry) -> None:
    if entry.tell is None:
        return
    try:
        entry.tell()
    except Exception:
        log.exception("a position could not be told")
