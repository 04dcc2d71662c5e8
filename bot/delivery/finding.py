"""The message of an acknowledgement whose answer nobody has seen: the process died on the way."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

import discord
from discord.webhook.async_ import async_context

from bot.delivery.outcome import CLOSED_STATUSES, MESSAGE_GONE, NOT_DONE, TOKEN_DEAD
from bot.delivery.ways import Ways
from bot.generation import TOKEN_LIFE, Generation, Reply
from bot.ports import DiscordFault, NoWayNow

log = logging.getLogger(__name__)

_SAME_MOMENT = timedelta(seconds=5)
"""How far our clock may be from Discord's."""
_SAME_INTERACTION = timedelta(milliseconds=1)
"""One person starts no two within it: its id counts milliseconds."""
_LOOK_BACK = 100


async def find_reply(ways: Ways, generation: Generation) -> Reply | None:
    """The reply with its message, by the token or else in the channel's history.

    None where there is none, or where it was answered with something else, a refusal. One that was
    deleted while the token lives is told by an id that no message has, and is replaced like any
    other; later, nobody can tell it from none.

    Raises:
        NoWayNow: the token is dead, and the channel may not be read.
        DiscordFault: it did not work this time.
    """
    reply = generation.reply
    if ways.token_lives(reply):
        try:
            return await _find_by_token(ways, reply)
        except NOT_DONE as error:
            log.info("the reply of generation %s: %s", generation.id, error)
            if not isinstance(error, discord.HTTPException):
                raise DiscordFault from error
            if error.code == MESSAGE_GONE:
                return replace(reply, message_id=discord.utils.time_snowflake(_asked_at(reply)))
            if error.code != TOKEN_DEAD:
                if error.status in CLOSED_STATUSES:
                    return None
                raise DiscordFault from error
    return await _find_in_channel(ways, generation)


async def _find_by_token(ways: Ways, reply: Reply) -> Reply | None:
    webhook = ways.webhook(reply)
    # What `Interaction.original_response` does, without the interaction.
    message = await async_context.get().get_original_interaction_response(
        reply.application_id,
        reply.token,
        session=webhook.session,
        proxy=webhook.proxy,
        proxy_auth=webhook.proxy_auth,
    )
    flags = discord.MessageFlags._from_value(message.get("flags", 0))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - there is no public way from its number
    message_id = int(message["id"])
    # What is older than the interaction is the card whose button was pressed.
    is_new = discord.utils.snowflake_time(message_id) > _asked_at(reply) - _SAME_MOMENT
    is_ours = is_new and (flags.loading or message["embeds"])
    return replace(reply, message_id=message_id, private=flags.ephemeral) if is_ours else None


async def _find_in_channel(ways: Ways, generation: Generation) -> Reply | None:
    reply, asked_at = generation.reply, _asked_at(generation.reply)
    try:
        async for message in ways.channel(reply).history(
            limit=_LOOK_BACK, after=asked_at - _SAME_MOMENT
        ):
            origin = message.interaction_metadata
            if (
                origin is not None
                and origin.user.id == generation.requester_id
                and abs(origin.created_at - asked_at) < _SAME_INTERACTION
                and (message.flags.loading or message.embeds)
            ):
                return replace(reply, message_id=message.id)
    except NOT_DONE as error:
        log.info("channel %d cannot be read: %s", reply.channel_id, error)
        if isinstance(error, discord.HTTPException) and error.status in CLOSED_STATUSES:
            raise NoWayNow from error
        raise DiscordFault from error
    return None


def _asked_at(reply: Reply) -> datetime:
    """When its interaction was made, by Discord's clock."""
    return reply.token_expires_at - TOKEN_LIFE
