"""Discord's rate limits, where the rules enforce them (docs: topics/rate-limits)."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from .rules import Rules
from .windows import Standing, Tally, Window
from .wire import answer
from .world import World

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PROXY = "1.1 google"
"""`Via`, as Discord's own proxy signs; discord.py takes a 429 without it for a ban."""


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Requests that share a window with those of the same channel or webhook."""

    name: str
    requests: re.Pattern[str]
    """Its group is what they have to share."""
    window: Callable[[Rules], Window]

    @property
    def hash(self) -> str:
        """What Discord calls it: one name for all channels and webhooks, opaque to bots."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:32]


_BUCKETS = (
    _Bucket(
        "webhook",
        re.compile(r"[A-Z]+ /webhooks/(\d+/[^/]+)(?:/.*)?"),
        lambda rules: rules.webhook_limit,
    ),
    _Bucket("send", re.compile(r"POST /channels/(\d+)/messages"), lambda rules: rules.send_limit),
    _Bucket(
        "edit", re.compile(r"PATCH /channels/(\d+)/messages/\d+"), lambda rules: rules.edit_limit
    ),
)


class RateLimiter:
    """Counts what the bot asks, and refuses what is too much."""

    def __init__(self, world: World, token: str, api: str) -> None:
        self._world, self._api = world, api
        self._authorization = f"Bot {token}"
        self._tally = Tally(world.clock.now)

    @web.middleware
    async def admit(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """The aiohttp middleware."""
        rules = self._world.rules
        if not rules.enforce_rate_limits or not request.path.startswith(self._api):
            return await handler(request)
        path = request.path.removeprefix(self._api)
        if self._is_the_bots(request, path):
            standing = self._tally.count("global", rules.global_limit)
            if not standing.admitted:
                return _refusal(standing, {"X-RateLimit-Global": "true"}, scope="global")
        for bucket in _BUCKETS:
            if match := bucket.requests.fullmatch(f"{request.method} {path}"):
                break
        else:
            return await handler(request)
        standing = self._tally.count(f"{bucket.name} {match[1]}", bucket.window(rules))
        headers = _headers(standing, bucket)
        if not standing.admitted:
            return _refusal(standing, headers, scope="user")
        response = await handler(request)
        response.headers.update(headers)
        return response

    def _is_the_bots(self, request: web.Request, path: str) -> bool:
        """Whether it counts for the bot as a whole; what an interaction's token opens does not."""
        exempt = path.startswith(("/interactions/", "/webhooks/"))
        return not exempt and request.headers.get("Authorization") == self._authorization


def _headers(standing: Standing, bucket: _Bucket) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(standing.limit),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Reset": f"{standing.resets_at:.3f}",
        "X-RateLimit-Reset-After": f"{standing.resets_after_s:.3f}",
        "X-RateLimit-Bucket": bucket.hash,
    }


def _refusal(standing: Standing, headers: dict[str, str], *, scope: str) -> web.Response:
    response = answer(
        {
            "message": "You are being rate limited.",
            "retry_after": standing.resets_after_s,
            "global": scope == "global",
        },
        status=429,
    )
    response.headers.update(headers)
    response.headers["X-RateLimit-Scope"] = scope
    response.headers["Retry-After"] = str(math.ceil(standing.resets_after_s))
    response.headers["Via"] = _PROXY
    return response
