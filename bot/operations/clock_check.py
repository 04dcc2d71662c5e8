"""This machine's clock against both services'."""

from __future__ import annotations

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
        found = list[float]()
        for address in (settings.discord_base_url, settings.replicate_base_url):
            try:
                async with session.head(address, allow_redirects=False) as answer:
                    said = parsedate_to_datetime(answer.headers.get("Date", ""))
            except (aiohttp.ClientError, TimeoutError, ValueError):
                # Whether it can be reached is another line's business.
                continue
            found.append((said - datetime.now(UTC)).total_seconds())
    return max(found, key=abs, default=None)
