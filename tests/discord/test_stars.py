"""Stars: given and taken back on cards, counted, in lists and in a server's charts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import discord
import pytest
import simcord

from bot.card import strings
from bot.community.stars import Period
from bot.domain import errors
from bot.domain.generation import Generation
from tests.discord.card_kit import PLACES, Scene, Used, Who, a_thread, finished
from tests.discord.test_tracks import Listed, has_made, listed
from tests.discord.world import FINISHED, TRACK, Asked, World

UNKNOWN = strings.errors.sentence(errors.GenerationUnknown())


def stars_on(scene: Scene) -> list[str]:
    """The labels of the card's stars."""
    return [label for label in scene.asked.buttons if label not in FINISHED or label == "Star"]


async def star(scene: Scene, who: Who, label: str | None = None) -> None:
    """`who` presses a star of the card."""
    used = await scene.press(who, label or stars_on(scene)[0])
    assert used.result.acknowledged
    assert not used.result.followups


# ------------------------------------------------------------------ on the card


@pytest.mark.parametrize("place", PLACES)
async def test_a_star_is_given_and_taken_back(world: World, place: str) -> None:
    scene = await finished(world, place)
    [file] = scene.asked.reply.attachments
    before = scene.asked.text
    await star(scene, scene.owner)
    assert stars_on(scene) == ["Star · 1"]
    if scene.stranger is not scene.owner:
        await star(scene, scene.stranger)
        assert stars_on(scene) == ["Star · 2"]
        await star(scene, scene.stranger)
    await star(scene, scene.owner)
    assert stars_on(scene) == ["Star"]
    assert scene.asked.reply.attachments[0].id == file.id
    assert scene.asked.text == before
    assert scene.asked.buttons == FINISHED


async def test_the_last_edit_has_the_last_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's star, of another process perhaps, comes between the number and its edit."""
    scene = await finished(world)
    original = world.journal.stars_of
    others = [world.mod.id]

    async def stars_of(ids: list[str]) -> dict[str, int]:
        counted = await original(ids)
        while others:
            await world.journal.toggle_star(scene.first.id, others.pop())
        return counted

    monkeypatch.setattr(world.journal, "stars_of", stars_of)
    await star(scene, world.bo)
    assert stars_on(scene) == ["Star · 2"]


async def test_the_number_outlives_a_restart(world: World) -> None:
    scene = await finished(world)
    await star(scene, world.bo)
    await world.restart()
    await star(scene, world.ada)
    assert stars_on(scene) == ["Star · 2"]


async def test_each_take_has_its_own(world: World) -> None:
    scene = await finished(world)
    varied = await scene.press(world.ada, "Variations")
    await world.done(3)
    takes = Scene(world, varied.card, scene.newer[0], world.ada, world.bo)
    assert stars_on(takes) == ["Take 1", "Take 2", "Take 3"]
    await star(takes, world.bo, "Take 2")
    await star(takes, world.ada, "Take 2 · 1")
    await star(takes, world.ada, "Take 3")
    assert stars_on(takes) == ["Take 1", "Take 2 · 2", "Take 3 · 1"]
    given = await world.journal.stars_of([take.id for take in scene.newer])
    assert given == {scene.newer[1].id: 2, scene.newer[2].id: 1}


async def test_a_track_brought_up_again_has_its_number(world: World) -> None:
    scene = await finished(world)
    await star(scene, world.bo)
    card = (await (await listed(world)).choose(world.ada)).card
    again = replace(scene, asked=card)
    assert stars_on(again) == ["Star · 1"]
    await star(again, world.bo)
    assert stars_on(again) == ["Star"]


