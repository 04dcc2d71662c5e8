"""Who is in a server, and what they are called there: the bot keeps no list of its members."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

import discord

from bot.discord_errors import REQUEST_FAILED
from bot.domain.plain_text import one_line

log = logging.getLogger(__name__)

_WITHIN_S = 15.0
_SEEN_WITHIN_S = 0.8
"""Somebody waits for the answer."""


async def names_of(
    client: discord.Client, guild_id: int, user_ids: Collection[int]
) -> dict[int, str]:
    """The names of these people as far as Discord tells them in time."""
    names = dict[int, str]()
    guild = client.get_guild(guild_id)
    try:
        async with asyncio.timeout(_WITHIN_S):
            for user_id in user_ids:
                if (name := await _name_of(client, guild, user_id)) is not None:
                    names[user_id] = one_line(name)
    except TimeoutError:
        log.warning("the names of %d people are not known in time", len(user_ids) - len(names))
    return {user_id: name for user_id, name in names.items() if name}


async def is_nobody(client: discord.Client, guild_id: int, user_id: int) -> bool:
    """Whether somebody has left a server, or is a bot; False where that is not told in time."""
    guild = client.get_guild(guild_id)
    if guild is None:
        return False
    try:
        async with asyncio.timeout(_SEEN_WITHIN_S):
            return (await guild.fetch_member(user_id)).bot
    except discord.NotFound:
        return True
    except REQUEST_FAILED as error:
        log.info("whether a person is still there is not known: %s", error)
    return False


async def _name_of(client: discord.Client, guild: discord.Guild | None, user_id: int) -> str | None:
    try:
        if guild is not None:
            try:
                return (await guild.fetch_member(user_id)).display_name
            except discord.NotFound:
                # They have left it.
                pass
        return (await client.fetch_user(user_id)).display_name
    except REQUEST_FAILED as error:
        log.info("the name of a person is not known: %s", error)
        return None
