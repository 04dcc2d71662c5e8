"""The folder of tracks that wait for their person: how full it is, and what is left over."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from bot.threads import HOUSE

_LEFT_OVER_S = 2 * 24 * 3600


class Shelf:
    """The files in one folder, each named after its generation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def stored_bytes(self) -> int:
        """How much is kept."""
        return await HOUSE.run(self._stored_bytes)

    async def tidy(self, keep: Collection[str]) -> int:
        """Remove files of no generation in `keep` that nobody touched for two days; how many.

        `keep` holds every open generation, whichever process follows it: the folder may be shared.
        Younger files may belong to one that was begun meanwhile.
        """
        return await HOUSE.run(self._tidy, frozenset(keep))

    def _stored_bytes(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _tidy(self, keep: frozenset[str]) -> int:
        oldest = time.time() - _LEFT_OVER_S
        left_over = [
            file
            for file, _, touched_at in self._files()
            if file.name.split(".")[0] not in keep and touched_at < oldest
        ]
        for file in left_over:
            file.unlink(missing_ok=True)
        return len(left_over)

    def _files(self) -> Iterator[tuple[Path, int, float]]:
        """Each file with its size and when it was last touched."""
        for file in self._folder.glob("*"):
            try:
                if file.is_file():
                    facts = file.stat()
                    yield file, facts.st_size, facts.st_mtime
            except FileNotFoundError:
                # Whoever follows its generation has just removed it, maybe another process.
                continue
