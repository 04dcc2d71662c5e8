"""Which jam of a server is meant: the one that is named, or that of the thread."""

from __future__ import annotations

import asyncio
import logging

import discord
from discord import app_commands

from bot.card import strings
from bot.card.interactions import asked_by
from bot.client import MusicGenBot
from bot.domain.errors import JamUnknown
from bot.domain.plain_text import shortened
from bot.jam.jam import Jam

log = logging.getLogger(__name__)

_WITHIN_S = 0.5
_CHOICES_MAX = 25
_CHOICE_MAX_CHARS = 100
"""Discord's limits (developers/interactions/application-commands, 2026-08)."""


async def jam_named(bot: MusicGenBot, interaction: discord.Interaction, jam_id: str | None) -> Jam:
    """The one named, or that of this thread; not one of another server.

    Raises:
        JamUnknown: there is none that they may see.
    """
    if jam_id is None:
        return await bot.jams.in_thread(interaction.channel_id or 0)
    jam = await bot.jams.get(jam_id)
    if not may_see(interaction, jam):
        raise JamUnknown
    return jam


async def jams_offered(
    bot: MusicGenBot, interaction: discord.Interaction, typed: str
) -> list[app_commands.Choice[str]]:
    """The jams of this server whose theme has what is typed, newest first."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            found = await bot.jams.of_server(interaction.guild_id or 0)
    except Exception as error:  # noqa: BLE001 - nobody can be told
        log.warning("no jams to suggest: %r", error)
        return []
    return [
        app_commands.Choice(
            name=shortened(strings.jam.option(jam), _CHOICE_MAX_CHARS), value=jam.id
        )
        for jam in found
        if typed.casefold() in jam.terms.theme.casefold() and may_see(interaction, jam)
    ][:_CHOICES_MAX]


def may_see(interaction: discord.Interaction, jam: Jam) -> bool:
    """Whether it is of this server, and they see the channel that it was begun in."""
    if jam.guild_id != interaction.guild_id:
        return False
    guild = interaction.guild
    channel = None if guild is None else guild.get_channel(jam.channel_id)
    if channel is None or not isinstance(interaction.user, discord.Member):
        return jam.channel_id in asked_by(interaction).places
    return channel.permissions_for(interaction.user).view_channel
