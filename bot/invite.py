"""The link by which somebody adds the bot to a server, and what it is allowed there."""

from __future__ import annotations

import discord

INVITE_PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    create_public_threads=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)


def invite_permissions(*, with_voice: bool) -> discord.Permissions:
    """What somebody who adds the bot to a server is asked to allow it."""
    if not with_voice:
        return INVITE_PERMISSIONS
    return INVITE_PERMISSIONS | discord.Permissions(connect=True, speak=True)


def invite_link(application_id: int, *, with_voice: bool) -> str:
    """The address at which somebody adds the bot to a server."""
    return discord.utils.oauth_url(
        application_id,
        permissions=invite_permissions(with_voice=with_voice),
        scopes=("bot", "applications.commands"),
    )
