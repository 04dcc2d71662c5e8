"""Jams where Discord, or a moderator, is in the way: a sentence says so, and nothing is lost."""

from __future__ import annotations

import discord
import pytest

from bot.card import strings
from bot.card.strings import settings as words
from bot.domain import errors
from bot.domain.server_rules import Block
from bot.jam.jam import Phase
from tests.discord.panel_kit import a_manager, opened
from tests.discord.test_jam import Room, a_room, labels
from tests.discord.world import World


async def a_chosen_take(world: World) -> Room:
    room = await a_room(world)
    await room.press(world.bo, "Vote", await room.propose(world.bo, "soft piano"))
    return room


def starter(world: World) -> str:
    """What stands where the jam was begun."""
    return world.messages[0].content


@pytest.mark.parametrize("code", [160005, 50083, 50013, 50001])
async def test_a_thread_that_takes_nothing_is_told_where_the_jam_was_begun(
    world: World, code: int
) -> None:
    room = await a_chosen_take(world)
    for method, path in (("PATCH", "messages/*"), ("POST", "messages")):
        world.fail(method, f"/channels/{room.thread.id}/{path}", 403, code, times=3)
    await room.press(world.ada, "End round")
    await world.pass_s(3)
    assert room.jam.head is not None, "what is paid for and chosen is kept"
    assert "Round 1" in room.text
    assert "I can't show anything in its thread at present" in starter(world)
    await world.pass_s(120)
    assert "Round 2" in room.text
    assert "at present" not in starter(world)
    assert "A jam: **rain on tin**" in starter(world)


async def test_a_deleted_thread_ends_the_jam_and_its_piece_can_be_branched_from(
    world: World,
) -> None:
    room = await a_chosen_take(world)
    thread = world.bot.get_channel(room.thread.id)
    assert isinstance(thread, discord.Thread)
    await thread.delete()
    await world.pass_s(3)
    assert (room.jam.phase, room.jam.gone) == (Phase.CLOSED, True)
    assert [section.words for section in room.jam.sections] == ["soft piano"]
    assert "its thread is gone" in starter(world)
    listed = await world.bo.slash(world.channel, "jam list")
    assert listed.response is not None
    assert "<#" not in str(listed.response.embeds[0].description)
    await world.bo.slash(world.channel, "jam branch", jam=room.jam.id)
    await world.pass_s(4)
    assert len(Room(world, world.channel.threads[-1]).card.attachments) == 2


async def test_automod_that_minds_the_words_keeps_no_jam_from_going_on(world: World) -> None:
    world.fail("POST", "/channels/*/messages/*/threads", 400, 200001)
    world.fail("PATCH", "/webhooks/*/messages/*", 400, 200000)
    world.fail("POST", "/channels/*/messages", 400, 200000)
    room = await a_room(world, "a word that is minded")
    assert room.thread.name == strings.jam_begin.THREAD()
    assert "minded" not in starter(world)
    assert f"<@{world.ada.id}> has begun a jam." in starter(world)
    assert "minded" not in room.text + str(room.card.embeds[0].title)
    assert strings.jam.words_hidden() in room.text
    take = await room.propose(world.bo, "soft piano")
    world.fail("PATCH", f"/channels/{room.thread.id}/messages/*", 400, 200000)
    await room.press(world.bo, "Vote", take)
    assert "1 vote" in room.text
    assert "soft piano" not in room.text
    await room.press(world.ada, "End round")
    world.fail("POST", f"/channels/{room.thread.id}/messages", 400, 200000)
    await world.pass_s(3)
    opened = await room.press(world.bo, "Mix")
    await opened.send(world.bo, format=["wav"], fade="0")
    await world.pass_s(4)
    assert any("zip" in file.filename for m in room.messages for file in m.attachments)


async def test_a_deleted_card_comes_anew_at_once(world: World) -> None:
    room = await a_room(world)
    old = room.card
    await world.mod.delete(old)
    await world.pass_s(3)
    assert room.card.id != old.id
    assert labels(room.card)[0] == "Propose"


