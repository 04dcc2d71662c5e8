"""QUEUED: the one request that costs money."""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.domain.errors import ConnectionFailed, ReplyBroken, ServiceFault, Throttled
from bot.domain.generation import State
from bot.domain.progress import Stage
from bot.domain.waits import Hindered, Obstacle, ToBeSent
from bot.engine.job import Run
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


async def launch(run: Run) -> None:
    """Wait for a turn, then send the create request, once."""
    if await take_over_first_try(run):
        return
    async with run.stoppable():
        place = await _wait_in_line(run)
        await run.kit.gate.enter(place)
    try:
        async with run.kit.gate.alone(run.generation.inputs):
            refusal = await _submit(run)
        if refusal is None:
            run.kit.line.sent(place)
            return
        refused_s = run.kit.gate.refused_s(place)
        if refused_s > SUBMIT_WITHIN.total_seconds():
            raise refusal
        # Nothing was started. It keeps its seat, and its turn: it is back before another is let in.
        await run.save(State.QUEUED, submitted_at=None)
    finally:
        run.kit.gate.leave()
    if isinstance(refusal, Throttled):
        # What everyone who waits is told has changed.
        run.kit.line.changed.set()
        return
    delay_s = max(UNREACHABLE_DELAY_S, min(_LONGEST_DELAY_S, refused_s))
    next_try_at = run.kit.clock.now() + timedelta(seconds=delay_s)
    run.wait = Hindered(obstacle_of(refusal), next_try_at)
    run.show()
    async with run.stoppable():
        await run.kit.clock.sleep(delay_s)


async def _wait_in_line(run: Run) -> Place:
    """Wait for a seat; `bot.engine.positions` has the card show the number, and why, meanwhile."""
    now = run.kit.clock.now()
    run.meter.enter(Stage.QUEUED, now)
    if run.place is None:
        is_new = now < run.generation.created_at + _JUST_ASKED
        run.place = run.kit.line.join(
            run.generation.requester_id,
            lambda: _show_place(run),
            now_s=run.kit.clock.monotonic(),
            is_new=is_new,
        )
    await run.kit.clock.wait(run.place.granted, None)
    return run.place


def _show_place(run: Run) -> None:
    """Show what it waits for, and where it stands."""
    if run.place is None:
        return
    wait = why(run.kit.line, run.kit.gate, run.place)
    is_out = isinstance(run.wait, Hindered) and run.wait.obstacle is Obstacle.OUTAGE
    if not is_out or not isinstance(wait, ToBeSent):
        run.wait = wait
    run.show()


async def _submit(run: Run) -> Throttled | ConnectionFailed | None:
    """Send it; the error where it certainly was not taken, and may be sent again."""
    await run.save(State.SUBMITTING, submitted_at=run.kit.clock.now())
    generation = run.generation
    try:
        prediction = await run.kit.predictions.create(
            generation.version, generation.inputs, CANCEL_AFTER_S
        )
    except Throttled as error:
        run.kit.troubles.met(Task.CREATE, obstacle_of(error))
        run.kit.gate.was_throttled(error.retry_after_s, low_credit=error.low_credit)
        return error
    except (ConnectionFailed, ServiceFault, ReplyBroken) as error:
        run.kit.troubles.met(Task.CREATE, obstacle_of(error))
        if isinstance(error, ConnectionFailed) and not error.may_have_arrived:
            run.kit.gate.was_refused()
            return error
        # It may have arrived, and a second one would cost a second time: look for it first.
        log.warning("create of generation %s was cut off: %r", generation.id, error)
        return None
    except REFUSALS as error:
        run.kit.troubles.met(Task.CREATE, obstacle_of(error))
        raise
    run.kit.gate.went_well()
    run.kit.troubles.over(Task.CREATE)
    run.wait = None
    await run.save(State.RUNNING, prediction_id=prediction.id)
    return None
