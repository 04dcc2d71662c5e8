"""Replies that are lost: found again after a crash, or replaced by a new message."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.card import strings
from bot.card.actions import CANCEL
from bot.card.buttons import card_view, has_button_about, is_about, is_ours
from bot.delivery.message import OutgoingMessage
from bot.delivery.transport import SURE_LIMIT_BYTES, Outcome, Transport
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.discord_internals import message_flags, original_response
from bot.domain.clock import Clock
from bot.domain.generation import TOKEN_LIFE, Generation, Reply
from bot.engine.ports import DiscordFault, Moved, Unreachable

log = logging.getLogger(__name__)

_SAME_MOMENT = timedelta(seconds=5)
"""How far our clock may be from Discord's."""
_SAME_INTERACTION = timedelta(milliseconds=1)
"""One person starts no two within it: its id counts milliseconds."""
_CLAIM_STANDS_S = 2.0
"""From a look at an unclaimed message to a claim it takes one request."""
_LOOK_BACK = 100
"""Messages of the channel that are looked through for one of ours."""


class _Acknowledgement:
    """The message of one, as the API gives it, and what it says of its owner."""

    def __init__(self, message: Any) -> None:
        flags = message_flags(message.get("flags", 0))
        self.id = int(message["id"])
        self.waits = flags.loading
        self.private = flags.ephemeral
        self.has_card = bool(message["embeds"])
        self.buttons = [
            custom_id for custom_id in _custom_ids(message.get("components")) if is_ours(custom_id)
        ]


async def find_reply(
    transport: Transport, generation: Generation, named: str, clock: Clock
) -> Reply | None:
    """The reply of an acknowledgement whose answer nobody has seen, with its message.

    It is looked for by the token, or else in the channel's history.

    None where there is none, where it was answered with something else, a refusal, or where it is
    another process's. One that was deleted while the token lives is told by an id that no message
    has, and is replaced like any other; later, nobody can tell it from none. `named` is the
    generation that the buttons of its card are about.

    Another process with the same token and another journal may have acknowledged the same
    interaction, and does its work then. Whose the message is, its buttons tell: they name a
    generation, and each journal gives it another id (`interaction_generation_id`). While there are
    none, whoever claims it puts its own there, waits for longer than another needs from its look to
    its claim, and has it if they are still there (Fischer's mutual exclusion).

    Raises:
        Unreachable: the token is dead, and the channel may not be read.
        DiscordFault: it did not work this time.
    """
    reply = generation.reply
    token_lives = transport.token_lives(reply)
    if token_lives or await transport.may_try(reply):
        try:
            found = await _find_by_token(transport, reply, named, clock)
            if not token_lives:
                transport.outlived(reply)
            return found  # noqa: TRY300 - what follows is for where this fails
        except REQUEST_FAILED as error:
            log.info("its reply: %s", error)
            meaning = meaning_of(error)
            if meaning is Meaning.FAULT:
                raise DiscordFault from error
            if meaning is Meaning.MESSAGE_GONE:
                return replace(reply, message_id=discord.utils.time_snowflake(_asked_at(reply)))
            transport.note_refusal(error, reply)
            if meaning is not Meaning.TOKEN_DEAD:
                return None
    return await _find_in_channel(transport, generation, named)


async def _find_by_token(
    transport: Transport, reply: Reply, named: str, clock: Clock
) -> Reply | None:
    webhook = transport.webhook(reply)
    message = _Acknowledgement(await original_response(webhook))
    # What is older than the interaction is the card whose button was pressed.
    is_new = discord.utils.snowflake_time(message.id) > _asked_at(reply) - _SAME_MOMENT
    if not is_new or not (message.waits or message.has_card):
        return None
    if not message.buttons:
        await webhook.edit_message(
            message.id,
            embed=discord.Embed(description=strings.card.QUEUED()),
            view=card_view((CANCEL,), named),
        )
        await clock.sleep(_CLAIM_STANDS_S)
        message = _Acknowledgement(await original_response(webhook))
    if not any(is_about(custom_id, named) for custom_id in message.buttons):
        log.info("message %d is another process's", message.id)
        return None
    return replace(reply, message_id=message.id, private=message.private)


async def _find_in_channel(
    transport: Transport, generation: Generation, named: str
) -> Reply | None:
    reply, asked_at = generation.reply, _asked_at(generation.reply)
    try:
        async for message in transport.channel(reply).history(
            limit=_LOOK_BACK, after=asked_at - _SAME_MOMENT
        ):
            origin = message.interaction_metadata
            if (
                origin is not None
                and origin.user.id == generation.requester_id
                and abs(origin.created_at - asked_at) < _SAME_INTERACTION
                and (message.flags.loading or message.embeds)
            ):
                rows = (row.to_dict() for row in message.components)
                buttons = [custom_id for custom_id in _custom_ids(rows) if is_ours(custom_id)]
                # Whoever has acknowledged it has claimed it while the token lived, if they could.
                if buttons and not any(is_about(custom_id, named) for custom_id in buttons):
                    return None
                return replace(reply, message_id=message.id)
    except REQUEST_FAILED as error:
        log.info("channel %d cannot be read: %s", reply.channel_id, error)
        raise (DiscordFault if meaning_of(error) is Meaning.FAULT else Unreachable) from error
    return None


