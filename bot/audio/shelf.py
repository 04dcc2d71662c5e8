"""The folder of tracks that wait for their person: how full it is, and what is left over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from pathlib import Path

_LEFT_OVER_S = 2 * 24 * 3600


class Shelf:
    """The files in one folder, each named after its generation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def stored_bytes(self) -> int:
        """How much is kept."""
        return await asyncio.to_thread(self._stored_bytes)

    async def tidy(self, keep: Collection[str]) -> int:
        """Remove files of no generation in `keep` that nobody touched for two days; how many.

        Younger ones may be another process's.
        """
        return await asyncio.to_thread(self._tidy, frozenset(keep))

    def _stored_bytes(self) -> int:
        return sum(file.stat().st_size for file in self._files())

    def _tidy(self, keep: frozenset[str]) -> int:
        oldest = time.time() - _LEFT_OVER_S
        left_over = [
            file
            for file in self._files()
            if file.name.split(".")[0] not in keep and file.stat().st_mtime < oldest
        ]
        for file in left_over:
            file.unlink(missing_ok=True)
        return len(left_over)

    def _files(self) -> list[Path]:
        return [file for file in self._folder.glob("*") if file.is_file()]
