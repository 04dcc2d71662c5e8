"""A create whose outcome is unknown: its prediction is looked for, and it is never sent blindly.

Replicate has no idempotency key, so what tells is its list: our version, seed and other inputs,
created since. No delay of the list is documented (api.replicate.com/v1/predictions, 2026-04); one
of a minute, as a list served from a copy might have, is provided for. Where it has a webhook, its
first push tells which one it is.

A service that writes down each create before it sends it (`Predictions.finds_all`) is sure at once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from bot.domain.errors import ReplicateError, StartedBefore, SubmitUncertain, ThingUnknown
from bot.domain.generation import Generation, Relation, State
from bot.domain.progress import Stage
from bot.engine.job import Job, Stopped
from bot.engine.states.outages import Patience

log = logging.getLogger(__name__)

_CLOCK_SKEW = timedelta(minutes=2)
_FIND_AFTER_S = (1.0, 3.0, 6.0, 10.0)
"""Waits before each look. Who sees nothing for 20 s is told so, and may go on to something else."""
SURE_AFTER = timedelta(seconds=90)
"""So long after a create that is in no list by then, it has started nothing.

That is one and a half times the longest delay that is provided for. Only then may the same be sent
once more.
"""
KEEP_LOOKING = timedelta(minutes=10)
"""So long a create is looked for all the same: what it started, late, is paid and is delivered."""
_LOOK_EVERY_S = 15.0
_TRIES_MAX = 20


async def find_again(job: Job) -> None:
    """SUBMITTING, after a crash or a fault: go on from our prediction, wherever it turns up.

    Where it is sure that there is none, it is sent again.
    """
    # Where only the answer to a commit got lost, the row knows more.
    await job.reload()
    if job.generation.state is not State.SUBMITTING:
        return
    job.slot.take()
    job.goes_on()
    is_sure = job.context.predictions.finds_all
    waits_s = _FIND_AFTER_S[:1] if is_sure else _FIND_AFTER_S
    patience = Patience(job, _sent_at(job.generation))
    looked = 0
    while looked < len(waits_s):
        job.show(Stage.LOOKING)
        # Not cut short by a Cancel: what comes late is still to be found, and stopped.
        await job.context.clock.wait(job.create_push.came, waits_s[looked])
        try:
            if await _take_over(job, job.generation):
                return
        except ReplicateError as error:
            log.warning("looking for it: %r", error)
            patience.bear(error)
        else:
            patience.answered()
            looked += 1
    if job.generation.cancel_requested:
        raise Stopped
    if not is_sure:
        raise SubmitUncertain
    log.info("its create was never sent")
    await job.save(State.QUEUED, submitted_at=None)


async def keep_looking(job: Job) -> None:
    """FAILED, and its person knows: where its prediction turns up late, go on from there."""
    if isinstance(job.generation.failure, SubmitUncertain):
        await _keep_looking(job, _take_over)


async def keep_stopping(job: Job) -> None:
    """CANCELED, and its person knows: where its prediction turns up late, stop it."""
    if job.generation.submitted_at is not None and job.generation.prediction_id is None:
        await _keep_looking(job, _stop)


async def _keep_looking(job: Job, look: Callable[[Job, Generation], Awaitable[bool]]) -> None:
    ends_at = _sent_at(job.generation) + KEEP_LOOKING
    while (left_s := (ends_at - job.context.clock.now()).total_seconds()) > 0:
        await job.context.clock.wait(job.create_push.came, min(_LOOK_EVERY_S, left_s))
        try:
            if await look(job, job.generation):
                return
        except ReplicateError as error:
            log.warning("looking for it: %r", error)


async def take_over_first_try(job: Job) -> bool:
    """Before the same is sent once more: go on from what the first try started; False for nothing.

    It waits until nothing of the first try can turn up any more (`SURE_AFTER`).

    Raises:
        StartedBefore: the first try has been found by its own generation, and ends there.
    """
    tries = await _first_tries(job)
    if not tries:
        return False
    sure_at = max(map(_sent_at, tries)) + SURE_AFTER
    patience = Patience(job, job.generation.created_at)
    while True:
        job.show(Stage.LOOKING)
        now = job.context.clock.now()
        try:
            for one in tries:
                if await _take_over(job, one):
                    return True
        except ReplicateError as error:
            log.warning("looking for the first try: %r", error)
            patience.bear(error)
        else:
            patience.answered()
            tries = await _first_tries(job)
            if any(one.prediction_id is not None for one in tries):
                raise StartedBefore
            if now >= sure_at:
                return False
        # Not longer than until the last look; 1 s at the least, which is for a faulty service.
        left_s = (sure_at - job.context.clock.now()).total_seconds()
        async with job.stoppable():
            await job.context.clock.sleep(max(1.0, min(_LOOK_EVERY_S, left_s)))


async def _first_tries(job: Job) -> Sequence[Generation]:
    """The requests for the very same that this one takes up, newest first."""
    tries: list[Generation] = []
    one = job.generation
    while one.relation is Relation.RETRY and one.parent_id and len(tries) < _TRIES_MAX:
        parent = await job.context.journal.get(one.parent_id)
        if parent is None:
            break
        tries.append(parent)
        one = parent
    return tries


async def _take_over(job: Job, sent: Generation) -> bool:
    """Go on from the prediction of what was `sent`, this one or its first try; False for none."""
    async with job.context.submit_gate.alone(sent.as_sent):
        prediction_id = await _find(job, sent)
        if prediction_id is None:
            return False
        job.goes_on()
        if job.generation.state is State.QUEUED:
            await job.save(State.SUBMITTING, submitted_at=_sent_at(sent))
        await job.save(State.RUNNING, prediction_id=prediction_id, failure=None, ended_at=None)
        return True


async def _stop(job: Job, sent: Generation) -> bool:
    async with job.context.submit_gate.alone(sent.as_sent):
        prediction_id = await _find(job, sent)
        if prediction_id is None:
            return False
        stopped = await job.context.predictions.cancel(prediction_id)
        await job.save(prediction_id=prediction_id, predict_time_s=stopped.ran_s)
        return True


async def _find(job: Job, sent: Generation) -> str | None:
    """The prediction of what was `sent`; while others with the very same inputs are kept out."""
    if sent.id == job.generation.id and (pushed := await _pushed(job)) is not None:
        return pushed
    since = _sent_at(sent) - _CLOCK_SKEW
    found = await job.context.predictions.find(sent.version, sent.as_sent, since)
    # The same person may have asked for the very same a minute ago: each gets its own.
    for candidate in reversed(found):
        if not await job.context.journal.prediction_known(candidate.id):
            log.info("found its prediction")
            return candidate.id
    return None


async def _pushed(job: Job) -> str | None:
    """The prediction that was pushed, if the service itself says that it is ours."""
    sent, push = job.generation, job.create_push
    push.came.clear()
    if (prediction_id := push.prediction_id) is None:
        return None
    try:
        # Where it cannot be asked now, it is at the next look.
        prediction = await job.context.predictions.get(prediction_id)
        is_ours = prediction.is_of(sent.version, sent.as_sent)
    except ThingUnknown:
        is_ours = False
    if not is_ours or await job.context.journal.prediction_known(prediction_id):
        push.prediction_id = None
        return None
    log.info("its prediction was pushed")
    return prediction_id


def _sent_at(generation: Generation) -> datetime:
    return generation.submitted_at or generation.created_at
