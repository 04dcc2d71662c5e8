"""The card of what plays in a voice channel, kept up to date by whichever token may."""

from __future__ import annotations

import logging
from dataclasses import replace

import discord

from bot.card.voice_card import session_embed, session_view
from bot.delivery.transport import Transport
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of, needs_new_message
from bot.domain.clock import Clock
from bot.domain.generation import Reply
from bot.voice.session import Session, without_words

log = logging.getLogger(__name__)


class VoiceScreen:
    """Where people see what plays; a `bot.voice.ports.Screen`."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._transport = Transport(client, clock)

    async def show(self, reply: Reply, session: Session) -> Reply | None:
        """Have the card show a session; where it is now, None where it cannot be shown.

        One that was deleted is posted anew.
        """
        try:
            return await self._show(reply, session)
        except discord.HTTPException as error:
            if meaning_of(error) is not Meaning.WORDS_BLOCKED:
                raise
            return await self._show(reply, without_words(session))

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
