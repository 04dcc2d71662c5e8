"""Turns at a message that several takes share, between processes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

from bot.domain.clock import Clock
from bot.domain.generation import Generation
from bot.domain.history import Library

_TURN_S = 60.0
_LOOK_S = 1.0


class Rows(Library, Protocol):
    """The journal as cards need it."""

    async def live_members(self) -> int:
        """How many processes share the work."""
        ...

    async def try_lock(self, name: str, ttl_s: float) -> bool:
        """Take a turn for so long; False while another process has it."""
        ...

    async def unlock(self, name: str) -> None:
        """Give the turn back."""
        ...


@asynccontextmanager
async def message_turn(
    rows: Rows, clock: Clock, generation: Generation
) -> AsyncGenerator[None, None]:
    """While several processes run, only one at a time changes the files of a shared message."""
    if generation.batch_id is None or await rows.live_members() == 1:
        yield
        return
    name = f"card {generation.batch_id}"
    tries = round(_TURN_S / _LOOK_S)
    while tries and not await rows.try_lock(name, _TURN_S):
        tries -= 1
        await clock.sleep(_LOOK_S)
    try:
        yield
    finally:
        await rows.unlock(name)
