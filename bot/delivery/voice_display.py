"""The card of what plays in a voice channel, kept up to date by whichever token may."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import discord

from bot.card.voice_card import session_embed, session_view
from bot.delivery.transport import Transport
from bot.delivery.voice_cards import CardPlace, VoiceCards
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of, needs_new_message
from bot.domain.clock import Clock
from bot.domain.generation import Reply
from bot.locales import speaking
from bot.voice import session as rules
from bot.voice.session import Ending, Session, without_words

log = logging.getLogger(__name__)


class DiscordVoiceDisplay:
    """Where people see what plays; a `bot.voice.ports.VoiceDisplay`."""

    def __init__(self, client: discord.Client, clock: Clock, cards: VoiceCards) -> None:
        self._client = client
        self._transport = Transport(client, clock)
        self._cards = cards

    async def show(self, reply: Reply, session: Session) -> Reply | None:
        """Have the card show a session; where it is now, None where it cannot be shown.

        One that was deleted is posted anew. Before it says that something plays, it is written
        down where it is.
        """
        with speaking(reply.language):
            return await self._show_and_keep(reply, session)

    async def _show_and_keep(self, reply: Reply, session: Session) -> Reply | None:
        if not session.is_over:
            await self._keep(reply)
        try:
            shown = await self._show(reply, session)
        except discord.HTTPException as error:
            if meaning_of(error) is not Meaning.WORDS_BLOCKED:
                raise
            shown = await self._show(reply, without_words(session))
        if session.is_over:
            await self._cards.put(reply.guild_id or 0, None)
        elif shown is not None and shown.message_id != reply.message_id:
            await self._keep(shown)
        return shown

    async def _keep(self, reply: Reply) -> None:
        if not reply.private:
            place = CardPlace(reply.channel_id, reply.message_id, reply.language)
            await self._cards.put(reply.guild_id or 0, place)

    async def tell_of_restart(self, plays_in: Callable[[int], bool]) -> None:
        """Have the cards of an earlier process say that nothing plays there any more."""
        over = rules.end(Session(0), Ending.RESTARTED)
        for guild_id, place in (await self._cards.left_behind()).items():
            if plays_in(guild_id):
                continue
            channel = self._client.get_partial_messageable(place.channel_id, guild_id=guild_id)
            message = channel.get_partial_message(place.message_id)
            with speaking(place.language):
                embed = session_embed(over)
            try:
                await message.edit(embed=embed, view=None)
            except REQUEST_FAILED as error:
                log.info("a voice card of an earlier process is not edited: %r", error)
                if meaning_of(error) is Meaning.FAULT:
                    # The next time that the bot is ready.
                    continue
            await self._cards.put(guild_id, None)

    async def _show(self, reply: Reply, session: Session) -> Reply | None:
        embed, view = session_embed(session), session_view(session)
        if self._transport.token_lives(reply):
            try:
                webhook = self._transport.webhook(reply)
                await webhook.edit_message(reply.message_id, embed=embed, view=view)
            except REQUEST_FAILED as error:
                _raise_for_words(error, session)
                self._transport.note_refusal(error, reply)
                log.info("a voice card is not edited by its token: %r", error)
            else:
                return reply
        if reply.private:
            return None
        channel = self._transport.channel(reply)
        try:
            await channel.get_partial_message(reply.message_id).edit(embed=embed, view=view)
        except REQUEST_FAILED as error:
            _raise_for_words(error, session)
            log.info("a voice card is not edited: %r", error)
            if not isinstance(error, discord.HTTPException) or not needs_new_message(error):
                return reply
        else:
            return reply
        if session.is_over:
            return None
        try:
            shown = view or discord.utils.MISSING
            sent = await channel.send(embed=embed, view=shown, silent=True)
        except REQUEST_FAILED as error:
            _raise_for_words(error, session)
            log.info("a voice card is not posted anew: %r", error)
            return None
        return replace(reply, message_id=sent.id, token="")


def _raise_for_words(error: Exception, session: Session) -> None:
    """Raise it where other words would help."""
    if meaning_of(error) is Meaning.WORDS_BLOCKED and session != without_words(session):
        raise error
