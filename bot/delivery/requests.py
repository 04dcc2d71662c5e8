"""Watches every request to Discord: how often it was really sent, and Discord's clock.

discord.py (2.7.1, `AsyncWebhookAdapter.request`) sends a request again after a fault of Discord's.
Who is then told that the first one was taken has to know that there was a first one.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

from bot.discord_internals import api_host
from bot.domain.clock import Clock
from bot.host.service_time import Service, hearing


@dataclass(slots=True)
class Sends:
    """How often something was sent."""

    count: int = 0

    @property
    def repeated(self) -> bool:
        """Whether more than once: an answer to the last may be about an earlier one."""
        return self.count > 1


_sends = ContextVar[Sends | None]("sends", default=None)


@contextmanager
def counting_sends() -> Generator[Sends, None, None]:
    """Count the requests that this task sends in here."""
    sends = Sends()
    token = _sends.set(sends)
    try:
        yield sends
    finally:
        _sends.reset(token)


def watching_requests(clock: Clock) -> ClientMiddlewareType:
    """What the session that speaks to Discord is to send its requests through."""
    heard = hearing(clock, Service.DISCORD)

    async def watch(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        asked_s = clock.monotonic()
        if (sends := _sends.get()) is not None:
            sends.count += 1
        response = await handler(request)
        # Attachments come from elsewhere.
        if request.url.host == api_host():
            heard(response.headers, asked_s)
        return response

    return watch
