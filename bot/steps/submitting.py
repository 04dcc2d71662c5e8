"""QUEUED and SUBMITTING: the one request that costs money."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from bot.errors import ConnectionFailed, ReplyBroken, ServiceFault, SubmitUncertain, Throttled
from bot.generation import State
from bot.progress import Stage
from bot.run import Run, Stopped
from bot.steps.waiting import CANCEL_AFTER_S, PASSING, UNREACHABLE_DELAY_S, check_overdue

log = logging.getLogger(__name__)

_POSITION_EVERY_S = 3.0
_SUBMIT_WITHIN = timedelta(hours=1)
"""So long an order is worth keeping while the service takes none."""
_CLOCK_SKEW = timedelta(minutes=2)
_FIND_AFTER_S = (1.0, 3.0, 6.0)
"""Waits before each look for a prediction whose create request was cut off."""


async def launch(run: Run) -> None:
    """Wait for a turn, then send the create request, once."""
    async with run.stoppable():
        await _wait_in_line(run)
        await run.kit.gate.enter()
    try:
        refusal = await _submit(run)
    finally:
        run.kit.gate.leave()
    if refusal is None:
        return
    if run.kit.clock.now() > run.generation.created_at + _SUBMIT_WITHIN:
        raise refusal
    # Nothing was started. It stays first in its line, and tries again.
    await run.save(State.QUEUED, submitted_at=None)
    if not isinstance(refusal, Throttled):
        run.meter.unreachable = True
        run.show()
        async with run.stoppable():
            await run.kit.clock.sleep(UNREACHABLE_DELAY_S)


async def _wait_in_line(run: Run) -> None:
    if run.place is None:
        run.place = run.kit.line.join(run.generation.requester_id)
    while True:
        position = run.kit.line.position(run.place)
        run.show(Stage.QUEUED, position)
        if run.place.granted.is_set():
            return
        await run.kit.clock.wait(run.place.granted, _POSITION_EVERY_S)


async def _submit(run: Run) -> Throttled | ConnectionFailed | None:
    """Send it; the error where it certainly was not taken, and may be sent again."""
    await run.save(State.SUBMITTING, submitted_at=run.kit.clock.now())
    generation = run.generation
    try:
        prediction = await run.kit.predictions.create(
            generation.version, generation.inputs, CANCEL_AFTER_S
        )
    except Throttled as error:
        run.kit.gate.was_throttled(error.retry_after_s)
        return error
    except (ConnectionFailed, ServiceFault, ReplyBroken) as error:
        if isinstance(error, ConnectionFailed) and not error.may_have_arrived:
            return error
        # It may have arrived, and a second one would cost a second time: look for it first.
        log.warning("create of generation %s was cut off: %r", generation.id, error)
        return None
    run.kit.gate.went_well()
    run.meter.unreachable = False
    await run.save(State.RUNNING, prediction_id=prediction.id)
    return None


async def find_again(run: Run) -> None:
    """After a create whose outcome is unknown: look for our prediction, never send it again."""
    if run.place is None:
        run.place = run.kit.line.seat(run.generation.requester_id)
    submitted_at = run.generation.submitted_at or run.generation.created_at
    looked = 0
    while looked < len(_FIND_AFTER_S):
        run.wake.clear()
        await run.kit.clock.wait(run.wake, _FIND_AFTER_S[looked])
        try:
            found = await _find_ours(run, submitted_at - _CLOCK_SKEW)
        except PASSING:
            check_overdue(run, submitted_at)
            run.meter.unreachable = True
            run.show()
            continue
        looked += 1
        if found is not None:
            log.info("generation %s found its prediction again", run.generation.id)
            run.meter.unreachable = False
            await run.save(State.RUNNING, prediction_id=found)
            return
    raise Stopped if run.generation.cancel_requested else SubmitUncertain


async def _find_ours(run: Run, created_after: datetime) -> str | None:
    inputs = run.generation.inputs
    candidates = await run.kit.predictions.find(
        run.generation.version, inputs.seed or 0, inputs.prompt, created_after
    )
    for candidate in candidates:
        # The same person may have asked for the same seed and words a minute ago.
        if not await run.kit.journal.prediction_known(candidate.id):
            return candidate.id
    return None
