"""Turns at fetching and reading strangers' files: so many at once for each person, and for all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from bot.domain.asker import ASKER
from bot.domain.clock import Clock
from bot.engine.queue import Queue

READ_AT_ONCE = 32
READ_AT_ONCE_PER_USER = 2
"""Input files: fetching one may take two minutes, and its server decides how long."""
_LOOK_S = 20.0
"""How often the reason of a wait is looked at anew: seldom, for thousands may wait."""


@asynccontextmanager
async def turn_to_read(
    queue: Queue, user_id: int, clock: Clock, waits: Callable[[bool], None]
) -> AsyncGenerator[None]:
    """Wait for a turn, and give it back at the end.

    `waits` is told, now and then, whether it is this person's own files that are waited for.
    """
    entry = queue.join(user_id)
    try:
        while not entry.granted.is_set():
            waits(queue.is_full_for(user_id))
            await clock.wait(entry.granted, _LOOK_S)
        token = ASKER.set(user_id)
        try:
            yield
        finally:
            ASKER.reset(token)
    finally:
        queue.leave(entry)
