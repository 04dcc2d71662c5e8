"""Interaction tokens live 15 minutes; tracks find their person after that too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from bot.card import strings
from bot.delivery.edit_pace import CHANNEL_APART_S
from bot.domain.errors import TooLateToCancel
from bot.playground.discord.actors import Used
from bot.playground.discord.rules import Rules
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.journey.rig import Rig, a_rig, buttons, has_ended, has_track, words

SLOW = Timings(cold_start_s=0, step_rate_per_s=5, tick_s=1)
TOKEN_LIFE_S = 15 * 60
BRING = "Bring it here"
CALLBACK = "POST /api/v10/interactions/*"
MADE = strings.errors.sentence(TooLateToCancel(made=True))


@pytest.mark.parametrize("place", ["jam", "dm"])
async def test_after_the_token_has_died_the_bot_edits_by_itself(tmp_path: Path, place: str) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        channel = rig.discord.world.jam if place == "jam" else rig.ada.dm
        used = await rig.ada.slash(channel, "musicgen", prompt="gong", duration=1)
        await used.until(lambda message: message.embeds)
        rig.discord.clock.advance(TOKEN_LIFE_S)
        message = await used.until(has_track)
        assert rig.public_messages() == [message]
        assert any(
            r.method == "PATCH" and r.path.startswith("/channels/") for r in rig.discord.requests
        )
        assert rig.paid_once()


async def test_progress_of_many_cards_leaves_a_channels_limit_to_tracks(tmp_path: Path) -> None:
    speed = 5.0
    timings = Timings(cold_start_s=0, step_rate_per_s=53 / 20, tick_s=0.5)
    async with a_rig(tmp_path, timings=timings, speed=speed) as rig:
        jam = rig.discord.world.jam
        people = rig.ada, rig.bo, rig.mod
        used = [await one.slash(jam, "musicgen", prompt="gong", duration=1) for one in people]
        for one in used:
            await one.until(lambda message: message.embeds)
        rig.discord.clock.advance(TOKEN_LIFE_S)
        shown = [await one.until(has_track) for one in used]
        first_s = min(r.at for m in shown for r in m.revisions if r.body.files)
        edits_s = [
            request.at
            for request in rig.discord.requests
            if request.method == "PATCH" and request.path.startswith("/channels/")
        ]
        apart_s = [b - a for a, b in pairwise(at for at in edits_s if at < first_s)]
        # The first of each card goes at once: that the token is dead it learns from Discord. The
        # one with the first track waits for nothing.
        spaced_s = apart_s[len(people) : -1]
        assert len(spaced_s) > 3
        assert min(spaced_s) > CHANNEL_APART_S / speed * 0.6


async def test_a_token_that_the_bot_knows_to_be_dead_is_not_used(tmp_path: Path) -> None:
    rules = Rules(token_life_s=TOKEN_LIFE_S)
    async with a_rig(tmp_path, rules=rules, timings=SLOW, speed=1000) as rig:
        rig.replicate.script(Script(starting_s=TOKEN_LIFE_S + 10))
        used = await rig.musicgen()
        await rig.prediction(lambda p: p.started_at)
        before = len(rig.discord.requests)
        await used.until(has_track)
        late = rig.discord.requests[before:]
        assert [r.path for r in late if r.path.startswith("/webhooks/")] == []
        _, call = await rig.discord.world.until(
            lambda _: found if len(found := rig.public_messages()) == 2 else None
        )
        assert call.mentions == (rig.ada.user,)
        assert call.content == f"<@{rig.ada.user.id}> your track is ready."


async def test_a_short_lived_token(tmp_path: Path) -> None:
    async with a_rig(tmp_path, rules=Rules(token_life_s=0.3), timings=SLOW) as rig:
        used = await rig.musicgen()
        message = await used.until(has_track)
        assert rig.public_messages() == [message]


async def test_a_message_deleted_before_the_token_died_is_replaced(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await rig.musicgen()
        running = await used.until(lambda message: message.embeds)
        await rig.mod.delete(running)
        rig.discord.clock.advance(TOKEN_LIFE_S)
        [message] = await rig.discord.world.until(lambda _: rig.public_messages())
        await rig.bot.service.idle()
        assert has_track(message)
        assert message.mentions == (rig.ada.user,)
        assert rig.public_messages() == [message]
        assert rig.paid_once()


PLACES = ["foreign", "private", "foreign, unseen by others"]


@asynccontextmanager
async def a_card_without_a_way(
    folder: Path, place: str, starting_s: float
) -> AsyncGenerator[tuple[Rig, Used]]:
    """A card whose token is dead, where the bot's own token reaches nothing."""
    async with a_rig(folder, timings=SLOW, speed=500) as rig:
        rig.replicate.script(Script(starting_s=starting_s))
        channel = getattr(rig.discord.world, place.partition(",")[0])
        channel.external_apps = "unseen" not in place
        used = await rig.ada.slash(channel, "musicgen", prompt="gong", duration=1)
        await used.until(lambda message: BRING in words(message))
        rig.discord.clock.advance(TOKEN_LIFE_S)
        yield rig, used


