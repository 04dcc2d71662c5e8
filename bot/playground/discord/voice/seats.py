"""The bot's connections to voice servers: one for each server it is in a voice channel of."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from aiohttp import web
from pydantic import JsonValue

from bot.playground.discord.model import Channel, VoiceState
from bot.playground.discord.outbox import Outbox
from bot.playground.discord.wire import dumps

from .recording import Recording

_REPLAY = 100
"""How many numbered messages a voice server remembers for a resume."""


class VoiceOp(IntEnum):
    """Voice gateway opcodes (docs: topics/opcodes-and-status-codes)."""

    IDENTIFY = 0
    SELECT_PROTOCOL = 1
    READY = 2
    HEARTBEAT = 3
    SESSION_DESCRIPTION = 4
    SPEAKING = 5
    HEARTBEAT_ACK = 6
    RESUME = 7
    HELLO = 8
    RESUMED = 9
    CLIENTS_CONNECT = 11
    CLIENT_DISCONNECT = 13


class VoiceClose(IntEnum):
    """Voice gateway close codes (docs: the same page)."""

    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    SESSION_INVALID = 4006
    UNKNOWN_PROTOCOL = 4012
    DISCONNECTED = 4014
    CRASHED = 4015
    UNKNOWN_ENCRYPTION = 4016
    ENCRYPTION_REQUIRED = 4017
    CALL_ENDED = 4022


class VoiceSocket(Outbox):
    """One connection of a bot to a voice server."""

    def __init__(self, request: web.Request) -> None:
        super().__init__(web.WebSocketResponse(max_msg_size=0))
        self._request = request
        self._ending: asyncio.Task[bool] | None = None
        self.seat: Seat | None = None
        """Whose it is, once it has said so."""

    def send(self, op: VoiceOp, data: JsonValue, seq: int | None = None) -> None:
        """Queue a message; `seq` numbers it, for whoever resumes."""
        number: dict[str, JsonValue] = {} if seq is None else {"seq": seq}
        self.put(dumps({"op": int(op), "d": data, **number}))

    def end(self, code: VoiceClose) -> None:
        """Close it, whatever it is in the middle of."""
        if self._ending is None:
            self._ending = asyncio.create_task(self.ws.close(code=code))

    def abort(self) -> None:
        """Cut the wire."""
        if self._request.transport is not None:
            self._request.transport.abort()


@dataclass(eq=False, slots=True)
class Seat:
    """A bot's place in a call: what it may identify with, and what it agreed on."""

    state: VoiceState
    channel: Channel
    """The one it was told to connect to."""
    recording: Recording
    token: str = ""
    socket: VoiceSocket | None = None
    ssrc: int = 0
    key: bytes = b""
    mode: str | None = None
    """How its packets are encrypted; None before that is agreed on."""
    introduced: bool = False
    """Whether it has said that it would speak, which comes before any audio."""
    taken: int = 0
    """Packets, since it identified."""
    others: set[int] = field(default_factory=set[int])
    """The people it was told of."""
    _sequence: int = 0
    _sent: deque[tuple[int, VoiceOp, JsonValue]] = field(
        default_factory=lambda: deque(maxlen=_REPLAY)
    )

    def renew(self) -> None:
        """Have it connect anew, with another token."""
        self.token = secrets.token_hex(8)

    def begin(self, ssrc: int, key: bytes) -> None:
        """It has identified: everything before is void."""
        self.ssrc, self.key, self.mode, self.introduced = ssrc, key, None, False
        self.taken = 0
        self._sequence = 0
        self._sent.clear()
        self.others.clear()

    def tell(self, op: VoiceOp, data: JsonValue) -> None:
        """Send a numbered message, now or at a resume."""
        self._sequence += 1
        self._sent.append((self._sequence, op, data))
        if self.socket is not None:
            self.socket.send(op, data, self._sequence)

    def meet(self, user_ids: set[int]) -> None:
        """Tell it who is in its call now: who has come, and who has gone."""
        if came := user_ids - self.others:
            self.tell(VoiceOp.CLIENTS_CONNECT, {"user_ids": [str(one) for one in sorted(came)]})
        for gone in sorted(self.others - user_ids):
            self.tell(VoiceOp.CLIENT_DISCONNECT, {"user_id": str(gone)})
        self.others = user_ids

    def missed(self, acknowledged: int) -> list[tuple[int, VoiceOp, JsonValue]]:
        """The numbered messages after this one."""
        return [one for one in self._sent if one[0] > acknowledged]

    def take(self, socket: VoiceSocket) -> None:
        """Speak over this socket from now on, and over no other."""
        if self.socket is not None and self.socket is not socket:
            self.socket.end(VoiceClose.SESSION_INVALID)
        self.socket, socket.seat = socket, self
