"""The studio's port to audio files: takes them in, measures, labels and discards them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.audio.intake import AudioIntake
from bot.audio.probe import Format, probe
from bot.audio.tags import TagsNotWritten, write_tags
from bot.errors import AudioUnreadable, NotAudio, OutputNotAudio
from bot.generation import AudioSource, Generation
from bot.inputs import INPUT_AUDIO_MAX_BYTES, plain
from bot.ports import InputAudio

log = logging.getLogger(__name__)

_CONTENT_TYPES: dict[Format, str] = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "aiff": "audio/aiff",
    "m4a": "audio/mp4",
}
_UNTOLD = frozenset({"prompt", "input_audio"})


class AudioDesk:
    """Works on files in `folder`; use as an async context manager.

    `model_name` is what the tags say the music comes from.
    """

    def __init__(self, folder: Path, model_name: str, *, allow_private: bool = False) -> None:
        self._intake = AudioIntake(folder, INPUT_AUDIO_MAX_BYTES, allow_private=allow_private)
        self._model_name = model_name

    async def __aenter__(self) -> Self:
        await self._intake.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._intake.__aexit__(kind, error, traceback)

    async def take_in(self, source: AudioSource) -> InputAudio:
        """Fetch, check and measure input audio; the file is the caller's to discard.

        Raises:
            RequestRefused: it cannot be had, is too large, or is no audio we can read.
        """
        path = await self._intake.fetch(source)
        try:
            facts = await asyncio.to_thread(probe, path)
        except BaseException:
            await self.discard(path)
            raise
        # Named by its format: the model's decoder goes by the extension.
        filename = f"input.{facts.format}"
        return InputAudio(path, filename, _CONTENT_TYPES[facts.format], facts.duration_s)

    async def label(self, path: Path, generation: Generation) -> None:
        """Check that a downloaded track is audio, and write title and settings into it.

        Raises:
            OutputNotAudio: it is none.
        """
        try:
            await asyncio.to_thread(probe, path)
        except (NotAudio, AudioUnreadable) as error:
            await self.discard(path)
            raise OutputNotAudio(type(error).__name__) from error
        try:
            await asyncio.to_thread(
                write_tags,
                path,
                title=generation.inputs.prompt,
                comment=_settings(generation),
                software=self._model_name,
            )
        except TagsNotWritten as error:
            # The music is what counts; it goes out without.
            log.warning("generation %s has no tags: %s", generation.id, error)

    async def discard(self, path: Path) -> None:
        """Delete a file, which may be gone already."""
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _settings(generation: Generation) -> str:
    """Every setting that was sent, with the seed that the model used."""
    values = generation.inputs.set_values() | {"seed": generation.seed}
    told = [f"{name} {plain(value)}" for name, value in values.items() if name not in _UNTOLD]
    return ", ".join(told)