@asynccontextmanager
async def a_track_without_a_way(folder: Path, place: str) -> AsyncGenerator[tuple[Rig, Used]]:
    """A prediction that outlives the token there."""
    async with a_card_without_a_way(folder, place, TOKEN_LIFE_S + 10) as (rig, used):
        await rig.until_waiting(used.interaction.channel)
        yield rig, used


@pytest.mark.parametrize("place", PLACES)
async def test_where_no_way_is_left_a_click_brings_the_track(tmp_path: Path, place: str) -> None:
    async with a_track_without_a_way(tmp_path, place) as (rig, used):
        running = await used.until(lambda message: message.body.items)
        await rig.ada.click(running, BRING)
        message = await used.until(has_track)
        assert message is running
        assert message.ephemeral == ("unseen" in place)
        assert "Cancel" not in buttons(message)
        assert rig.paid_once()


@pytest.mark.parametrize("place", PLACES)
async def test_where_no_way_is_left_the_next_command_brings_it(tmp_path: Path, place: str) -> None:
    async with a_track_without_a_way(tmp_path, place) as (rig, used):
        channel = used.interaction.channel
        other = await rig.ada.slash(channel, "musicgen", prompt="bells", duration=1)
        await other.until(has_track)
        [late] = await rig.discord.world.until(
            lambda _: [message for message in other.followups if has_track(message)]
        )
        assert late.attachments[0].filename.startswith("gong-")
        assert len(rig.replicate.predictions) == 2


async def test_deleted_where_no_way_is_left_the_next_command_brings_it(tmp_path: Path) -> None:
    async with a_track_without_a_way(tmp_path, "foreign") as (rig, used):
        await rig.mod.delete(await used.until(lambda message: message.body.items))
        channel = used.interaction.channel
        other = await rig.ada.slash(channel, "musicgen", prompt="bells", duration=1)
        [late] = await rig.discord.world.until(
            lambda _: [message for message in other.followups if has_track(message)]
        )
        assert late.attachments[0].filename.startswith("gong-")


async def test_a_track_that_waits_survives_a_restart(tmp_path: Path) -> None:
    async with a_track_without_a_way(tmp_path, "private") as (rig, used):
        await rig.stop()
        await rig.start()
        channel = used.interaction.channel
        await rig.until_waiting(channel)
        await rig.ada.click(await used.until(lambda message: message.body.items), BRING)
        await used.until(has_track)
        assert rig.paid_once()


# ------------------------------------------------------------------ Cancel, with a dead token


async def told(rig: Rig, used: Used, text: str) -> None:
    """Wait until the person alone is told something; a mention may have come before it."""
    await rig.discord.world.until(
        lambda _: [m for m in used.followups if m.ephemeral and words(m) == text]
    )


