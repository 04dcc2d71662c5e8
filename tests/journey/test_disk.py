"""The data folder is removed, or full, while the bot runs."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.audio.track_store import TrackStore
from bot.card import strings
from bot.domain import errors
from bot.playground.discord.wire import File
from bot.playground.replicate.timings import Timings
from bot.replicate.partial import PartialFile
from tests.journey.rig import Rig, a_rig, eventually, has_ended, has_track, words
from tests.journey.sound import wav
from tests.journey.test_extend import extend_file, refusal

SLOW = Timings(cold_start_s=0, step_rate_per_s=5, tick_s=1)
FULL = "There is no room on the disk I keep tracks on"


class Disk:
    """Whether ours is full."""

    def __init__(self) -> None:
        self.full = False

    def check(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()

    def full_first(owner: type, name: str) -> None:
        method: Callable[..., object] = getattr(owner, name)

        def checked(*args: object, **kwargs: object) -> object:
            disk.check()
            return method(*args, **kwargs)

        monkeypatch.setattr(owner, name, checked)

    full_first(TrackStore, "_try_disk")
    full_first(PartialFile, "write")
    return disk


async def test_a_full_disk_is_named_and_waited_for(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await rig.musicgen()
        await rig.prediction()
        disk.full = True
        shown = await used.until(lambda message: FULL in words(message))
        assert "Replicate can't be reached" not in words(shown)
        assert "the disk of DATA_FOLDER is full" in caplog.text
        other = await rig.musicgen("another one")
        assert await refusal(rig, other) == strings.errors.sentence(errors.DiskUnusable(full=True))
        disk.full = False
        await used.until(has_track)
        assert rig.paid_once()
        await eventually(lambda: rig.bot.service.troubles.current == ())
        await (await rig.musicgen("another one")).until(has_track)


async def test_a_bot_that_starts_on_a_full_disk_takes_nothing(tmp_path: Path, disk: Disk) -> None:
    disk.full = True
    async with a_rig(tmp_path) as rig:
        used = await rig.musicgen()
        assert await refusal(rig, used) == strings.errors.sentence(errors.DiskUnusable(full=True))
        assert rig.replicate.predictions == []


@pytest.mark.parametrize("when", ["before", "while it is made", "while it waits"])
async def test_a_folder_that_is_removed_is_made_again(tmp_path: Path, when: str) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        folder = rig.settings.data_folder / "tracks"
        if when == "before":
            await asyncio.to_thread(shutil.rmtree, folder)
        world = rig.discord.world
        thread = world.open_thread(world.jam, "songs")
        used = await rig.ada.slash(thread, "musicgen", prompt="gong", duration=1)
        await rig.prediction()
        if when == "while it is made":
            await asyncio.to_thread(shutil.rmtree, folder)
        if when == "while it waits":
            world.set_thread(thread, archived=True, locked=True)
            await rig.until_waiting(thread)
            await asyncio.to_thread(shutil.rmtree, folder)
            world.set_thread(thread, archived=False, locked=False)
        await used.until(has_track)
        assert rig.paid_once()


async def test_a_piece_goes_into_a_folder_that_was_removed(tmp_path: Path) -> None:
    async with a_rig(tmp_path) as rig:
        for name in ("tracks", "intake"):
            shutil.rmtree(rig.settings.data_folder / name, ignore_errors=True)
        used = await extend_file(rig, File("song.wav", wav(4.0)))
        await used.until(has_track)


# ------------------------------------------------------------------ the budget


@asynccontextmanager
async def watched(rig: Rig) -> AsyncGenerator[list[int]]:
    """What the folders took, looked at all the time."""
    sizes: list[int] = []

    def taken() -> int:
        total = 0
        for name in ("tracks", "intake"):
            for file in (rig.settings.data_folder / name).glob("*"):
                try:
                    total += file.stat().st_size
                except FileNotFoundError:
                    continue
        return total

    async def watch() -> None:
        while True:
            sizes.append(await asyncio.to_thread(taken))
            await asyncio.sleep(0.002)

    watching = asyncio.create_task(watch())
    try:
        yield sizes
    finally:
        watching.cancel()


async def test_pieces_beyond_the_budget_are_refused(tmp_path: Path) -> None:
    """Twelve times 46 MB would be half a gigabyte."""
    large = File("song.wav", wav(30.0, channels=2) + bytes(40_000_000))
    env = {"TRACKS_MAX_MB": "10"}
    async with a_rig(tmp_path, env=env) as rig, watched(rig) as sizes:
        rig.discord.world.rules = rig.discord.world.rules.__class__(file_limit_bytes=1 << 30)
        for _ in range(3):
            used = await extend_file(rig, large)
            told = await refusal(rig, used)
            assert "of room, and one person may have 10 MiB here" in told
        assert rig.replicate.predictions == []
        assert max(sizes) <= 10_000_000


async def test_pieces_wait_for_each_others_room(tmp_path: Path) -> None:
    """What one extension of 20 s takes in all is about 12 MB; there is room for two at a time."""
    piece = File("song.wav", wav(20.0, channels=2))
    env = {"TRACKS_MAX_MB": "30", "TRACKS_MAX_MB_PER_USER": "30"}
    async with a_rig(tmp_path, env=env, timings=SLOW) as rig, watched(rig) as sizes:
        asked = [await extend_file(rig, piece) for _ in range(6)]
        ended = [await used.until(has_ended, 30.0) for used in asked]
        assert all(has_track(message) for message in ended)
        assert len(rig.replicate.predictions) == 6
        assert max(sizes) <= 30_000_000
