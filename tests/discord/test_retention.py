"""What those see whose cards outlive their rows, or whose jam its token."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.card import strings
from bot.domain import errors
from tests.discord.card_kit import Used, finished
from tests.discord.test_jam import Room
from tests.discord.world import FINISHED, TOKEN_LIFE_S, World

UNKNOWN = strings.errors.sentence(errors.GenerationUnknown())


async def test_a_card_whose_time_is_over_says_so_and_one_with_a_star_goes_on(
    world: World,
) -> None:
    world.config = replace(world.config, keep_rows=timedelta(minutes=20))
    await world.restart()
    scene = await finished(world)
    starred = (await scene.press(world.bo, "Again")).card.reply
    await world.done()
    await world.mod.click(starred, label="Star")
    await world.pass_s(18 * 60)
    assert (await scene.press(world.ada, "Info")).told != UNKNOWN
    await world.pass_s(12 * 60)
    for label in FINISHED:
        if label != "Delete":
            assert (await scene.press(world.ada, label)).told == UNKNOWN
    info = Used(world, await world.ada.click(starred, label="Info"))
    assert info.told != UNKNOWN


async def test_a_jam_that_outlives_its_token_is_opened_without_it(world: World) -> None:
    # So often that the token is dead when it succeeds.
    world.fail("POST", "/channels/*/messages/*/threads", 403, 50013, times=8)
    assert (await world.ada.slash(world.channel, "jam start", theme="rain")).acknowledged
    await world.pass_s(TOKEN_LIFE_S + 120)
    [stored] = world.journal.tables.jams.jams.values()
    assert stored.jam.opening is not None
    assert stored.jam.opening.token == ""
    await world.pass_s(3600)
    room = Room(world, world.channel.threads[-1])
    assert "Round 1" in room.text
