"""What an open page is told, as the person at it sees the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiohttp import WSCloseCode, web
from pydantic import JsonValue

from .components import to_json
from .events import (
    BotPresence,
    CommandsChanged,
    Event,
    InteractionAnswered,
    InteractionFailed,
    LocaleChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    Pinged,
    SpeakingChanged,
    ThreadOpened,
    VoiceStateChanged,
)
from .messages import Interaction, Message
from .model import Channel, ChannelKind, Permissions, User
from .outbox import Outbox
from .page_voice import state_json
from .wire import JsonObject, dumps
from .world import World

NO_ANSWER = "The application did not respond"
_HISTORY = 100


class _Viewer(Outbox):
    def __init__(self, user: User) -> None:
        super().__init__(web.WebSocketResponse(heartbeat=30.0))
        self.user = user

    def send(self, frame: JsonObject) -> None:
        self.put(dumps(frame))


class Live:
    """The sockets of all open pages."""

    def __init__(
        self,
        world: World,
        notice: str | None,
        voice_note: str | None,
        has_plug: Callable[[], bool],
    ) -> None:
        self._world = world
        self._notice = notice
        self._voice_note = voice_note
        self._has_plug = has_plug
        self._viewers: set[_Viewer] = set()
        world.subscribe(self._tell)

    async def close(self) -> None:
        """Close every page's socket."""
        for viewer in list(self._viewers):
            await viewer.ws.close(code=WSCloseCode.GOING_AWAY)

    async def handle(self, request: web.Request, user: User) -> web.StreamResponse:
        """A page opens, as this person."""
        viewer = _Viewer(user)
        await viewer.ws.prepare(request)
        viewer.send(self._hello(user))
        self._viewers.add(viewer)
        try:
            async with viewer.sending():
                async for _ in viewer.ws:
                    pass
        finally:
            self._viewers.discard(viewer)
        return viewer.ws

    def _hello(self, user: User) -> JsonObject:
        channels = [channel for channel in self._world.channels.values() if _on_page(channel, user)]
        return {
            "t": "HELLO",
            "viewer": user.to_json(),
            "users": [person.to_json() for person in self._world.people],
            "guild": {"id": str(self._world.guild.id), "name": self._world.guild.name},
            "locales": self._locales(),
            "bot": self._world.bot.to_json(),
            "bot_online": self._world.bot_online,
            "channels": [_channel(channel, user, self._world.bot) for channel in channels],
            "messages": {
                str(channel.id): [
                    message.to_json(self._world.cdn)
                    for message in self._world.channel_messages(channel, user)[-_HISTORY:]
                ]
                for channel in channels
            },
            "commands": self._commands(),
            "notice": self._notice,
            "bot_note": self._world.bot_note,
            "plug": self._has_plug(),
            "voice": self._voice(),
            "voice_note": self._voice_note,
        }

    def _locales(self) -> JsonObject:
        read = (*self._world.people, self._world.guild)
        return {str(one.id): self._world.locale_of(one.id) for one in read}

    def _commands(self) -> list[JsonValue]:
        return [command.to_json() for command in self._world.commands.every()]

    def _voice(self) -> list[JsonValue]:
        ours = self._world.guild
        return [state_json(one) for one in self._world.voice_states.values() if one.guild is ours]

    def _tell(self, event: Event) -> None:
        match event:
            case MessageCreated(message) | MessageEdited(message):
                for viewer in self._watching(message):
                    viewer.send(
                        {"t": "MESSAGE_UPSERT", "message": message.to_json(self._world.cdn)}
                    )
            case MessageDeleted(message):
                for viewer in self._watching(message):
                    viewer.send({"t": "MESSAGE_DELETE", **_where(message, "id")})
            case Pinged(message, users):
                for viewer in self._watching(message):
                    if viewer.user in users:
                        viewer.send({"t": "PING", **_where(message, "message_id")})
            case ThreadOpened(thread):
                for viewer in self._viewers:
                    if _on_page(thread, viewer.user):
                        shown = _channel(thread, viewer.user, self._world.bot)
                        viewer.send({"t": "CHANNEL", "channel": shown})
            case VoiceStateChanged() | SpeakingChanged():
                self._tell_all({"t": "VOICE", "voice": self._voice()})
            case LocaleChanged():
                self._tell_all({"t": "LOCALES", "locales": self._locales()})
            case CommandsChanged():
                self._tell_all({"t": "COMMANDS", "commands": self._commands()})
            case BotPresence():
                self._tell_all(
                    {
                        "t": "BOT",
                        "online": self._world.bot_online,
                        "bot": self._world.bot.to_json(),
                        "note": self._world.bot_note,
                    }
                )
            case InteractionAnswered(interaction):
                self._tell_one(interaction, _answered(interaction))
            case InteractionFailed(interaction):
                self._tell_one(interaction, {"t": "FAILED", "text": NO_ANSWER})
            case _:
                pass

    def _watching(self, message: Message) -> Iterator[_Viewer]:
        return (viewer for viewer in self._viewers if message.addressed_to(viewer.user))

    def _tell_all(self, frame: JsonObject) -> None:
        for viewer in self._viewers:
            viewer.send(frame)

    def _tell_one(self, interaction: Interaction, frame: JsonObject) -> None:
        for viewer in self._viewers:
            if viewer.user == interaction.user:
                viewer.send(frame | {"interaction_id": str(interaction.id)})


def _on_page(channel: Channel, user: User) -> bool:
    return channel.bot_member and user in channel.people


def _channel(channel: Channel, user: User, bot: User) -> JsonObject:
    manages = channel.guild is not None and (
        Permissions.MANAGE_MESSAGES in channel.permissions(user)
    )
    can: JsonObject = {"manage_messages": manages}
    if channel.has_voice:
        may = channel.permissions(user)
        can["move_members"] = Permissions.MOVE_MEMBERS in may
        can["mute_members"] = Permissions.MUTE_MEMBERS in may
    dm = channel.kind is ChannelKind.DM
    return {
        "id": str(channel.id),
        "name": bot.username if dm else channel.name,
        "kind": channel.kind.value,
        "type": channel.type,
        "parent_id": None if channel.parent is None else str(channel.parent.id),
        "can": can,
    }


def _where(message: Message, key: str) -> JsonObject:
    return {key: str(message.id), "channel_id": str(message.channel.id)}


def _answered(interaction: Interaction) -> JsonObject:
    if interaction.modal is None:
        return {"t": "ANSWERED"}
    return {"t": "MODAL", "modal": to_json(interaction.modal)}
