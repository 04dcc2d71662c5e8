"""The end of every interaction that went wrong: a sentence for the person, the rest for the log."""

from __future__ import annotations

import logging
import secrets

import aiohttp
import discord

from bot.card.sentences import sentence
from bot.errors import DeliveredTwice, UserError

log = logging.getLogger(__name__)

ACKNOWLEDGED = "acknowledged"
"""In the `extras` of an interaction that Discord holds for acknowledged, unlike discord.py."""
_UNANSWERABLE = frozenset({10062, 40060})
"""Discord's codes for an interaction whose three seconds are over, and for one that was delivered
twice and is answered already."""


async def report(interaction: discord.Interaction, error: BaseException) -> None:
    """Answer `interaction` with what went wrong, visible to its person alone."""
    if isinstance(error, DeliveredTwice):
        log.info("an interaction was delivered twice")
        return
    if isinstance(error, discord.HTTPException) and error.code in _UNANSWERABLE:
        log.warning("an interaction could not be acknowledged: %s", error)
        return
    if isinstance(error, UserError):
        text = sentence(error)
    else:
        reference = secrets.token_hex(3)
        log.error("interaction failed, reference %s", reference, exc_info=error)
        text = (
            "Something went wrong on my side. Please try again; if it stays, tell the bot's owner "
            f"the reference `{reference}`."
        )
    await tell(interaction, text)


async def tell(interaction: discord.Interaction, text: str) -> None:
    """Say `text` to the interaction's person alone, as first answer or after one."""
    answered = interaction.response.is_done() or ACKNOWLEDGED in interaction.extras
    try:
        if answered:
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, ConnectionError, TimeoutError) as error:
        # Its three seconds or its token are over; there is no other way to this person.
        log.warning("an interaction could not be answered: %s", error)
