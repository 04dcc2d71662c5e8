"""What the tests of the Replicate client share: swift time, and a server that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.domain.clock import SystemClock

TOKEN = "r8_a_token_that_opens_nothing"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SwiftClock:
    """Waits take no time, but count."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self.waits_s: list[float] = []

    def now(self) -> datetime:
        return self._system.now()

    def monotonic(self) -> float:
        return self._system.monotonic() + sum(self.waits_s)

    async def sleep(self, delay_s: float) -> None:
        self.waits_s.append(delay_s)
        await asyncio.sleep(0)

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        return await self._system.wait(event, timeout_s)


@dataclass
class Recorder:
    """A server with one handler; keeps what arrived."""

    url: URL
    paths: list[str] = field(default_factory=list[str])
    authorizations: list[str | None] = field(default_factory=list[str | None])


@asynccontextmanager
async def serve(answer: Answer) -> AsyncGenerator[Recorder]:
    """Serve every path with `answer` on a free port of loopback."""

    async def handle(request: web.Request) -> web.StreamResponse:
        recorder.paths.append(request.path_qs)
        recorder.authorizations.append(request.headers.get("Authorization"))
        return await answer(request)

    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", handle)
    server = TestServer(app)
    recorder = Recorder(URL())
    await server.start_server(shutdown_timeout=0.1)
    recorder.url = server.make_url("/")
    try:
        yield recorder
    finally:
        await server.close()


async def hang(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError
