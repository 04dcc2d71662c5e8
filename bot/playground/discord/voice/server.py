"""The voice servers of the Discord stand-in: one on loopback, by TLS and UDP."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.playground.discord.events import Event, VoiceStateChanged
from bot.playground.discord.model import Guild, VoiceState
from bot.playground.discord.wire import JsonObject
from bot.playground.discord.world import World
from bot.playground.guard import Guard

from .calls import Calls
from .certificate import Certificate, a_certificate
from .gateway import VoiceGateway
from .recording import Recording
from .rtp import NotVoice, discovered, opened, report, ssrc_of
from .seats import Seat, VoiceClose

_AFAR_S = 0.05
"""Until a bot is told its voice server: discord.py 2.7.1 waits for ever for one that comes before
it has come back from asking."""
_DISCOVERY_BYTES = 74
_REPORT_EVERY = 250
"""Packets: 5 s, as RTCP has it. discord.py 2.7.1 reads its socket for 30 s after it has connected,
and can connect anew only when something has come, or the 30 s are over."""
_Tell = Callable[[str, str, JsonObject], None]


class VoiceServer:
    """Assigns each of the bot's voice states a seat, and takes what it sends there."""

    def __init__(
        self, world: World, calls: Calls, tell_session: _Tell, host: str, certificate: Certificate
    ) -> None:
        self._world = world
        self._calls = calls
        self._tell_session = tell_session
        self.certificate = certificate
        self._seats: dict[int, Seat] = {}
        self._recordings: dict[int, Recording] = {}
        self._host = host
        self._guard = Guard(host)
        self.endpoint = ""
        """Where bots are told to connect: host and port."""
        self._udp_port = 0
        self.gateway = VoiceGateway(calls, self._seats, lambda: (host, self._udp_port))

    def recording(self, guild: Guild) -> Recording:
        """What the bot has sent in this server's voice channels."""
        return self._recordings.setdefault(guild.id, Recording())

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Listen, until this is left."""
        loop = asyncio.get_running_loop()
        app = web.Application()
        app.router.add_get("/", self.gateway.handle)
        self._guard.stand_before(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Udp(self._receive), (self._host, 0), family=socket.AF_INET
        )
        unsubscribe = self._world.subscribe(self._see)
        try:
            self._udp_port = transport.get_extra_info("sockname")[1]
            site = web.TCPSite(runner, self._host, 0, ssl_context=self.certificate.server)
            await site.start()
            port = runner.addresses[0][1]
            self._guard.bound(port)
            self.endpoint = f"{self._host}:{port}"
            yield
        finally:
            unsubscribe()
            transport.close()
            self.gateway.end(VoiceClose.CRASHED)
            await runner.cleanup()

    def _see(self, event: Event) -> None:
        if not isinstance(event, VoiceStateChanged):
            return
        state = event.state
        if state.user is self._world.bot:
            if event.gone:
                self._dismiss(state)
            elif event.placed:
                self._assign(state)
            return
        seat = self._seats.get(state.guild.id)
        if seat is not None and seat.mode is not None:
            seat.meet(self._calls.others(seat.state))

    def _assign(self, state: VoiceState) -> None:
        """Tell the bot where to connect; its connection to another channel ends."""
        key = state.guild.id
        seat = self._seats.get(key)
        if seat is None:
            seat = self._seats[key] = Seat(state, state.channel, self.recording(state.guild))
        elif seat.socket is not None and seat.channel is not state.channel:
            seat.socket.end(VoiceClose.DISCONNECTED)
        seat.channel = state.channel
        seat.renew()
        where: JsonObject = {
            "token": seat.token,
            "guild_id": str(key),
            "endpoint": self.endpoint,
        }
        loop = asyncio.get_running_loop()
        loop.call_later(_AFAR_S, self._tell_session, state.session_id, "VOICE_SERVER_UPDATE", where)

    def _dismiss(self, state: VoiceState) -> None:
        seat = self._seats.pop(state.guild.id, None)
        if seat is not None and seat.socket is not None:
            is_there = state.channel.id in self._world.channels
            seat.socket.end(VoiceClose.DISCONNECTED if is_there else VoiceClose.CALL_ENDED)

    def _receive(self, data: bytes, host: str, port: int) -> bytes | None:
        """Take what came by UDP; the answer, if it wants one."""
        arrived_s = time.perf_counter()
        if len(data) == _DISCOVERY_BYTES:
            for seat in self._seats.values():
                if (answer := discovered(data, seat.ssrc, host, port)) is not None:
                    return answer
        try:
            ssrc = ssrc_of(data)
        except NotVoice:
            return None
        for seat in self._seats.values():
            if seat.ssrc == ssrc and seat.mode is not None and seat.introduced:
                return self._take(seat, seat.mode, data, arrived_s)
        return None

    @staticmethod
    def _take(seat: Seat, mode: str, data: bytes, arrived_s: float) -> bytes | None:
        """Keep a packet; every so often the answer reports on those that came."""
        try:
            packet = opened(data, mode, seat.key, arrived_s)
        except NotVoice:
            seat.recording.unreadable += 1
            return None
        if seat.state.is_heard:
            seat.recording.add(packet)
        else:
            seat.recording.unheard += 1
        seat.taken += 1
        if seat.taken % _REPORT_EVERY != 1:
            return None
        return report(packet, mode, seat.key, seat.taken)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, str, int], bytes | None]) -> None:
        self._receive = receive
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if (answer := self._receive(data, *addr)) is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def a_voice_server(
    world: World, calls: Calls, tell_session: _Tell, host: str
) -> AsyncGenerator[VoiceServer]:
    """Make one with a certificate of its own, and let it serve."""
    with a_certificate(host) as certificate:
        server = VoiceServer(world, calls, tell_session, host, certificate)
        async with server.serving():
            yield server
