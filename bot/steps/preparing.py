"""ACCEPTED: input audio is fetched, checked, and put where the model can read it."""

from __future__ import annotations

from dataclasses import replace

from bot.checks import check_audio
from bot.generation import State
from bot.progress import Stage
from bot.run import Run


async def prepare(run: Run) -> None:
    """Take in the input audio at once: uploads vanish, and its length decides what can run."""
    source = run.generation.source
    if source is None:
        await run.save(State.QUEUED)
        return
    run.show(Stage.CHECKING)
    async with run.stoppable():
        audio = await run.kit.sound.take_in(source)
        try:
            check_audio(run.kit.table, run.generation.inputs, audio.duration_s)
            stored = await run.kit.predictions.upload(
                audio.path, audio.filename, audio.content_type
            )
        finally:
            await run.kit.sound.discard(audio.path)
    inputs = replace(run.generation.inputs, input_audio=stored.url)
    await run.save(State.QUEUED, inputs=inputs, audio_s=audio.duration_s)
