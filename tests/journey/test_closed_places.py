"""Channels that take nothing while a track is made: what is paid waits, or finds another way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.card import strings
from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.discord.model import Channel, Permissions
from bot.playground.discord.world import World
from bot.playground.replicate.timings import Timings
from tests.journey.rig import PATIENCE_S, Rig, a_rig, eventually, has_ended, has_track, words

SLOW = Timings(cold_start_s=0, step_rate_per_s=5, tick_s=1)
TOKEN_LIFE_S = 15 * 60
WRITING = Permissions.SEND_MESSAGES | Permissions.SEND_MESSAGES_IN_THREADS
SEEING = WRITING | Permissions.VIEW_CHANNEL | Permissions.ATTACH_FILES

Change = Callable[[World, Channel], None]


def lock(world: World, thread: Channel) -> None:
    world.set_thread(thread, archived=False, locked=True)


def lock_and_archive(world: World, thread: Channel) -> None:
    world.set_thread(thread, archived=True, locked=True)


def archive(world: World, thread: Channel) -> None:
    world.set_thread(thread, archived=True, locked=False)


def reopen(world: World, thread: Channel) -> None:
    world.set_thread(thread, archived=False, locked=False)


def forbid(world: World, channel: Channel) -> None:
    world.set_bot_permissions(channel.parent or channel, channel.bot_permissions & ~SEEING)


def forbid_files(world: World, channel: Channel) -> None:
    permissions = channel.bot_permissions & ~Permissions.ATTACH_FILES
    world.set_bot_permissions(channel.parent or channel, permissions)


def allow(world: World, channel: Channel) -> None:
    world.set_bot_permissions(channel.parent or channel, channel.bot_permissions | SEEING)


async def asked_in(rig: Rig, channel: Channel) -> Used:
    """A track of Ada's that is being made there."""
    used = await rig.ada.slash(channel, "musicgen", prompt="gong", duration=1)
    await used.until(lambda message: message.embeds)
    return used


def with_track(rig: Rig) -> list[Message]:
    return [message for message in rig.public_messages() if has_track(message)]


def tracks_on_disk(rig: Rig) -> list[str]:
    return [file.name for file in (rig.settings.data_folder / "tracks").iterdir()]


@asynccontextmanager
async def a_track_locked_out(
    folder: Path, change: Change, *, token_dies: bool, deaf: bool = False
) -> AsyncGenerator[tuple[Rig, Used]]:
    """One that was made while its thread was closed."""
    async with a_rig(folder, timings=SLOW) as rig:
        thread = rig.discord.world.open_thread(rig.discord.world.jam, "songs")
        used = await asked_in(rig, thread)
        if token_dies:
            rig.discord.clock.advance(TOKEN_LIFE_S)
        if deaf:
            await rig.bot.remove_cog("Reopened")
        change(rig.discord.world, thread)
        await rig.until_waiting(thread)
        assert len(tracks_on_disk(rig)) == 1
        yield rig, used
        await rig.until_waiting(thread, waits=False)
        await rig.bot.service.idle()
        assert rig.paid_once()
        assert tracks_on_disk(rig) == []


@pytest.mark.parametrize("token_dies", [False, True])
@pytest.mark.parametrize("close", [lock, lock_and_archive, forbid])
async def test_opened_again_a_channel_gets_its_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, close: Change, token_dies: bool
) -> None:
    """Discord's own word that it is open is enough."""
    monkeypatch.setattr("bot.engine.job._REACH_AGAIN_FIRST_S", 1e6)
    async with a_track_locked_out(tmp_path, close, token_dies=token_dies) as (rig, used):
        (allow if close is forbid else reopen)(rig.discord.world, used.interaction.channel)
        message = await used.until(has_track, 2.0)
        assert with_track(rig) == [message]


async def test_opened_without_a_word_it_is_found_open(tmp_path: Path) -> None:
    async with a_track_locked_out(tmp_path, lock, token_dies=False, deaf=True) as (rig, used):
        reopen(rig.discord.world, used.interaction.channel)
        await used.until(has_track)


@pytest.mark.parametrize("token_dies", [False, True])
async def test_the_next_command_in_a_thread_brings_it(tmp_path: Path, token_dies: bool) -> None:
    closed = a_track_locked_out(tmp_path, lock, token_dies=token_dies, deaf=True)
    async with closed as (rig, used):
        thread = used.interaction.channel
        thread.locked = False
        later = await rig.ada.slash(thread, "tracks list")
        await later.answered()
        await rig.discord.world.until(lambda _: with_track(rig), PATIENCE_S)


async def test_others_are_acknowledged_before_it_is_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.service._PATIENCE_S", 1e6)
    async with a_rig(tmp_path, timings=SLOW) as rig:
        thread = rig.discord.world.open_thread(rig.discord.world.jam, "songs")
        await asked_in(rig, thread)
        rig.discord.clock.advance(TOKEN_LIFE_S)
        lock(rig.discord.world, thread)
        await rig.until_waiting(thread)
        thread.locked = False
        with rig.bot.service.acknowledgements.urgent():
            for actor in (rig.ada, rig.bo, rig.bo, rig.bo):
                another = await actor.slash(thread, "musicgen", prompt="bells", duration=1)
                await another.answered()
            assert not any(r.path.endswith("@original") for r in rig.discord.requests)
        await rig.discord.world.until(lambda _: len(with_track(rig)) == 5, PATIENCE_S)


