"""FAILED and CANCELED: the person is told."""

from __future__ import annotations

import logging

from bot.engine.job import Job
from bot.engine.ports import DiscordFault, NoWayNow
from bot.engine.states.outages import retry_delays_s

log = logging.getLogger(__name__)


async def tell_end(job: Job) -> None:
    """Show an end without a track, for as long as nobody has."""
    delays_s = retry_delays_s()
    while not (job.end_told or job.generation.told):
        try:
            moved = await job.context.delivery.end(job.generation)
        except NoWayNow as closed:
            await job.wait_for_way(closed)
            continue
        except DiscordFault as error:
            log.warning("the end of generation %s: %s", job.generation.id, error)
            if (delay_s := next(delays_s, None)) is not None:
                await job.context.clock.sleep(delay_s)
                continue
        else:
            if moved is not None:
                await job.save(reply=moved.reply)
                continue
        job.end_was_told()
