"""The gateway: sockets, sessions that survive them, and what the bot is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from pydantic import Field

from . import payloads
from .events import (
    ChannelChanged,
    ChannelDeleted,
    Event,
    InteractionSent,
    LocaleChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ThreadOpened,
    VoiceStateChanged,
)
from .forms import Form, Snowflake, parse
from .messages import Message
from .model import Channel, Permissions
from .sessions import Intents, Op, Session, Socket
from .voice.calls import Calls
from .wire import ApiError, JsonObject, JsonValue, Refused
from .world import World

_log = logging.getLogger(__name__)

HEARTBEAT_INTERVAL_MS = 41_250
RESUME_WINDOW_S = 90.0
_AFAR_S = 0.05
"""discord.py 2.7.1 notes that it has sent a heartbeat in another thread: an answer that comes
sooner than from afar seems to be to the one before, and it warns that it can't keep up."""
"""How long a session waits for its bot to come back; Discord does not say, clients report this."""
_FormT = TypeVar("_FormT", bound=Form)


_PRIVILEGED = Intents.GUILD_MEMBERS | Intents.GUILD_PRESENCES | Intents.MESSAGE_CONTENT


class _Frame(Form):
    op: int
    d: JsonValue = None


class _Identify(Form):
    token: str
    intents: int
    shard: tuple[int, int] = (0, 1)


class _Resume(Form):
    token: str
    session_id: str
    seq: int = Field(ge=0)


class _VoiceWish(Form):
    guild_id: Snowflake
    channel_id: Snowflake | None = None
    self_mute: bool = False
    self_deaf: bool = False