async def test_where_the_bot_was_removed_its_jams_go(world: World) -> None:
    room = await a_chosen_take(world)
    guild = world.bot.get_guild(world.guild.id)
    world.bot.dispatch("guild_remove", guild)
    await world.pass_s(3)
    tables = world.journal.tables.jams
    assert (tables.jams, tables.takes, tables.sounds) == ({}, {}, {})
    # It may come back, and its old card is still there.
    told = await world.bo.click(room.card, label="Propose")
    assert told.response is not None
    assert told.response.content == strings.errors.sentence(errors.JamUnknown())


async def test_a_permission_that_is_missing_is_named(world: World) -> None:
    assert world.bot.user is not None
    quiet = world.guild.create_text_channel(
        "quiet",
        overwrites={world.bot.user: discord.PermissionOverwrite(create_public_threads=False)},
    )
    told = await world.ada.slash(quiet, "jam start", theme="x")
    assert told.response is not None
    missing = errors.PermissionsMissing(("create_public_threads",))
    assert told.response.content == strings.errors.sentence(missing)


async def test_a_jams_own_budget_is_told_and_held(world: World) -> None:
    panel = await opened(world, a_manager(world))
    form = await panel.press(words.AMOUNTS())
    await form.send(panel.who, jam="2 tracks, 1000 s/day")
    assert panel.text[words.PER_JAM()] == "2 tracks · 1,000 s of music a day"
    room = await a_room(world)
    assert "takes left" not in room.text
    budget = "Left of this jam's budget: {} of 2 tracks · {} s of music of 1,000 s of music a day"
    assert budget.format("2 tracks", "1,000") in room.text
    await room.propose(world.bo, "one")
    assert budget.format("1 track", "990") in room.text
    form = await room.press(world.mod, "Propose")
    world.generates(5)
    await form.send(world.mod, prompt="two")
    await world.pass_s(3)
    assert budget.format("0 tracks", "980") in room.text, "told while it is made"
    form = await room.press(world.ada, "Propose")
    told = (await form.send(world.ada, prompt="three")).told
    assert "for this jam is 2 tracks" in told
    assert "Those who manage this server have set it." in told
    assert [take.counts for take in room.jam.round.takes] == [True, True, False]
    # What fails before it has run costs nothing.
    await world.mod.click(room.messages[-1], label="Cancel")
    await world.pass_s(5)
    assert budget.format("1 track", "990") in room.text
    shown = await world.bo.slash(room.thread, "jam show")
    assert shown.response is not None
    assert "1 track of 2 tracks" in str(shown.response.embeds[0].description)


async def test_somebody_who_is_blocked_decides_nothing_any_more(world: World) -> None:
    room = await a_chosen_take(world)
    block = Block(world.guild.id, world.ada.id, "spam", None)
    await world.bot.server_rules.block(block, world.mod.id)
    told = strings.errors.sentence(errors.PersonBlocked("spam", None, False))
    take = next(m for m in room.messages if "Riff" in labels(m))
    assert (await room.press(world.ada, "Vote", take)).told == told
    for label in ("Propose", "I'm done", "End round"):
        assert (await room.press(world.ada, label)).told == told
    assert room.jam.round.tally.total() == 1
    # Who has taken part takes the place of a host who can do nothing.
    assert (await world.bo.slash(room.thread, "jam host")).response is not None
    assert room.jam.host_id == world.bo.id
    await room.press(world.bo, "End round")
    assert [section.words for section in room.jam.sections] == ["soft piano"]


async def test_whoever_is_blocked_has_voted_for_nothing_and_nobody_waits_for_them(
    world: World,
) -> None:
    room = await a_chosen_take(world)
    take = next(m for m in room.messages if "Riff" in labels(m))
    await room.press(world.mod, "Vote", take)
    assert "2 votes" in room.text
    person = {"person": world.mod, "reason": "noise"}
    await a_manager(world).slash(world.channel, "block", **person)
    await world.pass_s(3)
    assert "1 vote" in room.text
    assert str(world.mod.id) not in room.text
    for label in ("Mix", "I'm done"):
        assert "noise" in (await room.press(world.mod, label)).told
    # Of the two who had taken part one is left, and more than half of that is one.
    await room.press(world.bo, "I'm done")
    assert [section.words for section in room.jam.sections] == ["soft piano"]


