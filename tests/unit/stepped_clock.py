"""A clock for what looks again and again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.fakes import FakeClock


class SteppedClock(FakeClock):
    """Time that passes only in `advance`."""

    def __init__(self) -> None:
        super().__init__()
        self._moved = asyncio.Event()

    async def sleep(self, delay_s: float) -> None:
        until = self.now() + timedelta(seconds=delay_s)
        while self.now() < until:
            await self._moved.wait()

    async def advance(self, delay_s: float) -> None:
        """Let time pass, and whoever has waited for it do what needs no real database."""
        await asyncio.sleep(0)
        self.pass_s(delay_s)
        self._moved.set()
        self._moved.clear()
        for _ in range(10):
            await asyncio.sleep(0)
