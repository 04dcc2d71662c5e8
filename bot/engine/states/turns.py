"""A job's turn at reading its input audio; its card says what is waited for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.domain.progress import Stage
from bot.engine.job import Job
from bot.engine.reading import turn_to_read


@asynccontextmanager
async def reading_turn(job: Job) -> AsyncGenerator[None, None]:
    """Wait for a turn to fetch and read input audio, and give it back at the end.

    The card says what is waited for: the person's own files, or everybody's.
    """
    context = job.context
    shown: Stage | None = None

    def waits(own: bool) -> None:
        nonlocal shown
        stage = Stage.OWN_AUDIO_FIRST if own else Stage.OTHERS_AUDIO_FIRST
        if stage is not shown:
            shown = stage
            job.show(stage)

    queue, user_id = context.reading_queue, job.generation.requester_id
    async with turn_to_read(queue, user_id, context.clock, waits):
        job.show(Stage.CHECKING)
        yield
