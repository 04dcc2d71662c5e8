"""The engine's port to audio files: who works on them, and what their failures mean."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.audio import jobs
from bot.audio.intake import AudioIntake
from bot.audio.picture_files import PictureFiles
from bot.audio.refusals import refusals
from bot.audio.split import NotSplit, split_wav
from bot.audio.tags import settings_of
from bot.audio.worker_pool import WorkerPool
from bot.audio.worker_process import Limits
from bot.domain.audio_formats import FORMATS
from bot.domain.errors import (
    AudioBeyondBounds,
    AudioUnreadable,
    AudioWorkFailed,
    NotAudio,
    OutputNotAudio,
    OutputTooLarge,
    PieceLost,
    PieceUndecodable,
    TrackNotRead,
    WorkerFaulty,
)
from bot.domain.generation import AudioSource, Generation
from bot.domain.inputs import INPUT_AUDIO_MAX_BYTES
from bot.domain.measures import Loop, Measured
from bot.domain.plain_text import one_line
from bot.engine.audio_ports import InputAudio, OwnAudio
from bot.host.threads import INTAKE, TRACKS
from bot.host.whole_files import draft_of, whole_file
from bot.network.proxies import Proxies

log = logging.getLogger(__name__)

_MEMORY_BYTES = 384 << 20
"""Of address space. A worker has 160 MB once its libraries are loaded; five minutes of eight
channels at 192 kHz bring it to 210, and so does a WAV of 50 MB made into an MP3."""
_INPUT_MEMORY_BYTES = _MEMORY_BYTES + (128 << 20)
"""FFmpeg's libraries take 100 MB of it, most of which is never touched."""
_INPUT = Limits(
    wall_s=120.0, cpu_s=15, memory_bytes=_INPUT_MEMORY_BYTES, niceness=10, when_idle=True
)
"""By the clock it has the time for which what is paid may keep all processors."""
_JOIN = Limits(wall_s=120.0, cpu_s=60, memory_bytes=_MEMORY_BYTES, niceness=5)
_TRACK = Limits(wall_s=240.0, cpu_s=120, memory_bytes=_MEMORY_BYTES, niceness=1)
"""A track at the size limit of a download is made into FLAC and then into one or two MP3s."""


