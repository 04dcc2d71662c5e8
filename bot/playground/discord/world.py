"""The state of the stand-in: people, channels, messages, interactions. No I/O."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from .attachments import Attachment
from .cdn import Cdn
from .clock import Clock
from .commands import CommandBook
from .events import (
    BotPresence,
    ChannelChanged,
    ChannelDeleted,
    Event,
    InteractionFailed,
    InteractionSent,
    LocaleChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    Pinged,
    ThreadOpened,
)
from .interactions import InteractionKind, Stage
from .message_forms import MessageFlags
from .messages import Interaction, Message, MessageBody, Revision
from .model import MEMBER, PRIVATE, Channel, ChannelKind, Guild, Permissions, User, VoiceState
from .rules import Rules
from .wire import ApiError, Code, Snowflakes

_T = TypeVar("_T")
_ENGLISH = "en-US"
_NO_IDS: Mapping[str, int] = MappingProxyType({})
PATIENCE_S = 30.0
"""How long tests wait for what should come at once: a busy machine is no failure."""


class NeverHappened(AssertionError):
    """A wait ended without what it waited for; the text shows what was there instead."""


class World:
    """Everything that exists, and everyone who watches it."""

    def __init__(
        self, rules: Rules, clock: Clock, bot_name: str, ids: Mapping[str, int] = _NO_IDS
    ) -> None:
        self.ids = dict(ids)
        """Of who and what is always there; those that are not given are new."""
        self.rules = rules
        self.clock = clock
        self.cdn = Cdn(clock.now)
        self.snowflakes = Snowflakes(clock.now)
        self._listeners: list[Callable[[Event], None]] = []
        self._changed = asyncio.Event()
        self.bot = User(self._id("the bot"), bot_name, None, bot=True)
        self.ada = User(self._id("ada"), "ada", "Ada")
        self.bo = User(self._id("bo"), "bo", "Bo")
        self.mod = User(self._id("mod"), "mod", "Mo (moderator)", moderator=True)
        self.people: tuple[User, ...] = (self.ada, self.bo, self.mod)
        self.guild = Guild(self._id("the server"), "Playground", self.mod.id)
        self.elsewhere = Guild(self._id("another server"), "Elsewhere", self.bo.id, joined=False)
        self.guilds = [self.guild]
        """Those the bot is in."""
        self.channels: dict[int, Channel] = {}
        self.voice_states: dict[tuple[int, int], VoiceState] = {}
        """Who is in a voice channel, by guild and person: one of each server at a time."""
        self.jam = self._place("jam", ChannelKind.TEXT, self.guild)
        self.lab = self._place("lab", ChannelKind.TEXT, self.guild)
        self.lounge = self._place("lounge", ChannelKind.VOICE, self.guild)
        self.stage = self._place("stage", ChannelKind.STAGE, self.guild)
        self.foreign = self._place("elsewhere", ChannelKind.FOREIGN, self.elsewhere)
        self.private = self._place("private", ChannelKind.PRIVATE, None, self.ada, self.bo)
        for person in self.people:
            self._place(person.username, ChannelKind.DM, None, person)
        self.messages: dict[int, Message] = {}
        self.interactions: dict[int, Interaction] = {}
        self.uploads: dict[int, Attachment] = {}
        """Files given as options or in modals, which belong to no message."""
        self.commands = CommandBook(self.bot.id, self.snowflakes.next)
        self.bot_online = False
        self.bot_note: str | None = None
        """Why the bot is not there, where that is known."""
        self.bot_reachable = False
        """Whether an event would reach the bot now, or once it resumes."""
        self.automod: set[str] = set()
        """Words that no message in a server may hold."""
        self.locales: dict[int, str] = {}
        """What people and servers read, by their ids, where that is not American English."""
        self.closed_dms: set[int] = set()
        """Ids of people who take no direct messages from the bot."""

    def _id(self, name: str) -> int:
        if name not in self.ids:
            self.ids[name] = self.snowflakes.next()
        return self.ids[name]

    def _place(self, name: str, kind: ChannelKind, guild: Guild | None, *people: User) -> Channel:
        return self._channel(self._id(f"{kind.value} {name}"), name, kind, guild, *people)

    def _channel(
        self, channel_id: int, name: str, kind: ChannelKind, guild: Guild | None, *people: User
    ) -> Channel:
        mine = MEMBER if guild is not None else PRIVATE
        if kind is ChannelKind.DM:
            mine |= MEMBER
        channel = Channel(channel_id, name, kind, guild, people or self.people, mine)
        self.channels[channel.id] = channel
        return channel

    def locale_of(self, of_id: int) -> str:
        """What a person reads, or a server, by Discord's name."""
        return self.locales.get(of_id, _ENGLISH)

    def read_in(self, of_id: int, locale: str) -> None:
        """Have a person, or a server, read another language."""
        if self.locale_of(of_id) != locale:
            self.locales[of_id] = locale
            self.emit(LocaleChanged(of_id))

    def next_id(self) -> int:
        """A new id."""
        return self.snowflakes.next()

    def next_token(self) -> str:
        """A new interaction token."""
        return secrets.token_urlsafe(48)

    def add_guild(self, name: str) -> Channel:
        """One more server that the bot is in, before it connects; its voice channel."""
        guild = Guild(self._id(f"the server {name}"), name, self.mod.id)
        self.guilds.append(guild)
        self._place(f"{name}-text", ChannelKind.TEXT, guild)
        return self.add_voice_channel(f"{name}-voice", guild)

    def add_voice_channel(self, name: str, guild: Guild | None = None) -> Channel:
        """One more voice channel, in our server unless told; the bot sees it when it connects."""
        return self._place(name, ChannelKind.VOICE, guild or self.guild)

    def dm(self, user: User) -> Channel:
        """The conversation between a person and the bot."""
        return next(
            channel
            for channel in self.channels.values()
            if channel.kind is ChannelKind.DM and channel.people == (user,)
        )

    def user(self, user_id: int) -> User:
        """The person or bot with this id.

        Raises:
            ApiError: 10013.
        """
        for user in (self.bot, *self.people):
            if user.id == user_id:
                return user
        raise ApiError(Code.UNKNOWN_USER)

    def channel_messages(self, channel: Channel, viewer: User | None = None) -> list[Message]:
        """A channel's messages, oldest first; as a person sees them when one is named."""
        return [
            message
            for message in self.messages.values()
            if message.channel is channel
            and not message.deleted
            and (viewer is None or message.visible_to(viewer))
        ]

    def attachment(self, attachment_id: int) -> Attachment | None:
        """A file that still exists: in a message, or given to an interaction."""
        if (upload := self.uploads.get(attachment_id)) is not None:
            return upload
        for message in self.messages.values():
            for file in () if message.deleted else message.body.files:
                if file.id == attachment_id:
                    return file
        return None

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Tell `listener` every event from now on; returns how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def emit(self, event: Event) -> None:
        """Tell everyone, and wake those who wait."""
        for listener in list(self._listeners):
            listener(event)
        self.wake()

    def wake(self) -> None:
        """Let everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def add(self, message: Message) -> Message:
        """A new message appears."""
        self.messages[message.id] = message
        self.emit(MessageCreated(message))
        silent = MessageFlags.SUPPRESS_NOTIFICATIONS in message.body.flags
        told = tuple(user for user in message.mentions if message.visible_to(user) and not user.bot)
        if told and not silent:
            self.emit(Pinged(message, told))
        return message

    def revise(self, message: Message, body: MessageBody) -> Message:
        """A message shows something else; finishing a thinking one is no edit to people."""
        now = self.clock.now()
        if not message.body.loading:
            message.edited_at = now
        elif message.interaction is not None:
            message.interaction.deferred = False
        message.revisions.append(Revision(now, body))
        self.emit(MessageEdited(message))
        return message

    def remove(self, message: Message) -> None:
        """A message is deleted, and its files with it."""
        message.deleted = True
        self.emit(MessageDeleted(message))

    def send(self, interaction: Interaction) -> None:
        """An interaction starts; three seconds later it fails unless the bot has answered."""
        self.interactions[interaction.id] = interaction
        patience_s = self.rules.first_response_s if self.bot_reachable else 0.0
        self.clock.call_later(patience_s, lambda: self._give_up(interaction))
        self.emit(InteractionSent(interaction))

    def redeliver(self, interaction: Interaction) -> None:
        """Send the same interaction to the bot again, as Discord's gateway may."""
        self.emit(InteractionSent(interaction))

    def _give_up(self, interaction: Interaction) -> None:
        if interaction.stage is Stage.WAITING:
            interaction.stage = Stage.FAILED
            self.emit(InteractionFailed(interaction))

    def defer(self, interaction: Interaction) -> None:
        """The bot is thinking; when the token dies first, the person is told."""

        def give_up() -> None:
            if interaction.deferred:
                self.emit(InteractionFailed(interaction))

        interaction.deferred = True
        self.clock.call_later(self.rules.token_life_s, give_up)

    def expired(self, interaction: Interaction) -> bool:
        """Whether its token is dead."""
        return self.clock.now() >= interaction.created_at + self.rules.token_life_s

    def set_bot_permissions(self, channel: Channel, permissions: Permissions) -> None:
        """Change what the bot may do in a channel and its threads, and tell it."""
        for place in self.channels.values():
            if channel in {place, place.parent}:
                place.bot_permissions = permissions
        self.emit(ChannelChanged(channel))

    def open_thread(self, parent: Channel, name: str, message: Message | None = None) -> Channel:
        """Begin a thread in a channel, for everyone there; on a message it has that one's id."""
        thread_id = self.next_id() if message is None else message.id
        thread = self._channel(thread_id, name, parent.kind, parent.guild, *parent.people)
        thread.parent, thread.bot_permissions = parent, parent.bot_permissions
        self.emit(ThreadOpened(thread))
        return thread

    def set_thread(self, thread: Channel, *, archived: bool, locked: bool) -> None:
        """Archive, lock, or reopen a thread, and tell the bot."""
        thread.archived, thread.locked = archived, locked
        self.emit(ChannelChanged(thread))

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel or a thread, with its messages and its threads."""
        for thread in [c for c in self.channels.values() if c.parent is channel]:
            self.delete_channel(thread)
        for message in self.channel_messages(channel):
            message.deleted = True
        del self.channels[channel.id]
        self.emit(ChannelDeleted(channel))

    def set_presence(self, *, online: bool, reachable: bool) -> None:
        """The gateway's word on whether the bot is there."""
        self.bot_reachable = reachable
        if online != self.bot_online:
            self.bot_online = online
            self.emit(BotPresence())
        self.wake()

    async def until(self, found: Callable[[World], _T | None], timeout_s: float = PATIENCE_S) -> _T:
        """Wait until `found` gives something true, looking again at each change.

        Raises:
            NeverHappened: after `timeout_s`, with what the channels hold.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not (result := found(self)):
                    await self._changed.wait()
        except TimeoutError as error:
            text = f"nothing of the kind in {timeout_s} s; there was:\n{self.transcript()}"
            raise NeverHappened(text) from error
        return result

    def transcript(self) -> str:
        """Every channel's messages and every open interaction, to read."""
        lines = [
            f"#{m.channel.name} {m.author.username}: {m.content!r} {_shown(m.body)}"
            for m in self.messages.values()
            if not m.deleted
        ]
        lines += [
            f"{InteractionKind(i.kind).name.lower()} {i.command_name} by {i.user.username}: "
            f"{i.stage.value}"
            for i in self.interactions.values()
        ]
        lines.append(f"the bot is {'online' if self.bot_online else 'offline'}")
        return "\n".join(lines)


def _shown(body: MessageBody) -> str:
    parts = [f"[{embed.title}: {embed.description}]" for embed in body.embeds]
    parts += [f"<{file.filename} {len(file.data)} B>" for file in body.files]
    parts += [f"({item.custom_id})" for item in body.items]
    if body.flags:
        parts.append(body.flags.name or "")
    return " ".join(parts)
