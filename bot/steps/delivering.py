"""COLLECTING and DELIVERING: the audio is fetched, labelled, and brought to its person."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from bot.disk import disk_obstacle
from bot.errors import (
    AudioWorkFailed,
    PieceLost,
    RequestRefused,
    TrackNotStored,
    UserError,
)
from bot.generation import Generation, State
from bot.ports import DiscordFault, Moved, NoWayNow
from bot.progress import Stage
from bot.room import track_bytes, with_conversion
from bot.run import Run, Stopped, retry_delays_s
from bot.steps.fetching import KEPT_FOR, fetch
from bot.steps.preparing import take_in_piece
from bot.steps.waiting import UNREACHABLE_DELAY_S
from bot.waits import Hindered, Obstacle

log = logging.getLogger(__name__)

_SAME_PIECE_S = 0.01
"""What differs by more is not the piece whose end the model has heard."""


async def collect(run: Run) -> None:
    """Download the audio as soon as it exists: Replicate deletes it after an hour.

    Whatever is wrong with the disk, it is tried for as long.

    Raises:
        TrackNotStored: in vain.
    """
    began_at = run.kit.clock.now()
    run.wait = None
    while True:
        try:
            await _collect_once(run)
        except OSError as error:
            if run.kit.clock.now() > began_at + KEPT_FOR:
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
    output = track = folder / f"{generation.id}.{extension}"
    if generation.piece_path is not None:
        output = folder / f"{generation.id}.output.{extension}"
        track = folder / f"{generation.id}.wav"
    try:
        async with run.stoppable():
            if generation.piece_path is None:
                await _fetch(run, track, 0)
            else:
                try:
                    await _fetch(run, output, await _beside_bytes(run))
                    if not await _join(run, Path(generation.piece_path), output, track):
                        # It begins with the context that the model heard.
                        track, given_s = output, generation.audio_s
                finally:
                    if track is not output:
                        await run.kit.sound.discard(output)
            track_s = await _label(run, track)
    except (Stopped, UserError):
        # A restart goes on with what there is of the file; an end leaves nothing.
        await run.kit.predictions.discard_part(output)
        raise
    await run.save(
        State.DELIVERING, track_path=str(track), track_s=track_s, given_s=given_s, attempts=1
    )


async def _fetch(run: Run, path: Path, beside_bytes: int) -> None:
    await fetch(run, path, beside_bytes)
    run.show(Stage.FINISHING)


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
