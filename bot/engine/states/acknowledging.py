"""ACCEPTED, before it is known whether Discord has taken the acknowledgement.

The row comes first: a process that dies between the two leaves "thinking" behind, which only the
row tells of.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.domain.errors import NeverBegun
from bot.domain.generation import State
from bot.engine.job import Run, retry_delays_s
from bot.engine.ports import DiscordFault, NoWayNow

log = logging.getLogger(__name__)

_DECIDED = timedelta(seconds=4)
"""Discord takes no first answer after 3 s: what it shows from then on is what has happened."""


async def await_acknowledgement(run: Run) -> bool:
    """Wait until the reply is known, or else find it; False where it was not acknowledged here.

    Then the person was told so, by Discord or by a refusal, or another process with the same
    token has acknowledged it and does the work. The generation is closed.

    Raises:
        NeverBegun: nobody can tell any more whether a person waits.
    """
    while run.answering:
        run.wake.clear()
        await run.kit.clock.wait(run.wake, None)
    if run.is_ours:
        await _await_decision(run)
    delays_s = retry_delays_s()
    while run.is_ours and not run.generation.reply.known:
        try:
            reply = await run.kit.delivery.find(run.generation)
        except NoWayNow as error:
            raise NeverBegun from error
        except DiscordFault as error:
            delay_s = next(delays_s, None)
            if delay_s is None:
                raise NeverBegun from error
            await run.kit.clock.sleep(delay_s)
            continue
        if reply is None:
            break
        log.info("generation %s found its reply again", run.generation.id)
        await run.save(reply=reply)
    if not run.generation.reply.known:
        log.warning("generation %s was never acknowledged here", run.generation.id)
        await run.save(State.CANCELED, told=True, ended_at=run.kit.clock.now())
    elif run.generation.source is not None:
        # Fetching audio takes its time; the token may not outlive a restart meanwhile.
        await run.save()
    return run.generation.reply.known


async def _await_decision(run: Run) -> None:
    """Until it is known, or Discord has decided; no longer, whatever this machine's clock does."""
    left_s = (run.generation.created_at + _DECIDED - run.kit.clock.now()).total_seconds()
    ends_at_s = run.kit.clock.monotonic() + min(_DECIDED.total_seconds(), left_s)
    while not run.generation.reply.known:
        if (left_s := ends_at_s - run.kit.clock.monotonic()) <= 0:
            return
        run.wake.clear()
        await run.kit.clock.wait(run.wake, left_s)
