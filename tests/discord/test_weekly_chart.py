"""The weekly chart in simcord's Discord: chosen in /settings, posted once, and faults told once."""

from __future__ import annotations

from datetime import datetime, timedelta

import discord
import pytest
import simcord

from bot.card import strings
from bot.card.strings import weekly
from bot.community.weekly import WEEK, ChartOutcome, next_week
from tests.discord.card_kit import Scene, finished
from tests.discord.panel_kit import a_manager, opened
from tests.discord.test_stars import in_channel, star
from tests.discord.world import BY_BOT, TRACK, Asked, World

LOG, CHART = (f"mg:1:many-{name}" for name in ("logchannel", "chartchannel"))
POST = ("POST", f"{BY_BOT}/messages")


@pytest.fixture
async def boss(world: World) -> simcord.MemberActor:
    return a_manager(world)


@pytest.fixture
async def place(world: World, boss: simcord.MemberActor) -> simcord.ChannelHandle:
    """The channel that somebody has chosen for it."""
    place = world.guild.create_text_channel("charts")
    await choose(world, boss, place)
    return place


@pytest.fixture
async def scene(world: World) -> Scene:
    """A track with a star."""
    scene = await finished(world, prompt="starred")
    await star(scene, world.bo)
    return scene


async def choose(
    world: World, who: simcord.MemberActor, *places: simcord.ChannelHandle
) -> simcord.ResponseMessage:
    """Choose a channel, or none; what the message says then."""
    shown = (await (await opened(world, who)).press(weekly.NAME())).result
    assert shown.ephemeral
    assert shown.response is not None
    assert (await who.select(shown.response, list(places), custom_id=CHART)).acknowledged
    return shown.response


async def field(world: World, who: simcord.MemberActor) -> str:
    """What stands in the panel."""
    return (await opened(world, who)).text[weekly.NAME()]


def monday(world: World) -> datetime:
    """The next one."""
    return next_week(world.clock.now())


async def post(world: World, at: datetime | None = None) -> None:
    await world.bot.weekly_chart.post_due(at or monday(world))


def claim_runs_out(world: World) -> None:
    for row in world.journal.tables.community.chart_posts.values():
        row.claimed_until_s = 0.0


def outcome(world: World) -> str | None:
    [row] = world.journal.tables.community.chart_posts.values()
    return row.outcome if row.ended else None


async def log_of(world: World) -> list[str]:
    return [
        strings.settings_log.change(one) for one in await world.journal.changes_of(world.guild.id)
    ]


async def test_it_is_chosen_and_taken_back(world: World, boss: simcord.MemberActor) -> None:
    place = world.guild.create_text_channel("charts")
    log = world.guild.create_text_channel("log")
    await (await opened(world, boss)).pick(LOG, log)
    shown = await choose(world, boss, place)
    moment = int(monday(world).timestamp())
    assert str(shown.embeds[0].description).endswith(
        f"{place.mention}\n\nNext: <t:{moment}:F> (<t:{moment}:R>)"
    )
    assert await field(world, boss) == place.mention
    assert world.bot.server_rules.settings_of(world.guild.id).chart_channel == place.id
    [entry] = [line for line in await log_of(world) if weekly.NAME() in line]
    assert entry.endswith(f"<@{boss.id}> *{weekly.NAME()}*: {weekly.NOWHERE()} → {place.mention}")
    assert entry in [str(message.embeds[0].description) for message in log.history()]
    await choose(world, boss)
    assert await field(world, boss) == weekly.NOWHERE()
    await post(world)
    assert place.history() == []