class AudioFiles(PictureFiles):
    """Works on files in `folder`; use as an async context manager.

    Strangers' files have workers of their own, and so have the paid tracks that are joined to one:
    neither keeps other tracks waiting. A worker that has seen many of strangers' files is soon
    replaced, lest one of them harm the next.
    """

    def __init__(
        self,
        folder: Path,
        *,
        allow_private: bool = False,
        proxies: Proxies | None = None,
        input_limits: Limits = _INPUT,
    ) -> None:
        self._intake = AudioIntake(
            folder, INPUT_AUDIO_MAX_BYTES, allow_private=allow_private, proxies=proxies
        )
        self._inputs = WorkerPool(input_limits, most=2, replaced_after=16)
        self.input_pause = self._inputs.pause
        """In which strangers' files are not decoded."""
        self._joins = WorkerPool(_JOIN, most=1, replaced_after=16)
        self._loops = WorkerPool(_JOIN, most=1, replaced_after=16)
        self._tracks = WorkerPool(_TRACK, most=2, replaced_after=500)
        super().__init__(self._tracks)

    async def __aenter__(self) -> Self:
        await self._intake.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pools = self._inputs, self._joins, self._loops, self._tracks
        await asyncio.gather(*(pool.close() for pool in pools))
        await self._intake.__aexit__(kind, error, traceback)

    def comes_from(self, own: OwnAudio) -> None:
        """Sources of our own making are there."""
        self._intake.own = own

    async def take_in(self, source: AudioSource, limit_bytes: int) -> InputAudio:
        """Fetch, check and measure input audio; the file is the caller's to discard.

        At most `limit_bytes` are taken, and never more than an input may have.

        Raises:
            RequestRefused: it cannot be had, is too large, or is no audio we can read.
        """
        path = await self._intake.fetch(source, limit_bytes)
        try:
            with refusals():
                examined = await self._inputs.run(jobs.examine, path)
        except BaseException:
            await self.discard(path)
            raise
        # Named by its format: the model's decoder goes by the extension.
        facts = examined.facts
        return InputAudio(
            path,
            f"input.{facts.format}",
            FORMATS[facts.format].content_type,
            facts.duration_s,
            facts.sample_rate_hz * min(2, facts.channels) * 2,
            examined.reads_cleanly,
        )

    async def begin_with(
        self, audio: InputAudio, first_s: float | None, target: Path
    ) -> InputAudio:
        """The first so many seconds, or all of it, as the model may have them.

        What is no longer and reads cleanly, or does so and cannot be cut, is given back as it is,
        in its old place; anything else is a WAV.

        Raises:
            RequestRefused: it cannot be decoded, its decoder crashes, or takes too much.
        """
        if not audio.remade_bytes(first_s):
            return audio
        try:
            length_s = await self._cut(audio, first_s, target)
        except (AudioUnreadable, NotAudio):
            if audio.reads_cleanly:
                return audio
            raise
        return InputAudio(target, "input.wav", FORMATS["wav"].content_type, length_s)

    async def keep(self, audio: InputAudio, target: Path, keep_s: float | None) -> float:
        """Put audio, or a WAV of its first `keep_s` seconds, in its place; its length in seconds.

        What does not read cleanly is made a WAV all the same.

        Raises:
            PieceUndecodable: it would have to be made one, and cannot be decoded.
            RequestRefused: its decoder crashes, or takes too much.
        """
        if not audio.remade_bytes(keep_s):
            await INTAKE.run(_move, audio.path, target)
            return audio.duration_s
        try:
            return await self._cut(audio, keep_s, target)
        except AudioUnreadable as error:
            raise PieceUndecodable(error.format) from error

    async def decode(self, audio: InputAudio, target: Path) -> float:
        """Make a WAV of all of it, however it reads; its length in seconds.

        Raises:
            RequestRefused: it cannot be decoded, its decoder crashes, or takes too much.
        """
        try:
            return await self._cut(audio, None, target)
        except AudioUnreadable as error:
            raise PieceUndecodable(error.format) from error

    async def _cut(self, audio: InputAudio, first_s: float | None, target: Path) -> float:
        with refusals():
            return await self._inputs.run(
                jobs.cut_beginning,
                audio.path,
                # Rather too much than a frame too little.
                audio.duration_s + 1.0 if first_s is None else first_s,
                target,
                reads_cleanly=audio.reads_cleanly,
            )

    async def length_s(self, path: Path) -> float | None:
        """Measure audio; None where there is none.

        Raises:
            RequestRefused: its decoder crashes, or takes too much.
        """
        try:
            with refusals():
                return (await self._inputs.run(jobs.probe, path)).duration_s
        except (NotAudio, AudioUnreadable, FileNotFoundError):
            return None

    async def end_of(self, piece: Path, context_s: float, target: Path) -> InputAudio:
        """The last so many seconds of a piece, as a WAV of their own.

        Raises:
            PieceUndecodable: its format is not one we can take apart.
            RequestRefused: its decoder crashes, or takes too much.
        """
        try:
            with refusals():
                length_s = await self._inputs.run(jobs.cut_context, piece, context_s, target)
        except AudioUnreadable as error:
            raise PieceUndecodable(error.format) from error
        return InputAudio(target, "input.wav", FORMATS["wav"].content_type, length_s)

    async def join(self, piece: Path, output: Path, context_s: float, target: Path) -> None:
        """The piece, and behind it what the model added to its last seconds, as a WAV.

        Raises:
            OutputNotAudio: what the model made is none.
            PieceLost: the piece is not there any more, or is broken.
            AudioWorkFailed: joining them failed in another way.
        """
        try:
            await self._tracks.run(jobs.probe, output)
        except (NotAudio, AudioUnreadable, AudioBeyondBounds) as error:
            raise OutputNotAudio(type(error).__name__) from error
        try:
            seam = await self._joins.run(jobs.join, piece, output, context_s, target)
        except (NotAudio, AudioUnreadable, AudioBeyondBounds, FileNotFoundError) as error:
            raise PieceLost from error
        log.info("%s was joined: %s", target.name, seam)

    def track_coming(self) -> AbstractContextManager[None]:
        """While a track is being made: a process is there for it, as far as there may be one."""
        return self._tracks.expecting(lambda: jobs.load_libraries)

    async def label(self, path: Path, generation: Generation, model_name: str) -> Measured:
        """Check that a downloaded track is audio, write title and settings into it, measure it.

        `model_name` is what the tags say the music comes from.

        Raises:
            OutputNotAudio: it is none.
            AudioWorkFailed: it was not labelled, nor measured.
        """

        async def label(*, measured: bool) -> jobs.Labelled:
            return await self._tracks.run(
                jobs.label,
                path,
                title=one_line(generation.inputs.prompt),
                comment=settings_of(generation),
                software=model_name,
                measured=measured,
            )

        try:
            try:
                labelled = await label(measured=True)
            except AudioWorkFailed as error:
                log.warning("labelling and measuring it fails: %r", error)
                labelled = await label(measured=False)
        except (NotAudio, AudioUnreadable) as error:
            raise OutputNotAudio(type(error).__name__) from error
        except AudioBeyondBounds as error:
            raise WorkerFaulty(repr(error)) from error
        if labelled.untagged is not None:
            log.warning("has no tags: %s", labelled.untagged)
        if labelled.unmeasured is not None:
            log.warning("is not measured: %s", labelled.unmeasured)
        return Measured(labelled.facts.duration_s, labelled.measures)

    async def loop(self, parts: Sequence[Path], target: Path) -> Loop:
        """The best loop of a track, which may be in several files, as a WAV.

        Raises:
            NoLoop: it is too short for one.
            TrackNotRead: its decoder fails, or takes too much.
        """
        try:
            return await self._loops.run(jobs.make_loop, [*parts], target)
        except (NotAudio, AudioUnreadable, AudioBeyondBounds, AudioWorkFailed) as error:
            log.warning("no loop: %r", error)
            raise TrackNotRead from error

    async def fit(
        self, path: Path, limit_bytes: int, formats: Sequence[str] = ("flac", "mp3")
    ) -> Path:
        """The track in at most so many bytes: as it is, or in a new file beside it.

        Raises:
            OutputTooLarge: it cannot be made that small, or not be decoded.
            AudioWorkFailed: it was not converted.
            FileNotFoundError: there is no such file.
        """
        try:
            return (await self._tracks.run(jobs.fit, path, limit_bytes, [*formats])).path
        except (NotAudio, AudioUnreadable, AudioBeyondBounds) as error:
            raise OutputTooLarge(limit_bytes) from error

    async def split(self, path: Path, limit_bytes: int, most: int) -> list[Path]:
        """The track in at most so many files, each at most so large, beside it; nothing is lost.

        Nothing is decoded for it.

        Raises:
            OutputTooLarge: it cannot be split, or into more only.
            OSError: the disk does not take them, or there is no such file.
        """
        try:
            return await TRACKS.run(split_wav, path, limit_bytes, most)
        except NotSplit as error:
            raise OutputTooLarge(limit_bytes) from error

    async def discard(self, path: Path) -> None:
        """Delete a file, which may be gone already, and what is left of making it."""

        def unlink() -> None:
            for file in (path, draft_of(path)):
                file.unlink(missing_ok=True)

        await TRACKS.run(unlink)


def _move(source: Path, target: Path) -> None:
    with whole_file(target) as draft:
        shutil.move(source, draft)
