"""Room in the data folder: who wants to write waits here for it; see `bot.engine.disk_ledger`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.domain.clock import Clock
from bot.domain.errors import RoomTaken
from bot.engine.disk_ledger import Ledger, Standing

_PAID_WAITS_S = 300.0
"""What waits longer goes over the budget: Replicate keeps its track for an hour."""
_UNPAID_WAITS_S = 3600.0
TRACK_BYTES_PER_S = 32_000 * 2 * 2
"""MusicGen's own output: 32 kHz, 16 bits, stereo."""
_SURE_LIMIT_BYTES = 10 * 1024 * 1024
"""What Discord takes from everyone everywhere."""
_BESIDE_BYTES = 256 * 1024
"""Header, tags, and what a track may be longer than was asked for."""


def track_bytes(length_s: float) -> int:
    """What a track of such a length takes, as a WAV."""
    return round(length_s * TRACK_BYTES_PER_S) + _BESIDE_BYTES


def with_conversion(size_bytes: int) -> int:
    """What a track takes that may have to be made smaller for Discord: there are two then."""
    return 2 * size_bytes if size_bytes > _SURE_LIMIT_BYTES else size_bytes


class DiskSpace:
    """Lets generations wait for room; their ids are the keys."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self._clock = clock
        self._waiting: dict[str, asyncio.Event] = {}
        self._give_way: dict[str, Callable[[], None]] = {}

    async def claim(
        self,
        key: str,
        user_id: int,
        size_bytes: int,
        *,
        paid: bool,
        waits: Callable[[], None],
        give_way: Callable[[], None],
    ) -> None:
        """Have so much in all, as soon as there is room; `waits` is called if that is not at once.

        What is not paid may be told to `give_way`, now or later.

        Raises:
            AudioBeyondRoom: it will never fit.
            RoomTaken: it did not within an hour.
        """
        self.ledger.ask(key, user_id, size_bytes, paid=paid)
        granted = self._waiting[key] = asyncio.Event()
        self._give_way[key] = give_way
        try:
            self.settle()
            if granted.is_set():
                return
            waits()
            if await self._clock.wait(granted, _PAID_WAITS_S if paid else _UNPAID_WAITS_S):
                return
            if not paid:
                raise RoomTaken
            self.settle(overdue=key)
        finally:
            del self._waiting[key]
            self.ledger.withdraw(key)
            self.settle()

    def enlarge(self, key: str, user_id: int, size_bytes: int) -> bool:
        """Have so much in all if that is possible at once."""
        self.ledger.ask(key, user_id, size_bytes, paid=False)
        self.settle()
        self.ledger.withdraw(key)
        return self.ledger.held_bytes(key) >= size_bytes

    def stands(self, key: str, standing: Standing) -> None:
        """What stands behind a claim has changed."""
        self.ledger.stands(key, standing)
        self.settle()

    def shrink(self, key: str, size_bytes: int) -> None:
        """Keep no more than so much."""
        self.ledger.shrink(key, size_bytes)
        self.settle()

    def release(self, key: str) -> None:
        """Its files are gone."""
        self._give_way.pop(key, None)
        self.ledger.release(key)
        self.settle()

    def settle(self, *, overdue: str | None = None) -> None:
        """Let those go on who may now, and tell those who are to give way."""
        settled = self.ledger.settle(overdue=overdue)
        for key in settled.granted:
            if (granted := self._waiting.get(key)) is not None:
                granted.set()
        for key in settled.yielding:
            if (give_way := self._give_way.get(key)) is not None:
                give_way()
