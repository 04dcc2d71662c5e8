"""Interactions -> the replies that they open: where a card stands, and what edits it."""

from __future__ import annotations

import discord

from bot.domain.generation import Reply


def reply_at(interaction: discord.Interaction, message_id: int, *, private: bool = False) -> Reply:
    """The message with this id, editable for as long as this interaction's token lives."""
    return Reply(
        application_id=interaction.application_id,
        channel_id=interaction.channel_id or 0,
        message_id=message_id,
        token=interaction.token,
        token_expires_at=interaction.expires_at,
        filesize_limit_bytes=interaction.filesize_limit,
        guild_id=interaction.guild_id,
        private=private,
    )


def reply_in(interaction: discord.Interaction, message: discord.Message) -> Reply:
    """The same for a message that is at hand."""
    return reply_at(interaction, message.id, private=message.flags.ephemeral)


async def deferred_reply(
    interaction: discord.Interaction,
    deferred: discord.InteractionCallbackResponse[discord.Client] | None,
) -> Reply:
    """The reply that a defer has just opened."""
    message_id = deferred.message_id if deferred is not None else None
    if deferred is None or message_id is None:
        return reply_in(interaction, await interaction.original_response())
    # Where apps from outside may not speak, Discord makes every answer of theirs private.
    return reply_at(interaction, message_id, private=deferred.is_ephemeral())
