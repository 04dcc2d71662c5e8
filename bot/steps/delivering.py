"""COLLECTING and DELIVERING: the audio is fetched, labelled, and brought to its person."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from bot.disk import disk_obstacle
from bot.errors import (
    AudioWorkFailed,
    OutputExpired,
    OutputMissing,
    OutputTooLarge,
    OutputUnreachable,
    PieceLost,
    ReplicateError,
    RequestRefused,
    TrackError,
    TrackNotStored,
)
from bot.generation import Generation, State
from bot.holding import claim
from bot.ports import DiscordFault, Moved, NoWayNow
from bot.progress import Stage
from bot.room import track_bytes, with_conversion
from bot.run import Run, retry_delays_s
from bot.steps.preparing import take_in_piece
from bot.steps.waiting import PASSING, UNREACHABLE_DELAY_S, obstacle_of
from bot.troubles import Task
from bot.waits import FetchingSlow, Hindered, Obstacle

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
    """Download the audio as soon as it exists: Replicate deletes it after an hour.

    Whatever is wrong with the disk, it is tried for as long.

    Raises:
        TrackNotStored: in vain.
    """
    began_at = run.kit.clock.now()
    while True:
        try:
            await _collect_once(run)
        except OSError as error:
            if run.kit.clock.now() > began_at + _COLLECT_WITHIN:
                raise TrackNotStored(disk_obstacle(error) is Obstacle.DISK_FULL) from error
            await _wait_for_disk(run, error)
        else:
            return


async def _wait_for_disk(run: Run, error: OSError) -> None:
    log.warning("generation %s cannot be written: %r", run.generation.id, error)
    run.kit.disk.failed(error)
    next_try_at = run.kit.clock.now() + timedelta(seconds=UNREACHABLE_DELAY_S)
    run.wait = Hindered(disk_obstacle(error), next_try_at)
    run.prediction = None
    run.show()
    await run.kit.clock.sleep(UNREACHABLE_DELAY_S)
    # Folders that are gone are made again by it.
    await run.kit.disk.look()


async def _collect_once(run: Run) -> None:
    run.meter.enter(Stage.FETCHING, run.kit.clock.now())
    generation, folder = run.generation, run.kit.tracks_folder
    extension = run.kit.table.effective(generation.inputs, "output_format") or "wav"
    given_s = generation.given_s
    async with run.stoppable():
        if generation.piece_path is None:
            track = folder / f"{generation.id}.{extension}"
            await _fetch(run, track, 0)
        else:
            track = folder / f"{generation.id}.wav"
            output = folder / f"{generation.id}.output.{extension}"
            try:
                await _fetch(run, output, await _beside_bytes(run))
                if not await _join(run, Path(generation.piece_path), output, track):
                    # It begins with the context that the model heard.
                    track, given_s = output, generation.audio_s
            finally:
                if track is not output:
                    await run.kit.sound.discard(output)
        track_s = await _label(run, track)
    await run.save(
        State.DELIVERING, track_path=str(track), track_s=track_s, given_s=given_s, attempts=1
    )


async def _label(run: Run, track: Path) -> float | None:
    """Write a track's tags; its length, or None where that is left undone."""
    if not await run.attempts.begin():
        return None
    try:
        return await run.kit.sound.label(track, run.generation)
    except AudioWorkFailed as error:
        log.warning("generation %s is not labelled: %r", run.generation.id, error)
        return None


async def _join(run: Run, piece: Path, output: Path, track: Path) -> bool:
    """Put what the model added behind the piece; False where the output has to do by itself.

    Raises:
        PieceLost: the piece is no longer here, nor where it came from.
    """
    if not await run.attempts.begin():
        return False
    try:
        await _join_to_piece(run, piece, output, track)
    except AudioWorkFailed as error:
        log.warning("generation %s is not joined: %r", run.generation.id, error)
        return False
    return True


async def _join_to_piece(run: Run, piece: Path, output: Path, track: Path) -> None:
    generation, sound = run.generation, run.kit.sound
    try:
        is_there = await sound.length_s(piece) is not None
    except RequestRefused as error:
        raise PieceLost from error
    if not is_there:
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


async def _beside_bytes(run: Run) -> int:
    """What an extension takes beside the model's output: its piece, and the two joined."""
    generation = run.generation
    piece_bytes = await run.kit.shelf.size_of(generation.piece_path)
    whole_s = (generation.given_s or 0.0) + (generation.more_s or 0)
    return piece_bytes + with_conversion(track_bytes(whole_s))


