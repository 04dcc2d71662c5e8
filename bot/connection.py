"""The connection to Discord: made, kept, and made again after whatever breaks it."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import socket
import ssl

import aiohttp
import discord

from bot.client import MusicGenBot
from bot.discord_internals import DiscordAway, find_gateway, http_words
from bot.domain.backoff import growing_waits_s
from bot.domain.clock import Clock
from bot.domain.errors import BotError, ConfigError
from bot.host.reasons import reason

log = logging.getLogger(__name__)

_PATIENCE_S = 3.0
"""For a login that does not come through; then what is paid for goes on without Discord."""
_RETRY_AFTER_CAP_S = 900.0
_TOKEN_REFUSED = 4004
_SHARDS_REFUSED = frozenset({4010, 4011})
"""Invalid shard, sharding required (discord.com/developers, topics/opcodes-and-status-codes)."""
_NET_NUMBERS = frozenset(
    {
        *(errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT),
        *(errno.EADDRNOTAVAIL, errno.EPIPE),
    }
)
_NETWORK = (
    *(aiohttp.ClientError, ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError),
    # Something in the way that calls its own page JSON.
    json.JSONDecodeError,
)

TOKEN_REFUSED = "DISCORD_TOKEN: Discord does not accept this token"  # noqa: S105 - a sentence


class StartOver(BotError):
    """Something that a new start mends."""


class Disconnected(StartOver):
    """discord.py has closed the client for good; a new one may do."""


async def log_in(bot: MusicGenBot, token: str, clock: Clock, *, only_sync: bool) -> None:
    """Log in, however long Discord or the network is away.

    Meanwhile what an earlier process left open is gone on with, unless the bot is to sync only.

    Raises:
        ConfigError: Discord does not accept the token.
    """
    waits_s = growing_waits_s()
    while True:
        login = asyncio.create_task(bot.login(token), name="login")
        try:
            await asyncio.wait({login}, timeout=_PATIENCE_S)
            if not login.done() and not only_sync:
                await bot.begin()
            await asyncio.wait({login})
        finally:
            login.cancel()
        error = login.exception()  # noqa: LOG004 - a task, no logger
        if error is None:
            return
        if isinstance(error, discord.LoginFailure):
            raise ConfigError((TOKEN_REFUSED,)) from error
        if not is_network_fault(error):
            raise error
        if not only_sync:
            await bot.begin()
        await _wait(error, next(waits_s), clock)


async def stay_connected(bot: MusicGenBot, clock: Clock) -> None:
    """Connect to the gateway, and stay so until canceled.

    Raises:
        ConfigError: Discord does not accept the token any more, or the shards.
        Disconnected: it cannot go on with this client.
    """
    waits_s = growing_waits_s()
    while True:
        connected = asyncio.create_task(_connect(bot), name="gateway")
        try:
            # Not awaited itself: discord.py swallows a cancellation while a shard reconnects.
            await asyncio.wait({connected})
        finally:
            connected.cancel()
        error = connected.exception()
        _check_code(error, bot)
        if bot.is_closed() or error is None:
            raise Disconnected(words(error) if error else "it was closed") from error
        if not is_network_fault(error):
            raise error
        await _wait(error, next(waits_s), clock)


async def _connect(bot: MusicGenBot) -> None:
    await find_gateway(bot)
    await bot.connect()


def _check_code(error: BaseException | None, bot: MusicGenBot) -> None:
    if not isinstance(error, discord.ConnectionClosed):
        return
    if error.code == _TOKEN_REFUSED:
        raise ConfigError((TOKEN_REFUSED,)) from error
    if error.code in _SHARDS_REFUSED and bot.shares_token:
        raise ConfigError(
            ("SHARD_IDS and SHARD_COUNT: Discord does not accept these shards",)
        ) from error


async def _wait(error: BaseException, wait_s: float, clock: Clock) -> None:
    if isinstance(error, DiscordAway):
        wait_s = max(wait_s, min(error.retry_after_s, _RETRY_AFTER_CAP_S))
    log.warning("Discord cannot be reached: %s; next try in %.0f s", words(error), wait_s)
    await clock.sleep(wait_s)


def is_network_fault(error: BaseException) -> bool:
    """Whether it comes from the network, or from a service that has a fault: nothing of ours."""
    if isinstance(error, BotError) and error.__cause__ is not None:
        return is_network_fault(error.__cause__)
    if isinstance(error, discord.HTTPException):
        return error.status == 429 or error.status >= 500 or error.text.lstrip().startswith("<")
    own = (DiscordAway, discord.GatewayNotFound, discord.ConnectionClosed)
    if isinstance(error, (*_NETWORK, *own)):
        return True
    return isinstance(error, OSError) and error.errno in _NET_NUMBERS


def words(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, BotError):
        return str(error)
    if isinstance(error, discord.GatewayNotFound) and error.__cause__ is not None:
        return words(error.__cause__)
    if isinstance(error, discord.HTTPException):
        return http_words(error.status, error.text)
    if isinstance(error, discord.ConnectionClosed):
        return f"Discord closed the connection with code {error.code}"
    if isinstance(error, json.JSONDecodeError):
        return "the answer is not JSON"
    return reason(error)
