"""This machine's clock against both services'."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from bot.network.resolver import Resolver
from bot.settings import Settings

_WITHIN = aiohttp.ClientTimeout(total=5.0)


async def check_clock(settings: Settings) -> float | None:
    """By how many seconds the services are ahead, the worse of both; None where neither tells."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=Resolver()),
        middlewares=(settings.proxies,),
        timeout=_WITHIN,
    ) as session:
        addresses = settings.discord_base_url, settings.replicate_base_url
        found = await asyncio.gather(*(_ahead_s(session, address) for address in addresses))
    return max((ahead_s for ahead_s in found if ahead_s is not None), key=abs, default=None)


async def _ahead_s(session: aiohttp.ClientSession, address: str) -> float | None:
    """By how many seconds a service is ahead; whether it can be reached is not asked here."""
    try:
        async with session.head(address, allow_redirects=False) as answer:
            said = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
    return (said - datetime.now(UTC)).total_seconds()
