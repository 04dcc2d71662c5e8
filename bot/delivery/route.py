"""The ways to the one reply of a generation, and what to do when one of them is closed.

Discord answers an edit with a dead interaction token by 401/50027; the bot's own token still
edits the message in servers it is a member of and in its own DMs
(discord.com developers/resources/message, Edit Message). In other people's servers and group DMs
there is no way but a fresh token, which a click or a command brings.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Any

import aiohttp
import discord
from discord.webhook.async_ import async_context

from bot.audio.names import seed_in
from bot.clock import Clock
from bot.delivery.parcel import Parcel, Placed
from bot.errors import OutputTooLarge, Undeliverable
from bot.generation import Reply
from bot.ports import DiscordFault, NoWayNow

log = logging.getLogger(__name__)

_TOO_LARGE_STATUS = 413
_TOO_LARGE_CODES = frozenset({40005, 50045})
_MESSAGE_GONE = 10008
_TOKEN_DEAD_CODES = frozenset({50027, 10015})
_APPLICATION_WEBHOOK = 3

NOT_DONE = (discord.HTTPException, aiohttp.ClientError, ConnectionError, TimeoutError)
"""What a request to Discord raises that was refused, or got no answer."""
_CLOSED_STATUSES = frozenset({400, 401, 403, 404})
"""400 too: what AutoMod or a rule of Discord's blocks once, it blocks again."""
SURE_LIMIT_BYTES = 10 * 1024 * 1024
"""What Discord has taken from everyone everywhere for years (discord.py 2.7.1, guild.py)."""


class _Outcome(Enum):
    DONE = auto()
    CLOSED = auto()
    """This way does not lead there, and will not."""
    GONE = auto()
    """The message was deleted."""
    FAULT = auto()
    """It did not work this time."""


