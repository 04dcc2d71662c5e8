"""A bot's side of the gateway: its socket, and the session that outlives it."""

from __future__ import annotations

import secrets
from collections import deque
from enum import IntEnum, IntFlag

from aiohttp import web
from pydantic import JsonValue

from .clock import Alarm
from .outbox import Outbox
from .wire import dumps

_REPLAY = 1000
"""How many events a session remembers for a resume."""


class Op(IntEnum):
    """Gateway opcodes (docs: topics/opcodes-and-status-codes)."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    VOICE_STATE_UPDATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Intents(IntFlag):
    """The gateway intents that matter here."""

    NONE = 0
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15


class Socket(Outbox):
    """One connection of a bot."""

    def __init__(self, request: web.Request) -> None:
        super().__init__(web.WebSocketResponse(max_msg_size=0))
        self._request = request

    def send(self, op: Op, data: JsonValue = None) -> None:
        """Queue a frame that is not an event."""
        self.put(dumps({"op": int(op), "d": data, "s": None, "t": None}))

    def abort(self) -> None:
        """Cut the wire."""
        if self._request.transport is not None:
            self._request.transport.abort()


class Session:
    """What a bot identified as; events queue up here while it is away."""

    def __init__(self, shard: tuple[int, int], intents: Intents) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.intents = intents
        self.socket: Socket | None = None
        self.expiry: Alarm | None = None
        self._sequence = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=_REPLAY)

    def dispatch(self, event: str, data: JsonValue) -> None:
        """Number an event, keep it for a resume, and send it if the bot is there."""
        self._sequence += 1
        frame = dumps({"op": 0, "t": event, "s": self._sequence, "d": data})
        self._sent.append((self._sequence, frame))
        if self.socket is not None:
            self.socket.put(frame)

    def resume(self, socket: Socket, sequence: int) -> None:
        """Go on over a new socket with what was missed."""
        self.socket = socket
        for number, frame in self._sent:
            if number > sequence:
                socket.put(frame)
        self.dispatch("RESUMED", {"_trace": []})
