"""The Apps menu of a message that carries audio, whoever posted it."""

from __future__ import annotations

import asyncio

import discord
import pytest
import simcord

from bot.card import strings
from bot.domain import errors
from bot.domain.errors import JournalFault
from bot.domain.generation import Relation
from tests.discord.card_kit import Used, a_thread, finished
from tests.discord.world import BY_BOT, World

WAV = ("riff.wav", b"RIFF")
NO_AUDIO = strings.errors.sentence(errors.NoAudioHere())
MENUS = {
    strings.commands.MENU_EXTEND(): Relation.EXTEND,
    strings.commands.MENU_MELODY(): Relation.MELODY,
}
both = pytest.mark.parametrize(("menu", "relation"), MENUS.items(), ids=["extend", "melody"])


async def used_on(
    world: World,
    menu: str,
    message: discord.Message | simcord.ResponseMessage,
    *,
    channel: simcord.ChannelHandle | None = None,
) -> Used:
    """Ada uses an entry of a message's menu."""
    return Used(world, await world.ada.context_menu(channel or world.channel, menu, message))


@both
@pytest.mark.parametrize("place", ["channel", "thread"])
@pytest.mark.parametrize("restarted", [False, True])
async def test_audio_that_somebody_else_posted(
    world: World, menu: str, relation: Relation, place: str, restarted: bool
) -> None:
    channel = world.channel if place == "channel" else await a_thread(world)
    message = await world.bo.send(channel, "my riff", attachments=[("notes.txt", b"x"), WAV])
    opened = await used_on(world, menu, message, channel=channel)
    assert "pick" not in opened.fields
    assert opened.fields["prompt"]["required"]
    if restarted:
        await world.restart()
    sent = await opened.send(world.ada, prompt="with a choir")
    made = world.generation
    assert (made.requester_id, made.parent_id, made.relation) == (world.ada.id, None, relation)
    assert made.inputs.prompt == "with a choir"
    assert made.source is not None
    assert (made.source.filename, made.source.url) == ("riff.wav", message.attachments[1].url)
    assert made.more_s == (10 if relation is Relation.EXTEND else None)
    assert sent.card.reply.channel_id == channel.id
    await world.done()
    assert len(sent.card.reply.attachments) == 1


@both
async def test_several_files_are_asked_about(world: World, menu: str, relation: Relation) -> None:
    sounds = ["take two.MP3", "voice.ogg", "memo.m4a", "raw.aac", "phone.MOV", "screen.webm"]
    files = [WAV, ("notes.txt", b"x"), *((name, b"music") for name in sounds)]
    message = await world.bo.send(world.channel, attachments=files)
    opened = await used_on(world, menu, message)
    options = opened.fields["pick"]["options"]
    offered = [a for a in message.attachments if a.filename != "notes.txt"]
    assert len(offered) == len(sounds) + 1
    assert [(o["label"], o["value"]) for o in options] == [(a.filename, str(a.id)) for a in offered]
    await opened.send(world.ada, pick=[str(offered[1].id)], prompt="x")
    assert world.generation.source is not None
    assert world.generation.source.url == offered[1].url
    assert world.generation.relation is relation


@both
@pytest.mark.parametrize("files", [[], [("notes.txt", b"x")], [("wav", b"RIFF")]], ids=len)
async def test_a_message_without_audio(
    world: World, menu: str, relation: Relation, files: list[tuple[str, bytes]]
) -> None:
    message = await world.bo.send(world.channel, "no music", attachments=files)
    assert (await used_on(world, menu, message)).told == NO_AUDIO
    assert world.journal.rows == {}


@both
async def test_one_of_our_own_cards_keeps_its_lineage(
    world: World, menu: str, relation: Relation
) -> None:
    scene = await finished(world, temperature=0.5)
    opened = await used_on(world, menu, scene.asked.reply)
    await opened.send(world.ada, prompt="x")
    assert (scene.newest.parent_id, scene.newest.relation) == (scene.first.id, relation)
    assert scene.newest.inputs.temperature == 0.5


@pytest.mark.parametrize("trouble", ["slow", "broken"])
async def test_lineage_is_worth_less_than_the_music(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    async def by_message(*_: object) -> None:
        if trouble == "slow":
            await world.clock.wait(asyncio.Event(), None)
        raise JournalFault

    message = await world.bo.send(world.channel, attachments=[WAV])
    opened = await used_on(world, strings.commands.MENU_MELODY(), message)
    monkeypatch.setattr(world.journal, "by_message", by_message)
    await opened.send(world.ada, prompt="x")
    await world.pass_s(2)
    assert world.generation.parent_id is None


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (404, 10008)])
async def test_after_a_restart_where_the_bot_cannot_look(
    world: World, status: int, code: int
) -> None:
    message = await world.bo.send(world.channel, attachments=[WAV])
    opened = await used_on(world, strings.commands.MENU_MELODY(), message)
    await world.restart()
    world.fail("GET", BY_BOT, status, code)
    assert (await opened.send(world.ada, prompt="x")).told == NO_AUDIO
    assert world.journal.rows == {}


async def test_a_message_that_was_deleted_meanwhile_is_tried(world: World) -> None:
    """Its file may be there for a while yet; if not, that is told like any audio that is gone."""
    message = await world.bo.send(world.channel, attachments=[WAV])
    opened = await used_on(world, strings.commands.MENU_EXTEND(), message)
    await world.bo.delete(message)
    world.sound.refusal = errors.AudioUnavailable(404)
    sent = await opened.send(world.ada, prompt="x", more="3")
    await world.pass_s(1)
    assert sent.told == strings.errors.sentence(errors.AudioUnavailable(404))


async def test_many_open_forms_are_not_kept_for_ever(world: World) -> None:
    message = await world.bo.send(world.channel, attachments=[WAV])
    for _ in range(3):
        await used_on(world, strings.commands.MENU_EXTEND(), message)
    store = world.bot._connection._view_store  # pyright: ignore[reportPrivateUsage] - where they would leak
    assert store._modals == {}  # pyright: ignore[reportPrivateUsage] - see above