def _custom_ids(components: Any) -> Iterator[str]:
    for component in components or ():
        if isinstance(custom_id := component.get("custom_id"), str):
            yield custom_id
        yield from _custom_ids(component.get("components"))


def _asked_at(reply: Reply) -> datetime:
    """When its interaction was made, by Discord's clock."""
    return reply.token_expires_at - TOKEN_LIFE


class Replacements:
    """Posts new messages for lost replies; remembers those that have only a placeholder yet."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._placeholders: set[int] = set()

    def is_placeholder(self, reply: Reply) -> bool:
        """Whether it is one of those."""
        return reply.message_id in self._placeholders

    def forget(self, reply: Reply) -> None:
        """It shows more than a placeholder now, or is gone."""
        self._placeholders.discard(reply.message_id)

    async def post(
        self, outgoing: OutgoingMessage, *, by_token: bool, words: str = ""
    ) -> Outcome | Moved:
        """Post a new message, by the token where the reply is gone, or else as the bot itself.

        `words` are said behind its person's mention. The outcome tells why there is none.
        """
        if (there := await self._find(outgoing)) is not None:
            return self._moved(there)
        outcome = Outcome.REFUSED
        for with_token in (True, False) if by_token else (False,):
            if outcome is Outcome.FAULT:
                break
            posted = await self._send(outgoing, words, by_token=with_token)
            if isinstance(posted, Reply):
                return self._moved(posted)
            # Where the bot is no member, what the token met says more.
            if posted is not Outcome.REFUSED or outcome is not Outcome.WORDS_BLOCKED:
                outcome = posted
        return outcome

    def _moved(self, there: Reply) -> Moved:
        self._placeholders.add(there.message_id)
        return Moved(there)

    async def post_in_dm(self, outgoing: OutgoingMessage) -> Outcome | Moved:
        """Post it to its person alone: the channel is gone."""
        found = await self._transport.dm(outgoing.generation)
        if isinstance(found, Outcome):
            return found
        reply = replace(
            outgoing.generation.reply,
            channel_id=found,
            guild_id=None,
            token="",
            filesize_limit_bytes=SURE_LIMIT_BYTES,
        )
        there = replace(outgoing, generation=replace(outgoing.generation, reply=reply))
        return await self.post(there, by_token=False, words=f" {strings.card.PLACE_GONE()}")

    async def _find(self, outgoing: OutgoingMessage) -> Reply | None:
        """The new message that stands there already: the answer to it, or its row, was lost."""
        reply = outgoing.generation.reply
        later = discord.Object(reply.message_id)
        try:
            async for message in self._transport.channel(reply).history(
                limit=_LOOK_BACK, after=later
            ):
                if has_button_about(message, outgoing.named):
                    # What the bot said by itself, no token edits.
                    by_token = message.webhook_id is not None
                    token = reply.token if by_token else ""
                    # What the channel's history tells of, all of it can see.
                    return replace(reply, message_id=message.id, token=token, private=False)
        except REQUEST_FAILED as error:
            log.info("channel %d cannot be read: %s", reply.channel_id, error)
        return None

    async def _send(
        self, outgoing: OutgoingMessage, words: str, *, by_token: bool
    ) -> Reply | Outcome:
        """A new message in the channel, without files; or why there is none."""
        reply, user_id = outgoing.generation.reply, outgoing.generation.requester_id
        by_token = by_token and self._transport.token_lives(reply)
        allowed = discord.AllowedMentions(users=[discord.Object(user_id)])
        view = outgoing.view or discord.utils.MISSING
        content = f"<@{user_id}>{words}"
        try:
            if by_token:
                message = await self._transport.webhook(reply).send(
                    content,
                    embed=outgoing.embed,
                    view=view,
                    allowed_mentions=allowed,
                    wait=True,
                )
                return replace(reply, message_id=message.id, private=message.flags.ephemeral)
            # The nonce makes a repeated send within minutes the same message.
            message = await self._transport.channel(reply).send(
                content,
                embed=outgoing.embed,
                view=view,
                allowed_mentions=allowed,
                nonce=outgoing.generation.id,
            )
        except REQUEST_FAILED as error:
            means = self._transport.by_token if by_token else self._transport.by_bot
            return means(error, outgoing.generation)
        # No token edits what the bot has said by itself.
        return replace(reply, message_id=message.id, token="", private=False)