async def test_it_comes_once_and_pings_nobody(
    world: World, scene: Scene, place: simcord.ChannelHandle
) -> None:
    await post(world, monday(world).replace(hour=11, minute=59))
    assert place.history() == []
    for minutes in (0, 1, 60):
        await post(world, monday(world).replace(minute=minutes % 60, hour=12 + minutes // 60))
    await world.restart()
    await post(world)
    [message] = place.history()
    [embed] = message.embeds
    assert embed.title == weekly.TITLE()
    assert f"[starred](https://discord.com/channels/{world.guild.id}/" in str(embed.description)
    assert f"⭐ 1 · 8 s · melody · seed {scene.first.seed} · by <@{world.ada.id}>" in str(
        embed.description
    )
    assert not message.mentions
    assert outcome(world) == ChartOutcome.POSTED
    # A week later that star does not count any more.
    await post(world, monday(world) + WEEK)
    assert len(place.history()) == 1
    assert outcome(world) == ChartOutcome.NOTHING


async def test_one_that_comes_late_counts_nothing_of_the_next_week(
    world: World, scene: Scene, place: simcord.ChannelHandle
) -> None:
    keep_starred(world, 1)
    await post(world, monday(world) + timedelta(hours=3))
    assert outcome(world) == ChartOutcome.NOTHING
    await post(world, monday(world) + WEEK + timedelta(hours=3))
    assert outcome(world) == ChartOutcome.POSTED
    assert len(place.history()) == 1


async def test_a_track_of_it_comes_up_for_everyone(
    world: World, scene: Scene, place: simcord.ChannelHandle
) -> None:
    await post(world)
    await world.restart()
    [message] = place.history()
    result = await world.bo.select(message, [scene.first.id])
    card = Asked(world, result).reply
    assert not result.ephemeral
    assert [track.size for track in card.attachments] == [len(TRACK)]


async def test_it_has_what_all_see_who_see_its_channel(world: World, scene: Scene) -> None:
    assert world.guild.me is not None
    staff, board = (
        world.guild.create_text_channel(
            name,
            overwrites={
                world.guild.default_role: discord.PermissionOverwrite(view_channel=False),
                world.guild.me: discord.PermissionOverwrite(view_channel=True),
            },
        )
        for name in ("staff", "board")
    )
    for place in (staff, board):
        await world.journal.toggle_star(in_channel(world, scene, place.id).id, world.bo.id)
    place = world.guild.create_text_channel("charts")
    for week, (channel, count) in enumerate(((place, 1), (staff, 2))):
        await world.bot.server_rules.change(world.guild.id, 1, chart_channel=channel.id)
        for at in world.journal.tables.community.stars:
            world.journal.tables.community.stars[at] = monday(world) + WEEK * (week - 1)
        await post(world, monday(world) + WEEK * week)
        [message] = channel.history()
        assert len(str(message.embeds[0].description).split("\n-# ")) == count + 1


@pytest.mark.parametrize("case", ["gone", "refused", "refused by Discord", "AutoMod"])
async def test_a_fault_is_told_once(
    world: World,
    scene: Scene,
    boss: simcord.MemberActor,
    place: simcord.ChannelHandle,
    case: str,
) -> None:
    log = world.guild.create_text_channel("log")
    await (await opened(world, boss)).pick(LOG, log)
    channel = world.bot.get_channel(place.id)
    assert isinstance(channel, discord.TextChannel)
    expected = {"gone": ChartOutcome.CHANNEL_GONE, "AutoMod": ChartOutcome.BLOCKED}
    found = expected.get(case, ChartOutcome.REFUSED)
    if case == "gone":
        await channel.delete()
    elif case == "refused":
        await channel.set_permissions(channel.guild.me, send_messages=False)
    else:
        code = 200000 if case == "AutoMod" else 50013
        world.fail("POST", f"/channels/{place.id}/messages", 403, code, times=None)
    before = len(await log_of(world))
    me = world.bot.user
    assert me is not None
    told = weekly.unposted(me.mention, str(place.id), found)
    for week in (0, 1, 2):
        keep_starred(world, week)
        await post(world, monday(world) + WEEK * week)
        assert outcome(world) == found
        lines = await log_of(world)
        assert len(lines) == before + 1
        assert lines[0].endswith(told)
    posted = [str(message.embeds[0].description) for message in log.history()]
    assert sum(line.endswith(told) for line in posted) == 1
    assert world.bot.server_rules.settings_of(world.guild.id).chart_channel == place.id
    if case in {"gone", "refused"}:
        assert await field(world, boss) == weekly.place(place.id, found)


def keep_starred(world: World, week: int) -> None:
    """As if the star had been given in that week."""
    for key in world.journal.tables.community.stars:
        world.journal.tables.community.stars[key] = monday(world) + WEEK * (week - 1)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_lost_answer_makes_no_second_post(
    world: World, scene: Scene, place: simcord.ChannelHandle, arrives: bool
) -> None:
    broken = world.lost if arrives else world.cuts
    # discord.py tries it itself so often.
    broken += [POST] * 5
    await post(world)
    await post(world)
    assert outcome(world) is None
    broken.clear()
    sent = len(place.history())
    claim_runs_out(world)
    await post(world)
    assert outcome(world) == ChartOutcome.POSTED
    assert len(place.history()) == max(sent, 1)
    nonces = {request.body["nonce"] for request in world.requests(*POST)}
    assert nonces == {f"{world.guild.id}-{monday(world):%y%V}"}
    assert len(nonces.pop()) <= 25
