"""COLLECTING, its first half: the finished audio comes from the service to the disk."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain.errors import (
    InputRefused,
    Outage,
    OutputExpired,
    OutputMissing,
    OutputTooLarge,
    OutputUnreachable,
    OwnerNeeded,
    ReplicateError,
    ThingUnknown,
)
from bot.domain.prediction import Prediction
from bot.domain.waits import FetchingSlow, Hindered, Link, Obstacle, Wait
from bot.engine.disk_space import track_bytes, with_conversion
from bot.engine.job import Job
from bot.engine.states.disk_room import claim
from bot.engine.states.outages import UNREACHABLE_DELAY_S, obstacle_of
from bot.engine.troubles import Task

log = logging.getLogger(__name__)

OUTPUT_MAX_BYTES = 100 * 1024 * 1024
"""More than any 30 s of audio; what is larger is not what we asked for."""
KEPT_FOR = timedelta(hours=1)
"""Replicate deletes an output so long after its run."""
SLOW_AFTER = timedelta(seconds=10)
"""A track of some megabytes takes a second or two; from here on people are told."""
LINK_AFTER = timedelta(minutes=2)
"""Then they may fetch it themselves meanwhile."""
_NOT_BELIEVED = (Outage, OwnerNeeded, ThingUnknown, InputRefused)
"""When something is asked that is paid for, a single no of any kind may pass."""
_REFUSALS = 3
"""So often a server may say no before it is believed."""


async def fetch(job: Job, path: Path, beside_bytes: int) -> None:
    """Download the audio, again and again while the service keeps it; the card tells how it goes.

    `beside_bytes` is what the disk must have room for besides.

    Raises:
        TrackError: there is none, or it cannot be had.
        ReplicateError: the service cannot be asked where it is, for as long as it keeps it.
        OSError: the disk does not take it.
    """
    began_at, story = job.context.clock.now(), _Story(job)
    refusals = 0
    job.show()
    while True:
        try:
            await _download(job, path, beside_bytes, story)
        except (*_NOT_BELIEVED, OutputUnreachable) as error:
            refusals += isinstance(error, OutputUnreachable) and error.refused
            if refusals >= _REFUSALS or job.context.clock.now() > began_at + KEPT_FOR:
                raise
            log.info("its audio: %r", error)
            _explain(job, error)
        else:
            job.context.troubles.over(Task.FETCH)
            job.goes_on()
            return
        job.remember(None)
        await job.context.clock.sleep(UNREACHABLE_DELAY_S)


async def _download(job: Job, path: Path, beside_bytes: int, story: _Story) -> None:
    """Have room for the output, then fetch it; one that is larger than expected takes two tries."""
    length_s = job.model.table.duration_s(job.generation.inputs)
    limit_bytes = track_bytes(length_s)
    while True:
        await claim(job, beside_bytes + with_conversion(limit_bytes))
        try:
            await _download_within(job, path, min(limit_bytes, OUTPUT_MAX_BYTES), story)
        except OutputTooLarge:
            if limit_bytes >= OUTPUT_MAX_BYTES:
                raise
            limit_bytes *= 4
        else:
            break
    size_bytes = await job.context.track_store.size_of(str(path))
    job.context.disk_space.shrink(job.generation.id, beside_bytes + with_conversion(size_bytes))


async def _download_within(job: Job, path: Path, limit_bytes: int, story: _Story) -> None:
    prediction = job.prediction
    if prediction is None:
        prediction = await job.context.predictions.get(job.generation.prediction_id or "")
    if prediction.output_url is None:
        raise OutputExpired if prediction.data_removed else OutputMissing
    story.asked_for(prediction)
    story.tell()
    await job.context.predictions.download(prediction.output_url, path, limit_bytes, story.tell)


class _Story:
    """What a card tells of a download, as time passes."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._asked_at: datetime | None = None
        """When the file was asked for first."""
        self._link: Link | None = None

    def asked_for(self, prediction: Prediction) -> None:
        """The file of this prediction is being fetched."""
        now = self._job.context.clock.now()
        self._asked_at = self._asked_at or now
        url = prediction.output_url or ""
        if url.startswith(("https://", "http://")):
            self._link = Link(url, (prediction.completed_at or self._asked_at) + KEPT_FOR)

    def tell(self) -> None:
        """Have the card tell how it goes, where that is news."""
        if _is_about_the_disk(self._job.wait):
            return
        _show(self._job, self._how_it_goes())

    def _how_it_goes(self) -> FetchingSlow | None:
        now, link = self._job.context.clock.now(), self._link
        passed = now - (self._asked_at or now)
        if passed < SLOW_AFTER and not isinstance(self._job.wait, FetchingSlow):
            return None
        lives = link is not None and now < link.lives_until
        return FetchingSlow(link if lives and passed >= LINK_AFTER else None)


def _explain(job: Job, error: ReplicateError | OutputUnreachable) -> None:
    """Have the card tell why the audio is not here yet."""
    if isinstance(error, ReplicateError):
        _show(job, Hindered(job.context.troubles.met(Task.FETCH, obstacle_of(error)).obstacle))
        return
    job.context.troubles.met(Task.FETCH, Obstacle.OUTAGE)
    if not isinstance(job.wait, FetchingSlow):
        _show(job, FetchingSlow())


def _show(job: Job, wait: Wait | None) -> None:
    if job.wait != wait:
        job.waits_for(wait)


def _is_about_the_disk(wait: Wait | None) -> bool:
    disk = {Obstacle.DISK_FULL, Obstacle.DISK_FAULT}
    return isinstance(wait, Hindered) and wait.obstacle in disk
