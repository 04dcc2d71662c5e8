"""The ways to the one reply of a generation, and what to do when one of them is closed.

Discord answers an edit with a dead interaction token by 401/50027; the bot's own token still
edits the message in servers it is a member of and in its own DMs
(discord.com developers/resources/message, Edit Message).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import discord

from bot.card.buttons import card_view
from bot.card.render import Card
from bot.clock import Clock
from bot.errors import OutputTooLarge, Undeliverable
from bot.generation import Generation, Reply

log = logging.getLogger(__name__)

_TOO_LARGE_STATUS = 413
_TOO_LARGE_CODES = frozenset({40005, 50045})
_APPLICATION_WEBHOOK = 3


@dataclass(frozen=True, slots=True)
class Track:
    """An audio file and the name it gets at Discord."""

    path: Path
    filename: str


class Route:
    """Puts cards where people see them."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def edit(self, generation: Generation, card: Card, track: Track | None = None) -> bool:
        """Make the reply show `card`, by whichever token still can; False when none can.

        Raises:
            OutputTooLarge: Discord refuses a file of that size.
            discord.HTTPException: Discord has a fault.
        """
        reply = generation.reply
        if reply.token_lives(self._clock.now()) and await self._by_token(generation, card, track):
            return True
        return await self._by_bot(generation, card, track)

    async def put(self, generation: Generation, card: Card, track: Track | None = None) -> None:
        """Show `card` in the reply, or in a new message that mentions its person.

        Raises:
            OutputTooLarge: Discord refuses a file of that size.
            Undeliverable: no way is left to the reply or its channel.
        """
        try:
            if not await self.edit(generation, card, track):
                await self._by_new_message(generation, card, track)
        except discord.HTTPException as error:
            raise Undeliverable from error

    async def say(self, reply: Reply, text: str, *, mention: int | None = None) -> None:
        """Answer below the reply: to the person `mention`ed, or else to the requester alone."""
        allowed = discord.AllowedMentions.none()
        if mention is not None:
            allowed = discord.AllowedMentions(users=[discord.Object(mention)])
        if reply.token_lives(self._clock.now()):
            await self._webhook(reply).send(
                text, allowed_mentions=allowed, ephemeral=mention is None, wait=True
            )
        elif mention is not None:
            reference = discord.MessageReference(
                message_id=reply.message_id, channel_id=reply.channel_id, fail_if_not_exists=False
            )
            await self._channel(reply).send(text, allowed_mentions=allowed, reference=reference)

    async def take_back(self, reply: Reply) -> None:
        """Delete the reply."""
        await self._webhook(reply).delete_message(reply.message_id)

    async def _by_token(self, generation: Generation, card: Card, track: Track | None) -> bool:
        webhook = self._webhook(generation.reply)
        async with _files(track, generation.reply) as files:
            try:
                await webhook.edit_message(
                    generation.reply.message_id,
                    embed=card.embed,
                    view=card_view(card.actions, generation.id),
                    attachments=files,
                )
            except discord.HTTPException as error:
                if error.status in {401, 404}:
                    log.info("the token of generation %s no longer edits", generation.id)
                    return False
                raise
        return True

    async def _by_bot(self, generation: Generation, card: Card, track: Track | None) -> bool:
        message = self._channel(generation.reply).get_partial_message(generation.reply.message_id)
        async with _files(track, generation.reply) as files:
            try:
                await message.edit(
                    embed=card.embed,
                    view=card_view(card.actions, generation.id),
                    attachments=files,
                )
            except (discord.Forbidden, discord.NotFound):
                return False
        return True

    async def _by_new_message(
        self, generation: Generation, card: Card, track: Track | None
    ) -> None:
        user = discord.Object(generation.requester_id)
        async with _files(track, generation.reply) as files:
            # The nonce makes a repeated send within minutes the same message.
            await self._channel(generation.reply).send(
                f"<@{generation.requester_id}>",
                embed=card.embed,
                files=files,
                allowed_mentions=discord.AllowedMentions(users=[user]),
                nonce=generation.id,
            )

    def _channel(self, reply: Reply) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(reply.channel_id, guild_id=reply.guild_id)

    def _webhook(self, reply: Reply) -> discord.Webhook:
        # An interaction's webhook, rebuilt from the journal; the public constructors make only
        # the channel kind, which may not send ephemerally.
        return discord.Webhook.from_state(
            data={"id": reply.application_id, "type": _APPLICATION_WEBHOOK, "token": reply.token},
            state=self._client._connection,  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see above
        )


@asynccontextmanager
async def _files(track: Track | None, reply: Reply) -> AsyncGenerator[list[discord.File], None]:
    """The track as an upload, for one use; its file is opened off the event loop."""
    if track is None:
        yield []
        return
    file = await asyncio.to_thread(discord.File, track.path, track.filename)
    try:
        yield [file]
    except discord.HTTPException as error:
        if error.status == _TOO_LARGE_STATUS or error.code in _TOO_LARGE_CODES:
            raise OutputTooLarge(reply.filesize_limit_bytes) from error
        raise
    finally:
        file.close()
