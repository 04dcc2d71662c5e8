"""Whether the data folder's disk takes what is written; a look every few seconds decides."""

from __future__ import annotations

import asyncio
import errno

from bot.domain.errors import DiskUnusable
from bot.domain.waits import Obstacle
from bot.engine.ports import TrackStore
from bot.engine.troubles import Task, Troubles

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_THE_DISK = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOENT})
"""Too many files are open, or somebody has removed one."""
SPARE_BYTES = 2_000_000
"""Kept free for the journal, which has to be written whatever happens."""


def disk_obstacle(error: OSError) -> Obstacle:
    """What a write that failed says of the disk."""
    return Obstacle.DISK_FULL if error.errno in _FULL else Obstacle.DISK_FAULT


class Disk:
    """What is known of it; new requests are refused while it is of no use."""

    def __init__(self, track_store: TrackStore, troubles: Troubles) -> None:
        self._track_store = track_store
        self._troubles = troubles
        self._obstacle: Obstacle | None = None
        self._free_bytes: int | None = None
        self.recovered = asyncio.Event()
        """Set when it takes what is written again, until it does not once more."""

    @property
    def obstacle(self) -> Obstacle | None:
        """Why it is of no use."""
        return self._obstacle

    def failed(self, error: OSError) -> None:
        """Something could not be written."""
        if error.errno in _NOT_THE_DISK:
            return
        self._met(disk_obstacle(error))

    async def look(self) -> None:
        """Try it; a large file where something has failed, for a quota may take small ones."""
        try:
            self._free_bytes = await self._track_store.try_disk(thorough=self._obstacle is not None)
        except OSError as error:
            self.failed(error)
            return
        if self._free_bytes < SPARE_BYTES:
            self._met(Obstacle.DISK_FULL)
        elif self._obstacle is not None:
            self._obstacle = None
            self._troubles.over(Task.KEEP)
            self.recovered.set()

    def check(self, size_bytes: int) -> None:
        """Whether it takes so much more, as far as is known.

        Raises:
            DiskUnusable: it does not.
        """
        if self._obstacle is not None:
            raise DiskUnusable(full=self._obstacle is Obstacle.DISK_FULL)
        if self._free_bytes is not None and self._free_bytes < size_bytes + SPARE_BYTES:
            raise DiskUnusable(full=True)

    def _met(self, obstacle: Obstacle) -> None:
        self._obstacle = self._troubles.met(Task.KEEP, obstacle).obstacle
        self.recovered.clear()
