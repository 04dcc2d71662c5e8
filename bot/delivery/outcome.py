"""What Discord's answer to a request means for the way it was sent on."""

from __future__ import annotations

import json
import logging
from enum import Enum, auto

import aiohttp
import discord

from bot.domain.errors import OutputTooLarge
from bot.domain.generation import Generation

log = logging.getLogger(__name__)

_TOO_LARGE_STATUS = 413
_TOO_LARGE_CODES = frozenset({40005, 50045})
CHANNEL_GONE = 10003
MESSAGE_GONE = 10008
TOKEN_DEAD = 50027
TOKEN_DEAD_CODES = frozenset({TOKEN_DEAD, 10015})

NOT_DONE = (
    discord.HTTPException,
    aiohttp.ClientError,
    ConnectionError,
    TimeoutError,
    json.JSONDecodeError,
)
"""What a request to Discord raises that was refused, or got no answer, or none that makes sense."""
CLOSED_STATUSES = frozenset({400, 401, 403, 404})
"""400 too: what AutoMod or a rule of Discord's blocks once, it blocks again."""
_WORDS_CODES = frozenset({200000, 200001, 240000})
"""AutoMod does not allow the message, its title, or a link in it.

Discord, topics/opcodes-and-status-codes.
"""


class Outcome(Enum):
    """What came of a request."""

    DONE = auto()
    CLOSED = auto()
    """This way does not lead there, for now at least."""
    WORDS = auto()
    """The same, for what the message says: with other words it may."""
    NOWHERE = auto()
    """There is no such channel any more."""
    GONE = auto()
    """The message was deleted."""
    FAULT = auto()
    """It did not work this time."""


def outcome_of(error: Exception, generation: Generation) -> Outcome:
    """What one of `NOT_DONE` means.

    Raises:
        OutputTooLarge: it was too much for Discord.
    """
    log.info("a way to generation %s: %s", generation.id, error)
    if not isinstance(error, discord.HTTPException):
        return Outcome.FAULT
    if error.status == _TOO_LARGE_STATUS or error.code in _TOO_LARGE_CODES:
        raise OutputTooLarge(generation.reply.filesize_limit_bytes) from error
    if error.code == MESSAGE_GONE:
        return Outcome.GONE
    if error.code == CHANNEL_GONE:
        return Outcome.NOWHERE
    if error.code in _WORDS_CODES:
        return Outcome.WORDS
    # A page instead of JSON is not Discord's own word, but that of something in front of it.
    if error.status in CLOSED_STATUSES and not error.text.lstrip().startswith("<"):
        return Outcome.CLOSED
    return Outcome.FAULT
