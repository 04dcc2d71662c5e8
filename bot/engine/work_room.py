"""Room in the data folder for what is made of tracks that have been delivered."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.domain.errors import DiskUnusable
from bot.domain.waits import Obstacle
from bot.engine.disk_health import Disk, disk_obstacle
from bot.engine.disk_ledger import Standing
from bot.engine.disk_space import DiskSpace


class WorkRoom:
    """What loops, packs and the like take while somebody waits for them: it counts as all files."""

    def __init__(self, disk_space: DiskSpace, disk: Disk) -> None:
        self._disk_space = disk_space
        self._disk = disk

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
        await self._disk_space.claim(
            key, user_id, size_bytes, paid=False, waits=_nothing, give_way=_nothing
        )
        # It is over in a moment: what is paid for waits for that.
        self._disk_space.stands(key, Standing.PAID)
        try:
            yield
        finally:
            self._disk_space.release(key)

    def failed(self, error: OSError) -> DiskUnusable:
        """Note that something could not be written; what its person is told."""
        self._disk.failed(error)
        return DiskUnusable(disk_obstacle(error) is Obstacle.DISK_FULL)


def _nothing() -> None:
    return
