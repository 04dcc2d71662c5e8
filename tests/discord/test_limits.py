"""Refusals of limits, whichever way one asks; what it cost; and /usage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest

from bot.card import strings
from bot.card.actions import ACTIONS
from bot.community.limits import Allowed, Limits, Period, window
from bot.community.lines import Places
from bot.community.written_amounts import parse_amounts
from bot.domain.charges import ChargeState
from bot.domain.errors import NotAllowed, UsageNotTold, WorkerOutOfMemory
from bot.domain.generation import State
from bot.journal import Terms
from tests.discord.card_kit import Used, finished
from tests.discord.world import Asked, World, text_of


def limit(world: World, limits: Limits) -> None:
    world.journal.terms = Terms(limits)
    world.bot.limits = limits


def opens(world: World) -> str:
    return f"<t:{int(window(Period.DAY, world.clock.now()).ends_at.timestamp())}:R>"


async def test_a_command_that_a_limit_refuses(world: World) -> None:
    limit(world, Limits(per_user=parse_amounts("1 tracks/day")))
    await world.musicgen()
    sent = len(world.predictions.created)
    refusal = (await world.musicgen()).refusal
    assert "1 track a day" in refusal
    assert "each person" in refusal
    assert "Nothing of it is left." in refusal
    assert opens(world) in refusal
    assert len(world.predictions.created) == sent == 1
    assert len(world.messages) == 1, "nobody else sees it"
    asked = await world.bo.slash(world.channel, "musicgen", prompt="lofi")
    assert not asked.ephemeral


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (
            Limits(per_server=parse_amounts("12 s/day")),
            ("12 s of music a day", "Left of it: 4 s of music."),
        ),
        (Limits(total=parse_amounts("0.1 usd/month")), ("$0.10 a month", "Left of it: $0.0132.")),
    ],
)
async def test_what_is_left_is_said(world: World, limits: Limits, said: tuple[str, str]) -> None:
    limit(world, limits)
    await world.musicgen()
    refusal = (await world.musicgen()).refusal
    for words in said:
        assert words in refusal


@pytest.mark.parametrize("label", ["Again", "Extend", "Melody", "Edit"])
async def test_a_button_or_a_form_that_a_limit_refuses(world: World, label: str) -> None:
    limit(world, Limits(per_user=parse_amounts("1 tracks/day")))
    scene = await finished(world)
    used = await scene.press(scene.owner, label)
    if label != "Again":
        values: dict[str, Any] = {"prompt": "another"}
        if label == "Edit":
            values |= {"model": ["large"], "duration": "5", "seed": ["new"]}
        used = await used.send(scene.owner, **values)
    assert opens(world) in used.told
    assert scene.newer == []


async def test_what_ended_without_costing_is_given_back(world: World) -> None:
    limit(world, Limits(per_user=parse_amounts("1 tracks/day")))
    asked = await world.musicgen()
    await asked.press(world.ada)
    await world.pass_s(5)
    assert world.generation.state is State.CANCELED
    [charge] = world.journal.tables.charges.values()
    assert charge.state is ChargeState.GIVEN_BACK
    again = await world.musicgen()
    assert not again.result.ephemeral


async def test_a_canceled_run_costs_what_it_ran(world: World) -> None:
    asked = await world.musicgen()
    world.predictions.ran_s = 2.0
    await asked.press(world.ada)
    await world.pass_s(5)
    [charge] = world.journal.tables.charges.values()
    assert charge.micro_usd == 2800
    assert not charge.is_estimate


@pytest.mark.parametrize("number", [1, 2])
async def test_variations_with_room_for_fewer_ask_first(world: World, number: int) -> None:
    limit(world, Limits(per_user=parse_amounts(f"{number + 1} tracks/day")))
    scene = await finished(world)
    asked = await scene.press(scene.owner, "Variations")
    assert asked.told.startswith(f"There is room for {number} of the 3 takes")
    assert opens(world) in asked.told
    assert scene.newer == [], "none is made before one has said so"
    assert asked.result.response is not None
    made = Used(
        world, await world.ada.click(asked.result.response, label=strings.limits.make(number))
    )
    assert not made.result.ephemeral
    await world.done(30)
    assert [one.state for one in scene.newer] == [State.DELIVERED] * number
    assert {one.relation for one in scene.newer} == {ACTIONS["variations"].name[:-1]}
    again = Used(
        world, await world.ada.click(asked.result.response, label=strings.limits.make(number))
    )
    assert "Nothing of it is left." in again.told


async def test_an_offer_outlives_a_restart(world: World) -> None:
    limits = Limits(per_user=parse_amounts("3 tracks/day"))
    limit(world, limits)
    scene = await finished(world)
    asked = await scene.press(scene.owner, "Variations")
    await world.restart()
    limit(world, limits)
    assert asked.result.response is not None
    await world.ada.click(asked.result.response, label=strings.limits.make(2))
    await world.done(30)
    assert len(scene.newer) == 2


async def test_variations_without_any_room_are_refused(world: World) -> None:
    limit(world, Limits(per_user=parse_amounts("1 tracks/day")))
    scene = await finished(world)
    asked = await scene.press(scene.owner, "Variations")
    assert "Nothing of it is left." in asked.told
    assert not asked.result.response or not asked.result.response.components


async def test_a_full_line_is_said(world: World) -> None:
    limit(world, Limits(max_waiting_per_user=1, places=Places(running_per_user=2)))
    world.sound.slow = True
    for _ in range(3):
        await world.musicgen(input_audio_url="https://example.org/x.wav")
    refusal = (await world.musicgen()).refusal
    assert refusal.startswith("You have 1 request in line, where at most 1 may wait.")


async def test_who_may_not_use_it_is_told(world: World) -> None:
    world.bot.allowed = Allowed(users=frozenset({world.bo.id}))
    told = strings.errors.sentence(NotAllowed(elsewhere=False))
    assert (await world.musicgen()).refusal == told
    assert not (await world.bo.slash(world.channel, "musicgen", prompt="x")).ephemeral
    world.bot.allowed = Allowed(servers=frozenset({world.guild.id}))
    assert not (await world.musicgen()).result.ephemeral
    in_dm = await world.musicgen_in_dm()
    assert in_dm.refusal == strings.errors.sentence(NotAllowed(elsewhere=True))


async def test_info_tells_the_cost_where_it_is_known(world: World) -> None:
    asked = await world.musicgen()
    world.predictions.answers = (replace(world.predictions.answers[0], predict_time_s=40.0),)
    await world.pass_s(1)
    world.predictions.answers = (
        replace(
            world.predictions.answers[0],
            status="succeeded",
            output_url="https://replicate.delivery/x/out.wav",
            predict_time_s=40.0,
        ),
    )
    await world.pass_s(5)
    result = await world.bo.click(asked.reply, label="Info")
    assert "Cost: $0.0560, by the time it ran" in Asked(world, result).text


async def usage(world: World, who: object = None, **options: str) -> Asked:
    person = world.ada if who is None else who
    return Asked(world, await person.slash(world.channel, "usage", **options))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType] - a member of simcord's


async def test_usage_of_oneself(world: World) -> None:
    limit(
        world, Limits(per_user=parse_amounts("20 tracks/day, 3 usd/month"), max_waiting_per_user=9)
    )
    assert "Today: nothing" in (await usage(world)).text
    await world.musicgen()
    await world.bo.slash(world.channel, "musicgen", prompt="lofi")
    asked = await usage(world)
    assert asked.result.ephemeral
    text = text_of(asked.embed)
    assert "Today: 1 track · 8 s asked for · about $0.0868" in text
    assert f"20 tracks a day for you: **19 tracks** left, opens anew {opens(world)}" in text
    assert "$3.00 a month for you: **$2.91** left" in text
    assert "at most 9 requests of one person may wait in line" in text


async def test_usage_has_a_picture_of_thirty_days_with_words(world: World) -> None:
    await world.musicgen()
    for key, charge in world.journal.tables.charges.items():
        before = charge.accepted_at - timedelta(days=2)
        world.journal.tables.charges[key] = replace(charge, accepted_at=before)
    await world.musicgen()
    asked = await usage(world)
    [picture] = asked.reply.attachments
    assert picture.filename == "usage.png"
    assert asked.result.ephemeral
    assert picture.description is not None
    assert "The last 30 days (UTC): 2 tracks, 16 s of music, about $0.17." in picture.description


async def test_usage_without_its_picture(world: World) -> None:
    world.sound.no_usage = WorkerOutOfMemory()
    asked = await usage(world)
    assert "Today: nothing" in asked.text
    assert strings.usage.NOT_DRAWN() in asked.text
    assert asked.reply.attachments == []


async def test_usage_of_the_server_is_for_those_who_manage_it(world: World) -> None:
    await world.musicgen()
    await world.bo.slash(world.channel, "musicgen", prompt="lofi")
    assert (await usage(world, of="server")).refusal == strings.errors.sentence(
        UsageNotTold("server")
    )
    managers = world.guild.create_role(
        "managers", permissions=discord.Permissions(manage_guild=True)
    )
    boss = world.guild.add_member(world.env.create_user("boss"), roles=[managers])
    asked = await usage(world, boss, of="server")
    assert "Today: 2 tracks" in asked.text
    assert "Limits: There are none." in asked.text


async def test_usage_of_all_is_for_the_owner(world: World) -> None:
    await world.musicgen()
    await world.musicgen_in_dm()
    assert (await usage(world, of="all")).refusal == strings.errors.sentence(UsageNotTold("all"))
    world.bot.owner_id = world.ada.id
    assert "Today: 2 tracks" in (await usage(world, of="all")).text


async def test_usage_of_a_new_day(world: World) -> None:
    limit(world, Limits(per_user=parse_amounts("1 tracks/day")))
    await world.musicgen()
    for key, charge in world.journal.tables.charges.items():
        before = charge.accepted_at - timedelta(days=1)
        world.journal.tables.charges[key] = replace(charge, accepted_at=before)
    text = (await usage(world)).text
    assert "Today: nothing" in text
    assert "This month: nothing" in text, "it is the first"
    assert not (await world.musicgen()).result.ephemeral
