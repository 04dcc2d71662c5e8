"""The studio's port to audio files: takes them in, measures, labels and discards them."""

from __future__ import annotations

import asyncio
import logging
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.audio.cut import cut_beginning
from bot.audio.intake import AudioIntake
from bot.audio.join import cut_context, join
from bot.audio.probe import Format, probe
from bot.audio.tags import TagsNotWritten, write_tags
from bot.audio.threads import in_thread
from bot.errors import (
    AudioUnreadable,
    NotAudio,
    OutputNotAudio,
    PieceLost,
    PieceUndecodable,
)
from bot.generation import AudioSource, Generation
from bot.inputs import INPUT_AUDIO_MAX_BYTES, plain
from bot.plain_text import one_line
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

    async def begin_with(self, audio: InputAudio, first_s: float, target: Path) -> InputAudio:
        """The first so many seconds, as a WAV of their own.

        What is shorter, or cannot be decoded, is given back as it is, in its old place.
        """
        if audio.duration_s <= first_s:
            return audio
        try:
            length_s = await in_thread(cut_beginning, audio.path, first_s, target)
        except (AudioUnreadable, NotAudio):
            return audio
        return InputAudio(target, "input.wav", _CONTENT_TYPES["wav"], length_s)

    async def keep(self, audio: InputAudio, target: Path, keep_s: float | None) -> float:
        """Put audio, or a WAV of its first `keep_s` seconds, in its place; its length in seconds.

        Raises:
            PieceUndecodable: it would have to be cut, and cannot be decoded.
        """
        if keep_s is None or keep_s >= audio.duration_s:
            await in_thread(shutil.move, audio.path, target)
            return audio.duration_s
        try:
            return await in_thread(cut_beginning, audio.path, keep_s, target)
        except AudioUnreadable as error:
            raise PieceUndecodable(error.format) from error

    async def length_s(self, path: Path) -> float | None:
        """Measure audio; None where there is none."""
        try:
            return (await asyncio.to_thread(probe, path)).duration_s
        except (NotAudio, AudioUnreadable, FileNotFoundError):
            return None

    async def end_of(self, piece: Path, context_s: float, target: Path) -> InputAudio:
        """The last so many seconds of a piece, as a WAV of their own.

        Raises:
            PieceUndecodable: its format is not one we can take apart.
        """
        try:
            length_s = await in_thread(cut_context, piece, context_s, target)
        except AudioUnreadable as error:
            raise PieceUndecodable(error.format) from error
        return InputAudio(target, "input.wav", _CONTENT_TYPES["wav"], length_s)

    async def join(self, piece: Path, output: Path, context_s: float, target: Path) -> None:
        """The piece, and behind it what the model added to its last seconds, as a WAV.

        Raises:
            OutputNotAudio: what the model made is none.
            PieceLost: the piece is not there any more, or is broken.
        """
        await self._check_output(output)
        try:
            seam = await in_thread(join, piece, output, context_s, target)
        except (NotAudio, AudioUnreadable, FileNotFoundError) as error:
            raise PieceLost from error
        log.info("%s was joined: %s", target.name, seam)

    async def label(self, path: Path, generation: Generation) -> float:
        """Check that a downloaded track is audio, and write title and settings into it.

        Returns its length in seconds.

        Raises:
            OutputNotAudio: it is none.
        """
        length_s = await self._check_output(path)
        try:
            await asyncio.to_thread(
                write_tags,
                path,
                title=one_line(generation.inputs.prompt),
                comment=_settings(generation),
                software=self._model_name,
            )
        except TagsNotWritten as error:
            # The music is what counts; it goes out without.
            log.warning("generation %s has no tags: %s", generation.id, error)
        return length_s

    async def discard(self, path: Path) -> None:
        """Delete a file, which may be gone already."""
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _check_output(self, path: Path) -> float:
        try:
            return (await asyncio.to_thread(probe, path)).duration_s
        except (NotAudio, AudioUnreadable) as error:
            await self.discard(path)
            raise OutputNotAudio(type(error).__name__) from error


def _settings(generation: Generation) -> str:
    """Every setting that was sent, with the seed that the model used."""
    values = generation.inputs.set_values() | {"seed": generation.seed}
    told = [f"{name} {plain(value)}" for name, value in values.items() if name not in _UNTOLD]
    return ", ".join(told)