class Route:
    """Puts cards where people see them."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._dead_tokens: set[str] = set()
        """Those that Discord has refused before their time."""

    def limit_bytes(self, reply: Reply) -> int:
        """The largest file that goes there now."""
        if self._token_lives(reply):
            return reply.filesize_limit_bytes
        return self._own_limit_bytes(reply)

    async def find(self, reply: Reply) -> Reply | None:
        """The message that an acknowledgement opened whose answer nobody here has seen.

        None where there is none, or where it was answered with something else, a refusal.

        Raises:
            DiscordFault: it did not work this time.
        """
        webhook = self._webhook(reply)
        try:
            # What `Interaction.original_response` does, without the interaction.
            message = await async_context.get().get_original_interaction_response(
                reply.application_id,
                reply.token,
                session=webhook.session,
                proxy=webhook.proxy,
                proxy_auth=webhook.proxy_auth,
            )
        except NOT_DONE as error:
            if isinstance(error, discord.HTTPException) and error.status in _CLOSED_STATUSES:
                return None
            raise DiscordFault from error
        is_thinking = discord.MessageFlags._from_value(message.get("flags", 0)).loading  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        is_ours = is_thinking or message["embeds"]
        return replace(reply, message_id=int(message["id"])) if is_ours else None

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
            OutputTooLarge: Discord refuses a file of that size; or the way that is open does,
                whose limit it then names.
            DiscordFault: it did not work this time, and may have had its effect all the same.
            NoWayNow: the token is dead, and the bot's own reaches nothing.
            Undeliverable: not even a living token may post it.
        """
        reply = parcel.generation.reply
        outcome = await self._edit(parcel)
        if outcome is _Outcome.DONE:
            return Placed(reply, mentioned=False)
        ways = (True, False) if outcome is _Outcome.GONE else (False,)
        for by_token in ways:
            if outcome is not _Outcome.FAULT:
                outcome, there = await self._send(parcel, by_token=by_token)
                if there is not None:
                    return Placed(there, mentioned=True)
        if outcome is _Outcome.FAULT:
            raise DiscordFault
        raise Undeliverable if self._token_lives(reply) else NoWayNow

    async def say(self, reply: Reply, text: str, *, mention: int | None = None) -> None:
        """Answer below the reply: to the person `mention`ed, or else to the requester alone."""
        allowed = discord.AllowedMentions.none()
        if mention is not None:
            allowed = discord.AllowedMentions(users=[discord.Object(mention)])
        if self._token_lives(reply):
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
        if self._token_lives(parcel.generation.reply):
            outcome = await self._edit_by_token(parcel)
        if outcome is _Outcome.CLOSED or (outcome is _Outcome.FAULT and self._can_carry(parcel)):
            by_bot = await self._edit_by_bot(parcel)
            # After a fault only success is news: the first way may work again in a while.
            if outcome is _Outcome.CLOSED or by_bot is _Outcome.DONE:
                return by_bot
        return outcome

    async def _edit_by_token(self, parcel: Parcel) -> _Outcome:
        reply = parcel.generation.reply
        webhook = self._webhook(reply)
        async with parcel.files() as files:
            try:
                await webhook.edit_message(
                    reply.message_id,
                    embed=parcel.embed,
                    view=parcel.view,
                    attachments=await _attached(
                        parcel, files, lambda: webhook.fetch_message(reply.message_id)
                    ),
                )
            except NOT_DONE as error:
                return self._by_token(error, parcel)
        return _Outcome.DONE

    async def _edit_by_bot(self, parcel: Parcel) -> _Outcome:
        reply = parcel.generation.reply
        self._check_size(parcel)
        message = self._channel(reply).get_partial_message(reply.message_id)
        async with parcel.files() as files:
            try:
                await message.edit(
                    embed=parcel.embed,
                    view=parcel.view,
                    attachments=await _attached(parcel, files, message.fetch),
                )
            except NOT_DONE as error:
                return _outcome(error, parcel)
        return _Outcome.DONE

    async def _send(self, parcel: Parcel, *, by_token: bool) -> tuple[_Outcome, Reply | None]:
        """A new message in the channel, by the token where it lives and the reply is gone."""
        reply, user_id = parcel.generation.reply, parcel.generation.requester_id
        by_token = by_token and self._token_lives(reply)
        if not by_token:
            self._check_size(parcel)
        allowed = discord.AllowedMentions(users=[discord.Object(user_id)])
        async with parcel.files() as files:
            shown: dict[str, Any] = {
                "embed": parcel.embed,
                "files": files,
                "view": parcel.view or discord.utils.MISSING,
                "allowed_mentions": allowed,
            }
            try:
                if by_token:
                    message = await self._webhook(reply).send(f"<@{user_id}>", wait=True, **shown)
                    return _Outcome.DONE, replace(reply, message_id=message.id)
                # The nonce makes a repeated send within minutes the same message.
                message = await self._channel(reply).send(
                    f"<@{user_id}>", nonce=parcel.generation.id, **shown
                )
            except NOT_DONE as error:
                return self._by_token(error, parcel) if by_token else _outcome(error, parcel), None
        # No token edits what the bot has said by itself.
        return _Outcome.DONE, replace(reply, message_id=message.id, token="")

    def _token_lives(self, reply: Reply) -> bool:
        return reply.token_lives(self._clock.now()) and reply.token not in self._dead_tokens

    def _by_token(self, error: Exception, parcel: Parcel) -> _Outcome:
        if isinstance(error, discord.HTTPException) and error.code in _TOKEN_DEAD_CODES:
            self._dead_tokens.add(parcel.generation.reply.token)
        return _outcome(error, parcel)

    def _own_limit_bytes(self, reply: Reply) -> int:
        """The limit of the bot's own messages, without what the person's subscription adds."""
        guild = None if reply.guild_id is None else self._client.get_guild(reply.guild_id)
        limit_bytes = SURE_LIMIT_BYTES if guild is None else guild.filesize_limit
        return min(limit_bytes, reply.filesize_limit_bytes)

    def _can_carry(self, parcel: Parcel) -> bool:
        track, reply = parcel.track, parcel.generation.reply
        return track is None or track.size_bytes <= self._own_limit_bytes(reply)

    def _check_size(self, parcel: Parcel) -> None:
        if not self._can_carry(parcel):
            raise OutputTooLarge(self._own_limit_bytes(parcel.generation.reply))

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


async def _attached(
    parcel: Parcel, files: list[discord.File], fetch: Callable[[], Awaitable[discord.Message]]
) -> list[discord.Attachment | discord.File]:
    """What the message has after an edit: its track, and the files of the takes it shares it with.

    An earlier try may have put this very track there already.
    """
    if not parcel.shares_message:
        return [*files]
    if not files:
        return discord.utils.MISSING
    present = (await fetch()).attachments
    seed = parcel.generation.seed
    return [*(file for file in present if seed_in(file.filename) != seed), *files]
