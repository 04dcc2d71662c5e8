"""DELIVERING, where a track cannot be posted: it is kept, and its person told where it is."""

from __future__ import annotations

import logging

from bot.domain.errors import ReplicateError
from bot.domain.waits import Link, NotPostable
from bot.engine.job import Job
from bot.engine.ports import Unreachable
from bot.engine.states.fetching import KEPT_FOR

log = logging.getLogger(__name__)


async def where_it_is(job: Job) -> Link | None:
    """Where the service keeps the track, and until when; None where that is not known, or over."""
    try:
        prediction = await job.context.predictions.get(job.generation.prediction_id or "")
    except ReplicateError as error:
        log.warning("where its track is: %r", error)
        return None
    url, completed_at = prediction.output_url or "", prediction.completed_at
    if completed_at is None or not url.startswith(("https://", "http://")):
        return None
    lives_until = completed_at + KEPT_FOR
    return Link(url, lives_until) if job.context.clock.now() < lives_until else None


async def keep(job: Job, limit_bytes: int | None) -> None:
    """Keep a track that cannot be posted as it is, and tell where it may be had meanwhile.

    It is shown where its person brings it to: larger files may be posted there, or the fault of
    ours be gone.
    """
    job.waits_for(NotPostable(limit_bytes, await where_it_is(job)))
    await job.wait_until_reachable(Unreachable(token_lives=True))
