"""What has waited for its person to come back to a channel, shown after a command there."""

from __future__ import annotations

import logging

import discord

from bot.card import strings
from bot.card.interactions import check_permissions, language_here, reply_in
from bot.client import MusicGenBot
from bot.discord_errors import REQUEST_FAILED
from bot.domain.errors import BotError
from bot.host.log_context import about
from bot.locales import speaking

log = logging.getLogger(__name__)

_FOLLOWUPS_MAX = 4
"""Of the five that Discord allows where only the person has installed the bot (40094); the card
of the command itself may need one."""


async def bring_waiting(bot: MusicGenBot, interaction: discord.Interaction) -> None:
    """After a command's answer: show what has waited for its person to come back to this channel.

    At best effort: what cannot be brought waits for their next command.
    """
    await bring_all(bot, interaction, await _waiting_here(bot, interaction))


async def _waiting_here(bot: MusicGenBot, interaction: discord.Interaction) -> list[str]:
    try:
        # What may not be posted here would only leave another message behind.
        check_permissions(interaction)
        waiting = await bot.service.waiting_for(
            interaction.user.id,
            interaction.channel_id or 0,
            in_dm=interaction.context.dm_channel,
            limit_bytes=interaction.filesize_limit,
        )
    except BotError as error:
        log.info("nothing is brought to user %d here: %r", interaction.user.id, error)
        return []
    alone = interaction.is_user_integration() and not interaction.is_guild_integration()
    return waiting[:_FOLLOWUPS_MAX] if alone else waiting


async def waiting_behind_reply(bot: MusicGenBot, interaction: discord.Interaction) -> list[str]:
    """What waits to be shown behind a deferred reply, which then has its first content.

    Discord lets a followup take the place of a deferred reply never edited.
    """
    waiting = await _waiting_here(bot, interaction)
    if waiting:
        with speaking(language_here(interaction)):
            queued = discord.Embed(description=strings.card.QUEUED())
        try:
            await interaction.edit_original_response(embed=queued)
        except REQUEST_FAILED as error:
            log.warning("nothing is brought to user %d: %r", interaction.user.id, error)
            return []
    return waiting


async def bring_all(bot: MusicGenBot, interaction: discord.Interaction, waiting: list[str]) -> None:
    """Move each into a message of its own."""
    opened = list[tuple[str, discord.WebhookMessage]]()
    with speaking(language_here(interaction)):
        earlier = strings.card.EARLIER()
    for generation_id in waiting:
        # All of them first: a track that has arrived mentions its person in another followup.
        try:
            message = await interaction.followup.send(earlier, wait=True)
        except REQUEST_FAILED as error:
            log.warning("no more is brought to user %d: %r", interaction.user.id, error)
            break
        opened.append((generation_id, message))
    for generation_id, message in opened:
        try:
            await bot.service.bring(generation_id, reply_in(interaction, message))
        except BotError as error:
            with about(generation_id, interaction.guild_id):
                log.warning("not brought: %r", error)
            await _take_back(message)


async def _take_back(message: discord.WebhookMessage) -> None:
    try:
        await message.delete()
    except REQUEST_FAILED as error:
        log.warning("message %d cannot be taken back: %r", message.id, error)
