"""The HTTP server on `PORT`: `/livez`, `/healthz`, `/metrics`, and webhooks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial

from aiohttp import ClientPayloadError, StreamReader, web

from bot.client import MusicGenBot
from bot.cog.client import CogClient
from bot.cog.server import read_within
from bot.domain.amounts import Amount
from bot.domain.errors import ConfigError, JournalFault
from bot.engine.ports import Predictions
from bot.host.reasons import reason
from bot.operations.health import HealthCheck
from bot.operations.metrics import CONTENT_TYPE, Metrics
from bot.operations.question import Question
from bot.operations.watched import WatchedBot
from bot.operations.webhooks import WebhookReceiver
from bot.replicate.webhooks import WebhookKey

log = logging.getLogger(__name__)

_CLOSES_S = 1.0
_BODY_WITHIN_S = 60.0
"""Some megabytes of audio, from a server of one's own."""
_WITHIN_S = 3.0
"""What is read for it may not hold up all other metrics: Prometheus waits 10 s."""


class Operations:
    """What is told of this process, whichever bot it runs at the time."""

    def __init__(self, metrics: Metrics, *, takes_webhooks: bool = False) -> None:
        self.metrics = metrics
        self._webhooks = WebhookReceiver(metrics) if takes_webhooks else None
        self._health = HealthCheck()
        self._budget = Question[list[tuple[Amount, float]]]("budget left", _WITHIN_S)
        self._bot: WatchedBot | None = None
        self._cog: CogClient | None = None

    @contextmanager
    def watching(self, bot: MusicGenBot, webhook_key: WebhookKey | None = None) -> Generator[None]:
        """Tell of this bot, and take what is pushed to it, for as long as it runs."""
        self._bot = WatchedBot(bot)
        with ExitStack() as stack:
            if self._webhooks is not None and webhook_key is not None:
                stack.enter_context(self._webhooks.serving(webhook_key, bot.service.push_router))
            try:
                yield
            finally:
                self._bot = None

    @contextmanager
    def handing_on(self, predictions: Predictions) -> Generator[None]:
        """Hand webhooks on to these, for as long as they are open, where they have any."""
        self._cog = predictions if isinstance(predictions, CogClient) else None
        try:
            yield
        finally:
            self._cog = None

    @asynccontextmanager
    async def serving(self, port: int, host: str | None = None) -> AsyncGenerator[int]:
        """Answer on a port, 0 for any free one; the port.

        Raises:
            ConfigError: the port cannot be had.
        """
        app = web.Application()
        app.router.add_get("/livez", self._live)
        app.router.add_get("/healthz", self._healthy)
        app.router.add_get("/metrics", self._measured)
        app.router.add_post("/cog/{run:[a-z2-7]{26}}/{token}", self._told_by_server)
        if self._webhooks is not None:
            self._webhooks.add_routes(app.router)
        runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=_CLOSES_S,
            # What is signed are the bytes that come.
            auto_decompress=False,
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            try:
                await site.start()
            except OSError as error:
                raise ConfigError((f"PORT: {port} cannot be had: {reason(error)}",)) from error
            taken: int = runner.addresses[0][1]
            log.info("health and metrics on port %d", taken)
            yield taken
        finally:
            await self._health.close()
            await self._budget.close()
            await runner.cleanup()

    async def _live(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _healthy(self, _: web.Request) -> web.Response:
        health = await self._health.of(self._bot)
        told = health.json()
        if self._cog is not None:
            # As Replicate's, their outage is told on cards, and heals without a new start.
            told["servers"] = self._cog.servers_told()
        return web.json_response(told, status=200 if health.is_ok else 503)

    async def _told_by_server(self, request: web.Request) -> web.Response:
        """A webhook of a Cog server, which tries the last one again where it is told 503."""
        if self._cog is None:
            return web.Response(status=503)
        read = partial(_read_in_time, request.content)
        try:
            status = await self._cog.hear(
                request.match_info["run"], request.match_info["token"], read
            )
        except ClientPayloadError:
            status = 413
        except TimeoutError:
            status = 408
        return web.Response(status=status)

    async def _measured(self, _: web.Request) -> web.Response:
        # Both ask the database, and wait for it no longer than one of them.
        bot = self._bot
        health, _done = await asyncio.gather(self._health.of(bot), self._take_down(bot))
        self.metrics.healthy(health)
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _take_down(self, bot: WatchedBot | None) -> None:
        """What is not counted as it happens, but looked at now."""
        if bot is None:
            return
        metrics = self.metrics
        metrics.shards(bot.shard_states())
        metrics.running.set(bot.running)
        metrics.waiting.set(bot.waiting)
        try:
            for amount, left in await self._budget.answer(bot.budget_left):
                metrics.budget_left.labels(amount.unit.value, amount.period.value).set(left)
        except (JournalFault, TimeoutError) as error:
            # What was left when last looked at would be taken for the present.
            metrics.budget_left.clear()
            log.warning("what is left of LIMIT_TOTAL is not known: %r", error)


async def _read_in_time(content: StreamReader) -> bytes:
    async with asyncio.timeout(_BODY_WITHIN_S):
        return await read_within(content)
