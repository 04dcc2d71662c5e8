"""The voice gateway, version 8: a bot identifies, agrees on an encryption, and says it speaks.

End-to-end encryption (DAVE) is asked of every bot, as Discord does, and then not used: nobody but
bots is in a call here, and what they send is to be looked at.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar

from aiohttp import WSMessage, WSMsgType, web

from bot.playground.discord.forms import Form, Snowflake, parse
from bot.playground.discord.wire import ApiError, JsonObject, JsonValue

from .calls import Calls
from .rtp import KEY_BYTES, modes
from .seats import Seat, VoiceClose, VoiceOp, VoiceSocket

HEARTBEAT_INTERVAL_MS = 13_750
_AFAR_S = 0.05
"""As `bot.playground.discord.gateway` answers heartbeats."""
_FormT = TypeVar("_FormT", bound=Form)


class _Frame(Form):
    op: int
    d: JsonValue = None


class _Identify(Form):
    server_id: Snowflake
    user_id: Snowflake
    session_id: str
    token: str
    max_dave_protocol_version: int = 0


class _Resume(Form):
    server_id: Snowflake
    session_id: str
    token: str
    seq_ack: int = -1


class _UdpWish(Form):
    address: str
    port: int
    mode: str


class _SelectProtocol(Form):
    protocol: str
    data: _UdpWish


class _Heartbeat(Form):
    t: int


class _Speaking(Form):
    speaking: int


class _Close(Exception):
    def __init__(self, code: VoiceClose) -> None:
        self.code = code
        super().__init__(code.name)


class VoiceGateway:
    """The voice servers' websockets; who may connect stands in `seats`, by their server."""

    def __init__(
        self, calls: Calls, seats: dict[int, Seat], udp_address: Callable[[], tuple[str, int]]
    ) -> None:
        self._calls = calls
        self._seats = seats
        self._udp_address = udp_address
        self._sockets: set[VoiceSocket] = set()
        self.resumed = 0
        """How often a connection was resumed."""

    def drop(self) -> None:
        """Cut every connection as a network failure does."""
        for socket in list(self._sockets):
            socket.abort()

    def end(self, code: VoiceClose) -> None:
        """Close every connection; with `CRASHED` they may be resumed."""
        for socket in list(self._sockets):
            socket.end(code)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A bot connects."""
        socket = VoiceSocket(request)
        await socket.ws.prepare(request)
        self._sockets.add(socket)
        socket.send(VoiceOp.HELLO, {"v": 8, "heartbeat_interval": HEARTBEAT_INTERVAL_MS})
        try:
            async with socket.sending():
                async for message in socket.ws:
                    self._receive(socket, message)
        except _Close as close:
            await socket.ws.close(code=close.code, message=str(close).encode())
        finally:
            self._sockets.discard(socket)
            self._detach(socket)
        return socket.ws

    def _detach(self, socket: VoiceSocket) -> None:
        seat = socket.seat
        if seat is not None and seat.socket is socket:
            seat.socket = None
            self._calls.set_speaking(seat.state, speaking=False)

    def _receive(self, socket: VoiceSocket, message: WSMessage) -> None:
        if message.type is not WSMsgType.TEXT:
            raise _Close(VoiceClose.DECODE_ERROR)
        try:
            frame = _Frame.model_validate_json(str(message.data))
        except ValueError as error:
            raise _Close(VoiceClose.DECODE_ERROR) from error
        match frame.op:
            case VoiceOp.HEARTBEAT:
                beat: JsonObject = {"t": _read(_Heartbeat, frame.d).t}
                loop = asyncio.get_running_loop()
                loop.call_later(_AFAR_S, socket.send, VoiceOp.HEARTBEAT_ACK, beat)
            case VoiceOp.IDENTIFY:
                self._identify(socket, _read(_Identify, frame.d))
            case VoiceOp.RESUME:
                self._resume(socket, _read(_Resume, frame.d))
            case VoiceOp.SELECT_PROTOCOL:
                self._select(socket, _read(_SelectProtocol, frame.d))
            case VoiceOp.SPEAKING:
                seat = _seat_of(socket)
                seat.introduced = True
                speaking = bool(_read(_Speaking, frame.d).speaking)
                self._calls.set_speaking(seat.state, speaking=speaking)
            case _:
                raise _Close(VoiceClose.UNKNOWN_OPCODE)

    def _identify(self, socket: VoiceSocket, wish: _Identify) -> None:
        seat = self._admitted(socket, wish.server_id, wish.session_id, wish.token)
        if wish.user_id != seat.state.user.id:
            raise _Close(VoiceClose.AUTHENTICATION_FAILED)
        if wish.max_dave_protocol_version < 1:
            raise _Close(VoiceClose.ENCRYPTION_REQUIRED)
        seat.begin(secrets.randbelow(1 << 31) + 1, secrets.token_bytes(KEY_BYTES))
        seat.take(socket)
        host, port = self._udp_address()
        socket.send(
            VoiceOp.READY, {"ssrc": seat.ssrc, "ip": host, "port": port, "modes": [*modes()]}
        )
        seat.meet(self._calls.others(seat.state))

    def _resume(self, socket: VoiceSocket, wish: _Resume) -> None:
        seat = self._admitted(socket, wish.server_id, wish.session_id, wish.token)
        if seat.mode is None:
            raise _Close(VoiceClose.SESSION_INVALID)
        seat.take(socket)
        for sequence, op, data in seat.missed(wish.seq_ack):
            socket.send(op, data, sequence)
        socket.send(VoiceOp.RESUMED, None)
        self.resumed += 1

    def _admitted(self, socket: VoiceSocket, guild_id: int, session_id: str, token: str) -> Seat:
        if socket.seat is not None:
            raise _Close(VoiceClose.ALREADY_AUTHENTICATED)
        seat = self._seats.get(guild_id)
        if seat is None or seat.state.session_id != session_id:
            raise _Close(VoiceClose.SESSION_INVALID)
        if not secrets.compare_digest(seat.token.encode(), token.encode()):
            raise _Close(VoiceClose.AUTHENTICATION_FAILED)
        return seat

    def _select(self, socket: VoiceSocket, wish: _SelectProtocol) -> None:
        seat = _seat_of(socket)
        if wish.protocol != "udp":
            raise _Close(VoiceClose.UNKNOWN_PROTOCOL)
        if wish.data.mode not in modes():
            raise _Close(VoiceClose.UNKNOWN_ENCRYPTION)
        seat.mode = wish.data.mode
        agreed: JsonObject = {
            "mode": seat.mode,
            "secret_key": [*seat.key],
            "audio_codec": "opus",
            "dave_protocol_version": 0,
        }
        socket.send(VoiceOp.SESSION_DESCRIPTION, agreed)


def _seat_of(socket: VoiceSocket) -> Seat:
    if socket.seat is None:
        raise _Close(VoiceClose.NOT_AUTHENTICATED)
    return socket.seat


def _read(form: type[_FormT], data: JsonValue) -> _FormT:
    try:
        return parse(form, data)
    except ApiError as error:
        raise _Close(VoiceClose.DECODE_ERROR) from error
