"""COLLECTING and DELIVERING: the audio is fetched, labelled, and brought to its person."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from bot.errors import OutputExpired, OutputMissing, OutputUnreachable, Undeliverable
from bot.generation import State
from bot.ports import DiscordFault, NoWayNow
from bot.progress import Stage
from bot.run import Run, retry_delays_s
from bot.steps.waiting import PASSING, UNREACHABLE_DELAY_S

log = logging.getLogger(__name__)

OUTPUT_MAX_BYTES = 100 * 1024 * 1024
"""More than any 30 s of audio; what is larger is not what we asked for."""
_COLLECT_WITHIN = timedelta(hours=1)
"""Replicate deletes outputs so long after a run."""


async def collect(run: Run) -> None:
    """Download the audio as soon as it exists: Replicate deletes it after an hour."""
    run.meter.enter(Stage.UPLOADING, run.kit.clock.now())
    extension = run.kit.table.effective(run.generation.inputs, "output_format") or "wav"
    path = run.kit.tracks_folder / f"{run.generation.id}.{extension}"
    began_at = run.kit.clock.now()
    async with run.stoppable():
        while True:
            run.show()
            try:
                await _download(run, path)
                break
            except (*PASSING, OutputUnreachable) as error:
                if run.kit.clock.now() > began_at + _COLLECT_WITHIN:
                    raise
                log.warning("generation %s, its audio: %r", run.generation.id, error)
            run.meter.unreachable = True
            run.prediction = None
            await run.kit.clock.sleep(UNREACHABLE_DELAY_S)
        await run.kit.sound.label(path, run.generation)
    await run.save(State.DELIVERING, track_path=str(path))


async def _download(run: Run, path: Path) -> None:
    prediction = run.prediction
    if prediction is None:
        prediction = await run.kit.predictions.get(run.generation.prediction_id or "")
    if prediction.output_url is None:
        raise OutputExpired if prediction.data_removed else OutputMissing
    await run.kit.predictions.download(prediction.output_url, path, OUTPUT_MAX_BYTES)


async def deliver(run: Run) -> None:
    """Show the finished card with its track, now or as soon as there is a way."""
    ended_at = run.kit.clock.now()
    delays_s = retry_delays_s()
    while True:
        delivered = run.generation.evolve(State.DELIVERED, ended_at=ended_at, told=True)
        track = Path(run.generation.track_path or "")
        try:
            reply = await run.kit.delivery.deliver(delivered, track)
        except FileNotFoundError:
            log.warning("generation %s: its track is gone, fetching it again", delivered.id)
            await run.save(State.COLLECTING, track_path=None)
            return
        except NoWayNow:
            await run.wait_for_way()
        except DiscordFault as error:
            delay_s = next(delays_s, None)
            if delay_s is None:
                raise Undeliverable from error
            log.warning("generation %s: Discord has a fault, trying again: %s", delivered.id, error)
            await run.kit.clock.sleep(delay_s)
        else:
            await run.save(State.DELIVERED, ended_at=ended_at, told=True, reply=reply)
            return
