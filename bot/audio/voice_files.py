"""The port of voice to audio files: encoded for voice channels in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.audio import jobs
from bot.audio.worker_pool import WorkerPool
from bot.audio.worker_process import Limits

_LIMITS = Limits(wall_s=240.0, cpu_s=200, memory_bytes=384 << 20, niceness=5)
"""An hour of music takes a minute or two; nearly all of it is shorter than a minute."""


class VoiceFiles:
    """Encodes files for voice channels; use as an async context manager."""

    def __init__(self) -> None:
        self._pool = WorkerPool(_LIMITS, most=1, replaced_after=16)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._pool.close()

    async def encode(self, parts: Sequence[Path], volume: int, target: Path) -> float:
        """Write audio in one or more files as Ogg Opus; its length in seconds.

        Raises `AudioWorkFailed`, and `NotAudio`, `AudioUnreadable` or `AudioBeyondBounds`.
        """
        return await self._pool.run(jobs.encode_voice, [*parts], volume, target)
