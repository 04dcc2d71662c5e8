"""A token lives 15 minutes; who presses a button gives the card another."""

from __future__ import annotations

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import State
from tests.discord.token_kit import allow_files, asked_among_strangers, token_dead, track_waiting
from tests.discord.world import CALLBACK, TOKEN_LIFE_S, Asked, Pressed, World
from tests.fakes import FakeJournal


async def bring(world: World, asked: Asked) -> Pressed:
    return Pressed(await world.ada.click(asked.reply, label=strings.card.BRING()))


async def test_a_card_gains_the_button_before_its_token_dies(world: World) -> None:
    asked = await asked_among_strangers(world)
    await world.outage(TOKEN_LIFE_S - 103)
    await world.pass_s(5)
    assert strings.card.BRING() not in asked.buttons
    await world.pass_s(20)
    assert strings.card.BRING() in asked.buttons
    assert strings.card.LATE() in asked.text


async def test_a_press_moves_the_card_again(world: World) -> None:
    asked = await token_dead(world)
    world.generates(200)
    await world.pass_s(20)
    assert "25%" in asked.text, "nothing reaches it"
    assert (await bring(world, asked)).told == []
    await world.pass_s(20)
    assert "50%" in asked.text
    assert strings.card.BRING() not in asked.buttons


async def test_a_track_waits_for_a_press(world: World) -> None:
    asked = await track_waiting(world)
    await world.pass_s(300)
    assert (await bring(world, asked)).told == []
    await world.pass_s(1)
    assert len(asked.reply.attachments) == 1
    assert world.generation.state is State.DELIVERED
    assert len(world.predictions.created) == 1


async def test_a_track_waits_across_a_restart(world: World) -> None:
    asked = await track_waiting(world)
    await world.restart()
    assert (await bring(world, asked)).told == []
    await world.pass_s(1)
    assert len(asked.reply.attachments) == 1


async def test_a_track_waits_for_the_next_command_in_the_channel(world: World) -> None:
    await token_dead(world)
    await world.done(10)
    [waiting] = world.journal.rows.values()
    later = await world.musicgen("something else")
    await world.pass_s(61)
    tracks = [
        (message.embeds[0].title, len(message.attachments))
        for message in world.messages
        if message.embeds and message.attachments
    ]
    assert sorted(tracks) == [("lofi", 1), ("something else", 1)]
    assert later.embed.title == "something else"
    assert world.journal.rows[waiting.id].state is State.DELIVERED


@pytest.mark.parametrize("how", ["cuts", "lost"])
async def test_a_press_whose_acknowledgement_is_cut_off(world: World, how: str) -> None:
    asked = await track_waiting(world)
    getattr(world, how).append(CALLBACK)
    assert (await bring(world, asked)).told == []
    await world.pass_s(1)
    assert len(asked.reply.attachments) == 1


async def test_a_press_that_comes_too_late_for_discord(world: World) -> None:
    asked = await track_waiting(world)
    before = world.generation
    world.fail(*CALLBACK, 404, 10062)
    await bring(world, asked)
    await world.pass_s(1)
    assert world.generation == before, "its token opens no way"
    assert (await bring(world, asked)).told == []
    await world.pass_s(1)
    assert len(asked.reply.attachments) == 1


async def test_where_it_may_not_be_posted_it_goes_on_waiting(world: World) -> None:
    asked = await track_waiting(world)
    await allow_files(world, False)
    missing = strings.errors.sentence(errors.PermissionsMissing(("attach_files",)))
    assert (await bring(world, asked)).told == [missing]
    await world.pass_s(1)
    assert world.generation.state is State.DELIVERING
    await allow_files(world, True)
    assert (await bring(world, asked)).told == []
    await world.pass_s(1)
    assert len(asked.reply.attachments) == 1


async def test_a_press_on_what_is_over(world: World) -> None:
    asked = await token_dead(world)
    await world.die(state=State.FAILED, told=True)
    await world.restart()
    assert (await bring(world, asked)).told == [strings.errors.sentence(errors.AlreadyHere())]


async def test_a_press_on_what_nobody_knows(world: World) -> None:
    asked = await token_dead(world)
    await world.restart(journal=FakeJournal())
    assert (await bring(world, asked)).told == [strings.errors.sentence(errors.GenerationUnknown())]
