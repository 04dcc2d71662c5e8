"""ACCEPTED: input audio is fetched, checked, and put where the model can read it."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.domain.errors import (
    AudioGivenUp,
    CutBeyondPiece,
    DiskUnusable,
    Outage,
    OwnerNeeded,
    PieceTooLong,
)
from bot.domain.extension import PIECE_MAX_S, Closeness, Extension, plan_extension
from bot.domain.generation import AudioSource, State
from bot.domain.inputs import INPUT_AUDIO_MAX_BYTES, MODEL_WINDOW_S, Inputs
from bot.domain.validation import check_audio
from bot.domain.waits import Hindered, Obstacle
from bot.engine.disk_claims import extension_bytes
from bot.engine.disk_health import disk_obstacle
from bot.engine.job import Job
from bot.engine.ports import InputAudio
from bot.engine.states.acknowledging import await_acknowledgement
from bot.engine.states.disk_room import claim, enlarge
from bot.engine.states.outages import SUBMIT_WITHIN, obstacle_of, pause_s
from bot.engine.states.turns import reading_turn
from bot.engine.troubles import Task

log = logging.getLogger(__name__)


async def prepare(job: Job) -> None:
    """Take in the input audio at once: uploads vanish, and its length decides what can run."""
    if not await await_acknowledgement(job):
        return
    source, inputs = job.generation.source, job.generation.inputs
    if source is None or inputs.input_audio is not None:
        if job.generation.audio_s is not None:
            check_audio(job.model.table, inputs, job.generation.audio_s)
        await job.save(State.QUEUED)
        return
    try:
        async with job.stoppable():
            if job.generation.more_s is not None:
                await _prepare_extension(job, source, job.generation.more_s)
            else:
                await _prepare_input(job, source)
    except OSError as error:
        job.context.disk.failed(error)
        raise DiskUnusable(disk_obstacle(error) is Obstacle.DISK_FULL) from error


async def _with_room(
    job: Job, source: AudioSource, work: Callable[[int], Awaitable[int | None]]
) -> None:
    """Do work on a source with room for it: first for its file, which tells what it all takes.

    Where there is no room for all, everything is given back, and claimed anew at once: nobody is
    to hold a part that another one waits for.
    """
    most_bytes = min(INPUT_AUDIO_MAX_BYTES, job.context.disk_space.ledger.share_bytes)
    size_bytes = most_bytes if source.size_bytes is None else source.size_bytes
    needed_bytes: int | None = min(size_bytes, INPUT_AUDIO_MAX_BYTES)
    while needed_bytes is not None:
        await claim(job, needed_bytes)
        # Folders that are gone are made again by it.
        await job.context.disk.look()
        if not await job.attempts.begin():
            raise AudioGivenUp
        needed_bytes = await work(needed_bytes)
        if needed_bytes is not None:
            job.context.disk_space.release(job.generation.id)


async def _prepare_input(job: Job, source: AudioSource) -> None:
    inputs = job.generation.inputs
    first_s = source.keep_s
    if first_s is None and _is_heard_from_its_beginning(inputs):
        first_s = MODEL_WINDOW_S
    await _with_room(job, source, partial(_take_in_input, job, source, first_s))
    job.context.disk_space.release(job.generation.id)


async def _take_in_input(
    job: Job, source: AudioSource, first_s: float | None, room_bytes: int
) -> int | None:
    """Bring the input to where the model reads it; the bytes it takes, where those are too many."""
    sound, inputs = job.context.sound, job.generation.inputs
    shorter = job.context.tracks_folder / f"{job.generation.id}.input.wav"
    made = {shorter}
    try:
        async with reading_turn(job):
            audio = await sound.take_in(source, room_bytes)
            made.add(audio.path)
            needed_bytes = await job.context.track_store.size_of(str(audio.path))
            if first_s is None and not audio.reads_cleanly:
                # Nothing is decoded that would then be refused, nor more than is asked for.
                check_audio(job.model.table, inputs, audio.duration_s)
                first_s = inputs.continuation_end
            needed_bytes += audio.remade_bytes(first_s)
            if not enlarge(job, needed_bytes):
                return needed_bytes
            audio = await sound.begin_with(audio, first_s, shorter)
        check_audio(job.model.table, inputs, audio.duration_s)
        await _upload(job, audio, inputs)
    finally:
        for path in made:
            await sound.discard(path)
    return None


def _is_heard_from_its_beginning(inputs: Inputs) -> bool:
    """Whether the model follows a melody from the first second on: 30 s is all it listens to."""
    window = inputs.continuation_start, inputs.continuation_end
    return not inputs.continuation and window == (None, None)


async def _prepare_extension(job: Job, source: AudioSource, more_s: int) -> None:
    """The model gets the end of the piece; the piece stays here until the two are joined."""
    piece = job.context.tracks_folder / f"{job.generation.id}.piece"
    await job.save(piece_path=str(piece))
    await _with_room(job, source, partial(_take_in_extension, job, source, more_s, piece))
    piece_bytes = await job.context.track_store.size_of(str(piece))
    job.context.disk_space.shrink(job.generation.id, piece_bytes + _joined_bytes(job, more_s))


async def _take_in_extension(
    job: Job, source: AudioSource, more_s: int, piece: Path, room_bytes: int
) -> int | None:
    """Keep the piece and bring its end to the model; the bytes it takes, where too many."""
    sound = job.context.sound
    context_path = job.context.tracks_folder / f"{job.generation.id}.context.wav"
    try:
        async with reading_turn(job):
            # After a restart it may be there already, and its source no longer.
            piece_s = await sound.length_s(piece)
            if piece_s is None:
                kept = await _keep_piece(job, source, more_s, piece, room_bytes)
                if isinstance(kept, int):
                    return kept
                piece_s = kept
            if piece_s > PIECE_MAX_S:
                raise PieceTooLong(piece_s, PIECE_MAX_S)
            plan = _plan(job, piece_s, more_s)
            given = await sound.end_of(piece, plan.context_s, context_path)
        inputs = replace(
            job.generation.inputs,
            continuation=True,
            continuation_start=None,
            continuation_end=None,
            duration=plan.duration,
        )
        check_audio(job.model.table, inputs, given.duration_s)
        await _upload(job, given, inputs, given_s=piece_s)
    finally:
        await sound.discard(context_path)
    return None


async def _keep_piece(
    job: Job, source: AudioSource, more_s: int, piece: Path, room_bytes: int
) -> float | int:
    """Fetch the piece into its place; its length in seconds, or the bytes that are missing.

    Raises:
        RequestRefused: it cannot be had, or not be used.
    """
    audio = await job.context.sound.take_in(source, room_bytes)
    try:
        # A cut in the audio's last, incomplete second counts as its end.
        if source.keep_s is not None and source.keep_s > math.ceil(audio.duration_s):
            raise CutBeyondPiece(source.keep_s, audio.duration_s)
        length_s = min(audio.duration_s, source.keep_s or audio.duration_s)
        if length_s > PIECE_MAX_S:
            raise PieceTooLong(length_s, PIECE_MAX_S)
        needed_bytes = await job.context.track_store.size_of(str(audio.path))
        needed_bytes += audio.remade_bytes(length_s)
        plan = _plan(job, length_s, more_s)
        needed_bytes += round(plan.context_s * audio.pcm_bytes_per_s)
        needed_bytes += extension_bytes(length_s, more_s)
        if not enlarge(job, needed_bytes):
            return needed_bytes
        return float(await job.context.sound.keep(audio, piece, source.keep_s))
    finally:
        await job.context.sound.discard(audio.path)


def _plan(job: Job, piece_s: float, more_s: int) -> Extension:
    closeness = job.generation.closeness or Closeness.FOLLOW
    return plan_extension(piece_s, more_s, job.model.table.window_s, closeness)


def _joined_bytes(job: Job, more_s: int) -> int:
    return extension_bytes(job.generation.given_s or 0.0, more_s)


async def take_in_piece(job: Job, source: AudioSource, piece: Path) -> float:
    """Fetch a piece into its place again; its length in seconds.

    Raises:
        RequestRefused: it cannot be had, or not be used.
    """
    audio = await job.context.sound.take_in(source, INPUT_AUDIO_MAX_BYTES)
    try:
        return await job.context.sound.keep(audio, piece, source.keep_s)
    finally:
        await job.context.sound.discard(audio.path)


async def _upload(
    job: Job, audio: InputAudio, inputs: Inputs, *, given_s: float | None = None
) -> None:
    await job.attempts.done()
    address = await _store(job, audio)
    await job.save(
        State.QUEUED,
        inputs=replace(inputs, input_audio=address),
        audio_s=audio.duration_s,
        stored_at=job.context.clock.now(),
        given_s=given_s,
    )


async def _store(job: Job, audio: InputAudio) -> str:
    """Put audio where the model reads it, be it after an outage; its address there."""
    context = job.context
    began_at = context.clock.now()
    while True:
        try:
            stored = await context.predictions.upload(
                audio.path, audio.filename, audio.content_type
            )
        except Outage as error:
            if context.clock.now() > began_at + SUBMIT_WITHIN:
                raise
            log.info("its input audio: %r", error)
            trouble = context.troubles.met(Task.STORE, obstacle_of(error))
            delay_s = pause_s(error)
            next_try_at = context.clock.now() + timedelta(seconds=delay_s)
            job.waits_for(Hindered(trouble.obstacle, next_try_at))
            await context.clock.sleep(delay_s)
        except OwnerNeeded as error:
            context.troubles.met(Task.STORE, obstacle_of(error))
            raise
        else:
            context.troubles.over(Task.STORE)
            job.goes_on()
            return stored.url
