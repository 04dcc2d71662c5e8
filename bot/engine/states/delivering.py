"""COLLECTING and DELIVERING: the audio is fetched, labelled, and brought to its person."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.domain.errors import (
    AudioWorkFailed,
    JournalFault,
    NotFollowedHere,
    OutputNotAudio,
    OutputTooLarge,
    PieceLost,
    RequestRefused,
    TrackLeft,
    TrackNotStored,
    UserError,
)
from bot.domain.generation import Generation, State
from bot.domain.measures import Measured
from bot.domain.progress import Stage
from bot.domain.waits import Hindered, Obstacle
from bot.engine.disk_health import disk_obstacle
from bot.engine.disk_space import track_bytes, with_conversion
from bot.engine.job import Job, Stopped
from bot.engine.ports import DiscordFault, Moved, Unreachable
from bot.engine.states.accepted import take_in_piece
from bot.engine.states.fetching import KEPT_FOR, fetch
from bot.engine.states.keeping import keep, where_it_is
from bot.engine.states.outages import UNREACHABLE_DELAY_S
from bot.engine.states.showing import retry_delays_s, until_shown
from bot.engine.track_files import Form
from bot.engine.troubles import Task
from bot.host.threads import TRACKS

log = logging.getLogger(__name__)

_FAULTS_MAX = 3
"""So often a fault of ours is tried to be got round before a track waits for its person."""
_SAME_PIECE_S = 0.01
"""What differs by more is not the piece whose end the model has heard."""


async def collect(job: Job) -> None:
    """Download the audio as soon as it exists: Replicate deletes it after an hour.

    Whatever is wrong with the disk, it is tried for as long. Whatever fails in joining, measuring
    or labelling, what the model made goes to its person.

    Raises:
        TrackNotStored: the disk took nothing for as long.
        TrackLeft: it cannot be fetched, and is still at Replicate.
        TrackError: it is not there either.
    """
    began_at = job.context.clock.now()
    job.goes_on()
    while True:
        try:
            await _collect_once(job)
        except OSError as error:
            if job.context.clock.now() > began_at + KEPT_FOR:
                raise TrackNotStored(disk_obstacle(error) is Obstacle.DISK_FULL) from error
            await _wait_for_disk(job, error)
        except (OutputTooLarge, OutputNotAudio) as error:
            if (link := await where_it_is(job)) is None:
                raise
            until = int(link.lives_until.timestamp())
            raise TrackLeft(type(error).__name__, link.url, until) from error
        else:
            return


async def _wait_for_disk(job: Job, error: OSError) -> None:
    log.warning("cannot be written: %r", error)
    job.context.disk.failed(error)
    next_try_at = job.context.clock.now() + timedelta(seconds=UNREACHABLE_DELAY_S)
    job.remember(None)
    job.waits_for(Hindered(disk_obstacle(error), next_try_at))
    await job.context.clock.sleep(UNREACHABLE_DELAY_S)
    # Folders that are gone are made again by it.
    await job.context.disk.look()


async def _collect_once(job: Job) -> None:
    job.enter(Stage.FETCHING)
    generation, folder = job.generation, job.context.tracks_folder
    extension = str(job.model.table.effective(generation.inputs, "output_format") or "wav")
    given_s = generation.given_s
    output = track = Form.WHOLE.path(folder, generation.id, extension)
    if generation.piece_path is not None:
        output = Form.ALONE.path(folder, generation.id, extension)
        track = Form.WHOLE.path(folder, generation.id, "wav")
    try:
        async with job.stoppable():
            if generation.piece_path is None:
                await _fetch(job, track, 0)
            else:
                try:
                    await _fetch(job, output, await _beside_bytes(job))
                    if not await _join(job, Path(generation.piece_path), output, track):
                        # It begins with the context that the model heard.
                        track, given_s = output, generation.audio_s
                finally:
                    if track is not output:
                        await job.context.sound.discard(output)
            try:
                measured = await _label(job, track)
            except OutputNotAudio as error:
                log.warning("%r", error)
                fetched, measured = track, None
                track = Form.UNREAD.path(folder, generation.id, extension)
                await TRACKS.run(fetched.replace, track)
    except (Stopped, UserError):
        # A restart goes on with what there is of the file; an end leaves nothing.
        await job.context.predictions.discard_part(output)
        raise
    await job.save(
        State.DELIVERING,
        track_path=str(track),
        track_s=None if measured is None else measured.length_s,
        measures=None if measured is None else measured.measures,
        given_s=given_s,
        attempts=1,
    )


async def _fetch(job: Job, path: Path, beside_bytes: int) -> None:
    await fetch(job, path, beside_bytes)
    job.show(Stage.FINISHING)


async def _label(job: Job, track: Path) -> Measured | None:
    """Write a track's tags and measure it; None where that is left undone.

    Raises:
        OutputNotAudio: it is none that we can read.
    """
    if not await job.attempts.begin():
        return None
    try:
        measured = await job.context.sound.label(track, job.generation, job.model.name)
    except (OSError, OutputNotAudio):
        raise
    except Exception as error:  # noqa: BLE001 - logged there; the track goes out as it is
        _note(job, "labelled", error)
        return None
    measures = measured.measures
    if measures is None or measures.tempo is None:
        return measured
    asked = f"{job.generation.terms} {job.generation.inputs.prompt}"
    tempo = measures.tempo.counted_as_in(asked)
    return Measured(measured.length_s, replace(measures, tempo=tempo))


async def _join(job: Job, piece: Path, output: Path, track: Path) -> bool:
    """Put what the model added behind the piece; False where the output has to do by itself."""
    if not await job.attempts.begin():
        return False
    try:
        await _join_to_piece(job, piece, output, track)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - logged there; what is new goes out alone
        _note(job, "joined", error)
        return False
    return True


def _note(job: Job, what: str, error: Exception) -> None:
    """Note what is left undone; where that is a fault of ours, with all that there is to know."""
    known = isinstance(error, (AudioWorkFailed, UserError))
    log.log(
        logging.WARNING if known else logging.ERROR,
        "is not %s: %r",
        what,
        error,
        exc_info=None if known else error,
    )


async def _join_to_piece(job: Job, piece: Path, output: Path, track: Path) -> None:
    generation, sound = job.generation, job.context.sound
    try:
        is_there = await sound.length_s(piece) is not None
    except RequestRefused as error:
        raise PieceLost from error
    if not is_there:
        log.warning("its piece is gone, fetching it again")
        if generation.source is None:
            raise PieceLost
        try:
            piece_s = await take_in_piece(job, generation.source, piece)
        except RequestRefused as error:
            raise PieceLost from error
        if abs(piece_s - (generation.given_s or 0.0)) > _SAME_PIECE_S:
            raise PieceLost
    await sound.join(piece, output, generation.audio_s or 0.0, track)


async def _beside_bytes(job: Job) -> int:
    """What an extension takes beside the model's output: its piece, and the two joined."""
    generation = job.generation
    piece_bytes = await job.context.track_store.size_of(generation.piece_path)
    whole_s = (generation.given_s or 0.0) + (generation.more_s or 0)
    return piece_bytes + with_conversion(track_bytes(whole_s))


