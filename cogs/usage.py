"""/usage: what has been made and what it cost, in numbers."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.interactions import reading
from bot.client import MusicGenBot
from bot.community.limits import Scope, window
from bot.domain.amounts import Period
from bot.domain.charges import Spent
from bot.domain.errors import AudioWorkFailed, UsageNotTold
from cogs.bring_waiting import bring_waiting
from cogs.limits_left import OWN, limits_left
from cogs.options import choice

log = logging.getLogger(__name__)

_DAYS = 30
_PICTURE_NAME = "usage.png"
_WITHIN_S = 20.0
"""It is acknowledged by then, and the person waits."""
_DRAWN_WITHIN_S = 20.0
"""Tracks that are on their way may come first."""
_TITLES = {
    Scope.PERSON: strings.limits.USAGE_MINE,
    Scope.SERVER: strings.limits.USAGE_SERVER,
    Scope.ALL: strings.limits.USAGE_ALL,
}
_SHOWN = {
    Scope.PERSON: OWN,
    Scope.SERVER: (Scope.SERVER,),
    Scope.ALL: (Scope.ALL,),
}
"""Whose limits are told with whose use."""
_NAMES = {Period.DAY: strings.limits.TODAY, Period.MONTH: strings.limits.MONTH}
_OF = {
    Scope.PERSON: strings.commands.USAGE_OF_ME,
    Scope.SERVER: strings.commands.USAGE_OF_SERVER,
    Scope.ALL: strings.commands.USAGE_OF_ALL,
}
_CHOICES = [choice(words, scope.value) for scope, words in _OF.items()]


class Usage(commands.Cog):
    """What one person, a server, or everybody has used."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot

    @app_commands.command(description=strings.commands.USAGE.message)
    @app_commands.describe(of=strings.commands.USAGE_OF.message)
    @app_commands.choices(of=_CHOICES)
    async def usage(self, interaction: discord.Interaction, of: str = Scope.PERSON.value) -> None:
        """Today, this month, and each of the last days, for their eyes only."""
        scope = Scope(of)
        async with self._bot.answers.thinking(interaction, ephemeral=True):
            await self._show(interaction, scope)
        await bring_waiting(self._bot, interaction)

    async def _show(self, interaction: discord.Interaction, scope: Scope) -> None:
        async with reading(_WITHIN_S):
            await self._check(interaction, scope)
            embed = await self._embed(interaction, scope)
            days = await self._days(interaction, scope)
        attachments = list[discord.File]()
        try:
            attachments.append(await self._picture(days))
            embed.set_image(url=f"attachment://{_PICTURE_NAME}")
        except (AudioWorkFailed, OSError) as error:
            log.warning("the picture of /usage is missing: %r", error)
            embed.description = strings.usage.NOT_DRAWN()
        await interaction.edit_original_response(embed=embed, attachments=attachments)

    async def _check(self, interaction: discord.Interaction, scope: Scope) -> None:
        if scope is Scope.ALL and not await self._bot.is_owner(interaction.user):
            raise UsageNotTold(scope.value)
        manages = interaction.guild_id is not None and interaction.permissions.manage_guild
        if scope is Scope.SERVER and not manages:
            raise UsageNotTold(scope.value)

    async def _embed(self, interaction: discord.Interaction, scope: Scope) -> discord.Embed:
        now = self._bot.clock.now()
        spent = {period: await self._spent(interaction, scope, period, now) for period in _NAMES}
        embed = discord.Embed(title=_TITLES[scope]())
        for period, name in _NAMES.items():
            embed.add_field(name=name(), value=strings.limits.used(spent[period]), inline=False)
        lines = await limits_left(self._bot, interaction, _SHOWN[scope])
        waiting = self._bot.limits.max_waiting_per_user
        if scope is Scope.PERSON and waiting is not None:
            lines.append(strings.limits.waiting_limit(waiting))
        told = "\n".join(lines) or strings.limits.UNLIMITED()
        embed.add_field(name=strings.limits.LIMITS(), value=told, inline=False)
        return embed.set_footer(text=strings.limits.IN_UTC())

    async def _days(self, interaction: discord.Interaction, scope: Scope) -> Sequence[Spent]:
        first = window(Period.DAY, self._bot.clock.now()).begins_at - timedelta(days=_DAYS - 1)
        journal = self._bot.service.journal
        return await journal.spent_by_day(first, _DAYS, **_of(interaction, scope))

    async def _picture(self, days: Sequence[Spent]) -> discord.File:
        now = self._bot.clock.now()
        labels = strings.usage.labels(now, _DAYS)
        rows, nothing = strings.usage.rows(days), strings.usage.NOTHING()
        async with asyncio.timeout(_DRAWN_WITHIN_S):
            png = await self._bot.sound.draw_usage(rows, labels, nothing)
        words = strings.usage.describe(days, now)
        return discord.File(io.BytesIO(png), _PICTURE_NAME, description=words)

    async def _spent(
        self, interaction: discord.Interaction, scope: Scope, period: Period, now: datetime
    ) -> Spent:
        counted = window(period, now)
        return await self._bot.service.journal.spent(
            counted.begins_at, counted.ends_at, **_of(interaction, scope)
        )


class _Whose(TypedDict):
    requester_id: int | None
    guild_id: int | None


def _of(interaction: discord.Interaction, scope: Scope) -> _Whose:
    return {
        "requester_id": interaction.user.id if scope is Scope.PERSON else None,
        "guild_id": interaction.guild_id if scope is Scope.SERVER else None,
    }


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Usage(bot))
