"""/charts: the tracks of a server that its people have given most stars."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.actions.chart import Chart, visible_channels
from bot.card.interactions import reading
from bot.client import MusicGenBot
from bot.community.stars import Period
from bot.domain.errors import NoServerHere
from cogs.bring_waiting import bring_waiting
from cogs.options import choice

_PERIODS = [
    choice(words, period.value)
    for period, words in {
        Period.WEEK: strings.commands.CHARTS_WEEK,
        Period.MONTH: strings.commands.CHARTS_MONTH,
        Period.ALL_TIME: strings.commands.CHARTS_ALL_TIME,
    }.items()
]


class Charts(commands.Cog):
    """A server's tracks with most stars."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot

    @app_commands.command(description=strings.commands.CHARTS.message)
    @app_commands.describe(period=strings.commands.CHARTS_PERIOD.message)
    @app_commands.choices(period=_PERIODS)
    async def charts(self, interaction: discord.Interaction, period: str = Period.WEEK) -> None:
        """The chart, for their eyes only: another may see fewer channels."""
        if interaction.guild_id is None:
            raise NoServerHere
        channels, of_when = visible_channels(interaction), Period(period)
        async with reading():
            entries = await self._bot.stars.chart(interaction.guild_id, channels, of_when)
        chart, models = Chart(entries, of_when), self._bot.service.models
        await interaction.response.send_message(
            embed=chart.embed(models),
            view=chart.view(models) or discord.utils.MISSING,
            ephemeral=True,
        )
        await bring_waiting(self._bot, interaction)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Charts(bot))
