"""What the playground keeps is all there in its next start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.domain.inputs import Inputs
from bot.playground.discord import DiscordStandIn
from bot.playground.discord.events import MessageEdited
from bot.playground.discord.keeping import files_of, kept
from bot.playground.discord.model import Permissions
from bot.playground.discord.wire import File
from bot.playground.keep import Keep, KeepUnusable
from bot.playground.replicate.standin import ReplicateStandIn
from bot.playground.replicate.timings import Timings
from bot.replicate.client import ReplicateClient
from tests.contract.replicate_standin_kit import clip
from tests.journey.rig import Rig, a_rig, has_track

QUICK = Timings(cold_start_s=0, warm_start_s=0, step_rate_per_s=1000, encode_s=0)
SLOW = Timings(cold_start_s=600)


async def a_lot_happens(rig: Rig) -> None:
    """A track, a private answer, a reply, a thread with a file, a card that is deleted."""
    world, ada, bo = rig.discord.world, rig.ada, rig.bo
    first = await ada.slash(world.jam, "musicgen", prompt="gong", duration=1)
    card = await first.until(has_track)
    await (await bo.slash(world.jam, "help")).answered()
    await bo.post(world.jam, f"<@{world.bot.id}> hello")
    await world.until(lambda _: any(one.reference for one in world.messages.values()))
    thread = world.open_thread(world.jam, "more")
    await bo.post(thread, "mine", [File("take.wav", b"RIFF")])
    world.set_thread(thread, archived=True, locked=True)
    world.set_bot_permissions(world.lab, Permissions.VIEW_CHANNEL)
    again = await ada.click(card, "Again")
    await rig.discord.actor("mod").delete(await again.until(has_track))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


async def test_a_world_is_the_same_afterwards(tmp_path: Path, folder: Path) -> None:
    async with a_rig(tmp_path, timings=QUICK, speed=1) as rig:
        await a_lot_happens(rig)
        await Keep(folder).save(rig.discord, rig.replicate)
        before = kept(rig.discord.world)
        files = {one.id: one.data for one in files_of(rig.discord.world)}
    again = Keep(folder)
    assert again.discord is not None
    async with DiscordStandIn(before=again.discord, content=again.discord_file) as standin:
        world = standin.world
        assert kept(world) == before
        assert {one.id: one.data for one in files_of(world)} == files
        assert len(files) == len(list((folder / "discord-files").iterdir())) == 3
        assert world.next_id() > max(world.messages)
        [thread] = [one for one in world.channels.values() if one.parent is world.jam]
        assert (thread.name, thread.archived, thread.locked) == ("more", True, True)
        private = [one for one in world.messages.values() if one.ephemeral]
        assert [one.visible_to(world.bo) for one in private] == [True]
        assert not any(one.visible_to(world.ada) for one in private)


async def test_runs_and_uploads_go_on(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "hum.wav").write_bytes(clip(1.0))
    async with DiscordStandIn() as discord, ReplicateStandIn(timings=SLOW) as first:
        async with ReplicateClient(first.base_url, first.token) as client:
            hum = await client.upload(tmp_path / "hum.wav", "hum.wav", "audio/wav")
            inputs = Inputs("gong", duration=2, input_audio=hum.url, seed=5)
            run = await client.create(first.version, inputs, 600)
        await Keep(folder).save(discord, first)
    again = Keep(folder)
    async with ReplicateStandIn(
        timings=QUICK, before=again.replicate, content=again.upload
    ) as second:
        assert second.base_url == first.base_url, "addresses of uploads stay"
        await second.idle()
        [prediction] = second.predictions
        assert (prediction.id, prediction.status) == (run.id, "succeeded")
        assert second.files == 1


async def test_what_happens_is_kept_by_itself(folder: Path) -> None:
    async with DiscordStandIn() as discord, ReplicateStandIn() as service:
        keep = Keep(folder)
        following = asyncio.create_task(keep.follow(discord, service))
        await asyncio.sleep(0)
        message = await discord.actor("ada").post(discord.world.jam, "hello")
        discord.world.emit(MessageEdited(message))
        following.cancel()
        await asyncio.wait({following})
    before = Keep(folder).discord
    assert before is not None
    assert [one.content for one in before.messages] == ["hello"]


@pytest.mark.parametrize("broken", ["[]", "{", '{"port": "x"}'])
def test_what_cannot_be_read_is_said(folder: Path, broken: str) -> None:
    folder.mkdir()
    (folder / "replicate.json").write_text(broken)
    with pytest.raises(KeepUnusable, match="another release, or broken"):
        Keep(folder)


def test_a_folder_that_is_none_is_said(folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(KeepUnusable, match="cannot be used"):
        Keep(folder)
