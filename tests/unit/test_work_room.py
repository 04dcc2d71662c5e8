"""Room and turns for work that no generation is about."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.delivery import track_files
from bot.domain.errors import OwnRoomTaken, RoomTaken
from bot.engine.disk_health import Disk
from bot.engine.disk_ledger import Ledger, Standing
from bot.engine.disk_space import DiskSpace
from bot.engine.queue import Queue
from bot.engine.troubles import Troubles
from bot.engine.work_room import WorkRoom
from tests.fakes import FakeClock, FakeTrackStore

ADA, BO = 5, 6


class Patient(FakeClock):
    """Time stands still."""

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        return await event.wait()


class Rig:
    def __init__(self, budget_bytes: int = 100, share_bytes: int = 60) -> None:
        clock = Patient()
        self.ledger = Ledger(budget_bytes, share_bytes)
        disk = Disk(FakeTrackStore(), Troubles(clock))
        self.room = WorkRoom(DiskSpace(self.ledger, clock), disk, Queue(2, 1), clock)

    async def work(self, user_id: int, size_bytes: int, ends: asyncio.Event) -> None:
        async with self.room.taken(user_id, size_bytes):
            await ends.wait()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_finds_no_room_waits_for_that_of_another() -> None:
    rig, ends = Rig(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(rig.work(ADA, 40, ends))
        tasks.create_task(rig.work(BO, 50, ends))
        await settled()
        assert rig.ledger.used_bytes == 90, "one of each; the share is 60"
        ends.set()
    assert rig.ledger.used_bytes == 0


async def test_who_goes_away_leaves_no_room_taken() -> None:
    rig, ends = Rig(), asyncio.Event()
    works = [asyncio.create_task(rig.work(ADA, 60, ends)) for _ in range(2)]
    await settled()
    # Granted, and called off in the same moment.
    ends.set()
    await asyncio.sleep(0)
    works[1].cancel()
    await asyncio.wait(works)
    assert rig.ledger.used_bytes == 0


async def test_more_than_a_share_is_claimed_as_one() -> None:
    rig, ends = Rig(), asyncio.Event()
    ends.set()
    await rig.work(ADA, 10_000, ends)
    rig.ledger.hold("kept", ADA, 60, Standing.KEPT)
    with pytest.raises(OwnRoomTaken):
        await rig.work(ADA, 1, ends)
    rig.ledger.hold("others", 7, 40, Standing.KEPT)
    with pytest.raises(RoomTaken):
        await rig.work(BO, 1, ends)


async def test_nobody_waits_for_room_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_files, "_ROOM_WITHIN_S", 0.01)
    rig = Rig()
    folders = track_files.WorkFolders(tmp_path / "work", rig.room)
    async with folders.open(ADA, 60) as folder:
        assert folder.parent == tmp_path / "work"
        with pytest.raises(RoomTaken):
            async with folders.open(BO, 60):
                pass
    assert rig.ledger.used_bytes == 0
    assert not folder.exists()


async def test_strangers_files_are_read_in_turn() -> None:
    rig, ends, reading = Rig(), asyncio.Event(), list[int]()

    async def read(user_id: int) -> None:
        async with rig.room.reading(user_id):
            reading.append(user_id)
            await ends.wait()

    async with asyncio.TaskGroup() as tasks:
        for user_id in (ADA, ADA, BO):
            tasks.create_task(read(user_id))
        await settled()
        assert reading == [ADA, BO]
        ends.set()
    assert reading == [ADA, BO, ADA]
