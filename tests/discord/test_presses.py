"""A double press of a button is one press; a second one later is another track."""

from __future__ import annotations

import pytest

from bot.card import strings
from bot.domain import errors
from tests.discord.card_kit import finished
from tests.discord.world import World

TAKEN_FOR_ONE = strings.errors.sentence(errors.PressedTwice())


@pytest.mark.parametrize(("label", "takes"), [("Again", 1), ("Variations", 3)])
async def test_a_double_press_makes_one_and_says_so(world: World, label: str, takes: int) -> None:
    scene = await finished(world)
    first = await scene.press(world.bo, label)
    await world.pass_s(0.3)
    second = await scene.press(world.bo, label)
    assert second.told == TAKEN_FOR_ONE
    assert len(scene.newer) == takes
    await world.done(3)
    assert first.card.reply.attachments
    assert len(world.predictions.created) == 1 + takes


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_second_press_later_makes_another(world: World, restarted: bool) -> None:
    scene = await finished(world)
    await scene.press(world.bo, "Again")
    if restarted:
        await world.restart()
    await world.pass_s(1.5)
    await scene.press(world.bo, "Again")
    assert len(scene.newer) == 2


async def test_another_button_is_no_double_press(world: World) -> None:
    scene = await finished(world)
    await scene.press(world.bo, "Again")
    await scene.press(world.bo, "Variations")
    await scene.press(world.ada, "Again")
    assert len(scene.newer) == 5
