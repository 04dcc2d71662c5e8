"""What the errors of requests to Discord mean: Discord's own codes, and faults of the network."""

from __future__ import annotations

import errno
import json
import re
import socket
import ssl
from enum import Enum, IntEnum, auto

import aiohttp
import discord

from bot.domain.errors import BotError
from bot.host.reasons import reason

_TITLE = re.compile(r"<title>(.{1,200}?)</title>", re.IGNORECASE | re.DOTALL)
_NETWORK_ERRNOS = frozenset(
    {
        *(errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT),
        *(errno.EADDRNOTAVAIL, errno.EPIPE),
    }
)
NETWORK_FAULTS = (
    *(aiohttp.ClientError, ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError),
    # Something in the way that calls its own page JSON.
    json.JSONDecodeError,
)
REQUEST_FAILED = (discord.HTTPException, *NETWORK_FAULTS)
"""What a request to Discord raises that was refused, or got no answer, or none that makes sense."""

_SAID_MAX = 300
_UNAUTHORIZED = 401
_TOO_LARGE_STATUS = 413
_REFUSED_STATUSES = frozenset({400, 401, 403, 404})
"""400 too: what AutoMod or a rule of Discord's blocks once, it blocks again."""


class Meaning(Enum):
    """What an error means for whoever sent the request."""

    MESSAGE_GONE = auto()
    CHANNEL_GONE = auto()
    TOKEN_DEAD = auto()
    """The interaction's token has expired."""
    TOKEN_UNKNOWN = auto()
    """No interaction that was acknowledged has this token."""
    TOO_LATE = auto()
    """The interaction's three seconds are over."""
    ANSWERED_ALREADY = auto()
    """The interaction is, be it by another process."""
    TOO_LARGE = auto()
    WORDS_BLOCKED = auto()
    """AutoMod does not allow the message, its title, or a link in it."""
    REFUSED = auto()
    """Discord will not do this, for now at least."""
    FAULT = auto()
    """It did not work this time; the same may well work later."""


_MEANINGS = {
    10003: Meaning.CHANNEL_GONE,
    10008: Meaning.MESSAGE_GONE,
    10015: Meaning.TOKEN_UNKNOWN,
    10062: Meaning.TOO_LATE,
    40005: Meaning.TOO_LARGE,
    40060: Meaning.ANSWERED_ALREADY,
    50027: Meaning.TOKEN_DEAD,
    50045: Meaning.TOO_LARGE,
    200000: Meaning.WORDS_BLOCKED,
    200001: Meaning.WORDS_BLOCKED,
    240000: Meaning.WORDS_BLOCKED,
}
"""By Discord's code (discord.com/developers, topics/opcodes-and-status-codes)."""

_THREAD_EXISTS = 160004
_NOT_EDITED = frozenset({10008, 30046, 50083})


class CloseCode(IntEnum):
    """Codes with which the gateway closes a connection that no other try opens (same page)."""

    AUTHENTICATION_FAILED = 4004
    INVALID_SHARD = 4010
    SHARDING_REQUIRED = 4011


class DiscordAway(Exception):
    """Discord, or something in front of it, has answered that it is not to be had now."""

    def __init__(self, status: int, text: str, retry_after_s: float) -> None:
        super().__init__(_http_words(status, text))
        self.retry_after_s = retry_after_s
        """How long it asks to be left alone; 0 where it does not say."""


def meaning_of(error: BaseException | None) -> Meaning:
    """What an error of a request means; `FAULT` where Discord has not said."""
    if not isinstance(error, discord.HTTPException):
        return Meaning.FAULT
    if error.status == _TOO_LARGE_STATUS:
        return Meaning.TOO_LARGE
    if error.code in _MEANINGS:
        return _MEANINGS[error.code]
    if error.status in _REFUSED_STATUSES and not _is_page(error):
        return Meaning.REFUSED
    return Meaning.FAULT


def has_thread(error: discord.HTTPException) -> bool:
    """Whether a message has its thread already, which has the message's id."""
    return error.code == _THREAD_EXISTS


def needs_new_message(error: discord.HTTPException) -> bool:
    """Whether a message cannot be edited any more where a new one may be sent.

    It is gone, it was edited too often, or its thread is archived, which a new message opens.
    """
    return error.code in _NOT_EDITED


def is_network_fault(error: BaseException) -> bool:
    """Whether it comes from the network, or from a service that has a fault: nothing of ours."""
    if isinstance(error, BotError) and error.__cause__ is not None:
        return is_network_fault(error.__cause__)
    if isinstance(error, discord.HTTPException):
        return error.status == 429 or error.status >= 500 or _is_page(error)
    own = (DiscordAway, discord.GatewayNotFound, discord.ConnectionClosed)
    if isinstance(error, (*NETWORK_FAULTS, *own)):
        return True
    return isinstance(error, OSError) and error.errno in _NETWORK_ERRNOS


def is_token_refused(error: BaseException) -> bool:
    """Whether Discord itself does not accept the bot's token."""
    if isinstance(error, discord.GatewayNotFound) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, discord.HTTPException):
        return error.status == _UNAUTHORIZED and not _is_page(error)
    return isinstance(error, discord.LoginFailure)


def words(error: BaseException) -> str:
    """What went wrong, in one line for the log."""
    if isinstance(error, BotError):
        return str(error)
    if isinstance(error, discord.GatewayNotFound) and error.__cause__ is not None:
        return words(error.__cause__)
    if isinstance(error, discord.HTTPException):
        said = "" if _is_page(error) else " ".join(error.text.split())[:_SAID_MAX]
        return f"HTTP {error.status}, {said}" if said else _http_words(error.status, error.text)
    if isinstance(error, discord.ConnectionClosed):
        return f"Discord closed the connection with code {error.code}"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"HTTP {error.status}, {error.message}"
    if isinstance(error, json.JSONDecodeError):
        return "the answer is not JSON"
    return reason(error)


def _is_page(error: discord.HTTPException) -> bool:
    """Whether it is not Discord's own word, but a page of something in front of it."""
    return error.text.lstrip().startswith("<")


def _http_words(status: int, text: str) -> str:
    """An answer's status, and what a page instead of JSON is headed by, such as Cloudflare's."""
    title = _TITLE.search(text)
    if title is None:
        return f"HTTP {status}"
    # Its table of names is for those few.
    import html

    return f"HTTP {status}, {' '.join(html.unescape(title[1]).split())[:100]}"
