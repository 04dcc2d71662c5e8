"""Posts each week's chart to the servers that have a channel for it, once, whatever dies.

A process posts for the servers that its shards hear of. Of several that do, the one that has
claimed a server's week posts, and notes what has become of it. Where it dies in between, its claim
runs out, and whoever goes on looks first whether the chart is there already.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import discord

from bot.card import strings
from bot.card.actions.chart import CHART, Chart, public_channels
from bot.card.actions.settings_log import log_embed
from bot.card.actions.weekly_chart import chart_fault
from bot.card.buttons import has_pick_of
from bot.card.interactions import language_of_server
from bot.community.ports import ChartPosts
from bot.community.server_rules import ServerRules
from bot.community.stars import Period, Stars
from bot.community.weekly import ChartClaim, ChartOutcome, due_week
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.domain.clock import Clock
from bot.domain.models import Models
from bot.engine.background import BackgroundTasks
from bot.engine.journal_watch import keep_looking
from bot.locales import speaking

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 60.0
_POST_WITHIN_S = 60.0
_CLAIM_S = 300.0
"""Longer than a post takes, and than Discord takes one nonce for another message's."""
_LOOK_BACK = timedelta(minutes=10)
"""Before the first try, since clocks may differ."""
_LOOKED_THROUGH_MAX = 1000
"""Messages since then; the chart is among the first of them."""
_OUTCOMES = {
    Meaning.CHANNEL_GONE: ChartOutcome.CHANNEL_GONE,
    Meaning.WORDS_BLOCKED: ChartOutcome.BLOCKED,
    Meaning.FAULT: None,
}
"""Whatever else an error means, it is a refusal."""


class WeeklyChart:
    """Owns the task that posts charts."""

    def __init__(
        self,
        client: discord.Client,
        journal: ChartPosts,
        server_rules: ServerRules,
        stars: Stars,
        models: Models,
        clock: Clock,
    ) -> None:
        self._client = client
        self._journal = journal
        self._server_rules = server_rules
        self._stars = stars
        self._models = models
        self._clock = clock
        self._owner = BackgroundTasks()

    def start(self) -> None:
        """Post what is due, now and from now on; to be called once the servers are known."""
        if not len(self._owner):
            self._owner.start(self._keep_posting(), name="weekly-chart")

    async def close(self) -> None:
        """Stop posting."""
        await self._owner.close()

    async def post_due(self, now: datetime) -> None:
        """Post every chart that is due and that nobody has posted, or is about to.

        Raises:
            JournalFault: it is not known which are, or which were posted now.
        """
        week = due_week(now)
        if week is None:
            return
        channels = {
            guild.id: channel_id
            for guild in self._client.guilds
            if (channel_id := self._server_rules.settings_of(guild.id).chart_channel) is not None
        }
        for guild_id in sorted(await self._journal.charts_due(list(channels), week)):
            guild = self._client.get_guild(guild_id)
            # Discord tells no channels of one that has an outage.
            if guild is None or guild.unavailable:
                continue
            claim = await self._journal.claim_chart(guild_id, week, _CLAIM_S)
            if claim is not None:
                settings = self._server_rules.settings_of(guild_id)
                with speaking(language_of_server(settings, guild.preferred_locale)):
                    await self._post(guild, channels[guild_id], week, claim)

    async def _keep_posting(self) -> None:
        async def look() -> None:
            await self.post_due(self._clock.now())

        meanwhile = "weekly charts wait"
        await keep_looking(self._clock, look, meanwhile, lambda: _LOOK_EVERY_S, at_once=True)

    async def _post(
        self, guild: discord.Guild, channel_id: int, week: datetime, claim: ChartClaim
    ) -> None:
        """Post one, and note what has become of it; what may work later is left to a later try."""
        outcome = chart_fault(guild, channel_id)
        if outcome is None:
            try:
                async with asyncio.timeout(_POST_WITHIN_S):
                    outcome = await self._send(guild, channel_id, week, claim)
            except REQUEST_FAILED as error:
                level = logging.WARNING if claim.tries == 1 else logging.INFO
                log.log(level, "the chart of server %d is not posted: %r", guild.id, error)
                outcome = _OUTCOMES.get(meaning_of(error), ChartOutcome.REFUSED)
        if outcome is None:
            return
        await self._journal.end_chart(guild.id, week, outcome)
        log.info("the weekly chart of server %d: %s", guild.id, outcome)
        if outcome.is_fault and outcome != claim.last_outcome:
            await self._tell(guild.id, channel_id, outcome)

    async def _send(
        self, guild: discord.Guild, channel_id: int, week: datetime, claim: ChartClaim
    ) -> ChartOutcome:
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild.id)
        if claim.tries > 1 and await self._is_there(channel, claim.begun_at):
            return ChartOutcome.POSTED
        places = public_channels(guild, channel_id)
        entries = await self._stars.chart_of_week(guild.id, places, week)
        if not entries:
            return ChartOutcome.NOTHING
        chart = Chart(entries, Period.WEEK, strings.weekly.TITLE())
        embed = chart.embed(self._models).set_footer(text=strings.weekly.FOOTER())
        # The nonce makes a repeated send within minutes the same message.
        nonce = f"{guild.id}-{week:%y%V}"
        view = chart.view(self._models) or discord.utils.MISSING
        await channel.send(embed=embed, view=view, nonce=nonce)
        return ChartOutcome.POSTED

    async def _is_there(self, channel: discord.PartialMessageable, begun_at: datetime) -> bool:
        """Whether an earlier try has posted it, and died before it could be noted."""
        since = begun_at - _LOOK_BACK
        async for message in channel.history(
            limit=_LOOKED_THROUGH_MAX, after=since, oldest_first=True
        ):
            is_mine = message.author == self._client.user
            if is_mine and has_pick_of(message, CHART):
                return True
        return False

    async def _tell(self, guild_id: int, channel_id: int, outcome: ChartOutcome) -> None:
        """Note a fault in the log of changes, and post it to the log channel."""
        me = self._client.user
        note = self._server_rules.store.log_chart_fault
        changes = await note(guild_id, 0 if me is None else me.id, channel_id, outcome)
        log_channel = self._server_rules.settings_of(guild_id).log_channel
        if log_channel is None:
            return
        channel = self._client.get_partial_messageable(log_channel, guild_id=guild_id)
        try:
            await channel.send(embed=log_embed(changes))
        except REQUEST_FAILED as error:
            log.info("changes in server %d cannot be posted: %r", guild_id, error)