async def test_a_press_in_a_thread_brings_it(tmp_path: Path) -> None:
    """Its own card can be edited for what it says, and not for the file."""
    closed = a_track_locked_out(tmp_path, forbid_files, token_dies=False, deaf=True)
    async with closed as (rig, used):
        shown = await used.until(lambda message: strings.card.WAITS() in words(message))
        allow(rig.discord.world, used.interaction.channel)
        await rig.ada.click(shown, strings.card.BRING())
        await used.until(has_track)


async def test_an_archived_thread_is_opened_by_a_new_message(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        thread = rig.discord.world.open_thread(rig.discord.world.jam, "songs")
        await asked_in(rig, thread)
        archive(rig.discord.world, thread)
        [message] = await rig.discord.world.until(lambda _: with_track(rig))
        assert message.channel is thread
        assert rig.paid_once()


async def test_a_track_locked_out_survives_a_restart(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        thread = rig.discord.world.open_thread(rig.discord.world.jam, "songs")
        used = await asked_in(rig, thread)
        lock(rig.discord.world, thread)
        await rig.until_waiting(thread)
        await rig.stop()
        await rig.start()
        await rig.until_waiting(thread)
        reopen(rig.discord.world, thread)
        await used.until(has_track)
        assert rig.paid_once()


@pytest.mark.parametrize("token_dies", [False, True])
@pytest.mark.parametrize("what", ["thread", "channel of the thread", "channel"])
async def test_from_a_deleted_place_it_comes_to_its_person(
    tmp_path: Path, what: str, token_dies: bool
) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        world = rig.discord.world
        place = world.lab if what == "channel" else world.open_thread(world.lab, "songs")
        await asked_in(rig, place)
        if token_dies:
            rig.discord.clock.advance(TOKEN_LIFE_S)
        world.delete_channel(place if what == "thread" else world.lab)
        [message] = await world.until(lambda _: with_track(rig))
        assert message.channel is rig.ada.dm
        assert message.content == f"<@{rig.ada.user.id}> {strings.card.PLACE_GONE()}"
        await rig.bot.service.idle()
        assert rig.public_messages() == [message]
        assert rig.paid_once()


async def test_whose_messages_are_closed_comes_for_it(tmp_path: Path) -> None:
    """Nothing reaches them until they use the bot in its direct messages."""
    async with a_rig(tmp_path, timings=SLOW) as rig:
        world = rig.discord.world
        thread = world.open_thread(world.jam, "songs")
        world.closed_dms.add(rig.ada.user.id)
        await asked_in(rig, thread)
        world.delete_channel(thread)
        await rig.until_waiting(thread)
        elsewhere = await rig.ada.slash(world.jam, "tracks list")
        await elsewhere.answered()
        assert with_track(rig) == [], "what was asked for there is not shown anywhere else"
        await (await rig.ada.slash(rig.ada.dm, "tracks list")).answered()
        [message] = await world.until(lambda _: with_track(rig))
        assert message.channel is rig.ada.dm
        assert rig.paid_once()


async def test_a_failure_whose_channel_is_gone_is_over(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        thread = rig.discord.world.open_thread(rig.discord.world.jam, "songs")
        used = await rig.ada.slash(thread, "musicgen", prompt="gong", duration=1)
        await rig.prediction()
        await used.until(lambda message: message.embeds)
        rig.discord.world.delete_channel(thread)
        rig.trouble_replicate("GET /delivery/*", status=404, times=99)
        await rig.bot.service.idle()
        assert rig.public_messages() == []


@pytest.mark.parametrize("way", ["edit", "new message"])
async def test_what_automod_blocks_goes_without_the_words(tmp_path: Path, way: str) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await asked_in(rig, rig.discord.world.jam)
        rig.discord.world.automod.add("gong")
        if way == "new message":
            await rig.mod.delete(await used.finished())
        [message] = await rig.discord.world.until(lambda _: with_track(rig))
        assert "gong" not in words(message)
        assert "gong" not in message.attachments[0].filename
        assert strings.card.WORDS_BLOCKED() in words(message)
        assert rig.public_messages() == [message]
        assert rig.paid_once()


async def test_what_automod_always_blocks_waits_for_it_to_change(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await asked_in(rig, rig.discord.world.jam)
        rig.discord.world.automod.add("")
        await rig.until_waiting(rig.discord.world.jam)
        assert len(tracks_on_disk(rig)) == 1
        rig.discord.world.automod.clear()
        await used.until(has_track)
        assert rig.paid_once()


async def test_a_failure_in_a_locked_thread_is_told_once_it_is_open(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        thread = rig.discord.world.open_thread(rig.discord.world.jam, "songs")
        used = await asked_in(rig, thread)
        rig.trouble_replicate("GET /delivery/*", status=404, times=99)
        lock(rig.discord.world, thread)
        await eventually(lambda: len(rig.replicate.faults.met) > 0)
        await rig.until_waiting(thread)
        reopen(rig.discord.world, thread)
        message = await used.until(has_ended)
        assert strings.card.FAILED() in words(message)