@pytest.mark.parametrize("place", PLACES)
async def test_where_no_way_is_left_cancel_shows_itself(tmp_path: Path, place: str) -> None:
    async with a_card_without_a_way(tmp_path, place, 9 * TOKEN_LIFE_S) as (rig, used):
        running = await used.until(lambda message: message.body.items)
        click = await rig.ada.click(running, "Cancel")
        message = await used.until(has_ended)
        assert strings.card.CANCELED() in words(message)
        assert message is running
        assert click.followups == []
        assert (await rig.prediction()).status == "canceled"


@pytest.mark.parametrize("place", PLACES)
async def test_a_cancel_that_comes_too_late_brings_the_track(tmp_path: Path, place: str) -> None:
    async with a_track_without_a_way(tmp_path, place) as (rig, used):
        running = await used.until(lambda message: message.body.items)
        click = await rig.ada.click(running, "Cancel")
        assert await used.until(has_track) is running
        await told(rig, click, MADE)
        assert rig.paid_once()


async def test_cancel_for_several_takes(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW, speed=500) as rig:
        foreign = rig.discord.world.foreign
        first = await rig.ada.slash(foreign, "musicgen", prompt="gong", duration=1)
        card = await first.until(has_track)
        rig.replicate.script(Script(starting_s=9 * TOKEN_LIFE_S, times=3))
        used = await rig.ada.click(card, "Variations")
        running = await used.until(lambda message: BRING in words(message))
        rig.discord.clock.advance(TOKEN_LIFE_S)
        await rig.ada.click(running, "Cancel")
        message = await used.until(has_ended)
        assert message is running
        assert words(message).count("canceled") == 3
        assert [p.status for p in rig.replicate.predictions[1:]] == ["canceled"] * 3


@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("label", [BRING, "Cancel"])
async def test_a_press_whose_acknowledgement_is_cut_off(
    tmp_path: Path, label: str, reset: str
) -> None:
    async with a_track_without_a_way(tmp_path, "foreign") as (rig, used):
        running = await used.until(lambda message: message.body.items)
        rig.trouble_discord(CALLBACK, reset=reset)
        click = await rig.ada.click(running, label)
        assert await used.until(has_track) is running
        if label == "Cancel":
            await told(rig, click, MADE)


# ------------------------------------------------------------------ several that wait


@asynccontextmanager
async def tracks_without_a_way(
    folder: Path, number: int, rules: Rules | None = None
) -> AsyncGenerator[Rig]:
    """So many that wait in a server the bot is no member of."""
    env = {"MAX_RUNNING_PER_USER": str(number)}
    async with a_rig(folder, env=env, rules=rules, timings=SLOW, speed=500) as rig:
        rig.replicate.script(Script(starting_s=TOKEN_LIFE_S + 10, times=number))
        foreign = rig.discord.world.foreign
        asked = [
            await rig.ada.slash(foreign, "musicgen", prompt="gong", duration=1)
            for _ in range(number)
        ]
        for used in asked:
            await used.until(lambda message: BRING in words(message))
        # Far enough for the tokens to come to outlive the bot's fast clock.
        rig.discord.clock.advance(9 * TOKEN_LIFE_S)
        while len(await rig.bot.service.waiting_for(rig.ada.user.id, foreign.id)) < number:
            await rig.clock.sleep(5)
        yield rig


async def brought(rig: Rig) -> int:
    """How many tracks the next command brings."""
    used = await rig.ada.slash(rig.discord.world.foreign, "tracks list")
    await used.answered()
    await rig.clock.sleep(300)
    cards = [message for message in used.followups if strings.card.EARLIER() in words(message)]
    assert all(has_track(message) for message in cards)
    return len(cards)


async def test_discord_allows_only_so_many_followups(tmp_path: Path) -> None:
    async with tracks_without_a_way(tmp_path, 6) as rig:
        assert [await brought(rig) for _ in range(3)] == [4, 2, 0]
        assert len(rig.replicate.predictions) == 6


async def test_those_before_the_followup_that_discord_refuses(tmp_path: Path) -> None:
    async with tracks_without_a_way(tmp_path, 2, Rules(max_followups=1)) as rig:
        assert [await brought(rig) for _ in range(3)] == [1, 1, 0]
