"""The jam's port to audio files: its pieces and mixes, worked on in a process of their own."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.audio import jobs
from bot.audio.worker_pool import WorkerPool
from bot.audio.worker_process import Limits
from bot.domain.measures import EndCut
from bot.domain.mixes import Mixed, MixLabels, MixTerms
from bot.domain.picture import Picture

log = logging.getLogger(__name__)

_LIMITS = Limits(wall_s=120.0, cpu_s=60, memory_bytes=384 << 20, niceness=5)


class PieceFiles:
    """Works on the files of pieces; use as an async context manager.

    Methods raise `AudioWorkFailed` where the process comes to nothing over a file, and `NotAudio`,
    `AudioUnreadable` or `AudioBeyondBounds` for what cannot be decoded.
    """

    def __init__(self) -> None:
        self._pool = WorkerPool(_LIMITS, most=1, replaced_after=100)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._pool.close()

    async def keep_lossless(self, track: Path, target: Path) -> float:
        """Write a track as FLAC; its length in seconds."""
        return await self._pool.run(jobs.keep_lossless, track, target)

    async def measure_end(self, track: Path, given_s: float, asked_bpm: float | None) -> EndCut:
        """Where a track is to be cut for what goes on from it."""
        cut = await self._pool.run(jobs.measure_end, track, given_s, asked_bpm)
        log.info("%s goes on from: %s", track.name, cut)
        return cut

    async def splice(self, sounds: Sequence[Path], over_s: Sequence[float], target: Path) -> float:
        """Write the piece that takes make, as WAV; its length in seconds."""
        return await self._pool.run(jobs.splice, [*sounds], [*over_s], target)

    async def splice_end(
        self,
        sounds: Sequence[Path],
        over_s: Sequence[float],
        last_s: float,
        tail_s: float,
        target: Path,
    ) -> float:
        """Write its last seconds before its tail, as WAV; their length."""
        return await self._pool.run(jobs.splice_end, [*sounds], [*over_s], last_s, tail_s, target)

    async def draw_piece(
        self, piece: Path, starts_s: Sequence[float], colours: Sequence[tuple[int, int, int]]
    ) -> Picture:
        """The picture of a piece, each of its sections in a colour."""
        drawn = await self._pool.run(
            jobs.draw_piece, piece, starts_s=[*starts_s], colours=[*colours]
        )
        first_db, middle_db, last_db = drawn.thirds_db
        return Picture(b64decode(drawn.png), drawn.duration_s, 0.0, (first_db, middle_db, last_db))

    async def mix(self, piece: Path, terms: MixTerms, limit_bytes: int, labels: MixLabels) -> Mixed:
        """Write the mix of a piece beside it, in the format asked for or the next that fits.

        Raises:
            OutputTooLarge: none of them fits.
        """
        cover = labels.credits.cover_png
        mixed = await self._pool.run(
            jobs.mix_piece,
            piece,
            formats=[*terms.format.tried],
            fade_s=terms.fade_s,
            limit_bytes=limit_bytes,
            title=labels.title,
            comment=labels.comment,
            software=labels.software,
            artists=[*labels.credits.artists],
            chapters=[(chapter.start_s, chapter.title) for chapter in labels.credits.chapters],
            cover=None if cover is None else b64encode(cover).decode(),
        )
        log.info("a mix: %s", mixed)
        return mixed

    async def split_sections(self, piece: Path, starts_s: Sequence[float], target: Path) -> None:
        """Write a zip of a piece's sections, without loss."""
        await self._pool.run(jobs.split_sections, piece, [*starts_s], target)
