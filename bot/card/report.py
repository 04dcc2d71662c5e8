"""The end of every interaction that went wrong: a sentence for the person, the rest for the log."""

from __future__ import annotations

import logging
import secrets
from typing import Protocol, cast

import aiohttp
import discord

from bot.card import strings
from bot.domain.clock import Clock
from bot.domain.errors import DeliveredTwice, GenerationUnknown, ShuttingDown, UserError

log = logging.getLogger(__name__)

ACKNOWLEDGED = "acknowledged"
"""In the `extras` of an interaction that Discord holds for acknowledged, unlike discord.py."""
UNKNOWN_INTERACTION = 10062
"""Discord's code for one whose three seconds are over."""
TAKEN_ALREADY = 40060
"""Discord's code for one that is answered already, be it by another process."""
_GIVE_WAY_S = 0.7
"""Who does not know what it is about answers only after those who may."""


class HasClock(Protocol):
    """A client with a clock."""

    clock: Clock


async def report(interaction: discord.Interaction, error: BaseException) -> None:
    """Answer `interaction` with what went wrong, visible to its person alone."""
    if isinstance(error, DeliveredTwice):
        log.info("an interaction was delivered twice")
        return
    if isinstance(error, discord.HTTPException):
        if error.code == TAKEN_ALREADY:
            log.info("an interaction could not be acknowledged: another process has answered it")
            return
        if error.code == UNKNOWN_INTERACTION:
            log.warning("an interaction could not be acknowledged: %s", error)
            return
    if isinstance(error, GenerationUnknown | ShuttingDown) and not _is_answered(interaction):
        await give_way(interaction)
        if interaction.client.is_closed():
            log.info("an interaction is left to another process: this one has closed")
            return
    if isinstance(error, UserError):
        text = strings.errors.sentence(error)
    else:
        reference = secrets.token_hex(3)
        log.error("interaction failed, reference %s", reference, exc_info=error)
        text = strings.errors.unexpected(reference)
    await tell(interaction, text)


def is_worth_a_log(record: logging.LogRecord) -> bool:
    """Whether a log record of discord.py's tells more than that another answer came first.

    It logs with a traceback whatever keeps suggestions from being shown (2.7.1,
    `CommandTree._call`).
    """
    error = record.exc_info[1] if record.exc_info else None
    codes = TAKEN_ALREADY, UNKNOWN_INTERACTION
    return not (isinstance(error, discord.HTTPException) and error.code in codes)


async def give_way(interaction: discord.Interaction) -> None:
    """Let another process with the same token answer first, one that has what this one lacks."""
    await cast("HasClock", interaction.client).clock.sleep(_GIVE_WAY_S)


def _is_answered(interaction: discord.Interaction) -> bool:
    return interaction.response.is_done() or ACKNOWLEDGED in interaction.extras


async def tell(interaction: discord.Interaction, text: str) -> None:
    """Say `text` to the interaction's person alone, as first answer or after one."""
    try:
        if _is_answered(interaction):
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, ConnectionError, TimeoutError) as error:
        # Its three seconds or its token are over; there is no other way to this person.
        log.warning("an interaction could not be answered: %s", error)