async def deliver(job: Job) -> None:
    """Show the finished card with its track, now or as soon as its person can be reached."""
    clock = job.context.clock
    job.enter(Stage.UPLOADING)
    delays_s, faults = retry_delays_s(), 0
    while (delivered := job.delivered) is None:
        try:
            show = partial(_deliver_once, job, untouched=faults > 0)
            delivered = await until_shown(job, show, delays_s, partial(_explain, job))
        except FileNotFoundError:
            log.warning("its track is gone, fetching it again")
            await job.save(State.COLLECTING, track_path=None)
            # Lest a disk that keeps nothing turns this into a tight loop.
            await clock.sleep(UNREACHABLE_DELAY_S)
            return
        except OutputTooLarge as error:
            await keep(job, error.limit_bytes)
        except (JournalFault, NotFollowedHere):
            raise
        except Exception:
            log.exception("delivering it met a fault of ours")
            faults += 1
            if faults < _FAULTS_MAX:
                await clock.sleep(UNREACHABLE_DELAY_S)
            else:
                await keep(job, None)
        else:
            if delivered is None:
                await job.wait_until_reachable(Unreachable(may_reopen=True, token_lives=True))
            else:
                job.was_delivered(delivered)
    job.context.troubles.over(Task.DELIVER)
    await job.save(State.DELIVERED, ended_at=delivered.ended_at, told=True, reply=delivered.reply)


def _explain(job: Job, error: DiscordFault | OSError, delay_s: float | None) -> None:
    """Have the card tell why the track is not in it yet, where it can still be edited."""
    log.warning("not delivered: %r", error)
    if isinstance(error, OSError):
        job.context.disk.failed(error)
        obstacle = disk_obstacle(error)
    else:
        obstacle = job.context.troubles.met(Task.DELIVER, Obstacle.DISCORD).obstacle
    next_try_at = None
    if delay_s is not None:
        next_try_at = job.context.clock.now() + timedelta(seconds=delay_s)
    job.waits_for(Hindered(obstacle, next_try_at))


async def _deliver_once(job: Job, *, untouched: bool) -> Generation | Moved:
    untouched = not await job.attempts.begin() or untouched
    ended_at = job.context.clock.now()
    delivered = job.generation.evolve(State.DELIVERED, ended_at=ended_at, told=True)
    track = Path(job.generation.track_path or "")
    try:
        shown = await job.context.delivery.deliver(delivered, track, untouched=untouched)
    except FileNotFoundError:
        if not await job.context.delivery.has_track(delivered):
            raise
        shown = job.generation.reply
    return shown if isinstance(shown, Moved) else delivered.evolve(reply=shown)
