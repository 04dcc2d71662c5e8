"""QUEUED: the one request that costs money."""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.domain.errors import ConnectionFailed, ReplyBroken, ServiceFault, Throttled
from bot.domain.generation import State
from bot.domain.progress import Stage
from bot.domain.waits import Hindered, Obstacle, ToBeSent
from bot.engine.job import Job
from bot.engine.positions import why
from bot.engine.queue import Place
from bot.engine.states.outages import (
    CANCEL_AFTER_S,
    REFUSALS,
    SUBMIT_WITHIN,
    UNREACHABLE_DELAY_S,
    obstacle_of,
)
from bot.engine.states.uncertain import take_over_first_try
from bot.engine.troubles import Task

log = logging.getLogger(__name__)

_JUST_ASKED = timedelta(minutes=1)
"""Whoever did is looking at a card that shows nothing yet."""
_LONGEST_DELAY_S = 30.0
"""A create that found nobody is tried again after twice as long each time, up to this."""


async def launch(job: Job) -> None:
    """Wait for a turn, then send the create request, once."""
    if await take_over_first_try(job):
        return
    async with job.stoppable():
        place = await _wait_in_line(job)
        await job.kit.submit_gate.enter(place)
    try:
        async with job.kit.submit_gate.alone(job.generation.inputs):
            refusal = await _submit(job)
        if refusal is None:
            job.kit.line.sent(place)
            return
        refused_s = job.kit.submit_gate.refused_s(place)
        if refused_s > SUBMIT_WITHIN.total_seconds():
            raise refusal
        # Nothing was started. It keeps its seat, and its turn: it is back before another is let in.
        await job.save(State.QUEUED, submitted_at=None)
    finally:
        job.kit.submit_gate.leave()
    if isinstance(refusal, Throttled):
        # What everyone who waits is told has changed.
        job.kit.line.changed.set()
        return
    delay_s = max(UNREACHABLE_DELAY_S, min(_LONGEST_DELAY_S, refused_s))
    next_try_at = job.kit.clock.now() + timedelta(seconds=delay_s)
    job.wait = Hindered(obstacle_of(refusal), next_try_at)
    job.show()
    async with job.stoppable():
        await job.kit.clock.sleep(delay_s)


async def _wait_in_line(job: Job) -> Place:
    """Wait for a seat; `bot.engine.positions` has the card show the number, and why, meanwhile."""
    now = job.kit.clock.now()
    job.meter.enter(Stage.QUEUED, now)
    if job.place is None:
        is_new = now < job.generation.created_at + _JUST_ASKED
        job.place = job.kit.line.join(
            job.generation.requester_id,
            lambda: _show_place(job),
            now_s=job.kit.clock.monotonic(),
            is_new=is_new,
        )
    await job.kit.clock.wait(job.place.granted, None)
    return job.place


def _show_place(job: Job) -> None:
    """Show what it waits for, and where it stands."""
    if job.place is None:
        return
    wait = why(job.kit.line, job.kit.submit_gate, job.place)
    is_out = isinstance(job.wait, Hindered) and job.wait.obstacle is Obstacle.OUTAGE
    if not is_out or not isinstance(wait, ToBeSent):
        job.wait = wait
    job.show()


async def _submit(job: Job) -> Throttled | ConnectionFailed | None:
    """Send it; the error where it certainly was not taken, and may be sent again."""
    await job.save(State.SUBMITTING, submitted_at=job.kit.clock.now())
    generation = job.generation
    try:
        prediction = await job.kit.predictions.create(
            generation.version, generation.inputs, CANCEL_AFTER_S
        )
    except Throttled as error:
        job.kit.troubles.met(Task.CREATE, obstacle_of(error))
        job.kit.submit_gate.was_throttled(error.retry_after_s, low_credit=error.low_credit)
        return error
    except (ConnectionFailed, ServiceFault, ReplyBroken) as error:
        job.kit.troubles.met(Task.CREATE, obstacle_of(error))
        if isinstance(error, ConnectionFailed) and not error.may_have_arrived:
            job.kit.submit_gate.was_refused()
            return error
        # It may have arrived, and a second one would cost a second time: look for it first.
        log.warning("create of generation %s was cut off: %r", generation.id, error)
        return None
    except REFUSALS as error:
        job.kit.troubles.met(Task.CREATE, obstacle_of(error))
        raise
    job.kit.submit_gate.went_well()
    job.kit.troubles.over(Task.CREATE)
    job.wait = None
    await job.save(State.RUNNING, prediction_id=prediction.id)
    return None
