"""First answers, and whose they are: Discord takes one, from whichever process sends it first."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.card.interactions import reply_at, reply_in
from bot.card.report import ACKNOWLEDGED
from bot.client import MusicGenBot
from bot.delivery.requests import counting_sends
from bot.discord_errors import NETWORK_FAULTS, Meaning, meaning_of
from bot.domain.generation import Generation, Reply

log = logging.getLogger(__name__)

_TRIES = 2


async def open_reply(
    bot: MusicGenBot, interaction: discord.Interaction, generations: Sequence[Generation]
) -> Reply | None:
    """Acknowledge; None where an answer got lost, so that the reply is still to be found.

    What another process has acknowledged is its own, and costs nothing here.

    Raises:
        discord.HTTPException: Discord has not taken it.
    """
    with counting_sends() as sends:
        for number in range(_TRIES):
            try:
                deferred = await interaction.response.defer(thinking=True)
            except discord.HTTPException as error:
                meaning = meaning_of(error)
                repeated = number > 0 or sends.repeated
                if meaning is Meaning.ANSWERED_ALREADY and repeated:
                    break
                if meaning in {Meaning.ANSWERED_ALREADY, Meaning.TOO_LATE}:
                    bot.service.let_go(generations)
                raise
            except NETWORK_FAULTS as error:
                log.warning("the answer to an acknowledgement was lost: %r", error)
            else:
                return await _deferred_reply(interaction, deferred, generations)
    interaction.extras[ACKNOWLEDGED] = True
    return None


async def _deferred_reply(
    interaction: discord.Interaction,
    deferred: discord.InteractionCallbackResponse[discord.Client] | None,
    generations: Sequence[Generation],
) -> Reply:
    """The reply that a defer has just opened."""
    message_id = deferred.message_id if deferred is not None else None
    if deferred is None or message_id is None:
        return reply_in(interaction, await interaction.original_response())
    if generations and not deferred.is_ephemeral():
        # All but the id is there already, and of hundreds at once each waits for the others.
        return replace(generations[0].reply, message_id=message_id)
    # Where apps from outside may not speak, Discord makes every answer of theirs private.
    return reply_at(interaction, message_id, private=deferred.is_ephemeral())


async def acknowledge(interaction: discord.Interaction) -> None:
    """Defer a press, for work that does no harm when it is done twice.

    Where Discord's answer gets lost it is asked again, and then says that it has taken the first.
    Where there was no first one of ours, another process with the same token does the work.

    Raises:
        discord.HTTPException: it has not.
    """
    with counting_sends() as sends:
        for number in range(_TRIES):
            try:
                await interaction.response.defer()
            except discord.HTTPException as error:
                repeated = number > 0 or sends.repeated
                if meaning_of(error) is not Meaning.ANSWERED_ALREADY or not repeated:
                    raise
                interaction.extras[ACKNOWLEDGED] = True
                return
            except NETWORK_FAULTS as error:
                log.warning("the answer to an acknowledgement was lost: %r", error)
                interaction.extras[ACKNOWLEDGED] = True
            else:
                return
