"""Turns at reading input audio: so many at once for each person, so many for all."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.domain.asker import ASKER
from bot.domain.progress import Stage
from bot.engine.job import Job

READ_AT_ONCE = 32
READ_AT_ONCE_PER_USER = 2
"""Input files: fetching one may take two minutes, and its server decides how long."""
_LOOK_S = 20.0
"""How often the reason of a wait is looked at anew: seldom, for thousands may wait."""


@asynccontextmanager
async def reading_turn(job: Job) -> AsyncGenerator[None, None]:
    """Wait for a turn to fetch and read input audio, and give it back at the end.

    The card says what is waited for: the person's own files, or everybody's.
    """
    queue = job.context.reading_queue
    entry = queue.join(job.generation.requester_id)
    shown: Stage | None = None
    try:
        while not entry.granted.is_set():
            own = queue.is_full_for(entry.user_id)
            stage = Stage.OWN_AUDIO_FIRST if own else Stage.OTHERS_AUDIO_FIRST
            if stage is not shown:
                shown = stage
                job.show(stage)
            await job.context.clock.wait(entry.granted, _LOOK_S)
        job.show(Stage.CHECKING)
        token = ASKER.set(entry.user_id)
        try:
            yield
        finally:
            ASKER.reset(token)
    finally:
        queue.leave(entry)
