"""The weekly chart over the wire: posted once, though the process that posts it dies half way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.community.weekly import next_week
from bot.domain.generation import State
from bot.journal import SqlJournal
from tests.contract.journal_kit import a_generation, execute, scalars
from tests.journey.processes import a_running_bot
from tests.journey.rig import Rig, a_rig, eventually

SEND = "POST /api/v10/channels/*/messages"
JUST_AFTER_S = 5.0
HELD_S = 600.0


async def starred(rig: Rig, at: datetime) -> None:
    """A track of #jam that was given a star then, and #jam chosen for the chart."""
    jam = rig.discord.world.jam
    guild_id = rig.discord.world.guild.id
    track = a_generation(state=State.DELIVERED, told=True, created_at=at)
    where = replace(track.reply, guild_id=guild_id, channel_id=jam.id, token="")
    async with await SqlJournal.open(rig.settings.journal_url, now=lambda: at) as journal:
        await journal.add(replace(track, reply=where))
        await journal.toggle_star(track.id, rig.bo.user.id)
        await journal.set_rules(guild_id, rig.mod.user.id, {"chart_channel": str(jam.id)})


async def row(rig: Rig) -> tuple[object, object]:
    """How many have tried, and what became of it."""
    url = rig.settings.journal_url
    [tries] = await scalars(url, "SELECT tries FROM chart_posts")
    [outcome] = await scalars(url, "SELECT outcome FROM chart_posts")
    return tries, outcome


async def test_killed_between_the_post_and_its_note(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    monday = next_week(now)
    ahead_s = (monday - now).total_seconds() + JUST_AFTER_S
    async with a_rig(tmp_path, start=False, services_ahead_s=ahead_s) as rig:
        await starred(rig, monday - timedelta(days=1))
        # It is posted, but the answer takes for ever.
        rig.trouble_discord(SEND, drip_s=HELD_S)
        async with a_running_bot(rig) as dying:
            [message] = await eventually(rig.public_messages)
            await dying.kill()
        assert message.body.embeds[0].title == "The week's most starred tracks"
        assert await row(rig) == (1, None)

        bot = await rig.start()
        await bot.weekly_chart.post_due(rig.clock.now())
        assert await row(rig) == (1, None), "the dead one's claim holds"
        await execute(rig.settings.journal_url, "UPDATE chart_posts SET claimed_until = 0")
        await bot.weekly_chart.post_due(rig.clock.now())
        assert await row(rig) == (2, "posted")
        assert rig.public_messages() == [message]
        done = {r.method for r in rig.discord.requests if r.path.endswith("/messages")}
        assert done == {"GET"}, "it has looked, and sent nothing"
