"""/block and /unblock: who gets nothing made, whichever way they ask, and what still comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
import simcord

from bot.card import strings
from bot.domain import errors
from tests.discord.card_kit import Used, finished
from tests.discord.world import World, delivered
from tests.fakes import FakeJournal

SONG = ("riff.wav", b"RIFF")


@pytest.fixture
async def boss(world: World) -> simcord.MemberActor:
    """Somebody who manages the server."""
    role = world.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return world.guild.add_member(world.env.create_user("boss"), roles=[role])


async def block(
    world: World, who: simcord.MemberActor, person: simcord.MemberActor, **options: Any
) -> str:
    """`who` blocks somebody; what they are told."""
    options = {"reason": "spam", "person": person, **options}
    return private(await who.slash(world.channel, "block", **options))


async def unblock(
    world: World, who: simcord.MemberActor, person: simcord.MemberActor, **options: Any
) -> str:
    return private(await who.slash(world.channel, "unblock", person=person, **options))


def private(result: simcord.InteractionResult) -> str:
    """The only answer, which its person alone sees."""
    assert result.acknowledged
    answers = [m for m in (result.response, *result.followups) if m is not None and m.content]
    [answer] = answers
    assert answer.ephemeral
    return answer.content


def refusal(reason: str = "spam", until: int | None = None, *, everywhere: bool = False) -> str:
    return strings.errors.sentence(errors.PersonBlocked(reason, until, everywhere))


async def test_blocked_refused_unblocked_served(world: World, boss: simcord.MemberActor) -> None:
    told = await block(world, boss, world.ada)
    assert told == strings.server_rules.blocked(world.ada.id, "spam", None, everywhere=False)
    asked = await world.musicgen()
    assert asked.refusal == refusal()
    assert world.messages == []
    assert world.journal.rows == {}
    assert await unblock(world, boss, world.ada) == strings.server_rules.unblocked(
        world.ada.id, everywhere=False
    )
    asked = await world.musicgen()
    await world.done()
    assert delivered(asked)
    log = await world.journal.changes_of(world.guild.id)
    assert [(one.number, one.what, one.by_id, one.about_id) for one in log] == [
        (2, "block", boss.id, world.ada.id),
        (1, "block", boss.id, world.ada.id),
    ]


@pytest.mark.parametrize(
    "label", ["Again", "Variations", "Extend", "Melody", "Edit"], ids=str.lower
)
async def test_every_button_that_makes_something_is_refused(
    world: World, boss: simcord.MemberActor, label: str
) -> None:
    scene = await finished(world)
    await block(world, boss, world.ada)
    assert (await scene.press(world.ada, label)).told == refusal()
    assert scene.newer == []
    # The others go on as they like.
    assert (await scene.press(world.bo, label)).result.acknowledged


@pytest.mark.parametrize("label", ["Extend", "Melody", "Edit"], ids=str.lower)
async def test_a_form_that_was_open_already_is_refused(
    world: World, boss: simcord.MemberActor, label: str
) -> None:
    scene = await finished(world)
    opened = await scene.press(world.ada, label)
    await block(world, boss, world.ada)
    values = {
        "Extend": {},
        "Melody": {"prompt": "gong"},
        "Edit": {"prompt": "gong", "model": ["large"]},
    }[label]
    sent = await opened.send(world.ada, **values)
    assert sent.told == refusal()
    assert scene.newer == []


@pytest.mark.parametrize("name", [strings.commands.MENU_EXTEND(), strings.commands.MENU_MELODY()])
async def test_the_menu_of_messages_is_refused(
    world: World, boss: simcord.MemberActor, name: str
) -> None:
    message = await world.ada.send(world.channel, "mine", attachments=[SONG])
    await block(world, boss, world.ada)
    used = Used(world, await world.ada.context_menu(world.channel, name, message))
    assert used.told == refusal()


async def test_what_runs_already_is_delivered_and_their_own_buttons_work(
    world: World, boss: simcord.MemberActor
) -> None:
    asked = await world.musicgen()
    await block(world, boss, world.ada)
    await world.done()
    assert delivered(asked)
    info = await world.ada.click(asked.reply, label="Info")
    assert info.response is not None
    assert info.response.embeds


async def test_what_runs_already_can_be_canceled(world: World, boss: simcord.MemberActor) -> None:
    asked = await world.musicgen()
    await block(world, boss, world.ada)
    assert (await asked.press(world.ada)).told == []
    await world.pass_s(1)
    assert world.predictions.canceled == ["p1"]


async def test_a_block_ends_by_itself(world: World, boss: simcord.MemberActor) -> None:
    now = world.clock.now()
    await block(world, boss, world.ada, hours=1, days=1)
    [found] = (await world.journal.rules()).blocks
    assert found.until is not None
    assert found.until - now == timedelta(hours=25)
    until = int(found.until.timestamp())
    told = (await world.musicgen()).refusal
    assert told == refusal(until=until)
    assert f"<t:{until}:R>" in told
    soon = replace(found, until=now + timedelta(seconds=20))
    await world.bot.server_rules.block(soon, boss.id)
    await world.pass_s(19)
    assert "blocked" in (await world.musicgen()).refusal
    await world.pass_s(1)
    asked = await world.musicgen()
    await world.done()
    assert delivered(asked)


async def test_another_process_hears_of_it_within_seconds(
    world: World, boss: simcord.MemberActor
) -> None:
    await world.musicgen()
    there = FakeJournal(beside=world.journal)
    await there.set_rules(world.guild.id, boss.id, {"pause": '"night"'})
    await world.pass_s(5)
    paused = strings.errors.sentence(errors.ServerPaused("night"))
    assert (await world.musicgen()).refusal == paused


async def test_it_holds_after_a_restart(world: World, boss: simcord.MemberActor) -> None:
    await block(world, boss, world.ada)
    await world.restart()
    assert (await world.musicgen()).refusal == refusal()


async def test_a_block_is_of_its_server(world: World, boss: simcord.MemberActor) -> None:
    await block(world, boss, world.ada)
    asked = await world.musicgen_in_dm()
    await world.done()
    assert delivered(asked)


async def test_the_owner_blocks_everywhere(world: World, boss: simcord.MemberActor) -> None:
    owner_only = strings.errors.sentence(errors.OwnerOnly())
    for command in (block, unblock):
        assert await command(world, boss, world.ada, everywhere=True) == owner_only
    assert (await world.journal.rules()).blocks == ()
    world.bot.owner_id = boss.id
    told = await block(world, boss, world.ada, everywhere=True)
    assert told == strings.server_rules.blocked(world.ada.id, "spam", None, everywhere=True)
    for asked in (await world.musicgen(), await world.musicgen_in_dm()):
        assert asked.refusal == refusal(everywhere=True)
    # Those who manage a server cannot undo it.
    world.bot.owner_id = world.mod.id
    not_blocked = strings.errors.sentence(errors.NotBlocked(world.ada.id))
    assert await unblock(world, boss, world.ada) == not_blocked
    assert (await world.musicgen()).refusal == refusal(everywhere=True)


async def test_a_member_is_not_offered_it(world: World, boss: simcord.MemberActor) -> None:
    assert {"block", "unblock"} <= set(boss.available_commands(world.channel))
    for who in (world.ada, world.mod):
        assert not {"block", "unblock"} & set(who.available_commands(world.channel))


async def test_the_same_block_twice_is_one(world: World, boss: simcord.MemberActor) -> None:
    await block(world, boss, world.ada)
    assert await block(world, boss, world.ada) == strings.server_rules.blocked_already(world.ada.id)
    assert len(await world.journal.changes_of(world.guild.id)) == 1


async def test_a_reason_pings_nobody_and_stays_in_its_line(
    world: World, boss: simcord.MemberActor
) -> None:
    await block(world, boss, world.ada, reason="@everyone **look**")
    told = (await world.musicgen()).refusal
    assert "@everyone" not in told.replace("\\@everyone", "")
    assert r"\*\*look\*\*" in told


async def test_a_server_without_the_bot_leaves_nothing_behind(
    world: World, boss: simcord.MemberActor
) -> None:
    await block(world, boss, world.ada)
    guild = world.bot.get_guild(world.guild.id)
    assert guild is not None
    world.bot.dispatch("guild_remove", guild)
    await world.pass_s(1)
    assert (await world.journal.rules()).blocks == ()
    assert await world.journal.changes_of(guild.id) == []
    assert (await world.musicgen()).result.acknowledged


@pytest.mark.parametrize(("command", "select"), [("tracks list", "show"), ("charts", "chart")])
async def test_old_tracks_are_not_brought_up(
    world: World, boss: simcord.MemberActor, command: str, select: str
) -> None:
    scene = await finished(world)
    await world.journal.toggle_star(scene.first.id, world.bo.id)
    listed = await world.ada.slash(world.channel, command)
    assert listed.response is not None
    await block(world, boss, world.ada)
    picked = [scene.first.id]
    chosen = await world.ada.select(listed.response, picked, custom_id=f"mg:1:pick-{select}")
    assert Used(world, chosen).told == refusal()
    assert len(world.messages) == 1
