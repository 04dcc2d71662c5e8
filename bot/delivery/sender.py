"""Shows a card in the reply of its generation, by whichever token still can, or in a new message.

Discord answers an edit with a dead interaction token by 401/50027; the bot's own token still
edits the message in servers it is a member of and in its own DMs
(discord.com developers/resources/message, Edit Message). In other people's servers and group DMs
only a fresh token helps, which a click or a command brings.

No refusal of Discord's is the last word on a track, for it is paid: a thread may be unlocked, a
permission given back. Where its channel was deleted, it goes to its person's direct messages; what
AutoMod blocks goes without the words that it may have minded. For all else it waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import discord

from bot.card.audio_attachments import track_attachment
from bot.card.render import Card
from bot.delivery.edit_pace import EditPace
from bot.delivery.message import OutgoingMessage
from bot.delivery.recovery import Replacements, find_reply
from bot.delivery.transport import Outcome, Transport, WordsBlocked
from bot.discord_errors import REQUEST_FAILED
from bot.domain.clock import Clock
from bot.domain.errors import OutputTooLarge
from bot.domain.generation import Generation, Reply
from bot.engine.ports import DiscordFault, Moved

log = logging.getLogger(__name__)


_REFUSALS = frozenset({Outcome.REFUSED, Outcome.WORDS_BLOCKED})
"""Of one token; the other one may do."""


class Sender:
    """Puts cards where people see them."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self.client = client
        self._clock = clock
        self._transport = Transport(client, clock)
        self._replacements = Replacements(self._transport)
        self._pace = EditPace(clock)

    def limit_bytes(self, reply: Reply) -> int:
        """The largest file that goes there now."""
        if self._transport.token_lives(reply):
            return reply.filesize_limit_bytes
        return self._transport.own_limit_bytes(reply)

    async def find(self, generation: Generation, named: str) -> Reply | None:
        """See `find_reply`."""
        return await find_reply(self._transport, generation, named, self._clock)

    async def shown(self, reply: Reply) -> discord.Message | None:
        """What the reply shows now; None where it is gone, or cannot be read."""
        try:
            if self._transport.token_lives(reply):
                return await self._transport.webhook(reply).fetch_message(reply.message_id)
            return await self._transport.channel(reply).fetch_message(reply.message_id)
        except REQUEST_FAILED as error:
            log.info("message %d cannot be read: %s", reply.message_id, error)
            return None

    def reserve_edit(self, reply: Reply) -> float:
        """When the next edit that can wait may be made in the reply, by the clock."""
        if self._transport.token_lives(reply):
            return self._clock.monotonic()
        return self._pace.reserve(reply.channel_id)

    async def edit(self, outgoing: OutgoingMessage) -> bool:
        """Show it in the reply, by whichever token still can; False when none ever will.

        Raises:
            DiscordFault: it did not work this time.
        """
        outcome = await self._edit(outgoing)
        if outcome is Outcome.FAULT:
            raise DiscordFault
        return outcome is Outcome.DONE

    async def edit_last(self, outgoing: OutgoingMessage) -> bool:
        """Show it in the reply and nowhere else; False where that is gone, or may not be edited.

        Raises:
            DiscordFault: it did not work this time.
            Unreachable: neither token may edit it now.
        """
        outcome = await self._edit(outgoing)
        if outcome is Outcome.WORDS_BLOCKED:
            outcome = await self._edit(outgoing.without_words())
        if outcome is Outcome.FAULT:
            raise DiscordFault
        if outcome in _REFUSALS:
            raise self._transport.unreachable(outgoing.generation.reply)
        return outcome is Outcome.DONE

    async def put(
        self, outgoing: OutgoingMessage, placeholder: Callable[[], Card] | None = None
    ) -> bool | Moved:
        """Show it in the reply; whether its person was mentioned there before.

        `Moved` where a new message stands for the reply, which shows the same card so far, or what
        `placeholder` makes.

        Raises:
            OutputTooLarge: the track is larger than the token that works may upload.
            DiscordFault: it did not work this time, and may have had its effect all the same.
            WordsBlocked: AutoMod is against what the card says.
            Unreachable: neither token may post it now.
        """
        reply = outgoing.generation.reply
        was_replaced = self._replacements.is_placeholder(reply)
        outcome = await self._edit(outgoing)
        # Tried again, it might come too late to be read: once the token is dead.
        if outcome is Outcome.FAULT and _shows(await self.shown(reply), outgoing):
            outcome = Outcome.DONE
        if outcome is Outcome.DONE:
            self._replacements.forget(reply)
            return was_replaced
        # What a new message did not take either, another one would not.
        may_replace = outcome is not Outcome.FAULT and not was_replaced
        new = replace(outgoing, card=placeholder() if placeholder else outgoing.card, track=None)
        if may_replace and self._transport.may_post(reply, with_file=outgoing.track is not None):
            outcome = await self._replacements.post(new, by_token=outcome is Outcome.MESSAGE_GONE)
        is_channel_gone = outcome is Outcome.CHANNEL_GONE
        if is_channel_gone and outgoing.track is not None:
            outcome = await self._replacements.post_in_dm(new)
        if isinstance(outcome, Moved):
            return outcome
        if outcome is Outcome.FAULT:
            raise DiscordFault
        if outcome is Outcome.MESSAGE_GONE:
            # Whoever deletes each new message at once is not sent one after the other.
            self._replacements.forget(reply)
        if outcome is Outcome.WORDS_BLOCKED:
            raise self._transport.unreachable(reply, WordsBlocked)
        raise self._transport.unreachable(reply, channel_gone=is_channel_gone)

    async def say(
        self,
        reply: Reply,
        text: str,
        *,
        mention: int | None = None,
        view: discord.ui.View | None = None,
    ) -> None:
        """Answer below the reply: to the person `mention`ed, or else to the requester alone.

        `view` goes with what is for the requester alone.
        """
        allowed = discord.AllowedMentions.none()
        if mention is not None:
            allowed = discord.AllowedMentions(users=[discord.Object(mention)])
        # Nothing else reaches one person alone; what seems dead is tried, and refused by Discord.
        if mention is None or self._transport.token_lives(reply):
            await self._transport.webhook(reply).send(
                text,
                allowed_mentions=allowed,
                ephemeral=mention is None,
                view=view or discord.utils.MISSING,
                wait=True,
            )
        else:
            reference = discord.MessageReference(
                message_id=reply.message_id, channel_id=reply.channel_id, fail_if_not_exists=False
            )
            await self._transport.channel(reply).send(
                text, allowed_mentions=allowed, reference=reference
            )

    async def take_back(self, reply: Reply) -> None:
        """Delete the reply."""
        await self._transport.webhook(reply).delete_message(reply.message_id)

    # ------------------------------------------------------------------ one request each

    async def _edit(self, outgoing: OutgoingMessage) -> Outcome:
        """Both edits set the same message to the same state, so trying the other is harmless."""
        outcome, reply = Outcome.REFUSED, outgoing.generation.reply
        token_lives = self._transport.token_lives(reply)
        if token_lives:
            outcome = await self._edit_by_token(outgoing)
        if outcome in _REFUSALS or (outcome is Outcome.FAULT and self._can_carry(outgoing)):
            by_bot = await self._edit_by_bot(outgoing)
            # After a fault only success is news: the token may work again in a while.
            if outcome is Outcome.REFUSED or by_bot is Outcome.DONE:
                outcome = by_bot
        is_over = outcome is Outcome.DONE or outcome is Outcome.FAULT
        if not token_lives and not is_over and await self._transport.may_try(reply):
            by_token = await self._edit_by_token(outgoing)
            if by_token is Outcome.DONE:
                self._transport.outlived(reply)
                return by_token
        return outcome

    async def _edit_by_token(self, outgoing: OutgoingMessage) -> Outcome:
        reply = outgoing.generation.reply
        webhook = self._transport.webhook(reply)
        async with outgoing.files() as files:
            try:
                await webhook.edit_message(
                    reply.message_id,
                    embed=outgoing.embed,
                    view=outgoing.view,
                    attachments=await outgoing.attachments(
                        files, lambda: webhook.fetch_message(reply.message_id)
                    ),
                )
            except REQUEST_FAILED as error:
                return self._transport.by_token(error, outgoing.generation)
        return Outcome.DONE

    async def _edit_by_bot(self, outgoing: OutgoingMessage) -> Outcome:
        reply = outgoing.generation.reply
        self._check_size(outgoing)
        message = self._transport.channel(reply).get_partial_message(reply.message_id)
        async with outgoing.files() as files:
            try:
                await message.edit(
                    embed=outgoing.embed,
                    view=outgoing.view,
                    attachments=await outgoing.attachments(files, message.fetch),
                )
            except REQUEST_FAILED as error:
                return self._transport.by_bot(error, outgoing.generation)
        return Outcome.DONE

    def _can_carry(self, outgoing: OutgoingMessage) -> bool:
        track, reply = outgoing.track, outgoing.generation.reply
        return track is None or track.size_bytes <= self._transport.own_limit_bytes(reply)

    def _check_size(self, outgoing: OutgoingMessage) -> None:
        if not self._can_carry(outgoing):
            raise OutputTooLarge(self._transport.own_limit_bytes(outgoing.generation.reply))


def _shows(message: discord.Message | None, outgoing: OutgoingMessage) -> bool:
    """Whether it is there already: only the answer was lost."""
    if message is None:
        return False
    if outgoing.track is not None:
        return track_attachment(message, outgoing.generation) is not None
    return [embed.description for embed in message.embeds] == [outgoing.embed.description]
