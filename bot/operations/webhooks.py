"""Receives what Replicate pushes, and answers before anything is done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum

from aiohttp import web

from bot.domain.errors import ReplyBroken
from bot.engine.push_router import Given, PushRouter
from bot.operations.metrics import Metrics
from bot.replicate.webhooks import PATH, Signature, WebhookKey, read_pushed

GREETING = "musicgen-bot\n"
"""What the path answers to a GET, so that a check knows whom it has reached."""
_BODY_MAX_BYTES = 256_000
"""A prediction's logs take 20 kB; a poll reads what is larger."""
_READ_WITHIN_S = 5.0
_READ_AT_ONCE = 256
"""Bodies that are read before it is known whose they are."""
ROUTE = rf"/{{before:(.*/)?}}{PATH[1:]}{{generation:[A-Za-z0-9_-]{{1,64}}}}"
"""Below whatever path the public address has, should a proxy hand that on too."""


class Refused(StrEnum):
    """Why a push is not taken, as metrics count it."""

    TOO_EARLY = "too_early"
    """The bot is not there yet, or the key is not."""
    TOO_MANY = "too_many"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    UNSIGNED = "unsigned"
    STALE = "stale"
    UNUSABLE = "unusable"


_STATUSES = {
    Refused.TOO_EARLY: 503,
    Refused.TOO_MANY: 503,
    Refused.TOO_LARGE: 413,
    Refused.TOO_SLOW: 408,
    Refused.UNSIGNED: 401,
    Refused.STALE: 401,
    Refused.UNUSABLE: 400,
}
_UNSIGNED = {
    Signature.UNCHECKED: Refused.TOO_EARLY,
    Signature.WRONG: Refused.UNSIGNED,
    Signature.STALE: Refused.STALE,
}


async def greet(_: web.Request) -> web.Response:
    """Say who is here, to who asks."""
    return web.Response(text=GREETING)


class WebhookReceiver:
    """Takes pushes for whichever bot runs at the time."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._bot: tuple[WebhookKey, PushRouter] | None = None
        self._reading = 0
        for result in (*Refused, *Given):
            metrics.pushed(result, 0)

    @contextmanager
    def serving(self, key: WebhookKey, router: PushRouter) -> Generator[None]:
        """Take them for this bot, for as long as it runs."""
        self._bot = key, router
        try:
            yield
        finally:
            self._bot = None

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Have them taken on a server."""
        router.add_get(ROUTE, greet)
        router.add_post(ROUTE, self._receive)

    async def _receive(self, request: web.Request) -> web.Response:
        result = await self._result(request)
        self._metrics.pushed(result)
        if isinstance(result, Given):
            return web.Response()
        return web.Response(status=_STATUSES[result])

    async def _result(self, request: web.Request) -> Given | Refused:
        if (bot := self._bot) is None:
            return Refused.TOO_EARLY
        if self._reading >= _READ_AT_ONCE:
            return Refused.TOO_MANY
        self._reading += 1
        try:
            body = await _body(request)
        finally:
            self._reading -= 1
        if isinstance(body, Refused):
            return body
        key, router = bot
        signature = key.check(request.headers, body)
        if signature is not Signature.VALID:
            return _UNSIGNED[signature]
        try:
            prediction = read_pushed(body)
        except ReplyBroken:
            return Refused.UNUSABLE
        return router.give(request.match_info["generation"], prediction)


async def _body(request: web.Request) -> bytes | Refused:
    """The raw body, which is what is signed; read no further than it may be long."""
    if (request.content_length or 0) > _BODY_MAX_BYTES:
        return Refused.TOO_LARGE
    body = bytearray()
    try:
        async with asyncio.timeout(_READ_WITHIN_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > _BODY_MAX_BYTES:
                    return Refused.TOO_LARGE
    except TimeoutError:
        return Refused.TOO_SLOW
    return bytes(body)
