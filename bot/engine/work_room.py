"""Room in the data folder, and turns, for work on files that no generation is about."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.domain.clock import Clock
from bot.domain.errors import DiskUnusable
from bot.domain.waits import Obstacle
from bot.engine.disk_health import Disk, disk_obstacle
from bot.engine.disk_ledger import Standing
from bot.engine.disk_space import DiskSpace
from bot.engine.queue import Queue
from bot.engine.reading import turn_to_read


class WorkRoom:
    """What loops, ZIPs and the beginnings of jams take: it counts as the files of generations."""

    def __init__(
        self, disk_space: DiskSpace, disk: Disk, reading_queue: Queue, clock: Clock
    ) -> None:
        self._disk_space = disk_space
        self._disk = disk
        self._reading_queue = reading_queue
        self._clock = clock

    @asynccontextmanager
    async def reading(self, user_id: int) -> AsyncGenerator[None]:
        """A turn at a stranger's file, among the input audio of generations."""
        async with turn_to_read(self._reading_queue, user_id, self._clock, lambda _own: None):
            yield

    @asynccontextmanager
    async def taken(self, user_id: int, size_bytes: int) -> AsyncGenerator[None]:
        """Have room for so much as soon as there is some, until this is left.

        No more is claimed than one person may have: they may pack what they were sent.

        Raises:
            DiskUnusable, OwnRoomTaken, RoomTaken: there is none.
        """
        ledger, key = self._disk_space.ledger, f"work-{secrets.token_hex(8)}"
        size_bytes = min(size_bytes, ledger.share_bytes)
        self._disk.check(size_bytes)
        ledger.check_new(user_id, size_bytes)
        try:
            await self._disk_space.claim(
                key, user_id, size_bytes, paid=False, waits=_nothing, give_way=_nothing
            )
            # It is over in a moment: what is paid for waits for that.
            self._disk_space.stands(key, Standing.PAID)
            yield
        finally:
            self._disk_space.release(key)

    def failed(self, error: OSError) -> DiskUnusable:
        """Note that something could not be written; what its person is told."""
        self._disk.failed(error)
        return DiskUnusable(disk_obstacle(error) is Obstacle.DISK_FULL)


def _nothing() -> None:
    return
