"""Turns at a message that several takes share, between processes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.domain.clock import Clock
from bot.domain.generation import Generation
from bot.engine.ports import Journal

_TURN_S = 60.0
_LOOK_S = 1.0


@asynccontextmanager
async def message_turn(
    journal: Journal, clock: Clock, generation: Generation
) -> AsyncGenerator[None, None]:
    """While several processes run, only one at a time changes the files of a shared message."""
    if generation.batch_id is None or await journal.live_members() == 1:
        yield
        return
    name = f"card {generation.batch_id}"
    tries = round(_TURN_S / _LOOK_S)
    while tries and not await journal.try_lock(name, _TURN_S):
        tries -= 1
        await clock.sleep(_LOOK_S)
    try:
        yield
    finally:
        await journal.unlock(name)
