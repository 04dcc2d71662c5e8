"""Takes a job from where its row says to its end, state by state, through faults of the journal.

Each state has one step (`bot.engine.states`). A step journals before anyone sees; after a crash the
same steps go on from the rows alone.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

from bot.domain.errors import GaveWay, InternalFault, JournalFault, NotFollowedHere, UserError
from bot.domain.generation import State
from bot.domain.waits import Hindered, Obstacle
from bot.engine.disk_claims import count_files, discard_files
from bot.engine.job import Job, Stopped
from bot.engine.states import STEPS
from bot.engine.states.ending import tell_end
from bot.engine.troubles import Task

log = logging.getLogger(__name__)

_JOURNAL_DELAYS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0)


async def take_to_end(job: Job) -> bool:
    """Go on until the generation has ended and its person knows, however long the journal fails.

    False where nothing of it can be written down and nothing is paid: it is given up.

    Raises:
        NotFollowedHere: another process follows it now.
    """
    for faults in count(1):
        try:
            await _go_on(job)
        except NotFollowedHere:
            raise
        except Exception as error:  # noqa: BLE001 - logged there
            delay_s = _JOURNAL_DELAYS_S[min(faults, len(_JOURNAL_DELAYS_S)) - 1]
            await _tell_of_journal(job, error, delay_s)
            if faults > len(_JOURNAL_DELAYS_S) and job.is_unpaid:
                return False
            await _wait_for_journal(job, delay_s)
        else:
            break
    job.context.troubles.over(Task.JOURNAL)
    return True


async def _go_on(job: Job) -> None:
    context = job.context
    await count_files(context, job.generation)
    while not job.generation.told:
        try:
            while not job.generation.state.final:
                await _step(job)
        except asyncio.CancelledError:
            await job.attempts.take_back()
            raise
        finally:
            job.slot.give_up()
        await tell_end(job)
        if not job.generation.told:
            # What turns up late brings it back to life, or is stopped.
            await STEPS[job.generation.state](job)
        if not job.generation.state.final:
            job.end_was_told(False)
        elif not job.generation.told:
            await job.save(told=True)
    generation = job.generation
    if generation.state is State.DELIVERED and generation.track_path is not None:
        await context.delivery.follow_up(generation, Path(generation.track_path))
    await discard_files(context, generation)


async def _step(job: Job) -> None:
    generation = job.generation
    try:
        await STEPS[generation.state](job)
    except (JournalFault, NotFollowedHere):
        raise
    except Stopped:
        if job.gives_way and not job.generation.cancel_requested:
            log.warning("gives way to what is paid")
            await _fail(job, GaveWay())
        else:
            await job.save(State.CANCELED, ended_at=job.context.clock.now())
    except UserError as error:
        log.warning("failed: %r", error)
        await _fail(job, error)
    except Exception:
        log.exception("met a fault of ours")
        await _fail(job, InternalFault())


async def _fail(job: Job, failure: UserError) -> None:
    await job.save(State.FAILED, failure=failure, ended_at=job.context.clock.now())


async def _tell_of_journal(job: Job, error: Exception, delay_s: float) -> None:
    """Have the card say why it stands still, as its state cannot be written down, and how long."""
    if isinstance(error, JournalFault):
        log.warning("cannot be journalled: %s", error)
    else:
        log.error("cannot be journalled", exc_info=error)
    context = job.context
    await context.disk.look()
    with suppress(JournalFault):
        # Where only the answer to a commit got lost, the row knows more.
        await job.reload()
    if context.disk.obstacle is not None:
        job.waits_for(Hindered(context.disk.obstacle))
    elif isinstance(error, JournalFault):
        context.troubles.met(Task.JOURNAL, Obstacle.JOURNAL)
        next_try_at = context.clock.now() + timedelta(seconds=delay_s)
        job.waits_for(Hindered(Obstacle.JOURNAL, next_try_at))


async def _wait_for_journal(job: Job, delay_s: float) -> None:
    """Wait before the next try; once a full disk has room again, nobody is to wait for that."""
    disk, clock = job.context.disk, job.context.clock
    if disk.obstacle is None:
        await clock.sleep(delay_s)
    else:
        await clock.wait(disk.recovered, delay_s)
    with suppress(JournalFault):
        await job.reload()
        job.context.troubles.over(Task.JOURNAL)
        job.waits_for(None)
