"""The part of the engine's port to audio files that draws: of tracks, and of what was used."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bot.audio import jobs
from bot.audio.worker_pool import WorkerPool
from bot.domain.errors import AudioBeyondBounds, AudioUnreadable, NotAudio, WorkerFaulty
from bot.domain.picture import Picture, UsageRow


class PictureFiles:
    """Has pictures drawn in a pool's processes."""

    def __init__(self, pool: WorkerPool) -> None:
        self._drawing = pool

    async def draw(self, path: Path, given_s: float) -> Picture:
        """The picture of a track; its first `given_s` seconds, which it goes on from, are marked.

        Raises:
            AudioWorkFailed: it cannot be drawn.
        """
        try:
            drawn = await self._drawing.run(jobs.draw, path, given_s=given_s)
        except (NotAudio, AudioUnreadable, AudioBeyondBounds) as error:
            raise WorkerFaulty(repr(error)) from error
        first_db, middle_db, last_db = drawn.thirds_db
        png, thirds_db = b64decode(drawn.png), (first_db, middle_db, last_db)
        return Picture(png, drawn.duration_s, given_s, thirds_db)

    async def stack(self, pictures: Mapping[int, Picture]) -> bytes:
        """The pictures of several takes as one PNG, by their numbers.

        Raises:
            AudioWorkFailed: it was not made.
        """
        pngs = [b64encode(pictures[number].png).decode() for number in sorted(pictures)]
        return b64decode(await self._drawing.run(jobs.stack, pngs, sorted(pictures)))

    async def draw_usage(
        self, rows: Sequence[UsageRow], days: Sequence[str], nothing: str
    ) -> bytes:
        """What was used on each of some days, as a PNG; `nothing` says that it was nothing.

        Raises:
            AudioWorkFailed: it was not drawn.
        """
        told = [asdict(row) for row in rows]
        return b64decode(await self._drawing.run(jobs.draw_usage, told, [*days], nothing))
