"""QUEUED: the one request that costs money."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from bot.domain.errors import Outage, OwnerNeeded, Throttled
from bot.domain.errors.servers import ServersBusy
from bot.domain.generation import State
from bot.domain.progress import Stage
from bot.domain.waits import Hindered, InQueue, Obstacle, ToBeSent
from bot.engine.job import Job
from bot.engine.positions import why
from bot.engine.queue import QueueEntry
from bot.engine.states.outages import (
    CANCEL_AFTER_S,
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
    context = job.context
    gate = context.submit_gate
    if await take_over_first_try(job):
        return
    async with job.stoppable():
        entry = await _wait_for_slot(job)
        await gate.enter(entry)
    try:
        async with gate.alone(job.generation.as_sent):
            refusal = await _submit(job)
        if refusal is None:
            context.queue.sent(entry)
            return
        refused_s = gate.refused_s(entry)
        if refused_s > SUBMIT_WITHIN.total_seconds():
            raise refusal
        # Nothing was started. It keeps its slot, and its turn: it is back before another is let in.
        await job.save(State.QUEUED, submitted_at=None)
    finally:
        gate.leave()
    if isinstance(refusal, Throttled):
        # What everyone who waits is told has changed.
        context.queue.changed.set()
        return
    delay_s = max(UNREACHABLE_DELAY_S, min(_LONGEST_DELAY_S, refused_s))
    next_try_at = context.clock.now() + timedelta(seconds=delay_s)
    job.waits_for(Hindered(obstacle_of(refusal), next_try_at))
    async with job.stoppable():
        await context.clock.sleep(delay_s)


async def _wait_for_slot(job: Job) -> QueueEntry:
    """Wait for a slot; `bot.engine.positions` has the card show the number, and why, meanwhile."""
    clock = job.context.clock
    job.enter(Stage.QUEUED)
    is_new = clock.now() < job.generation.created_at + _JUST_ASKED
    entry = job.slot.join(lambda: _show_position(job), now_s=clock.monotonic(), is_new=is_new)
    await clock.wait(entry.granted, None)
    return entry


def _show_position(job: Job) -> None:
    """Show what it waits for, and where it stands."""
    if job.slot.entry is None:
        return
    wait = why(job.context.queue, job.context.submit_gate, job.slot.entry)
    if isinstance(wait, InQueue):
        left_s = job.context.queue.expected_s(wait.position)
        if left_s is not None:
            starts_at = job.context.clock.now() + timedelta(seconds=left_s)
            wait = replace(wait, starts_at=starts_at)
    is_out = isinstance(job.wait, Hindered) and job.wait.obstacle is Obstacle.OUTAGE
    if not is_out or not isinstance(wait, ToBeSent):
        job.waits_for(wait)
    else:
        job.show()


async def _submit(job: Job) -> Outage | None:
    """Send it; the error where it certainly was not taken, and may be sent again."""
    context = job.context
    await job.save(State.SUBMITTING, submitted_at=context.clock.now())
    generation = job.generation
    webhook = context.poller.order(generation.id)
    job.create_push.is_ordered = webhook is not None
    try:
        prediction = await context.predictions.create(
            generation.version, generation.as_sent, CANCEL_AFTER_S, webhook
        )
    except Outage as error:
        context.troubles.met(Task.CREATE, obstacle_of(error))
        if error.may_have_started:
            # A second one would cost a second time: look for it first.
            log.warning("its create was cut off: %r", error)
            return None
        if isinstance(error, ServersBusy):
            context.submit_gate.were_busy(error.retry_after_s or 0.0, obstacle_of(error))
        elif isinstance(error, Throttled):
            context.submit_gate.was_throttled(error.retry_after_s, low_credit=error.low_credit)
        else:
            context.submit_gate.was_refused()
        return error
    except OwnerNeeded as error:
        context.troubles.met(Task.CREATE, obstacle_of(error))
        raise
    context.submit_gate.went_well()
    context.troubles.over(Task.CREATE)
    job.goes_on()
    await job.save(State.RUNNING, prediction_id=prediction.id)
    return None
