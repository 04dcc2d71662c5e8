"""ACCEPTED: input audio is fetched, checked, and put where the model can read it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.checks import check_audio
from bot.errors import AudioGivenUp, PieceTooLong
from bot.extension import PIECE_MAX_S, plan_extension
from bot.generation import AudioSource, State
from bot.inputs import MODEL_WINDOW_S, Inputs
from bot.ports import InputAudio
from bot.run import Run
from bot.steps.acknowledging import await_acknowledgement
from bot.steps.turns import reading_turn
from bot.steps.waiting import OUTAGE, REFUSALS, SUBMIT_WITHIN, obstacle_of, pause_s
from bot.troubles import Task
from bot.waits import Hindered

log = logging.getLogger(__name__)


async def prepare(run: Run) -> None:
    """Take in the input audio at once: uploads vanish, and its length decides what can run."""
    if not await await_acknowledgement(run):
        return
    source, inputs = run.generation.source, run.generation.inputs
    if source is None or inputs.input_audio is not None:
        if run.generation.audio_s is not None:
            check_audio(run.kit.table, inputs, run.generation.audio_s)
        await run.save(State.QUEUED)
        return
    async with run.stoppable():
        if not await run.attempts.begin():
            raise AudioGivenUp
        if run.generation.more_s is not None:
            await _prepare_extension(run, source, run.generation.more_s)
        else:
            await _prepare_input(run, source)


async def _prepare_input(run: Run, source: AudioSource) -> None:
    sound, inputs = run.kit.sound, run.generation.inputs
    shorter = run.kit.tracks_folder / f"{run.generation.id}.input.wav"
    first_s = source.keep_s
    if first_s is None and _is_heard_from_its_beginning(inputs):
        first_s = MODEL_WINDOW_S
    made = {shorter}
    try:
        async with reading_turn(run):
            audio = await sound.take_in(source)
            made.add(audio.path)
            if first_s is not None:
                audio = await sound.begin_with(audio, first_s, shorter)
        check_audio(run.kit.table, inputs, audio.duration_s)
        await _upload(run, audio, inputs)
    finally:
        for path in made:
            await sound.discard(path)


def _is_heard_from_its_beginning(inputs: Inputs) -> bool:
    """Whether the model follows a melody from the first second on: 30 s is all it listens to."""
    window = inputs.continuation_start, inputs.continuation_end
    return not inputs.continuation and window == (None, None)


async def _prepare_extension(run: Run, source: AudioSource, more_s: int) -> None:
    """The model gets the end of the piece; the piece stays here until the two are joined."""
    sound = run.kit.sound
    piece = run.kit.tracks_folder / f"{run.generation.id}.piece"
    context = run.kit.tracks_folder / f"{run.generation.id}.context.wav"
    await run.save(piece_path=str(piece))
    try:
        async with reading_turn(run):
            # After a restart it may be there already, and its source no longer.
            piece_s = await sound.length_s(piece)
            if piece_s is None:
                piece_s = await take_in_piece(run, source, piece)
            if piece_s > PIECE_MAX_S:
                raise PieceTooLong(piece_s, PIECE_MAX_S)
            plan = plan_extension(piece_s, more_s)
            given = await sound.end_of(piece, plan.context_s, context)
        inputs = replace(
            run.generation.inputs,
            continuation=True,
            continuation_start=None,
            continuation_end=None,
            duration=plan.duration,
        )
        check_audio(run.kit.table, inputs, given.duration_s)
        await _upload(run, given, inputs, given_s=piece_s)
    finally:
        await sound.discard(context)


async def take_in_piece(run: Run, source: AudioSource, piece: Path) -> float:
    """Fetch the piece that is extended into its place; its length in seconds.

    Raises:
        RequestRefused: it cannot be had, or not be used.
    """
    audio = await run.kit.sound.take_in(source)
    try:
        return await run.kit.sound.keep(audio, piece, source.keep_s)
    finally:
        await run.kit.sound.discard(audio.path)


async def _upload(
    run: Run, audio: InputAudio, inputs: Inputs, *, given_s: float | None = None
) -> None:
    await run.attempts.done()
    address = await _store(run, audio)
    await run.save(
        State.QUEUED,
        inputs=replace(inputs, input_audio=address),
        audio_s=audio.duration_s,
        stored_at=run.kit.clock.now(),
        given_s=given_s,
    )


async def _store(run: Run, audio: InputAudio) -> str:
    """Put audio where the model reads it, be it after an outage; its address there."""
    began_at = run.kit.clock.now()
    while True:
        try:
            stored = await run.kit.predictions.upload(
                audio.path, audio.filename, audio.content_type
            )
        except OUTAGE as error:
            if run.kit.clock.now() > began_at + SUBMIT_WITHIN:
                raise
            log.info("generation %s, its input audio: %r", run.generation.id, error)
            trouble = run.kit.troubles.met(Task.STORE, obstacle_of(error))
            delay_s = pause_s(error)
            run.wait = Hindered(trouble.obstacle, run.kit.clock.now() + timedelta(seconds=delay_s))
            run.show()
            await run.kit.clock.sleep(delay_s)
        except REFUSALS as error:
            run.kit.troubles.met(Task.STORE, obstacle_of(error))
            raise
        else:
            run.kit.troubles.over(Task.STORE)
            run.wait = None
            return stored.url
