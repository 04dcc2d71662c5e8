"""What a server limits by itself, for roles too, and its default settings; set on its panel."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from bot.card import strings
from bot.card.strings import settings as words
from bot.community.limits import Limits, Period, window
from bot.community.settings import value_of
from bot.community.written_amounts import parse_amounts
from bot.domain import errors
from bot.domain.inputs import InputTable
from bot.domain.server_rules import EVERYWHERE
from bot.journal import Terms
from tests.discord.card_kit import Used, finished
from tests.discord.panel_kit import Panel, a_manager, opened
from tests.discord.world import Asked, World


@pytest.fixture
async def panel(world: World) -> Panel:
    return await opened(world, a_manager(world))


async def set_limits(panel: Panel, each: str = "", together: str = "") -> Used:
    form = await panel.press(words.AMOUNTS())
    return await form.send(panel.who, each=each, together=together)


async def set_role(world: World, panel: Panel, role: Any, amounts: str) -> Panel:
    """Set what a role may; the message that lists what all roles may."""
    used = await panel.press(words.ROLE_LIMITS())
    assert used.result.response is not None
    roles = Panel(world, panel.who, used.result.response)
    picked = Used(world, await panel.who.select(roles.message, [role]))
    await picked.send(panel.who, amounts=amounts)
    return roles


def listed(roles: Panel) -> str:
    return str(roles.message.embeds[0].description)


async def ask(world: World, who: simcord.MemberActor, **options: Any) -> Asked:
    return Asked(world, await who.slash(world.channel, "musicgen", prompt="lofi", **options))


async def test_the_servers_own_limits(world: World, panel: Panel) -> None:
    await set_limits(panel, "1 tracks/day", "20 s/day, 3 usd/month")
    assert panel.text[words.PER_PERSON()] == "1 track a day"
    assert panel.text[words.TOGETHER()] == "20 s of music a day · $3.00 a month"
    fields = (await panel.press(words.AMOUNTS())).fields
    assert fields["each"]["value"] == "1 tracks/day"
    assert fields["together"]["value"] == "20 s/day, 3 usd/month"
    assert not (await world.musicgen()).result.ephemeral
    opens = f"<t:{int(window(Period.DAY, world.clock.now()).ends_at.timestamp())}:R>"
    refusal = (await world.musicgen()).refusal
    for part in ("for you in this server", "Those who manage this server have set it.", opens):
        assert part in refusal
    assert "1 track a day" in refusal
    assert "Nothing of it is left." in refusal
    assert not (await ask(world, world.bo)).result.ephemeral
    refusal = (await ask(world, panel.who)).refusal
    assert "for this server is" in refusal
    assert "Those who manage this server have set it." in refusal
    assert "Left of it: 4 s of music." in refusal
    assert (await world.musicgen_in_dm()).embed, "it is no server"
    assert len(world.predictions.created) == 3
    await set_limits(panel)
    assert panel.text[words.TOGETHER()] == words.NO_LIMIT()
    assert (await world.musicgen()).embed


async def test_buttons_and_variations_keep_to_them(world: World, panel: Panel) -> None:
    scene = await finished(world)
    await set_limits(panel, "2 tracks/day")
    offered = await scene.press(world.ada, "Variations")
    assert offered.told.startswith("There is room for 1 of the 3 takes")
    assert (await scene.press(world.ada, "Again")).card
    await world.pass_s(1.5)
    assert "Those who manage" in (await scene.press(world.ada, "Again")).told


async def test_the_owners_limits_hold_all_the_same(world: World, panel: Panel) -> None:
    world.journal.terms = Terms(Limits(per_user=parse_amounts("1 tracks/day")))
    await set_limits(panel, "40 tracks/day")
    await world.musicgen()
    refusal = (await world.musicgen()).refusal
    assert "for each person is 1 track a day" in refusal
    assert "Those who manage" not in refusal


@pytest.mark.parametrize("typed", ["20", "5 songs/day", "1 s/day, 2 s/day"])
async def test_what_is_no_amount_is_said(world: World, panel: Panel, typed: str) -> None:
    sent = await set_limits(panel, typed)
    assert sent.told.startswith("I can't read these amounts:")
    assert panel.text[words.PER_PERSON()] == words.NO_LIMIT()
    assert await world.journal.changes_of(world.guild.id) == []
    # Nothing that was typed is lost, not even while all else is paused.
    await world.bot.server_rules.change(world.guild.id, panel.who.id, pause="a bad night")
    refusal = sent.response
    again = Used(world, await panel.who.click(refusal, label="Change it"))
    assert typed in [field.get("value") for field in again.fields.values()]
    made = await again.send(panel.who, **dict.fromkeys(again.fields, "20 tracks/day"))
    assert made.result.acknowledged
    settings = world.bot.server_rules.settings_of(world.guild.id)
    assert settings.per_person == settings.together == parse_amounts("20 tracks/day")
    assert refusal.message is not None
    assert refusal.message.content == ""


async def test_the_limits_of_roles(world: World, panel: Panel) -> None:
    supporters, free = (world.guild.create_role(name) for name in ("supporters", "free"))
    fan = world.guild.add_member(world.env.create_user("fan"), roles=[supporters])
    friend = world.guild.add_member(world.env.create_user("friend"), roles=[supporters, free])
    await set_limits(panel, "0 tracks/day")
    await set_role(world, panel, supporters, "1 tracks/day")
    roles = await set_role(world, panel, free, "none")
    assert listed(roles) == (
        f"<@&{supporters.id}>: 1 track a day\n<@&{free.id}>: no limit of this server's"
    )
    assert "0 tracks a day" in (await world.musicgen()).refusal
    assert (await ask(world, fan)).embed
    assert "1 track a day" in (await ask(world, fan)).refusal
    for _ in range(3):
        assert (await ask(world, friend)).embed
    await set_role(world, panel, supporters, "")
    assert "0 tracks a day" in (await ask(world, fan)).refusal
    again = await opened(world, panel.who)
    assert again.text[words.OF_ROLES()] == f"<@&{free.id}>: no limit of this server's"
    [newest, *_] = await world.journal.changes_of(world.guild.id)
    assert words_of(newest) == f"<@&{supporters.id}>: 1 track a day → none"


def words_of(change: Any) -> str:
    return strings.settings_log.change(change).split("*, ")[1]


async def test_a_role_with_limits_that_is_gone(world: World, panel: Panel) -> None:
    role = world.guild.create_role("supporters")
    await set_role(world, panel, role, "40 tracks/day")
    guild = world.bot.get_guild(world.guild.id)
    assert guild is not None
    there = guild.get_role(role.id)
    assert there is not None
    await there.delete()
    again = await opened(world, panel.who)
    gone = words.gone_role("40 tracks a day")
    assert again.text[words.OF_ROLES()] == gone
    used = await again.press(words.ROLE_LIMITS())
    assert used.result.response is not None
    roles = Panel(world, panel.who, used.result.response)
    assert listed(roles) == gone
    await roles.press(words.DROP_ROLES())
    assert listed(roles) == words.NO_ROLE_LIMITS()


async def test_the_limits_of_many_roles_fit() -> None:
    told = words.role_limits(dict.fromkeys(range(10**18, 10**18 + 250), ()), {10**18})
    assert len(told) <= 1024
    assert told.splitlines()[0] == f"<@&{10**18}>: no limit of this server's"
    assert told.endswith(f"and {250 - len(told.splitlines()) + 1} more")


async def test_two_managers_who_set_two_roles_at_once(world: World, panel: Panel) -> None:
    first, second = (world.guild.create_role(name) for name in ("first", "second"))
    other = await opened(world, a_manager(world, "cy"))
    forms: list[Used] = []
    for one, role in ((panel, first), (other, second)):
        used = await one.press(words.ROLE_LIMITS())
        assert used.result.response is not None
        forms.append(Used(world, await one.who.select(used.result.response, [role])))
    await forms[0].send(panel.who, amounts="1 tracks/day")
    await forms[1].send(other.who, amounts="2 tracks/day")
    found = world.bot.server_rules.settings_of(world.guild.id).of_roles
    assert {role: one.number for role, [one] in found.items()} == {first.id: 1, second.id: 2}


async def test_who_manages_it_no_longer_sets_none(world: World, panel: Panel) -> None:
    role = world.guild.create_role("supporters")
    used = await panel.press(words.ROLE_LIMITS())
    assert used.result.response is not None
    guild = world.bot.get_guild(world.guild.id)
    assert guild is not None
    managers = discord.utils.get(guild.roles, name="managers")
    assert managers is not None
    await managers.edit(permissions=discord.Permissions.none())
    await world.pass_s(15 * 60)
    refused = strings.errors.sentence(errors.ManagersOnly())
    for label in (words.AMOUNTS(), words.ROLE_LIMITS(), words.DEFAULTS()):
        assert (await panel.press(label)).told == refused
    picked = await panel.who.select(used.result.response, [role])
    assert Used(world, picked).told == refused


async def test_usage_tells_them(world: World, panel: Panel) -> None:
    role = world.guild.create_role("supporters")
    fan = world.guild.add_member(world.env.create_user("fan"), roles=[role])
    await set_limits(panel, "2 tracks/day", "100 tracks/month")
    await set_role(world, panel, role, "9 tracks/day")
    await ask(world, world.ada)
    await ask(world, fan)
    own = "for you in this server, which those who manage this server have set"
    for who, line in (
        (world.ada, f"2 tracks a day {own}: **1 track** left"),
        (fan, f"9 tracks a day {own}: **8 tracks** left"),
    ):
        assert line in Asked(world, await who.slash(world.channel, "usage")).text
    told = Asked(world, await panel.who.slash(world.channel, "usage", of="server")).text
    assert "100 tracks a month for this server, which" in told
    assert "**98 tracks** left" in told


async def test_default_settings(world: World, panel: Panel) -> None:
    save = {"name": "House", "server": True, "top_p": 0.0, "duration": 5, "temperature": 0.5}
    await panel.who.slash(world.channel, "preset save", **save)
    used = await panel.press(words.DEFAULTS())
    assert used.result.response is not None
    message = used.result.response
    await panel.who.select(message, ["House"])
    assert message.embeds[0].description == "`duration` 5 · `top_p` 0 · `temperature` 0.5"
    await world.ada.slash(world.channel, "preset save", name="mine", duration=7)
    await world.ada.slash(world.channel, "preset default", name="mine")
    await world.musicgen(temperature=0.0)
    await ask(world, world.bo)
    await world.musicgen_in_dm()
    by_server, bos, in_dm = (row.inputs for row in world.journal.rows.values())
    assert (by_server.duration, by_server.top_p, by_server.temperature) == (7, 0.0, 0.0)
    assert (bos.duration, bos.top_p, bos.temperature) == (5, 0.0, 0.5)
    assert (in_dm.duration, in_dm.top_p, in_dm.temperature) == (7, None, None)
    again = await opened(world, panel.who)
    assert again.text[words.DEFAULTS()] == "`duration` 5 · `top_p` 0 · `temperature` 0.5"
    await panel.who.click(message, label=words.NO_DEFAULTS())
    assert message.embeds[0].description == words.PLAIN()
    assert world.bot.server_rules.settings_of(world.guild.id).defaults.set_values() == {
        "prompt": ""
    }


async def test_default_settings_that_would_not_run_are_left_out(world: World, panel: Panel) -> None:
    save = {"name": "big", "server": True, "model_version": "large", "duration": 5}
    await panel.who.slash(world.channel, "preset save", **save)
    used = await panel.press(words.DEFAULTS())
    assert used.result.response is not None
    await panel.who.select(used.result.response, ["big"])
    await world.musicgen(input_audio_url="https://example.org/x.wav")
    [row] = world.journal.rows.values()
    assert (row.inputs.model_version, row.inputs.duration) == (None, 5), "large takes no tune"


async def test_no_preset_to_take_default_settings_from(panel: Panel) -> None:
    used = await panel.press(words.DEFAULTS())
    assert used.result.response is not None
    [embed] = used.result.response.embeds
    assert embed.footer.text == words.DEFAULTS_NO_PRESET()


async def test_what_a_later_model_does_not_take_is_said(world: World) -> None:
    table = InputTable(
        tuple(spec for spec in world.bot.service.models.main.table if spec.name != "top_k")
    )
    inputs = value_of("defaults", '{"top_k": 5, "model_version": "gone", "top_p": 0.0}')
    assert table.unfit(inputs) == ("model_version", "top_k")  # pyright: ignore[reportArgumentType] - it is read as inputs
    told = words.defaults(inputs, table.unfit(inputs))  # pyright: ignore[reportArgumentType] - the same
    assert told.endswith("the model does not take it: model_version, top_k.")


async def test_what_the_owner_did_everywhere_is_told_to_them_alone(
    world: World, panel: Panel
) -> None:
    boss = panel.who
    world.bot.owner_id = boss.id
    for number in range(10):
        await boss.slash(
            world.channel, "block", person=world.ada, reason=f"spam {number}", everywhere=True
        )
    here = await boss.slash(world.channel, "settings log")
    assert here.response is not None
    assert here.response.embeds[0].description == words.LOG_EMPTY()
    log = await boss.slash(world.channel, "settings log", everywhere=True)
    message = log.response
    assert message is not None
    assert message.ephemeral
    assert message.embeds[0].title == words.LOG_EVERYWHERE_TITLE()
    assert f"<@{world.ada.id}>: “spam 9”" in str(message.embeds[0].description)
    await boss.click(message, label=words.OLDER())
    assert "“spam 0”" in str(message.embeds[0].description)
    assert message.embeds[0].title == words.LOG_EVERYWHERE_TITLE()
    world.bot.owner_id = world.ada.id
    refused = strings.errors.sentence(errors.OwnerOnly())
    turned = await boss.click(message, label=words.NEWEST())
    assert Used(world, turned).told == refused
    stranger = await boss.slash(world.channel, "settings log", everywhere=True)
    assert Asked(world, stranger).refusal == refused
    assert len(await world.journal.changes_of(EVERYWHERE, 50)) == 10
