"""The connection to Discord: made, kept, and made again after whatever breaks it."""

from __future__ import annotations

import asyncio
import logging

import discord

from bot.client import MusicGenBot
from bot.discord_errors import (
    CloseCode,
    DiscordAway,
    is_network_fault,
    is_token_refused,
    words,
)
from bot.discord_internals import find_gateway
from bot.domain.backoff import growing_waits_s
from bot.domain.clock import Clock
from bot.domain.errors import BotError, ConfigError

log = logging.getLogger(__name__)

_PATIENCE_S = 3.0
"""For a login that does not come through; then what is paid for goes on without Discord."""
_RETRY_AFTER_CAP_S = 900.0
TOKEN_REFUSED = "DISCORD_TOKEN: Discord does not accept this token"  # noqa: S105 - a sentence


class StartOver(BotError):
    """Something that a new start mends."""


class Disconnected(StartOver):
    """discord.py has closed the client for good; a new one may do."""


async def log_in(bot: MusicGenBot, token: str, clock: Clock, *, only_sync: bool) -> None:
    """Log in, however long Discord or the network is away.

    Meanwhile what an earlier process left open is gone on with, unless the bot is to sync only.

    Raises:
        ConfigError: Discord does not accept the token; or the commands, which are to be synced.
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
        if is_token_refused(error):
            raise ConfigError((TOKEN_REFUSED,)) from error
        if not is_network_fault(error):
            if not isinstance(error, discord.HTTPException):
                raise error
            if only_sync:
                raise ConfigError(
                    (f"Discord does not take the commands: {words(error)}",)
                ) from error
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
        _check_refusal(error, bot)
        if bot.is_closed() or error is None:
            raise Disconnected(words(error) if error else "it was closed") from error
        if not is_network_fault(error):
            raise error
        await _wait(error, next(waits_s), clock)


async def _connect(bot: MusicGenBot) -> None:
    await find_gateway(bot)
    await bot.connect()


def _check_refusal(error: BaseException | None, bot: MusicGenBot) -> None:
    if error is not None and is_token_refused(error):
        raise ConfigError((TOKEN_REFUSED,)) from error
    if not isinstance(error, discord.ConnectionClosed):
        return
    if error.code == CloseCode.AUTHENTICATION_FAILED:
        raise ConfigError((TOKEN_REFUSED,)) from error
    shards_refused = error.code in {CloseCode.INVALID_SHARD, CloseCode.SHARDING_REQUIRED}
    if shards_refused and bot.shares_token:
        raise ConfigError(
            ("SHARD_IDS and SHARD_COUNT: Discord does not accept these shards",)
        ) from error


async def _wait(error: BaseException, wait_s: float, clock: Clock) -> None:
    if isinstance(error, DiscordAway):
        wait_s = max(wait_s, min(error.retry_after_s, _RETRY_AFTER_CAP_S))
    log.warning("Discord cannot be reached: %s; next try in %.0f s", words(error), wait_s)
    await clock.sleep(wait_s)