class _Close(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class Gateway:
    """All sessions; the bot is online while one has a socket."""

    def __init__(self, world: World, calls: Calls, token: str, url: Callable[[], str]) -> None:
        self._world = world
        self._calls = calls
        self._token = token
        self._url = url
        self._sessions: dict[str, Session] = {}
        self._sockets: set[Socket] = set()
        self.identified: list[tuple[int, int]] = []
        """The shards of every IDENTIFY so far."""
        self.resumed = 0
        """How often a session was resumed."""
        world.subscribe(self._tell)

    def drop(self) -> None:
        """Cut every connection as a network failure does; sessions can be resumed."""
        for socket in list(self._sockets):
            socket.abort()

    def ask_to_reconnect(self) -> None:
        """Send RECONNECT, as Discord does before a machine goes down."""
        for socket in list(self._sockets):
            socket.send(Op.RECONNECT)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send INVALID_SESSION; unless resumable, the bot must identify afresh."""
        for session in list(self._sessions.values()):
            if session.socket is not None:
                session.socket.send(Op.INVALID_SESSION, data=resumable)
            if not resumable:
                self._end(session)

    async def close(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Say goodbye to every connection, with a close code of Discord's perhaps."""
        for socket in list(self._sockets):
            await socket.ws.close(code=code)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A bot connects."""
        socket = Socket(request)
        await socket.ws.prepare(request)
        self._sockets.add(socket)
        socket.send(Op.HELLO, {"heartbeat_interval": HEARTBEAT_INTERVAL_MS})
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

    def _receive(self, socket: Socket, message: WSMessage) -> None:
        if message.type is not WSMsgType.TEXT:
            raise _Close(4002, "Decode error")
        try:
            frame = _Frame.model_validate_json(str(message.data))
        except ValueError as error:
            raise _Close(4002, "Decode error") from error
        match frame.op:
            case Op.HEARTBEAT:
                asyncio.get_running_loop().call_later(_AFAR_S, socket.send, Op.HEARTBEAT_ACK)
            case Op.IDENTIFY:
                self._identify(socket, _read(_Identify, frame.d))
            case Op.RESUME:
                self._resume(socket, _read(_Resume, frame.d))
            case Op.VOICE_STATE_UPDATE:
                self._connect_voice(socket, _read(_VoiceWish, frame.d))
            case Op.PRESENCE_UPDATE:
                pass
            case _:
                _log.warning("the playground's gateway does not do opcode %d", frame.op)

    def _identify(self, socket: Socket, wish: _Identify) -> None:
        if wish.token != self._token:
            raise _Close(4004, "Authentication failed.")
        index, count = wish.shard
        if not 0 <= index < count:
            raise _Close(4010, "Invalid shard.")
        intents = Intents(wish.intents)
        if intents & _PRIVILEGED & ~Intents(self._world.rules.privileged_intents):
            raise _Close(4014, "Disallowed intent(s).")
        for old in list(self._sessions.values()):
            if old.shard == wish.shard and old.socket is None:
                self._end(old)
        session = Session(wish.shard, intents)
        session.socket = socket
        self._sessions[session.id] = session
        self.identified.append(wish.shard)
        session.dispatch("READY", payloads.ready(self._world, session.id, self._url(), wish.shard))
        for guild in self._world.guilds:
            if Intents.GUILDS in intents and (guild.id >> 22) % count == index:
                session.dispatch("GUILD_CREATE", payloads.guild_create(self._world, guild))
        self._report()

    def _connect_voice(self, socket: Socket, wish: _VoiceWish) -> None:
        """Let the bot into a voice channel or out; what it may not do gets no answer at all."""
        session = next((one for one in self._sessions.values() if one.socket is socket), None)
        guild = next((one for one in self._world.guilds if one.id == wish.guild_id), None)
        if session is None or guild is None:
            return
        if wish.channel_id is None:
            self._calls.leave(self._world.bot, guild)
            return
        channel = self._world.channels.get(wish.channel_id)
        if channel is None or channel.guild is not guild:
            return
        try:
            self._calls.join(
                self._world.bot,
                channel,
                session.id,
                self_mute=wish.self_mute,
                self_deaf=wish.self_deaf,
            )
        except Refused as error:
            _log.info("the bot does not come into #%s: %s", channel.name, error)

    def tell_session(self, session_id: str, event: str, data: JsonValue) -> None:
        """Send an event to one session, which may be gone."""
        if (session := self._sessions.get(session_id)) is not None:
            session.dispatch(event, data)

    def _resume(self, socket: Socket, wish: _Resume) -> None:
        if wish.token != self._token:
            raise _Close(4004, "Authentication failed.")
        session = self._sessions.get(wish.session_id)
        if session is None:
            socket.send(Op.INVALID_SESSION, data=False)
            return
        if session.expiry is not None:
            session.expiry.cancel()
        session.resume(socket, wish.seq)
        self.resumed += 1
        self._report()

    def _detach(self, socket: Socket) -> None:
        for session in list(self._sessions.values()):
            if session.socket is socket:
                session.socket = None
                if socket.ws.close_code in (1000, 1001):
                    self._end(session)
                else:
                    session.expiry = self._world.clock.call_later(
                        RESUME_WINDOW_S, lambda gone=session: self._end(gone)
                    )
        self._report()

    def _end(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        self._calls.end_session(session.id)
        if session.expiry is not None:
            session.expiry.cancel()
        self._report()

    def _report(self) -> None:
        online = any(session.socket is not None for session in self._sessions.values())
        self._world.set_presence(online=online, reachable=bool(self._sessions))

    def _tell(self, event: Event) -> None:
        match event:
            case InteractionSent(interaction):
                guild = interaction.channel.guild
                home = guild.id if guild is not None and guild.joined else 0
                payload = payloads.interaction_json(self._world, interaction)
                self._dispatch("INTERACTION_CREATE", payload, home, Intents.NONE)
            case MessageCreated(message):
                self._tell_message("MESSAGE_CREATE", message)
            case MessageEdited(message):
                self._tell_message("MESSAGE_UPDATE", message)
            case MessageDeleted(message):
                self._tell_message("MESSAGE_DELETE", message)
            case ChannelChanged(channel) if channel.guild in self._world.guilds:
                kind = "CHANNEL_UPDATE" if channel.parent is None else "THREAD_UPDATE"
                self._tell_channel(kind, channel)
            case ThreadOpened(thread) if thread.guild in self._world.guilds:
                self._tell_channel("THREAD_CREATE", thread)
            case ChannelDeleted(channel) if channel.guild in self._world.guilds:
                kind = "CHANNEL_DELETE" if channel.parent is None else "THREAD_DELETE"
                self._tell_channel(kind, channel)
            case LocaleChanged(of_id):
                for guild in (one for one in self._world.guilds if one.id == of_id):
                    payload = payloads.guild_json(self._world, guild)
                    self._dispatch("GUILD_UPDATE", payload, guild.id, Intents.GUILDS)
            case VoiceStateChanged(state, gone):
                payload = payloads.voice_state_update(state, gone=gone)
                voice = Intents.GUILD_VOICE_STATES
                self._dispatch("VOICE_STATE_UPDATE", payload, state.guild.id, voice)
            case _:
                pass

    def _tell_channel(self, event: str, channel: Channel) -> None:
        payload = payloads.channel_json(self._world, channel)
        home = self._world.guild.id if channel.guild is None else channel.guild.id
        self._dispatch(event, payload, home, Intents.GUILDS)

    def _tell_message(self, event: str, message: Message) -> None:
        channel = message.channel
        sees = channel.bot_member and Permissions.VIEW_CHANNEL in channel.bot_permissions
        if not sees or message.ephemeral:
            return
        guild = channel.guild
        home = guild.id if guild is not None else 0
        intent = Intents.DIRECT_MESSAGES if guild is None else Intents.GUILD_MESSAGES
        where: JsonObject = {} if guild is None else {"guild_id": str(guild.id)}
        if event == "MESSAGE_DELETE":
            gone: JsonObject = {"id": str(message.id), "channel_id": str(channel.id)}
            self._dispatch(event, gone | where, home, intent)
            return
        if guild is not None:
            member = payloads.member_json(guild, message.author)
            del member["user"]
            where["member"] = member
        full = message.to_json(self._world.cdn) | where
        own = message.author.bot or guild is None or self._world.bot in message.mentions
        hidden = full if own else full | _NO_CONTENT
        self._dispatch(event, full, home, intent | Intents.MESSAGE_CONTENT)
        self._dispatch(event, hidden, home, intent, without=Intents.MESSAGE_CONTENT)

    def _dispatch(
        self,
        event: str,
        data: JsonValue,
        home: int,
        needs: Intents,
        without: Intents = Intents.NONE,
    ) -> None:
        for session in self._sessions.values():
            index, count = session.shard
            mine = (home >> 22) % count == index
            if mine and needs in session.intents and not without & session.intents:
                session.dispatch(event, data)


_NO_CONTENT: JsonObject = {"content": "", "embeds": [], "attachments": [], "components": []}
"""What a bot without the message-content intent sees of others' messages."""


def _read(form: type[_FormT], data: JsonValue) -> _FormT:
    try:
        return parse(form, data)
    except ApiError as error:
        raise _Close(4002, "Decode error") from error
