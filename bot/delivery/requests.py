"""Watches every request to Discord: how often it was really sent, and Discord's clock.

discord.py (2.7.1, `AsyncWebhookAdapter.request`) sends a request again after a fault of Discord's.
Who is then told that the first one was taken has to know that there was a first one.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp

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


def request_trace(clock: Clock) -> aiohttp.TraceConfig:
    """What the session that speaks to Discord is to report its requests to."""
    heard = hearing(clock, Service.DISCORD)

    async def begins(_: object, context: SimpleNamespace, __: object) -> None:
        context.asked_s = clock.monotonic()
        if (sends := _sends.get()) is not None:
            sends.count += 1

    async def ends(_: object, context: SimpleNamespace, end: aiohttp.TraceRequestEndParams) -> None:
        # Attachments come from elsewhere.
        if end.url.host == api_host():
            heard(end.response.headers, context.asked_s)

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(begins)
    trace.on_request_end.append(ends)
    return trace
