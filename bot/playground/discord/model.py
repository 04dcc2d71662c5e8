"""The things Discord shows people: users, channels, attachments, messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, IntFlag

from .wire import JsonObject


class Permissions(IntFlag):
    """The permission bits the stand-in looks at (docs: topics/permissions)."""

    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    MOVE_MEMBERS = 1 << 24
    USE_APPLICATION_COMMANDS = 1 << 31
    REQUEST_TO_SPEAK = 1 << 32
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


MEMBER = (
    Permissions.VIEW_CHANNEL
    | Permissions.SEND_MESSAGES
    | Permissions.EMBED_LINKS
    | Permissions.ATTACH_FILES
    | Permissions.READ_MESSAGE_HISTORY
    | Permissions.USE_EXTERNAL_EMOJIS
    | Permissions.CONNECT
    | Permissions.SPEAK
    | Permissions.USE_APPLICATION_COMMANDS
    | Permissions.REQUEST_TO_SPEAK
    | Permissions.CREATE_PUBLIC_THREADS
    | Permissions.SEND_MESSAGES_IN_THREADS
    | Permissions.USE_EXTERNAL_APPS
)
"""What a new server lets everyone do."""
MODERATOR = (
    Permissions.MANAGE_GUILD
    | Permissions.MANAGE_MESSAGES
    | Permissions.MUTE_MEMBERS
    | Permissions.MOVE_MEMBERS
)
PRIVATE = Permissions.ATTACH_FILES | Permissions.EMBED_LINKS | Permissions.MENTION_EVERYONE
"""`app_permissions` in private channels (docs: receiving-and-responding)."""


def timestamp(seconds: float) -> str:
    """ISO 8601 as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class User:
    """A person or the bot."""

    id: int
    username: str
    global_name: str | None
    bot: bool = False
    moderator: bool = False
    """May manage the guilds, and messages in them."""
    installed: bool = True
    """Has added the app to the account, so can use it where the bot is not."""

    def to_json(self) -> JsonObject:
        """The user object."""
        return {
            "id": str(self.id),
            "username": self.username,
            "global_name": self.global_name,
            "discriminator": "0000" if self.bot else "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(frozen=True, slots=True)
class Guild:
    """A server; the bot is in it or not."""

    id: int
    name: str
    owner_id: int
    joined: bool = True


class ChannelKind(Enum):
    """Where a conversation takes place, as the bot sees it."""

    TEXT = "text"
    """In the bot's guild."""
    VOICE = "voice"
    """There too; one may talk in it, and write."""
    STAGE = "stage"
    """The same, but who may talk is said by moderators."""
    FOREIGN = "foreign"
    """In a guild the bot is not in."""
    DM = "dm"
    """Between one person and the bot."""
    PRIVATE = "private"
    """Between people, without the bot."""


@dataclass(eq=False, slots=True)
class Channel:
    """A place for messages."""

    id: int
    name: str
    kind: ChannelKind
    guild: Guild | None
    people: tuple[User, ...]
    bot_permissions: Permissions
    """What the app may do here; in a foreign guild, as a user-installed app."""
    external_apps: bool = True
    """Whether people here may use their own apps in public (USE_EXTERNAL_APPS)."""
    parent: Channel | None = None
    """The channel whose thread this is."""
    archived: bool = False
    locked: bool = False
    user_limit: int = 0
    """How many may be in a voice channel at once; 0: any number."""

    @property
    def type(self) -> int:
        """Discord's channel type: text 0, DM 1, voice 2, group DM 3, public thread 11, stage 13."""
        if self.has_voice:
            return 2 if self.kind is ChannelKind.VOICE else 13
        if self.guild is not None:
            return 0 if self.parent is None else 11
        return 1 if self.kind is ChannelKind.DM else 3

    @property
    def has_voice(self) -> bool:
        """Whether one can talk in it."""
        return self.kind in (ChannelKind.VOICE, ChannelKind.STAGE)

    @property
    def bot_member(self) -> bool:
        """Whether the bot's own token reaches it."""
        return self.kind not in (ChannelKind.FOREIGN, ChannelKind.PRIVATE)

    def permissions(self, user: User) -> Permissions:
        """What somebody may do here."""
        if user.bot:
            return self.bot_permissions
        if self.guild is None:
            return MEMBER
        return MEMBER | MODERATOR if user.moderator else MEMBER


@dataclass(eq=False, slots=True)
class VoiceState:
    """Somebody in a voice channel."""

    user: User
    channel: Channel
    guild: Guild
    session_id: str
    """A bot's is its gateway session's."""
    self_mute: bool = False
    self_deaf: bool = False
    mute: bool = False
    """By a moderator."""
    suppress: bool = False
    """Listens only: may not speak here, or not yet."""
    asked_to_speak_at: float | None = None
    speaking: bool = False

    @property
    def is_heard(self) -> bool:
        """Whether what they send reaches the others."""
        return not (self.self_mute or self.mute or self.suppress)
