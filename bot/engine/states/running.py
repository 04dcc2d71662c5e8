"""RUNNING: the prediction is polled until it ends, as far as it is not pushed what it does."""

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
from bot.domain.errors.servers import RunLost
from bot.domain.generation import State
from bot.domain.prediction import Prediction, Status
from bot.domain.progress import Stage
from bot.domain.validation import audio_prompt_s
from bot.domain.waits import BegunAgain
from bot.engine.job import Job, Stopped
from bot.engine.poller import Watch
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


async def follow(job: Job) -> None:
    """Poll within the budget, show what the logs tell, and end as the prediction does."""
    job.slot.take()
    submitted_at = job.generation.submitted_at or job.generation.created_at
    job.meter.audio_prompt_s = audio_prompt_s(job.generation.inputs, job.generation.audio_s)
    job.meter.enter(Stage.STARTING, submitted_at)
    job.goes_on()
    prediction_id = job.generation.prediction_id or ""
    coming, poller = job.context.sound.track_coming(), job.context.poller
    with coming, poller.watching(prediction_id, submitted_at, job.wake) as watch:
        watch.is_pushed = job.create_push.is_ordered
        # What was pushed before it was known whose it is.
        watch.is_pointed_at = job.create_push.prediction_id == prediction_id
        await _poll(job, submitted_at, watch)
    job.slot.give_up()


async def _poll(job: Job, submitted_at: datetime, watch: Watch) -> None:
    clock, poller = job.context.clock, job.context.poller
    patience = Patience(job, submitted_at)
    asks_at_s, quiet_until_s = clock.monotonic() + poller.first_delay_s(watch), -math.inf
    is_woken = False
    while True:
        job.wake.clear()
        now_s = clock.monotonic()
        asks_at_s = max(quiet_until_s, min(asks_at_s, now_s + poller.delay_s(watch)))
        is_overdue = clock.now() > submitted_at + OVERDUE
        if _has_news(job, watch) or is_overdue or now_s >= asks_at_s:
            asks_at_s = now_s + poller.delay_s(watch)
            try:
                prediction = _told(job, watch) or await _ask(job, watch)
                poller.heard()
            except RunLost:
                poller.heard()
                raise
            except ReplicateError as error:
                poller.heard()
                log.info("%r", error)
                patience.bear(error)
                quiet_until_s = asks_at_s = max(asks_at_s, now_s + pause_s(error))
            else:
                patience.answered()
                if await _take(job, prediction, submitted_at):
                    return
                check_still_running(job, submitted_at)
        elif is_woken:
            if watch.is_running:
                job.meter.begin(clock.now())
            job.show()
        left_s = max(0.0, asks_at_s - clock.monotonic())
        is_woken = await clock.wait(job.wake, min(_LOOK_UP_S, left_s))


def _has_news(job: Job, watch: Watch) -> bool:
    is_told = watch.has_ended or watch.pushed is not None or watch.is_pointed_at
    return is_told or job.wants_cancel_sent


def _told(job: Job, watch: Watch) -> Prediction | None:
    """How it is, where that was pushed, or where the list has said all there is to know."""
    pushed = watch.take_pushed()
    if pushed is not None and (pushed.ended or not job.wants_cancel_sent):
        return pushed
    ended = watch.ended
    if ended is None or ended.status != "succeeded":
        return ended
    # A seed that the model drew itself stands in the logs alone.
    return ended if job.generation.inputs.seed or job.meter.seed is not None else None


async def _ask(job: Job, watch: Watch) -> Prediction:
    prediction_id = job.generation.prediction_id or ""
    watch.is_pointed_at = False
    if job.wants_cancel_sent:
        prediction = await job.context.predictions.cancel(prediction_id)
        job.cancel_was_sent()
    else:
        prediction = await job.context.predictions.get(prediction_id)
    job.context.poller.answered(watch, prediction)
    return prediction


async def _take(job: Job, prediction: Prediction, submitted_at: datetime) -> bool:
    """Take in one answer; True when the prediction has ended well and the step with it."""
    now = job.context.clock.now()
    if prediction.begun_again and job.wait is None:
        job.goes_on(BegunAgain())
    if prediction.ended and prediction.status != Status.SUCCEEDED and prediction.ran_s is not None:
        # What it ran is billed, whatever ended it.
        await job.save(predict_time_s=prediction.ran_s)
    match prediction.status:
        case "succeeded":
            if prediction.logs:
                job.meter.read(prediction.logs, now)
            job.remember(prediction)
            job.context.queue.ran(prediction.ran_s)
            await job.save(
                State.COLLECTING,
                predict_time_s=prediction.ran_s,
                seed_used=job.meter.seed,
                # Labelling follows at once; before a piece is joined, that is counted on its own.
                attempts=int(job.generation.piece_path is None),
            )
            return True
        case "failed":
            raise PredictionFailed(prediction.error or "")
        case "aborted":
            raise PredictionAborted
        case "canceled":
            if job.generation.cancel_requested:
                raise Stopped
            is_overdue = now > submitted_at + _DEADLINE
            raise PredictionOverdue if is_overdue else CanceledElsewhere
        case "processing":
            job.meter.read(prediction.logs, now)
        case _:
            job.enter(Stage.STARTING)
    job.show()
    return False
