"""New messages, in place of replies that are gone or closed."""

from __future__ import annotations

import logging
from dataclasses import replace

import discord

from bot.card import strings
from bot.card.buttons import has_button_about
from bot.delivery.message import OutgoingMessage
from bot.delivery.transport import SURE_LIMIT_BYTES, Outcome, Transport
from bot.discord_errors import REQUEST_FAILED
from bot.domain.generation import Reply
from bot.engine.ports import Moved

log = logging.getLogger(__name__)

_LOOK_BACK = 100
"""Messages after the reply that are looked through for the one that took its place."""


class Openings:
    """Opens them, and remembers those that do not show yet what they were opened for."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._waiting: set[int] = set()

    def waits(self, reply: Reply) -> bool:
        """Whether it is one of those."""
        return reply.message_id in self._waiting

    def forget(self, reply: Reply) -> None:
        """It has what it was opened for, or is gone."""
        self._waiting.discard(reply.message_id)

    async def open(
        self, outgoing: OutgoingMessage, *, by_token: bool, words: str = ""
    ) -> Outcome | Moved:
        """Post a new message, by the token where the reply is gone, or else as the bot itself.

        `words` are said behind its person's mention. The outcome tells why there is none.
        """
        if (there := await self._find(outgoing)) is not None:
            return self._moved(there)
        outcome = Outcome.REFUSED
        for way in (True, False) if by_token else (False,):
            if outcome is not Outcome.FAULT:
                came_of_it, there = await self._send(outgoing, words, by_token=way)
                if there is not None:
                    return self._moved(there)
                # Where the bot is no member, what the token met says more.
                if came_of_it is not Outcome.REFUSED or outcome is not Outcome.WORDS_BLOCKED:
                    outcome = came_of_it
        return outcome

    def _moved(self, there: Reply) -> Moved:
        self._waiting.add(there.message_id)
        return Moved(there)

    async def open_dm(self, outgoing: OutgoingMessage) -> Outcome | Moved:
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
        return await self.open(there, by_token=False, words=f" {strings.card.PLACE_GONE}")

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
    ) -> tuple[Outcome, Reply | None]:
        """A new message in the channel, without files."""
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
                there = replace(reply, message_id=message.id, private=message.flags.ephemeral)
                return Outcome.DONE, there
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
            return means(error, outgoing.generation), None
        # No token edits what the bot has said by itself.
        return Outcome.DONE, replace(reply, message_id=message.id, token="", private=False)
