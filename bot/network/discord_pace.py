"""How fast the bot asks Discord with its own token."""

from __future__ import annotations

from typing import Any

from aiolimiter import AsyncLimiter
from discord.http import HTTPClient, Route

_AT_ONCE, _WITHIN_S = 5, 0.125
"""Discord refuses more than 50 requests in a second (topics/rate-limits, 2026-08). Five at once and
forty a second after them are 45 at the most in any second."""


def keep_pace(http: HTTPClient) -> None:
    """Have each request with the bot's own token wait until Discord will not refuse it as too many.

    discord.py (2.7.1) learns of that limit by being refused; then all that waits is sent at once,
    and is refused again. Answers to interactions, which it sends another way, have no such limit.
    """
    limiter = AsyncLimiter(_AT_ONCE, _WITHIN_S)
    send = http.request

    async def request(route: Route, **given: Any) -> Any:
        await limiter.acquire()
        return await send(route, **given)

    vars(http)["request"] = request
