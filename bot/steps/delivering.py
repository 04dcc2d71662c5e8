"""COLLECTING and DELIVERING: the audio is fetched, labelled, and brought to its person."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from bot.errors import (
    OutputExpired,
    OutputMissing,
    OutputUnreachable,
    PieceLost,
    RequestRefused,
    TrackNotKept,
    Undeliverable,
)
from bot.generation import State
from bot.ports import DiscordFault, NoWayNow
from bot.progress import Stage
from bot.run import Run, retry_delays_s
from bot.steps.preparing import take_in_piece
from bot.steps.waiting import PASSING, UNREACHABLE_DELAY_S

log = logging.getLogger(__name__)

OUTPUT_MAX_BYTES = 100 * 1024 * 1024
"""More than any 30 s of audio; what is larger is not what we asked for."""
_COLLECT_WITHIN = timedelta(hours=1)
"""Replicate deletes outputs so long after a run."""
_REFUSALS = 3
"""So often a server may say no before it is believed."""
_SAME_PIECE_S = 0.01
"""What differs by more is not the piece whose end the model has heard."""


async def collect(run: Run) -> None:
    """Download the audio as soon as it exists: Replicate deletes it after an hour."""
    run.meter.enter(Stage.UPLOADING, run.kit.clock.now())
    generation, folder = run.generation, run.kit.tracks_folder
    extension = run.kit.table.effective(generation.inputs, "output_format") or "wav"
    track = folder / f"{generation.id}.{extension}"
    async with run.stoppable():
        if generation.piece_path is None:
            await _fetch(run, track)
        else:
            track = folder / f"{generation.id}.wav"
            output = folder / f"{generation.id}.output.{extension}"
            try:
                await _fetch(run, output)
                await _join(run, Path(generation.piece_path), output, track)
            finally:
                await run.kit.sound.discard(output)
        track_s = await run.kit.sound.label(track, generation)
    await run.save(State.DELIVERING, track_path=str(track), track_s=track_s)


async def _join(run: Run, piece: Path, output: Path, track: Path) -> None:
    """Put what the model added behind the piece.

    Raises:
        PieceLost: it is no longer here, nor where it came from.
    """
    generation, sound = run.generation, run.kit.sound
    if await sound.length_s(piece) is None:
        log.warning("generation %s: its piece is gone, fetching it again", generation.id)
        if generation.source is None:
            raise PieceLost
        try:
            piece_s = await take_in_piece(run, generation.source, piece)
        except RequestRefused as error:
            raise PieceLost from error
        if abs(piece_s - (generation.given_s or 0.0)) > _SAME_PIECE_S:
            raise PieceLost
    await sound.join(piece, output, generation.audio_s or 0.0, track)


async def _fetch(run: Run, path: Path) -> None:
    began_at = run.kit.clock.now()
    refusals = 0
    while True:
        run.show()
        try:
            await _download(run, path)
        except (*PASSING, OutputUnreachable) as error:
            refusals += isinstance(error, OutputUnreachable) and _refused(error.status)
            if refusals >= _REFUSALS or run.kit.clock.now() > began_at + _COLLECT_WITHIN:
                raise
            log.warning("generation %s, its audio: %r", run.generation.id, error)
        else:
            return
        run.meter.unreachable = True
        run.prediction = None
        await run.kit.clock.sleep(UNREACHABLE_DELAY_S)


def _refused(status: int | None) -> bool:
    """Whether a status is one that hardly heals."""
    return status is not None and 400 <= status < 500 and status not in {408, 429}


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
            # Lest a disk that keeps nothing turns this into a tight loop.
            await run.kit.clock.sleep(UNREACHABLE_DELAY_S)
            return
        except NoWayNow:
            await run.wait_for_way()
            if not run.track_kept:
                raise TrackNotKept from None
        except DiscordFault as error:
            delay_s = next(delays_s, None)
            if delay_s is None:
                raise Undeliverable from error
            log.warning("generation %s: Discord has a fault, trying again: %s", delivered.id, error)
            await run.kit.clock.sleep(delay_s)
        else:
            await run.save(State.DELIVERED, ended_at=ended_at, told=True, reply=reply)
            return
