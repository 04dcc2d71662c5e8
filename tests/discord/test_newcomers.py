"""/help, and the one line for who writes to the bot instead of using a command."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest

from bot.card import strings
from bot.community.limits import Allowed, Limits
from bot.community.written_amounts import parse_amounts
from bot.domain.inputs import TABLE, InputTable
from bot.domain.models import Models
from bot.domain.server_rules import Block
from bot.journal import Terms
from tests.discord.card_kit import finished
from tests.discord.world import Asked, World, text_of


async def mention(world: World, command: str) -> str:
    """A command as Discord shows it to be pressed."""
    commands = await world.bot.tree.fetch_commands()
    [found] = [one for one in commands if one.name == command.partition(" ")[0]]
    return f"</{command}:{found.id}>"


async def greeting(world: World) -> str:
    musicgen, help_ = await mention(world, "musicgen"), await mention(world, "help")
    return strings.newcomers.greeting(musicgen, help_)


def answers(world: World) -> list[discord.Message]:
    """What the bot has said in the channel."""
    me = world.bot.user
    assert me is not None
    return [m for m in world.messages if m.author.id == me.id]


def me(world: World) -> str:
    assert world.bot.user is not None
    return world.bot.user.mention


# ------------------------------------------------------------------ /help


async def helped(world: World) -> str:
    asked = Asked(world, await world.ada.slash(world.channel, "help"))
    assert asked.result.acknowledged
    assert asked.result.ephemeral
    return text_of(asked.embed)


async def test_help_has_commands_to_press_costs_and_what_is_kept(world: World) -> None:
    told = await helped(world)
    for command in ("musicgen", "tracks list", "tracks forget"):
        assert await mention(world, command) in told
    assert "8 s costs the bot's owner about $0.0868" in told
    assert strings.newcomers.NO_LIMIT() in told
    assert "CC BY-NC 4.0" in told
    assert strings.newcomers.terms([]) in told


async def test_help_names_what_is_not_metas_own(world: World) -> None:
    main = replace(world.config.models.main, name="ada/musicgen")
    await world.restart(models=Models(main))
    assert "ada/musicgen may have terms of its own." in await helped(world)
    main = replace(main, name="meta/musicgen")
    lofi, dub = (replace(main, name=f"ada/{name}", fine_tune=name) for name in ("lofi", "*dub*"))
    await world.restart(models=Models(main, [lofi, dub]))
    assert r"lofi and \*dub\* may have terms of their own." in await helped(world)


async def test_help_tells_what_ones_limits_leave_and_what_all_share(world: World) -> None:
    limits = Limits(
        per_user=parse_amounts("2 tracks/day"),
        total=parse_amounts("9 tracks/day"),
        max_waiting_per_user=3,
    )
    world.journal.terms = Terms(limits)
    world.bot.limits = limits
    await world.musicgen()
    told = await helped(world)
    assert "2 tracks a day for you: **1 track** left" in told
    assert "9 tracks a day for everybody\n" in told, "what is left of it is not theirs to know"
    assert strings.limits.waiting_limit(3) in told
    assert strings.newcomers.NO_LIMIT() not in told


async def test_help_offers_what_the_model_can_do(world: World) -> None:
    assert strings.newcomers.melody(await mention(world, "musicgen")) in await helped(world)
    assert strings.newcomers.jam(await mention(world, "jam start")) in await helped(world)
    without = InputTable(tuple(spec for spec in TABLE if spec.name != "input_audio"))
    await world.restart(table=without)
    told = await helped(world)
    assert "melody" not in told
    assert strings.commands.MENU_EXTEND() not in told


async def test_the_ids_of_commands_outlive_a_restart(world: World) -> None:
    await world.restart()
    assert len(world.syncs) == 1
    assert await mention(world, "musicgen") in await helped(world)


@pytest.mark.parametrize("fact", ["of an earlier release", '{"ids": []}', "[]"])
async def test_ids_that_are_not_known_are_asked_for(world: World, fact: str) -> None:
    world.journal.facts["synced_commands"] = fact
    await world.restart()
    assert len(world.syncs) == 2
    assert await mention(world, "musicgen") in await helped(world)


# ------------------------------------------------------------------ a line for who writes


async def test_a_mention_is_answered_once_with_a_command_to_press(world: World) -> None:
    question = await world.ada.send(world.channel, f"{me(world)} how do you work?")
    [answer] = answers(world)
    assert answer.content == await greeting(world)
    assert answer.mentions == []
    assert answer.reference is not None
    assert answer.reference.message_id == question.id
    await world.pass_s(59)
    await world.ada.send(world.channel, f"{me(world)} hello??")
    assert len(answers(world)) == 1
    await world.bo.send(world.channel, f"{me(world)} and me?")
    assert len(answers(world)) == 2
    await world.pass_s(1)
    await world.ada.send(world.channel, f"still there, {me(world)}?")
    assert len(answers(world)) == 3


async def test_a_direct_message_is_answered(world: World) -> None:
    await world.ada.send_dm("hello")
    [sent] = world.requests("POST", "/channels/*/messages")
    assert sent.body["content"] == await greeting(world)
    assert "message_reference" not in sent.body
    assert sent.body["enforce_nonce"]


async def test_nothing_else_in_a_channel_is_answered(world: World) -> None:
    scene = await finished(world)
    before = len(answers(world))
    role = world.guild.create_role("musicgen", permissions=discord.Permissions.none())
    await world.bo.send(world.channel, "nice one")
    await world.bo.send(world.channel, f"@everyone @here <@&{role.id}> listen")
    reply = scene.asked.reply.message
    assert reply is not None
    await world.bo.send(world.channel, "so good", reply_to=reply)
    assert len(answers(world)) == before
    await world.bo.send(world.channel, f"so good, {me(world)}!", reply_to=reply)
    assert len(answers(world)) == before + 1


async def test_what_is_not_for_the_bot_is_dropped_before_it_is_read(world: World) -> None:
    heard = list[str]()

    async def on_message(message: discord.Message) -> None:
        heard.append(message.content)

    world.bot.add_listener(on_message)
    await world.ada.send(world.channel, "between us")
    await world.ada.send(world.channel, f"to {me(world)}")
    assert heard == [f"to {me(world)}"]


async def test_no_intent_is_a_privileged_one(world: World) -> None:
    asked_for = {name for name, on in world.bot.intents if on}
    assert asked_for == {"guilds", "guild_messages", "dm_messages"}


async def test_who_may_not_use_the_bot_is_not_answered(world: World) -> None:
    block = Block(world.guild.id, world.ada.id, "spam", None)
    await world.bot.server_rules.block(block, world.mod.id)
    await world.ada.send(world.channel, f"{me(world)} hello")
    world.bot.allowed = Allowed(users=frozenset({world.mod.id}))
    await world.bo.send(world.channel, f"{me(world)} hello")
    assert answers(world) == []
    await world.mod.send(world.channel, f"{me(world)} hello")
    assert len(answers(world)) == 1


async def test_where_the_bot_may_not_write_nothing_happens(world: World) -> None:
    world.fail("POST", "/channels/*/messages", 403, 50013)
    await world.ada.send(world.channel, f"{me(world)} hello")
    assert answers(world) == []