async def _fetch(run: Run, path: Path, beside_bytes: int) -> None:
    began_at = run.kit.clock.now()
    refusals = 0
    while True:
        run.show()
        try:
            await _download(run, path, beside_bytes)
        except (*PASSING, OutputUnreachable) as error:
            refusals += isinstance(error, OutputUnreachable) and _refused(error.status)
            if refusals >= _REFUSALS or run.kit.clock.now() > began_at + _COLLECT_WITHIN:
                raise
            log.warning("generation %s, its audio: %r", run.generation.id, error)
            _explain(run, error)
        else:
            run.kit.troubles.over(Task.FETCH)
            run.wait = None
            run.show(Stage.FINISHING)
            return
        run.prediction = None
        await run.kit.clock.sleep(UNREACHABLE_DELAY_S)


def _explain(run: Run, error: ReplicateError | TrackError) -> None:
    """Note why the audio is not here yet."""
    match error:
        case OutputUnreachable():
            run.kit.troubles.met(Task.FETCH, Obstacle.OUTAGE)
            run.wait = FetchingSlow()
        case ReplicateError():
            run.wait = Hindered(run.kit.troubles.met(Task.FETCH, obstacle_of(error)).obstacle)
        case _:
            raise error


def _refused(status: int | None) -> bool:
    """Whether a status is one that hardly heals."""
    return status is not None and 400 <= status < 500 and status not in {408, 429}


async def _download(run: Run, path: Path, beside_bytes: int) -> None:
    """Have room for the output, then fetch it; one that is larger than expected takes two tries."""
    length_s = run.kit.table.duration_s(run.generation.inputs)
    limit_bytes = track_bytes(length_s)
    while True:
        await claim(run, beside_bytes + with_conversion(limit_bytes))
        try:
            await _download_within(run, path, min(limit_bytes, OUTPUT_MAX_BYTES))
        except OutputTooLarge:
            if limit_bytes >= OUTPUT_MAX_BYTES:
                raise
            limit_bytes *= 4
        else:
            break
    size_bytes = await run.kit.shelf.size_of(str(path))
    run.kit.room.shrink(run.generation.id, beside_bytes + with_conversion(size_bytes))


async def _download_within(run: Run, path: Path, limit_bytes: int) -> None:
    prediction = run.prediction
    if prediction is None:
        prediction = await run.kit.predictions.get(run.generation.prediction_id or "")
    if prediction.output_url is None:
        raise OutputExpired if prediction.data_removed else OutputMissing
    await run.kit.predictions.download(prediction.output_url, path, limit_bytes)


async def deliver(run: Run) -> None:
    """Show the finished card with its track, now or as soon as there is a way."""
    run.meter.enter(Stage.UPLOADING, run.kit.clock.now())
    delays_s = retry_delays_s()
    while run.delivered is None:
        try:
            run.delivered = await _deliver_once(run)
        except FileNotFoundError:
            log.warning("generation %s: its track is gone, fetching it again", run.generation.id)
            await run.save(State.COLLECTING, track_path=None)
            # Lest a disk that keeps nothing turns this into a tight loop.
            await run.kit.clock.sleep(UNREACHABLE_DELAY_S)
            return
        except Moved as moved:
            await run.save(reply=moved.reply)
        except NoWayNow as closed:
            await run.wait_for_way(closed)
        except (DiscordFault, OSError) as error:
            log.warning("generation %s is not delivered: %r", run.generation.id, error)
            if isinstance(error, OSError):
                run.kit.disk.failed(error)
            delay_s = next(delays_s, None)
            if delay_s is None:
                await run.wait_for_way(NoWayNow(may_open=True, token_lives=True))
            else:
                await run.kit.clock.sleep(delay_s)
    delivered = run.delivered
    await run.save(State.DELIVERED, ended_at=delivered.ended_at, told=True, reply=delivered.reply)


async def _deliver_once(run: Run) -> Generation:
    untouched = not await run.attempts.begin()
    ended_at = run.kit.clock.now()
    delivered = run.generation.evolve(State.DELIVERED, ended_at=ended_at, told=True)
    track = Path(run.generation.track_path or "")
    try:
        reply = await run.kit.delivery.deliver(delivered, track, untouched=untouched)
    except FileNotFoundError:
        if not await run.kit.delivery.has_track(delivered):
            raise
        reply = run.generation.reply
    return delivered.evolve(reply=reply)
