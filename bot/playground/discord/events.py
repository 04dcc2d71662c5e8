"""What happens in the world, for those who watch it."""

from __future__ import annotations

from dataclasses import dataclass

from .messages import Interaction, Message
from .model import Channel, User, VoiceState


@dataclass(frozen=True, slots=True)
class MessageCreated:
    """A new message, a thinking one included."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """A message shows something else."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message is gone."""

    message: Message


@dataclass(frozen=True, slots=True)
class Pinged:
    """A new message mentions people in a way that notifies them."""

    message: Message
    users: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class CommandsChanged:
    """The bot has registered commands."""


@dataclass(frozen=True, slots=True)
class BotPresence:
    """The bot came online or went offline, or there is something to say about it."""


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """The bot's permissions in a channel are different now, or a thread was archived or locked."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ThreadOpened:
    """A thread was begun."""

    thread: Channel


@dataclass(frozen=True, slots=True)
class ChannelDeleted:
    """A channel or a thread is gone, and its messages with it."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class VoiceStateChanged:
    """Somebody has come into a voice channel, is another way there, or has left it."""

    state: VoiceState
    gone: bool = False
    placed: bool = False
    """Whether their connection begins anew: they have come, were moved, or ask once more."""


@dataclass(frozen=True, slots=True)
class SpeakingChanged:
    """Somebody has begun to be heard in a voice channel, or ended."""

    state: VoiceState


@dataclass(frozen=True, slots=True)
class InteractionSent:
    """An interaction is on its way to the bot."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class InteractionAnswered:
    """The bot has given its first answer."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class InteractionFailed:
    """The person is told that the application did not respond."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class LocaleChanged:
    """A person, or a server, reads another language from now on."""

    of_id: int


@dataclass(frozen=True, slots=True)
class TypingStarted:
    """The bot shows as typing."""

    channel: Channel


Event = (
    MessageCreated
    | MessageEdited
    | MessageDeleted
    | Pinged
    | CommandsChanged
    | BotPresence
    | ChannelChanged
    | ThreadOpened
    | ChannelDeleted
    | VoiceStateChanged
    | SpeakingChanged
    | InteractionSent
    | InteractionAnswered
    | InteractionFailed
    | LocaleChanged
    | TypingStarted
)