async def test_a_journal_too_slow_for_a_star(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = await finished(world)

    async def hang(*_: object) -> None:
        await world.clock.wait(asyncio.Event(), None)

    monkeypatch.setattr(world.journal, "toggle_star", hang)
    pressed = await scene.press(world.bo, "Star")
    await world.pass_s(2)
    assert pressed.told == strings.errors.sentence(errors.TookTooLong())
    assert stars_on(scene) == ["Star"]


async def test_a_track_that_was_forgotten(world: World) -> None:
    scene = await finished(world)
    await world.bot.service.forget(world.ada.id)
    assert (await scene.press(world.bo, "Star")).told == UNKNOWN


# ------------------------------------------------------------------ in lists


async def test_a_list_by_stars(world: World) -> None:
    scene = await finished(world, prompt="first")
    await has_made(world, scene, *(f"no. {number}" for number in range(1, 12)))
    await star(scene, world.bo)
    page = await listed(world, order="stars")
    assert page.prompts[:2] == ["first", "no. 11"]
    assert "⭐ 1" in page.text
    assert "most stars first" in page.text
    await page.turn(world.ada, strings.tracks.OLDER)
    assert page.prompts == ["no. 2", "no. 1"]
    await page.turn(world.ada, strings.tracks.NEWER)
    assert page.prompts[0] == "first"
    assert (await listed(world)).prompts[0] == "no. 11"


async def chart(world: World, who: simcord.MemberActor, **options: str) -> Listed:
    return Listed(world, await who.slash(world.channel, "charts", **options))


def in_channel(world: World, scene: Scene, channel_id: int, **changes: object) -> Generation:
    """The same track, made in another channel of this server."""
    reply = replace(scene.first.reply, channel_id=channel_id, **changes)  # pyright: ignore[reportArgumentType] - fields by name
    row = replace(scene.first, id=f"{channel_id:012}"[-12:], reply=reply)
    world.journal.rows[row.id] = row
    return row


async def test_a_chart_with_nothing(world: World) -> None:
    await finished(world)
    assert strings.stars.NONE() in (await chart(world, world.bo)).text


async def test_most_stars_come_first(world: World) -> None:
    scene = await finished(world, prompt="*first*")
    await has_made(world, scene, "second", "none")
    await world.journal.toggle_star("000000000001", world.bo.id)
    await world.journal.toggle_star("000000000001", world.mod.id)
    await star(scene, world.bo)
    page = await chart(world, world.mod)
    assert page.prompts == ["second", "*first*"]
    assert rf"2. [\*first\*](https://discord.com/channels/{world.guild.id}/" in page.text
    assert f"⭐ 2 · 8 s · melody · seed {scene.first.seed} · by <@{world.ada.id}>" in page.text


async def test_stars_of_long_ago_count_in_longer_charts(world: World) -> None:
    scene = await finished(world)
    key = scene.first.id, world.bo.id
    await star(scene, world.bo)
    stars = world.journal.tables.community.stars
    for days, periods in ((6, 3), (8, 2), (31, 1)):
        stars[key] = world.clock.now() - timedelta(days=days)
        found = [(await chart(world, world.bo, period=p)).text for p in Period]
        assert [strings.stars.NONE() in text for text in found] == [
            *[True] * (3 - periods),
            *[False] * periods,
        ]


async def test_a_chart_is_of_what_its_reader_sees(world: World) -> None:
    scene = await finished(world)
    hidden = world.guild.create_text_channel(
        "staff",
        overwrites={world.guild.default_role: discord.PermissionOverwrite(view_channel=False)},
    )
    for row in (
        in_channel(world, scene, hidden.id),
        in_channel(world, scene, 404),
        in_channel(world, scene, world.channel.id, private=True),
        in_channel(world, scene, world.channel.id, guild_id=405),
    ):
        await world.journal.toggle_star(row.id, world.bo.id)
    assert strings.stars.NONE() in (await chart(world, world.bo)).text


async def test_a_thread_is_seen_by_who_sees_its_channel(world: World) -> None:
    thread = await a_thread(world)
    asked = await world.musicgen(channel=thread)
    await world.done()
    await world.journal.toggle_star(world.generation.id, world.bo.id)
    assert len((await chart(world, world.bo)).prompts) == 1
    assert len(asked.reply.attachments) == 1


async def test_a_track_of_a_closed_channel_comes_up_for_its_reader_alone(world: World) -> None:
    scene = await finished(world)
    staff = world.guild.create_text_channel(
        "staff",
        overwrites={
            world.guild.default_role: discord.PermissionOverwrite(view_channel=False),
            world.guild.roles["moderators"]: discord.PermissionOverwrite(view_channel=True),
        },
    )
    track = in_channel(world, scene, staff.id)
    await world.journal.toggle_star(track.id, world.bo.id)
    assert strings.stars.NONE() in (await chart(world, world.bo)).text
    up = await (await chart(world, world.mod)).choose(world.mod)
    assert up.result.ephemeral
    assert strings.stars.HERE_ALONE() in Asked(world, up.result).text


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_track_of_the_chart_comes_up_for_everyone(world: World, restarted: bool) -> None:
    scene = await finished(world)
    await star(scene, world.mod)
    page = await chart(world, world.bo)
    if restarted:
        await world.restart()
    card = (await page.choose(world.bo)).card
    assert [track.size for track in card.reply.attachments] == [len(TRACK)]
    assert card.buttons == [*FINISHED[:5], "Star · 1", *FINISHED[6:]]
    assert scene.newer == []


async def test_what_was_deleted_since_does_not_come_up(world: World) -> None:
    scene = await finished(world)
    await star(scene, world.mod)
    page = await chart(world, world.bo)
    reply = scene.first.reply
    await world.journal.hide(reply.channel_id, reply.message_id)
    assert (await page.choose(world.bo)).told == UNKNOWN


async def test_what_its_reader_no_longer_sees_does_not_come_up(world: World) -> None:
    scene = await finished(world)
    other = world.guild.create_text_channel("other")
    await world.journal.toggle_star(in_channel(world, scene, other.id).id, world.mod.id)
    page = await chart(world, world.bo)
    assert len(page.prompts) == 1
    channel = world.bot.get_channel(other.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.set_permissions(channel.guild.default_role, view_channel=False)
    assert (await page.choose(world.bo)).told == UNKNOWN


async def test_there_is_no_chart_in_a_dm(world: World) -> None:
    answer = Used(world, await world.ada.user.slash("charts"))
    assert answer.told == strings.errors.sentence(errors.NoServerHere())
