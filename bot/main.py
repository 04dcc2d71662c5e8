"""The bot as a process: started, started over, ended by signals; its exit codes."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from bot import logs
from bot.client import MusicGenBot
from bot.connection import StartOver, log_in, stay_connected
from bot.discord_errors import is_network_fault, words
from bot.discord_internals import open_session, point_at
from bot.domain.backoff import growing_waits_s
from bot.domain.errors import ConfigError, JournalFault
from bot.host.signals import leave_in_time, on_stop
from bot.journal import JournalError, JournalNotReady, SqlJournal, alone
from bot.open_parts import journal_name, open_parts
from bot.operations.disk_warning import disk_warning
from bot.parts import Parts
from bot.settings import Settings

if TYPE_CHECKING:
    # Only who sets PORT waits for what these import.
    from bot.operations.web import Operations

log = logging.getLogger(__name__)

_LASTED_S = 600.0
"""A start that went well for so long: the next fault is not the last one's."""
_BOT_CLOSES_S = 2.5
"""Closing goes on with the journal then, which has its own limit."""


def run(settings: Settings, *, only_sync: bool = False) -> int:
    """Run the bot until a signal, or sync its commands and leave; the process's exit code.

    Raises:
        ConfigError: the settings are of no use.
    """
    with asyncio.Runner() as runner:
        runner.run(_until_signal(settings, only_sync=only_sync))
        leave_in_time()
    return 0


async def _until_signal(settings: Settings, *, only_sync: bool) -> None:
    """Do the work and drop it at a signal, whatever it waits for; it closes what it has opened."""
    stop = asyncio.Event()

    def told_to_stop() -> None:
        stop.set()
        leave_in_time()

    on_stop(asyncio.get_running_loop(), told_to_stop)
    work = asyncio.create_task(_work(settings, only_sync=only_sync), name="work")
    stopped = asyncio.create_task(stop.wait(), name="signal")
    await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not stop.is_set():
        work.result()
        return
    work.cancel()
    await asyncio.wait({work})
    if not work.cancelled() and (error := work.exception()) is not None:
        log.error("closing met a fault", exc_info=error)


async def _work(settings: Settings, *, only_sync: bool) -> None:
    point_at(settings.discord_base_url)
    logs.shorten(is_network_fault, words)
    async with AsyncExitStack() as stack:
        operations = None
        if not only_sync:
            if (warning := await asyncio.to_thread(disk_warning, settings)) is not None:
                log.warning("%s", warning)
            if settings.port is not None:
                from bot.operations.metrics import Metrics
                from bot.operations.web import Operations

                operations = Operations(
                    Metrics(settings.price_micro_usd),
                    takes_webhooks=settings.public_url is not None,
                )
                await stack.enter_async_context(operations.serving(settings.port))
            await stack.enter_async_context(alone(settings.journal_url))
        await _serve_on(settings, operations, only_sync=only_sync)


async def _serve_on(settings: Settings, operations: Operations | None, *, only_sync: bool) -> None:
    """Start over after whatever a new start may mend."""
    waits_s = growing_waits_s()
    started_before = False
    while True:
        began_s = time.monotonic()
        try:
            await _serve(settings, operations, only_sync=only_sync)
        except (StartOver, JournalNotReady) as error:
            why = error
        except ConfigError as error:
            # It did for the start before; a database may be away like any other service.
            why = error.__cause__
            did = isinstance(why, JournalNotReady) or started_before
            if not (did and isinstance(why, JournalError)):
                raise
        else:
            return
        started_before |= isinstance(why, StartOver)
        if time.monotonic() - began_s > _LASTED_S:
            waits_s = growing_waits_s()
        wait_s = next(waits_s)
        log.warning("the bot starts over in %.0f s: %s", wait_s, why)
        await asyncio.sleep(wait_s)


async def _serve(settings: Settings, operations: Operations | None, *, only_sync: bool) -> None:
    token = settings.discord_token.get_secret_value()
    metrics = operations.metrics if operations else None
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(open_parts(settings, metrics=metrics))
        bot = MusicGenBot(parts, force_sync=only_sync)
        await bot.__aenter__()
        open_session(bot, token, settings.proxies, *bot.middlewares)
        if operations is not None:
            stack.enter_context(operations.handing_on(parts.predictions))
            stack.enter_context(operations.watching(bot, parts.webhook_key))
        try:
            await log_in(bot, token, parts.clock, only_sync=only_sync)
            if not only_sync:
                await _stay(bot, parts)
        except JournalFault as error:
            raise ConfigError((f"{journal_name(settings)}: {error}",)) from error
        finally:
            await _close(bot)


async def _stay(bot: MusicGenBot, parts: Parts) -> None:
    """Stay connected; until the schema is there, if the bot has had to begin without one.

    Raises:
        StartOver: the commands are to be made anew from it, or the connection.
    """
    if parts.schema_comes is None:
        await stay_connected(bot, parts.clock)
        return
    connected = asyncio.create_task(stay_connected(bot, parts.clock), name="connection")
    known = asyncio.create_task(parts.schema_comes(), name="schema")
    try:
        await asyncio.wait({connected, known}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        connected.cancel()
        known.cancel()
        await asyncio.wait({connected, known})
    if not connected.cancelled():
        connected.result()
    raise StartOver("the model's schema has come")


async def _close(bot: MusicGenBot) -> None:
    if bot.is_closed():
        return
    try:
        async with asyncio.timeout(_BOT_CLOSES_S):
            await bot.close()
    except TimeoutError:
        log.warning("the bot does not close within %.1f s and is left behind", _BOT_CLOSES_S)


async def migrate(settings: Settings) -> int:
    """Bring the database to its newest form; the exit code.

    Raises:
        ConfigError: it cannot be.
    """
    try:
        journal = await SqlJournal.open(settings.journal_url, owner=settings.owner)
    except JournalError as error:
        raise ConfigError((f"{journal_name(settings)}: {error}",)) from error
    async with journal:
        log.info("the database has its newest form")
    return 0
