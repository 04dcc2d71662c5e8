"""/settings: what those who manage a server set for it, and what comes of it for everybody else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import product
from typing import Any

import discord
import pytest
import simcord

from bot.card import strings
from bot.card.strings import settings as words
from bot.domain import errors
from bot.domain.amounts import Period, Unit
from bot.domain.errors import RequestRefused
from bot.domain.inputs import TABLE
from bot.domain.server_rules import Change
from tests.discord.card_kit import Used, a_thread, finished
from tests.discord.panel_kit import Panel, a_manager, opened
from tests.discord.world import Asked, World, delivered

SONG = ("riff.wav", b"RIFF")
PLACES, ROLES, LOG = (f"mg:1:many-{name}" for name in ("places", "roles", "logchannel"))


@pytest.fixture
async def boss(world: World) -> simcord.MemberActor:
    """Somebody who manages the server."""
    return a_manager(world)


@pytest.fixture
async def panel(world: World, boss: simcord.MemberActor) -> Panel:
    return await opened(world, boss)


def sentence(error: RequestRefused) -> str:
    return strings.errors.sentence(error)


async def log_of(world: World) -> list[tuple[int, str, str | None, str | None]]:
    log = await world.journal.changes_of(world.guild.id)
    return [(one.number, one.what, one.old, one.new) for one in reversed(log)]


async def test_at_first_nothing_is_forbidden(panel: Panel) -> None:
    assert panel.text == {
        words.PAUSE(): words.NOT_PAUSED(),
        words.PLACES(): words.EVERYWHERE(),
        words.ROLES(): words.EVERYBODY(),
        words.LENGTH(): words.NO_LIMIT(),
        words.LANGUAGE(): words.LANGUAGE_AT_DISCORD(),
        words.WORDS(): words.NO_WORDS(),
        words.OTHERS_PRESS(): words.YES(),
        words.OTHERS_AUDIO(): words.YES(),
        words.PER_PERSON(): words.NO_LIMIT(),
        words.TOGETHER(): words.NO_LIMIT(),
        words.PER_JAM(): words.NO_LIMIT(),
        words.OF_ROLES(): words.NO_ROLE_LIMITS(),
        words.DEFAULTS(): words.PLAIN(),
        strings.weekly.NAME(): strings.weekly.NOWHERE(),
        words.LOG_CHANNEL(): words.NO_CHANNEL(),
    }


async def test_a_member_is_not_offered_it(world: World, boss: simcord.MemberActor) -> None:
    assert {"settings panel", "settings log"} <= set(boss.available_commands(world.channel))
    for who in (world.ada, world.mod):
        offered = who.available_commands(world.channel)
        assert not [name for name in offered if name.startswith("settings")]


async def test_the_channels_where_it_may_be_used(world: World, panel: Panel) -> None:
    there = world.guild.create_text_channel("music")
    await panel.pick(PLACES, there)
    assert panel.text[words.PLACES()] == there.mention
    assert panel.chosen(PLACES) == [there.id]
    refused = sentence(errors.NotInThisPlace((str(there.id),)))
    assert (await world.musicgen()).refusal == refused
    asked = await world.musicgen(channel=there)
    await world.done()
    assert delivered(asked)
    await panel.pick(PLACES)
    assert panel.text[words.PLACES()] == words.EVERYWHERE()
    assert (await world.musicgen("gong")).result.acknowledged
    assert await log_of(world) == [
        (1, "channels", None, f"[{there.id}]"),
        (2, "channels", f"[{there.id}]", None),
    ]


async def test_a_category_and_a_thread(world: World, panel: Panel) -> None:
    category = world.guild.create_category("studio")
    inside = world.guild.create_text_channel("booth", category=category)
    await panel.pick(PLACES, category)
    assert (await world.musicgen(channel=inside)).embed
    assert "certain places" in (await world.musicgen()).refusal
    await panel.pick(PLACES, world.channel)
    thread = await a_thread(world)
    assert (await world.musicgen("gong", channel=thread)).embed


async def test_buttons_forms_and_menus_keep_to_the_channels(world: World, panel: Panel) -> None:
    scene = await finished(world)
    form = await scene.press(world.ada, "Melody")
    message = await world.ada.send(world.channel, "mine", attachments=[SONG])
    there = world.guild.create_text_channel("music")
    await panel.pick(PLACES, there)
    refused = sentence(errors.NotInThisPlace((str(there.id),)))
    for label in ("Again", "Variations", "Extend", "Melody", "Edit"):
        assert (await scene.press(world.ada, label)).told == refused
    assert (await form.send(world.ada, prompt="gong")).told == refused
    menu = await world.ada.context_menu(world.channel, strings.commands.MENU_MELODY(), message)
    assert Used(world, menu).told == refused
    assert scene.newer == []


async def test_the_roles_that_may_use_it(world: World, panel: Panel) -> None:
    role = world.guild.create_role("musicians")
    bea = world.guild.add_member(world.env.create_user("bea"), roles=[role])
    await panel.pick(ROLES, role)
    assert panel.text[words.ROLES()] == f"<@&{role.id}>"
    assert panel.chosen(ROLES) == [role.id]
    refused = sentence(errors.RoleMissing((str(role.id),)))
    assert (await world.musicgen()).refusal == refused
    assert Asked(world, await bea.slash(world.channel, "musicgen", prompt="lofi")).embed


async def test_everyone_is_a_role_too(world: World, panel: Panel) -> None:
    await world.bot.server_rules.change(
        world.guild.id, panel.who.id, roles=frozenset({world.guild.id})
    )
    assert (await world.musicgen()).embed
    assert (await opened(world, panel.who)).chosen(ROLES) == [world.guild.id]


async def test_a_channel_that_is_deleted(world: World, panel: Panel) -> None:
    there, other = (world.guild.create_text_channel(name) for name in ("music", "other"))
    await panel.pick(PLACES, there, other)
    await panel.pick(LOG, there)
    await delete(world.bot.get_channel(there.id))
    again = await opened(world, panel.who)
    assert again.text[words.PLACES()] == f"{other.mention}, ⚠️ 1 deleted channel"
    assert again.text[words.LOG_CHANNEL()] == "⚠️ a deleted channel"
    assert again.chosen(PLACES) == [other.id]
    assert again.chosen(LOG) == []
    assert (await world.musicgen(channel=other)).embed
    # What is changed now is changed, though it cannot be posted.
    pressed = await again.press(words.PRESS_OFF())
    assert again.text[words.OTHERS_PRESS()] == words.NO()
    assert [answer.content for answer in pressed.result.followups] == [words.NOT_POSTED()]
    await delete(world.bot.get_channel(other.id))
    last = await opened(world, panel.who)
    assert last.text[words.PLACES()].startswith("⚠️ 2 deleted channels: so nobody can use me")


async def test_a_role_that_is_gone(world: World, panel: Panel) -> None:
    role, other = world.guild.create_role("musicians"), world.guild.create_role("singers")
    bea = world.guild.add_member(world.env.create_user("bea"), roles=[other])
    await panel.pick(ROLES, role, other)
    guild = world.bot.get_guild(world.guild.id)
    assert guild is not None
    await delete(guild.get_role(role.id))
    again = await opened(world, panel.who)
    assert again.text[words.ROLES()] == f"<@&{other.id}>, ⚠️ 1 deleted role"
    assert again.chosen(ROLES) == [other.id]
    assert Asked(world, await bea.slash(world.channel, "musicgen", prompt="lofi")).embed
    assert "certain roles" in (await world.musicgen()).refusal


async def delete(thing: Any) -> None:
    assert thing is not None
    await thing.delete()


async def test_length_and_words(world: World, panel: Panel) -> None:
    await panel.limits("10", "Café, deep fake\ncafe")
    assert panel.text[words.LENGTH()] == "10 s"
    assert panel.text[words.WORDS()] == "Café, deep fake, cafe"
    fields = (await panel.press(words.LIMITS())).fields
    assert (fields["length"]["value"], fields["words"]["value"]) == ("10", "Café\ndeep fake\ncafe")
    too_long = sentence(errors.LongerThanAllowed(11, 10))
    assert (await world.musicgen(duration=11)).refusal == too_long
    forbidden = sentence(errors.WordForbidden("Café"))
    assert (await world.musicgen("in a CAFE, at night")).refusal == forbidden
    asked = await world.musicgen("cafeteria", duration=10)
    await world.done()
    assert delivered(asked)
    await panel.limits()
    assert panel.text[words.LENGTH()] == words.NO_LIMIT()
    assert panel.text[words.WORDS()] == words.NO_WORDS()


async def test_an_extension_and_an_edit_keep_to_length_and_words(
    world: World, panel: Panel
) -> None:
    scene = await finished(world)
    await panel.limits("5", "gong")
    extended = await (await scene.press(world.ada, "Extend")).send(world.ada, more="6")
    refusal = sentence(errors.LongerThanAllowed(6, 5))
    assert extended.told == refusal.replace("`duration`", "**Seconds more**")
    edited = await (await scene.press(world.ada, "Edit")).send(
        world.ada, prompt="a Gong!", model=["large"], duration="5"
    )
    assert edited.told == sentence(errors.WordForbidden("gong"))
    assert scene.newer == []


@pytest.mark.parametrize("length", ["0", "-3", "ten"])
async def test_a_length_that_is_none(panel: Panel, length: str) -> None:
    sent = await panel.limits(length)
    assert sent.told.startswith(f"**{words.LENGTH()}** must be ")
    assert panel.text[words.LENGTH()] == words.NO_LIMIT()


async def test_others_buttons(world: World, panel: Panel) -> None:
    scene = await finished(world)
    await panel.press(words.PRESS_OFF())
    assert panel.text[words.OTHERS_PRESS()] == words.NO()
    for label in ("Again", "Variations", "Extend", "Melody", "Edit"):
        told = (await scene.press(world.bo, label)).told
        assert told == sentence(errors.ButtonOfOthers())
    assert (await scene.press(world.bo, "Info")).result.response is not None
    assert (await scene.press(world.ada, "Again")).card
    await panel.press(words.PRESS_ON())
    assert panel.text[words.OTHERS_PRESS()] == words.YES()
    assert (await scene.press(world.bo, "Again")).card


@pytest.mark.parametrize("menu", [strings.commands.MENU_EXTEND(), strings.commands.MENU_MELODY()])
async def test_others_audio(world: World, panel: Panel, menu: str) -> None:
    scene = await finished(world)
    theirs = await world.bo.send(world.channel, "riff", attachments=[SONG])
    mine = await world.ada.send(world.channel, "riff", attachments=[SONG])
    await panel.press(words.AUDIO_OFF())
    assert panel.text[words.OTHERS_AUDIO()] == words.NO()
    refused = sentence(errors.AudioOfOthers())
    for label in ("Extend", "Melody"):
        assert (await scene.press(world.bo, label)).told == refused
    used = await world.ada.context_menu(world.channel, menu, theirs)
    assert Used(world, used).told == refused
    assert (await scene.press(world.bo, "Again")).card
    used = await world.ada.context_menu(world.channel, menu, mine)
    assert (await Used(world, used).send(world.ada, prompt="gong")).card
    # The bot's answer to Ada is Ada's.
    used = await world.ada.context_menu(world.channel, menu, scene.asked.reply)
    assert (await Used(world, used).send(world.ada, prompt="gong")).card
    used = await world.bo.context_menu(world.channel, menu, scene.asked.reply)
    assert Used(world, used).told == refused


async def test_a_pause_and_its_end(world: World, panel: Panel) -> None:
    asked = await world.musicgen()
    await panel.pause("raid tonight")
    assert panel.text[words.PAUSE()] == "⏸️ raid tonight"
    await world.done()
    assert delivered(asked)
    paused = sentence(errors.ServerPaused("raid tonight"))
    for who in (world.ada, world.bo, panel.who):
        result = await who.slash(world.channel, "musicgen", prompt="lofi")
        assert Asked(world, result).refusal == paused
    assert (await world.musicgen_in_dm()).embed
    await panel.press(words.RESUME())
    assert panel.text[words.PAUSE()] == words.NOT_PAUSED()
    assert (await world.musicgen()).embed


async def test_all_of_one_persons_is_canceled(world: World, panel: Panel) -> None:
    asked = await world.musicgen()
    in_dm = await world.musicgen_in_dm()
    await panel.pick(LOG, world.channel)
    asking = (await panel.press(words.CANCEL_ALL())).result
    assert asking.response is not None
    assert asking.response.content == words.ASK_PERSON()
    result = await panel.who.select(asking.response, [world.ada])
    assert result.acknowledged
    assert asking.response.content == words.canceled(world.ada.id, 1)
    await world.pass_s(1)
    assert "anceled" in asked.text
    assert world.predictions.canceled == ["p1"]
    assert in_dm.buttons
    log = await log_of(world)
    assert log[-1] == (2, "cancel_all", None, "1")
    told = "\n".join(str(message.embeds[0].description) for message in world.messages)
    assert f"stopped 1 request of <@{world.ada.id}>" in told


async def test_nothing_to_cancel_is_said(world: World, panel: Panel) -> None:
    asking = (await panel.press(words.CANCEL_ALL())).result
    assert asking.response is not None
    await panel.who.select(asking.response, [world.bo])
    assert asking.response.content == words.canceled(world.bo.id, 0)
    assert await log_of(world) == []


async def test_changes_are_posted_and_ping_nobody(
    world: World, panel: Panel, boss: simcord.MemberActor
) -> None:
    log = world.guild.create_text_channel("log")
    await panel.pick(LOG, log)
    assert panel.chosen(LOG) == [log.id]
    await panel.pause("@everyone out")
    await boss.slash(world.channel, "block", person=world.ada, reason="spam")
    posted = [str(message.embeds[0].description) for message in log.history()]
    posted.sort(key=lambda line: int(line.split(".")[0].strip("*")))
    assert [line[:6] for line in posted] == ["**1.**", "**2.**", "**3.**"]
    assert f"<@{boss.id}> *{words.LOG_CHANNEL()}*: none → {log.mention}" in posted[0]
    assert "everyone out" in posted[1]
    assert f"blocked <@{world.ada.id}>: “spam”, for good" in posted[2]
    assert not any(message.mentions or message.mention_everyone for message in log.history())


async def test_two_managers_at_once(world: World, panel: Panel) -> None:
    role = world.guild.create_role("more", permissions=discord.Permissions(manage_guild=True))
    other = await opened(world, world.guild.add_member(world.env.create_user("cy"), roles=[role]))
    # Each still sees the panel as it was before the other's change.
    await panel.press(words.PRESS_OFF())
    await other.press(words.AUDIO_OFF())
    assert (other.text[words.OTHERS_PRESS()], other.text[words.OTHERS_AUDIO()]) == (
        words.NO(),
        words.NO(),
    )
    log = await world.journal.changes_of(world.guild.id)
    assert sorted(one.number for one in log) == [1, 2]
    assert {(one.what, one.by_id) for one in log} == {
        ("others_press", panel.who.id),
        ("others_audio", other.who.id),
    }
    settings = world.bot.server_rules.settings_of(world.guild.id)
    assert not settings.others_press
    assert not settings.others_audio


async def test_a_press_twice_is_one_change(world: World, panel: Panel) -> None:
    stale = await opened(world, panel.who)
    await panel.press(words.PRESS_OFF())
    await stale.press(words.PRESS_OFF())
    assert stale.text[words.OTHERS_PRESS()] == words.NO()
    assert len(await log_of(world)) == 1


async def test_who_manages_the_server_no_longer(world: World, panel: Panel) -> None:
    guild = world.bot.get_guild(world.guild.id)
    assert guild is not None
    role = discord.utils.get(guild.roles, name="managers")
    assert role is not None
    await role.edit(permissions=discord.Permissions.none())
    await world.pass_s(15 * 60)
    pressed = await panel.press(words.PRESS_OFF())
    assert pressed.told == sentence(errors.ManagersOnly())
    result = await panel.who.select(panel.message, [], custom_id=PLACES)
    assert Used(world, result).told == sentence(errors.ManagersOnly())
    assert await log_of(world) == []


async def test_it_all_holds_after_a_restart(world: World, panel: Panel) -> None:
    await panel.pause("night")
    await world.restart()
    assert (await world.musicgen()).refusal == sentence(errors.ServerPaused("night"))
    await panel.press(words.RESUME())
    assert (await world.musicgen()).embed


async def test_the_log_in_pages(world: World, boss: simcord.MemberActor) -> None:
    empty = await boss.slash(world.channel, "settings log")
    assert empty.response is not None
    assert empty.response.embeds[0].description == words.LOG_EMPTY()
    for number in range(1, 21):
        await world.bot.server_rules.change(world.guild.id, boss.id, length_max_s=number)
    result = await boss.slash(world.channel, "settings log")
    message = result.response
    assert message is not None
    assert message.ephemeral

    def numbers() -> list[int]:
        lines = str(message.embeds[0].description).splitlines()
        return [int(line.split(".")[0].strip("*")) for line in lines]

    assert numbers() == list(range(20, 12, -1))
    await boss.click(message, label=words.OLDER())
    assert numbers() == list(range(12, 4, -1))
    await boss.click(message, label=words.OLDER())
    assert numbers() == list(range(4, 0, -1))
    await boss.click(message, label=words.NEWEST())
    assert numbers() == list(range(20, 12, -1))


async def test_the_log_opens_from_the_panel(world: World, panel: Panel) -> None:
    await panel.press(words.PRESS_OFF())
    result = (await panel.press(words.LOG())).result
    assert result.response is not None
    assert result.response.ephemeral
    assert words.OTHERS_PRESS() in str(result.response.embeds[0].description)


@pytest.mark.parametrize(
    ("what", "old", "new", "told"),
    [
        ("channels", None, "[1, 2]", f"*{words.PLACES()}*: everywhere → <#1> and <#2>"),
        ("roles", "[1]", None, "<@&1> → everybody"),
        ("length_max_s", None, "20", "no limit → 20 s"),
        ("words", '["a*b"]', None, r"a\*b → none"),
        ("others_press", None, "false", "yes → no, only the person themselves"),
        ("pause", '"x"', None, "x → no"),
        ("of a later release", None, "1", "changed `of a later release`"),
        ("block", "no JSON", None, "unblocked <@9> (was: ?)"),
    ],
)
async def test_a_line_of_the_log(what: str, old: str | None, new: str | None, told: str) -> None:
    entry = Change(3, datetime(2026, 9, 1, tzinfo=UTC), 7, what, old, new, 9)
    line = strings.settings_log.change(entry)
    assert line.startswith("**3.** <t:1788220800:f> <@7> ")
    assert line.endswith(told)


_IDS = str([10**18 + number for number in range(25)])
_AMOUNTS = json.dumps(
    ", ".join(f"1000000000000 {kind}/{period}" for kind, period in product(Unit, Period))
)
_INPUTS = json.dumps({spec.name: spec.default for spec in TABLE if spec.default is not None})


@pytest.mark.parametrize(
    ("what", "value"),
    [("channels", _IDS), (f"of_role:{10**18}", _AMOUNTS), ("defaults", _INPUTS)],
)
async def test_the_longest_page_of_the_log_fits(what: str, value: str) -> None:
    entry = Change(500, datetime(2026, 9, 1, tzinfo=UTC), 10**18, what, value, value)
    assert len("\n".join([strings.settings_log.change(entry)] * 8)) <= 4096
