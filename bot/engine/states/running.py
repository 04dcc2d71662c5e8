"""RUNNING: the prediction is polled until it ends."""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta

from bot.domain.errors import (
    CanceledElsewhere,
    PredictionAborted,
    PredictionFailed,
    PredictionOverdue,
    ReplicateError,
)
from bot.domain.generation import State
from bot.domain.progress import Stage
from bot.domain.validation import audio_prompt_s
from bot.engine.job import Run, Stopped
from bot.engine.poller import Watch
from bot.engine.ports import PredictionView
from bot.engine.states.outages import (
    CANCEL_AFTER_S,
    OVERDUE,
    Patience,
    check_still_running,
    pause_s,
)

log = logging.getLogger(__name__)

_LOOK_UP_S = 60.0
"""However seldom it asks, it looks so often whether it should have asked by now."""
_DEADLINE = timedelta(seconds=CANCEL_AFTER_S) - timedelta(minutes=2)
"""Who stops a prediction before that is not its deadline, whichever clock is a little fast."""


async def follow(run: Run) -> None:
    """Poll within the budget, show what the logs tell, and end as the prediction does."""
    if run.place is None:
        run.place = run.kit.line.seat(run.generation.requester_id)
    submitted_at = run.generation.submitted_at or run.generation.created_at
    run.meter.audio_prompt_s = audio_prompt_s(run.generation.inputs, run.generation.audio_s)
    run.meter.enter(Stage.STARTING, submitted_at)
    run.wait = None
    prediction_id = run.generation.prediction_id or ""
    with run.kit.poller.watching(prediction_id, submitted_at, run.wake) as watch:
        await _poll(run, submitted_at, watch)
    run.give_up_seat()


async def _poll(run: Run, submitted_at: datetime, watch: Watch) -> None:
    clock, poller = run.kit.clock, run.kit.poller
    patience = Patience(run, submitted_at)
    asks_at_s, quiet_until_s = clock.monotonic() + poller.first_delay_s(), -math.inf
    is_woken = False
    while True:
        run.wake.clear()
        now_s = clock.monotonic()
        asks_at_s = max(quiet_until_s, min(asks_at_s, now_s + poller.delay_s(watch)))
        is_overdue = clock.now() > submitted_at + OVERDUE
        if _has_news(run, watch) or is_overdue or now_s >= asks_at_s:
            asks_at_s = now_s + poller.delay_s(watch)
            try:
                prediction = _known(run, watch) or await _ask(run)
            except ReplicateError as error:
                log.info("generation %s: %r", run.generation.id, error)
                patience.bear(error)
                quiet_until_s = asks_at_s = max(asks_at_s, now_s + pause_s(error))
            else:
                patience.answered()
                if await _take(run, prediction, submitted_at):
                    return
                check_still_running(run, submitted_at)
        elif is_woken:
            if watch.is_running:
                run.meter.begin(clock.now())
            run.show()
        left_s = max(0.0, asks_at_s - clock.monotonic())
        is_woken = await clock.wait(run.wake, min(_LOOK_UP_S, left_s))


def _has_news(run: Run, watch: Watch) -> bool:
    return watch.has_ended or (run.generation.cancel_requested and not run.cancel_sent)


def _known(run: Run, watch: Watch) -> PredictionView | None:
    """How it has ended, where the list has said all there is to know."""
    ended = watch.ended
    if ended is None or ended.status != "succeeded":
        return ended
    # A seed that the model drew itself stands in the logs alone.
    return ended if run.generation.inputs.seed or run.meter.seed is not None else None


async def _ask(run: Run) -> PredictionView:
    prediction_id = run.generation.prediction_id or ""
    if run.generation.cancel_requested and not run.cancel_sent:
        prediction = await run.kit.predictions.cancel(prediction_id)
        run.cancel_sent = True
        return prediction
    return await run.kit.predictions.get(prediction_id)


async def _take(run: Run, prediction: PredictionView, submitted_at: datetime) -> bool:
    """Take in one answer; True when the prediction has ended well and the step with it."""
    now = run.kit.clock.now()
    match prediction.status:
        case "succeeded":
            if prediction.logs:
                run.meter.read(prediction.logs, now)
            run.prediction = prediction
            await run.save(
                State.COLLECTING,
                predict_time_s=prediction.predict_time_s,
                seed_used=run.meter.seed,
                # Labelling follows at once; before a piece is joined, that is counted on its own.
                attempts=int(run.generation.piece_path is None),
            )
            return True
        case "failed":
            raise PredictionFailed(prediction.error or "")
        case "aborted":
            raise PredictionAborted
        case "canceled":
            if run.generation.cancel_requested:
                raise Stopped
            is_overdue = now > submitted_at + _DEADLINE
            raise PredictionOverdue if is_overdue else CanceledElsewhere
        case "processing":
            run.meter.read(prediction.logs, now)
        case _:
            run.meter.enter(Stage.STARTING, now)
    run.show()
    return False
