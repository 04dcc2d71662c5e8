"""Who waits for room, who gets it, and who gives way; `tests.property.test_ledger` has the rest."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import AudioBeyondRoom, OwnRoomTaken, RoomTaken
from bot.engine.disk_ledger import Ledger, Standing
from bot.engine.disk_space import DiskSpace, track_bytes
from tests.fakes import FakeClock

PAID, UNPAID, KEPT = Standing.PAID, Standing.UNPAID, Standing.KEPT


class StillClock(FakeClock):
    """Time does not pass for who waits."""

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        return await event.wait()


class Folder:
    """A room of 100 bytes, 40 a person; `log` has what happened, in order."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.ledger = Ledger(100, 40)
        self.disk_space = DiskSpace(self.ledger, clock or StillClock())
        self.log: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def ask(self, key: str, size: int, *, user: int = 1, paid: bool = False) -> None:
        self.tasks.append(asyncio.create_task(self._ask(key, size, user, paid=paid)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _ask(self, key: str, size: int, user: int, *, paid: bool) -> None:
        await self.disk_space.claim(
            key,
            user,
            size,
            paid=paid,
            waits=lambda: self.log.append(f"{key} waits"),
            give_way=lambda: self.log.append(f"{key} gives way"),
        )
        self.log.append(f"{key} has it")

    async def told(self) -> list[str]:
        for _ in range(5):
            await asyncio.sleep(0)
        log, self.log = self.log, []
        return log

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_nobody_is_overtaken_but_by_what_is_paid() -> None:
    folder = Folder()
    folder.ledger.hold("there", 9, 90, KEPT)
    await folder.ask("large", 30, user=1)
    await folder.ask("small", 5, user=2)
    assert await folder.told() == ["large waits", "small waits"]
    await folder.ask("paid", 8, user=3, paid=True)
    assert await folder.told() == ["paid has it"]
    folder.disk_space.release("there")
    assert await folder.told() == ["large has it", "small has it"]


async def test_who_has_their_share_holds_up_nobody_else() -> None:
    folder = Folder()
    await folder.ask("first", 30, user=1)
    await folder.ask("second", 30, user=1)
    await folder.ask("other", 30, user=2)
    assert await folder.told() == ["first has it", "second waits", "other has it"]
    folder.disk_space.release("first")
    assert await folder.told() == ["second has it"]


async def test_the_newest_unpaid_give_way_to_what_is_paid_and_no_more_than_needed() -> None:
    folder = Folder()
    for number in range(1, 4):
        await folder.ask(f"piece {number}", 30, user=number)
    await folder.told()
    await folder.ask("track", 50, user=9, paid=True)
    assert await folder.told() == ["piece 3 gives way", "piece 2 gives way", "track waits"]
    folder.disk_space.release("piece 3")
    assert await folder.told() == []
    folder.disk_space.release("piece 2")
    assert await folder.told() == ["track has it"]
    assert folder.ledger.used_bytes == 80


async def test_what_is_paid_waits_for_tracks_on_their_way_before_anybody_gives_way() -> None:
    folder = Folder()
    await folder.ask("piece", 30, user=1)
    await folder.ask("out", 60, user=2, paid=True)
    await folder.told()
    await folder.ask("track", 60, user=3, paid=True)
    assert await folder.told() == ["track waits"]
    folder.disk_space.release("out")
    assert await folder.told() == ["track has it"]


async def test_what_is_paid_gives_way_to_nothing() -> None:
    folder = Folder()
    folder.ledger.hold("kept", 1, 90, KEPT)
    await folder.ask("track", 50, user=2, paid=True)
    assert await folder.told() == ["track has it"]
    assert folder.ledger.used_bytes == 140
    await folder.ask("piece", 1, user=3)
    assert await folder.told() == ["piece waits"]
    await folder.close()


async def test_what_is_paid_waits_no_longer_than_it_can() -> None:
    folder = Folder(FakeClock())
    folder.ledger.hold("stuck", 1, 90, PAID)
    await folder.ask("track", 50, user=2, paid=True)
    assert await folder.told() == ["track waits", "track has it"]


async def test_what_waits_in_vain_is_refused() -> None:
    folder = Folder(FakeClock())
    folder.ledger.hold("kept", 1, 90, KEPT)
    with pytest.raises(RoomTaken):
        await folder._ask("piece", 20, 2, paid=False)  # pyright: ignore[reportPrivateUsage] - its own kit
    assert folder.disk_space.enlarge("small", 3, 10), "it is out of the way"


async def test_who_goes_away_holds_up_nobody() -> None:
    folder = Folder()
    folder.ledger.hold("there", 9, 80, KEPT)
    await folder.ask("large", 30)
    await folder.ask("small", 10, user=2)
    folder.tasks[0].cancel()
    assert await folder.told() == ["large waits", "small waits", "small has it"]


async def test_what_will_never_fit_is_refused_at_once() -> None:
    folder = Folder()
    with pytest.raises(AudioBeyondRoom) as caught:
        await folder._ask("piece", 41, 1, paid=False)  # pyright: ignore[reportPrivateUsage] - its own kit
    assert (caught.value.needed_bytes, caught.value.limit_bytes) == (41, 40)


def test_new_orders_are_refused_where_waiting_is_of_no_use() -> None:
    ledger = Ledger(100, 40)
    ledger.hold("running", 1, 100, PAID)
    ledger.check_new(1, 10)
    ledger.hold("running", 1, 35, KEPT)
    with pytest.raises(OwnRoomTaken):
        ledger.check_new(1, 10)
    ledger.check_new(2, 10)
    ledger.left_over_bytes = 60
    with pytest.raises(RoomTaken):
        ledger.check_new(2, 10)


def test_several_processes_share_the_budget() -> None:
    ledger = Ledger(100, 40)
    ledger.members = 4
    assert (ledger.budget_bytes, ledger.share_bytes) == (25, 25)


async def test_twelve_extensions_of_a_large_file_stay_within_a_budget() -> None:
    """Each asks for its piece, and for all that is made of it."""
    folder = Folder()
    for number in range(12):
        await folder.ask(str(number), 35, user=number % 4)
    assert folder.ledger.used_bytes == 70
    await folder.close()


def test_a_track_as_musicgen_makes_it() -> None:
    assert 30 * 128_000 < track_bytes(30) < 4_200_000
