"""FAILED and CANCELED: the person is told."""

from __future__ import annotations

import logging

from bot.engine.job import Job
from bot.engine.ports import DiscordFault
from bot.engine.states.showing import retry_delays_s, until_shown

log = logging.getLogger(__name__)


async def tell_end(job: Job) -> None:
    """Show an end without a track, for as long as nobody has."""
    if job.end_told or job.generation.told:
        return

    def explain(error: DiscordFault | OSError, _: float | None) -> None:
        log.warning("its end: %s", error)

    delivery = job.context.delivery
    await until_shown(job, lambda: delivery.end(job.generation), retry_delays_s(), explain)
    job.end_was_told()
