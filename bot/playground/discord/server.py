"""The Discord stand-in as one server on loopback."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from aiohttp import web
from pydantic import JsonValue

from bot.playground.dates import date_answers
from bot.playground.faults import Faults
from bot.playground.guard import Guard, new_token

from .actors import Actor
from .cdn import serve
from .clock import Clock
from .events import BotPresence
from .gateway import Gateway
from .keeping import KeptWorld, restore
from .page_api import PageRoutes
from .page_voice import VoicePage
from .people import People
from .rate_limits import RateLimiter
from .rest import BotRoutes
from .rules import Rules
from .voice.calls import Calls
from .voice.routes import VoiceRoutes
from .webhooks import WebhookRoutes
from .wire import ApiError, Body, answer, read_body
from .world import World

if TYPE_CHECKING:
    # It wants the `voice` extra.
    from .voice.server import VoiceServer

_log = logging.getLogger(__name__)

API = "/api/v10"
_MAX_BODY_BYTES = 1 << 40
"""Too large for a server of ours: Discord's own limits are the ones that answer."""
_BACKLOG = 1024
"""Hundreds of requests may come at once; one that finds no room is tried again after a second."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _nothing(file_id: int) -> bytes:
    raise KeyError(file_id)


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the bot's, as it came; `status` 0 means the connection was dropped."""

    at: float
    method: str
    path: str
    """Without `/api/v10`."""
    json: JsonValue
    files: tuple[str, ...]
    """The names of the files that came with it."""
    status: int


class DiscordStandIn:
    """A Discord for one bot and three people.

    The bot connects with `token`, `discord.http.Route.BASE = f"{base_url}/api/v10"` and,
    when it names its `shard_count`, `DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)`.
    What it holds lives as long as it runs, whatever becomes of the bot; one that is given what
    was there `before`, with the content of its files, goes on with it.
    """

    def __init__(
        self,
        *,
        rules: Rules | None = None,
        token: str | None = None,
        control_token: str | None = None,
        bot_name: str = "MusicGen",
        host: str = "127.0.0.1",
        port: int = 0,
        notice: str | None = None,
        clock: Clock | None = None,
        before: KeptWorld | None = None,
        content: Callable[[int], bytes] = _nothing,
        voice: bool = False,
    ) -> None:
        self._before, self._content = before, content
        self.token = token or new_token()
        self.guard = Guard(host, control_token)
        self.clock = clock or Clock()
        ids = before.ids if before is not None else {}
        self.world = World(rules or Rules(), self.clock, bot_name, ids)
        self.people = People(self.world)
        self.faults = Faults()
        self.calls = Calls(self.world)
        self.gateway = Gateway(self.world, self.calls, self.token, lambda: self.gateway_url)
        self.has_voice = voice
        """Whether it has a voice server; that wants the `voice` extra."""
        self._voice: VoiceServer | None = None
        self.requests: list[Request] = []
        """Every request the bot has made, oldest first."""
        self._host, self._port = host, port
        self.pull_the_plug: Callable[[], None] | None = None
        """What kills the bot's process, for whoever runs one; the page offers it to people."""
        self._page = PageRoutes(
            self.world,
            self.people,
            notice,
            lambda: self.base_url,
            lambda: self.pull_the_plug,
            VoicePage(self.world, self.calls, lambda: self._voice),
            has_voice=voice,
        )
        self._stack = AsyncExitStack()
        self.base_url = ""

    @property
    def voice(self) -> VoiceServer:
        """The voice server, of one that has voice, as long as it runs."""
        if self._voice is None:
            raise RuntimeError("this Discord has no voice server")
        return self._voice

    @property
    def gateway_url(self) -> str:
        """Where the gateway's sockets open."""
        return f"{self.base_url.replace('http', 'ws', 1)}/gateway"

    def actor(self, username: str) -> Actor:
        """A person to act as: ada, bo or mod."""
        return Actor(self.world, self.people, self.calls, username)

    def tell_of_bot(self, note: str | None) -> None:
        """Say on every open page why the bot is not there; None once there is nothing to say."""
        self.world.bot_note = note
        self.world.emit(BotPresence())

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            # A port that is taken, for one: what is open by then ends here.
            await self._stack.aclose()
            raise
        return self

    async def _open(self) -> None:
        if self._before is not None:
            restore(self.world, self._before, self._content)
        limiter = RateLimiter(self.world, self.token, API)
        app = web.Application(
            middlewares=[self._record, self._meet_faults, limiter.admit, _refusals],
            client_max_size=_MAX_BODY_BYTES,
        )
        date_answers(app, lambda: datetime.fromtimestamp(self.world.clock.now(), UTC))
        BotRoutes(self.world, self.token, lambda: self.gateway_url).add_routes(app, API)
        VoiceRoutes(self.world, self.calls, self.token).add_routes(app, API)
        WebhookRoutes(self.world).add_routes(app, API)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/attachments/{channel}/{id:\\d+}/{name}", self._attachment)
        self._page.add_routes(app)
        self.faults.add_routes(app)
        self.guard.stand_before(app)
        app.on_shutdown.append(self._say_goodbye)
        if self.has_voice:
            from .voice.server import a_voice_server

            tell = self.gateway.tell_session
            server = a_voice_server(self.world, self.calls, tell, self._host)
            self._voice = await self._stack.enter_async_context(server)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, self._host, self._port, backlog=_BACKLOG)
        await site.start()
        port = runner.addresses[0][1]
        self.base_url = self.world.cdn.base_url = self.guard.bound(port)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
        self.clock.close()

    async def _say_goodbye(self, _: web.Application) -> None:
        await self.gateway.close()
        await self._page.close()

    async def _attachment(self, request: web.Request) -> web.Response:
        attachment = self.world.attachment(int(request.match_info["id"]))
        if attachment is None or not self.world.cdn.valid(request):
            return web.Response(status=404, text="This content is no longer available.")
        return serve(attachment, request)

    @web.middleware
    async def _meet_faults(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        return await self.faults.middleware()(request, handler)

    @web.middleware
    async def _record(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if not request.path.startswith(API):
            return await handler(request)
        at, status = self.clock.now(), 500
        body = Body(None, {})
        try:
            body = await read_body(request)
            response = await handler(request)
            cut = request.transport is None or request.transport.is_closing()
            status = 0 if cut else response.status
        except ApiError as error:
            status = error.status
            return answer(error.to_json(), status)
        else:
            return response
        finally:
            path = request.path.removeprefix(API)
            files = tuple(file.name for file in body.files.values())
            self.requests.append(Request(at, request.method, path, body.json, files, status))
            self.world.wake()


@web.middleware
async def _refusals(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return answer(error.to_json(), error.status)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        if not request.path.startswith(API):
            raise
        _log.warning("the playground has no route %s %s", request.method, request.path)
        return answer({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)