async def test_a_host_who_has_left_the_server_is_replaced(world: World) -> None:
    room = await a_chosen_take(world)
    take = next(m for m in room.messages if "Riff" in labels(m))
    await room.press(world.ada, "Vote", take)
    world.fail("GET", f"/guilds/{world.guild.id}/members/{world.ada.id}", 500)
    told = await world.bo.slash(room.thread, "jam host")
    assert told.response is not None
    assert told.response.content == strings.errors.sentence(errors.HostIsThere(world.ada.id))
    world.guild.remove_member(world.ada)
    await world.bo.slash(room.thread, "jam host")
    assert room.jam.host_id == world.bo.id
    tunes = world.guild.add_member(world.env.create_user("tunes", bot=True))
    await world.bo.slash(room.thread, "jam host", who=tunes)
    await world.bo.slash(room.thread, "jam host")
    assert room.jam.host_id == world.bo.id, "a bot ends no rounds either"
    await room.press(world.bo, "End round")
    assert [section.words for section in room.jam.sections] == ["soft piano"]


async def test_who_wants_to_be_forgotten_leaves_their_sections_to_the_others(world: World) -> None:
    room = await a_chosen_take(world)
    await room.press(world.ada, "End round")
    await world.pass_s(2)
    await room.press(world.ada, "Vote", await room.propose(world.bo, "with drums"))
    form = await room.press(world.mod, "Propose")
    world.generates(5)
    await form.send(world.mod, prompt="with bells", closeness=["follow"])
    await world.pass_s(2)
    for who in (world.bo, world.ada):
        asked = await who.slash(world.channel, "tracks forget")
        assert asked.response is not None
        await who.click(asked.response, label=strings.tracks.FORGET_YES())
    await world.done(4)
    ids = {str(world.bo.id), str(world.ada.id)}
    assert not any(one in room.text for one in ids), room.text
    assert "🟦 **1** … · somebody who left · 10 s" in room.text
    assert "**Take 1**" in room.text, "what they proposed can still win"
    assert room.jam.round.votes == {}
    assert len(room.jam.round.made) == 2, "what was under way for others goes on"
    assert (await world.mod.slash(room.thread, "jam host")).response is not None
    take = next(m for m in room.messages if m.embeds and m.embeds[0].title == "with drums")
    await room.press(world.mod, "Vote", take)
    await room.press(world.mod, "End round")
    await world.pass_s(3)
    assert [section.author_id for section in room.jam.sections] == [0, 0]
    assert len(room.card.attachments) == 2, "their music is still in the piece"


async def test_in_a_long_round_the_card_comes_to_where_people_are(world: World) -> None:
    room = await a_room(world)
    old = room.card
    for who in (world.ada, world.bo):
        for _ in range(2):
            await room.propose(who, "words")
    await world.pass_s(3)
    assert room.card.id > room.messages[-2].id
    assert room.card.id != old.id
    assert len(room.jam.round.made) == 4


async def test_a_mix_that_came_to_nothing_is_said_and_can_be_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await a_chosen_take(world)
    await room.press(world.ada, "End round")
    await world.pass_s(3)

    async def dies(*_: object) -> None:
        raise errors.WorkerTooSlow(20.0)

    for mix in (dies, world.piece_sound.mix):
        monkeypatch.setattr(world.piece_sound, "mix", mix)
        opened = await room.press(world.bo, "Mix")
        await opened.send(world.bo, format=["wav"], fade="0")
        await world.pass_s(4)
    told, made = room.messages[-2:]
    assert told.content == strings.jam_mix.FAILED()
    assert "Mix of" in str(made.embeds[0].title)


async def test_a_take_that_cannot_be_joined_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise errors.NotAudio

    monkeypatch.setattr(world.piece_sound, "keep_lossless", broken)
    room = await a_room(world)
    take = await room.propose(world.bo, "soft piano")
    assert strings.jam.unusable() in str(take.embeds[0].description)
    assert labels(take) == ["Riff"]
