"""An interaction -> the reply that shows a generation."""

from __future__ import annotations

import discord

from bot.generation import Reply


def reply_at(interaction: discord.Interaction, message_id: int) -> Reply:
    """The message with this id, editable for as long as this interaction's token lives."""
    return Reply(
        application_id=interaction.application_id,
        channel_id=interaction.channel_id or 0,
        message_id=message_id,
        token=interaction.token,
        token_expires_at=interaction.expires_at,
        filesize_limit_bytes=interaction.filesize_limit,
        guild_id=interaction.guild_id,
    )


async def deferred_reply(
    interaction: discord.Interaction,
    deferred: discord.InteractionCallbackResponse[discord.Client] | None,
) -> Reply:
    """The reply that a defer has just opened."""
    message_id = deferred.message_id if deferred is not None else None
    if message_id is None:
        message_id = (await interaction.original_response()).id
    return reply_at(interaction, message_id)
