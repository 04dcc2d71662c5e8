"""Posts what was changed to a server's log channel, where it has one."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import discord

from bot.card import strings
from bot.card.actions.settings_log import log_embed
from bot.card.interactions import language_here
from bot.card.report import tell
from bot.client import MusicGenBot
from bot.discord_errors import REQUEST_FAILED
from bot.domain.server_rules import Change
from bot.locales import speaking

log = logging.getLogger(__name__)


async def announce(
    bot: MusicGenBot, interaction: discord.Interaction, changes: Sequence[Change]
) -> None:
    """Post changes; where that cannot be, their person is told, and nothing else is the worse."""
    guild_id = interaction.guild_id
    channel_id = bot.server_rules.settings_of(guild_id).log_channel
    if channel_id is None or not changes:
        return
    channel = bot.get_partial_messageable(channel_id, guild_id=guild_id)
    with speaking(language_here(interaction)):
        embed = log_embed(changes)
    try:
        await channel.send(embed=embed)
    except REQUEST_FAILED as error:
        log.info("changes in server %s cannot be posted: %r", guild_id, error)
        await tell(interaction, strings.settings.NOT_POSTED())
