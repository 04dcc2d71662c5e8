"""The ways to the one reply of a generation, and what to do when one of them is closed.

Discord answers an edit with a dead interaction token by 401/50027; the bot's own token still
edits the message in servers it is a member of and in its own DMs
(discord.com developers/resources/message, Edit Message). In other people's servers and group DMs
there is no way but a fresh token, which a click or a command brings.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

import aiohttp
import discord

from bot.card.buttons import card_view
from bot.card.render import Card
from bot.clock import Clock
from bot.errors import OutputTooLarge, Undeliverable
from bot.generation import Generation, Reply
from bot.ports import DiscordFault, NoWayNow

log = logging.getLogger(__name__)

_TOO_LARGE_STATUS = 413
_TOO_LARGE_CODES = frozenset({40005, 50045})
_MESSAGE_GONE = 10008
_APPLICATION_WEBHOOK = 3

NOT_DONE = (discord.HTTPException, aiohttp.ClientError, ConnectionError, TimeoutError)
"""What a request to Discord raises that was refused, or got no answer."""
_CLOSED_STATUSES = frozenset({400, 401, 403, 404})
"""400 too: what AutoMod or a rule of Discord's blocks once, it blocks again."""


class _Outcome(Enum):
    DONE = auto()
    CLOSED = auto()
    """This way does not lead there, and will not."""
    GONE = auto()
    """The message was deleted."""
    FAULT = auto()
    """It did not work this time."""


@dataclass(frozen=True, slots=True)
class Track:
    """An audio file and the name it gets at Discord."""

    path: Path
    filename: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a card ended up, and whether its person was mentioned there."""

    reply: Reply
    mentioned: bool


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be shown for a generation."""

    generation: Generation
    card: Card
    track: Track | None = None


class Route:
    """Puts cards where people see them."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def edit(self, parcel: Parcel) -> bool:
        """Show it in the reply, by whichever token still can; False when none ever will.

        Raises:
            DiscordFault: it did not work this time.
        """
        outcome = await self._edit(parcel)
        if outcome is _Outcome.FAULT:
            raise DiscordFault
        return outcome is _Outcome.DONE

    async def put(self, parcel: Parcel) -> Placed:
        """Show it in the reply, or else in a new message that mentions its person.

        Raises:
            OutputTooLarge: Discord refuses a file of that size.
            DiscordFault: it did not work this time, and may have had its effect all the same.
            NoWayNow: the token is dead, and the bot's own reaches nothing.
            Undeliverable: not even a living token may post it.
        """
        reply = parcel.generation.reply
        outcome = await self._edit(parcel)
        if outcome is _Outcome.DONE:
            return Placed(reply, mentioned=False)
        if outcome is not _Outcome.FAULT:
            outcome, message_id = await self._send(parcel, by_token=outcome is _Outcome.GONE)
            if message_id is not None:
                return Placed(replace(reply, message_id=message_id), mentioned=True)
        if outcome is _Outcome.FAULT:
            raise DiscordFault
        raise Undeliverable if reply.token_lives(self._clock.now()) else NoWayNow

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

    # ------------------------------------------------------------------ one request each

    async def _edit(self, parcel: Parcel) -> _Outcome:
        """Both edits set the same message to the same state, so trying the other is harmless."""
        outcome = _Outcome.CLOSED
        if parcel.generation.reply.token_lives(self._clock.now()):
            outcome = await self._edit_by_token(parcel)
        if outcome in {_Outcome.CLOSED, _Outcome.FAULT}:
            by_bot = await self._edit_by_bot(parcel)
            # After a fault only success is news: the first way may work again in a while.
            if outcome is _Outcome.CLOSED or by_bot is _Outcome.DONE:
                return by_bot
        return outcome

    async def _edit_by_token(self, parcel: Parcel) -> _Outcome:
        reply = parcel.generation.reply
        async with _files(parcel) as files:
            try:
                await self._webhook(reply).edit_message(
                    reply.message_id,
                    embed=parcel.card.embed,
                    view=card_view(parcel.card.actions, parcel.generation.id),
                    attachments=files,
                )
            except NOT_DONE as error:
                return _outcome(error, parcel)
        return _Outcome.DONE

    async def _edit_by_bot(self, parcel: Parcel) -> _Outcome:
        reply = parcel.generation.reply
        message = self._channel(reply).get_partial_message(reply.message_id)
        async with _files(parcel) as files:
            try:
                await message.edit(
                    embed=parcel.card.embed,
                    view=card_view(parcel.card.actions, parcel.generation.id),
                    attachments=files,
                )
            except NOT_DONE as error:
                return _outcome(error, parcel)
        return _Outcome.DONE

    async def _send(self, parcel: Parcel, *, by_token: bool) -> tuple[_Outcome, int | None]:
        """A new message in the channel, by the token where it lives and the reply is gone."""
        reply, user_id = parcel.generation.reply, parcel.generation.requester_id
        view = card_view(parcel.card.actions, parcel.generation.id)
        allowed = discord.AllowedMentions(users=[discord.Object(user_id)])
        async with _files(parcel) as files:
            try:
                if by_token and reply.token_lives(self._clock.now()):
                    message = await self._webhook(reply).send(
                        f"<@{user_id}>",
                        embed=parcel.card.embed,
                        files=files,
                        view=view or discord.utils.MISSING,
                        allowed_mentions=allowed,
                        wait=True,
                    )
                else:
                    # The nonce makes a repeated send within minutes the same message.
                    message = await self._channel(reply).send(
                        f"<@{user_id}>",
                        embed=parcel.card.embed,
                        files=files,
                        view=view or discord.utils.MISSING,
                        allowed_mentions=allowed,
                        nonce=parcel.generation.id,
                    )
            except NOT_DONE as error:
                return _outcome(error, parcel), None
        return _Outcome.DONE, message.id

    def _channel(self, reply: Reply) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(reply.channel_id, guild_id=reply.guild_id)

    def _webhook(self, reply: Reply) -> discord.Webhook:
        # An interaction's webhook, rebuilt from the journal; the public constructors make only
        # the channel kind, which may not send ephemerally.
        return discord.Webhook.from_state(
            data={"id": reply.application_id, "type": _APPLICATION_WEBHOOK, "token": reply.token},
            state=self._client._connection,  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see above
        )


def _outcome(error: Exception, parcel: Parcel) -> _Outcome:
    log.info("a way to generation %s: %s", parcel.generation.id, error)
    if not isinstance(error, discord.HTTPException):
        return _Outcome.FAULT
    if error.status == _TOO_LARGE_STATUS or error.code in _TOO_LARGE_CODES:
        raise OutputTooLarge(parcel.generation.reply.filesize_limit_bytes) from error
    if error.code == _MESSAGE_GONE:
        return _Outcome.GONE
    if error.status in _CLOSED_STATUSES:
        return _Outcome.CLOSED
    return _Outcome.FAULT


@asynccontextmanager
async def _files(parcel: Parcel) -> AsyncGenerator[list[discord.File], None]:
    """The track as an upload, for one use; its file is opened off the event loop."""
    if parcel.track is None:
        yield []
        return
    file = await asyncio.to_thread(discord.File, parcel.track.path, parcel.track.filename)
    try:
        yield [file]
    finally:
        file.close()
