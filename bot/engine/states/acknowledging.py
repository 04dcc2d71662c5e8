"""ACCEPTED, before it is known whether Discord has taken the acknowledgement.

The row comes first: a process that dies between the two leaves "thinking" behind, which only the
row tells of.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.domain.errors import NeverBegun
from bot.domain.generation import State
from bot.engine.job import Job
from bot.engine.ports import DiscordFault, Unreachable
from bot.engine.states.showing import retry_delays_s

log = logging.getLogger(__name__)

_DECIDED = timedelta(seconds=4)
"""Discord takes no first answer after 3 s: what it shows from then on is what has happened."""


async def await_acknowledgement(job: Job) -> bool:
    """Wait until the reply is known, or else find it; False where it was not acknowledged here.

    Then the person was told so, by Discord or by a refusal, or another process with the same
    token has acknowledged it and does the work. The generation is closed.

    Raises:
        NeverBegun: nobody can tell any more whether a person waits.
    """
    while job.answering:
        job.wake.clear()
        await job.context.clock.wait(job.wake, None)
    if job.is_ours:
        await _await_decision(job)
    delays_s = retry_delays_s()
    while job.is_ours and not job.generation.reply.known:
        try:
            reply = await job.context.delivery.find(job.generation)
        except Unreachable as error:
            raise NeverBegun from error
        except DiscordFault as error:
            delay_s = next(delays_s, None)
            if delay_s is None:
                raise NeverBegun from error
            await job.context.clock.sleep(delay_s)
            continue
        if reply is None:
            break
        log.info("found its reply again")
        await job.save(reply=reply)
    if not job.generation.reply.known:
        log.warning("never acknowledged here")
        await job.save(State.CANCELED, told=True, ended_at=job.context.clock.now())
    elif job.generation.source is not None:
        # Fetching audio takes its time; the token may not outlive a restart meanwhile.
        await job.save()
    return job.generation.reply.known


async def _await_decision(job: Job) -> None:
    """Until it is known, or Discord has decided; no longer, whatever this machine's clock does."""
    left_s = (job.generation.created_at + _DECIDED - job.context.clock.now()).total_seconds()
    ends_at_s = job.context.clock.monotonic() + min(_DECIDED.total_seconds(), left_s)
    while not job.generation.reply.known:
        if (left_s := ends_at_s - job.context.clock.monotonic()) <= 0:
            return
        job.wake.clear()
        await job.context.clock.wait(job.wake, left_s)
