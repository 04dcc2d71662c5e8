"""Whether PUBLIC_URL leads to this bot, as far as that can be seen from this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import web

from bot.host.reasons import reason
from bot.network.resolver import Resolver
from bot.operations.webhooks import GREETING, ROUTE, greet
from bot.replicate.webhooks import PATH
from bot.settings import Settings

_WITHIN = aiohttp.ClientTimeout(total=5.0)
_READ_MAX_BYTES = 1000


async def check_webhooks(settings: Settings) -> str | None:
    """What stands in the way of Replicate's webhooks; None where they come through.

    A bot that runs answers for itself; where none does, this process does meanwhile.
    """
    async with (
        _answering(settings.port),
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=Resolver()),
            middlewares=(settings.proxies,),
            timeout=_WITHIN,
        ) as session,
    ):
        try:
            async with session.get(
                f"{settings.public_url}{PATH}check", allow_redirects=False
            ) as answer:
                body = await answer.content.read(_READ_MAX_BYTES)
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"cannot be reached from here ({reason(error)})"
    if answer.status == 200 and body == GREETING.encode():
        return None
    if 300 <= answer.status <= 399:
        return f"redirects (HTTP {answer.status}), which Replicate does not follow"
    if answer.status == 200:
        return "leads to something else than this bot's PORT"
    return f"answers HTTP {answer.status} instead of this bot"


@asynccontextmanager
async def _answering(port: int | None) -> AsyncGenerator[None]:
    app = web.Application()
    app.router.add_get(ROUTE, greet)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0)
    await runner.setup()
    try:
        # Where the port is taken, the bot runs already, as a rule; whoever it is answers now.
        with suppress(OSError):
            await web.TCPSite(runner, None, port).start()
        yield
    finally:
        await runner.cleanup()
