"""Music in one server's voice channel: its queue, who listens, why it ends. Values and rules.

Each rule makes a new session of an old one; nothing in here waits, or knows Discord.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from itertools import count

from bot.domain.errors import UserError
from bot.domain.errors.voice import VoiceIsOver, VoiceQueueFull

QUEUE_MAX = 50
VOLUMES = (10, 25, 50, 75, 100)
"""In percent of a track's own samples: 50 is 6 dB quieter."""
ALONE_FOR = timedelta(seconds=60)
"""After the last listener the bot stays for so long, in case one comes back."""
IDLE_FOR = timedelta(seconds=60)
"""After the end of the queue."""
SILENCED_FOR = timedelta(minutes=10)
"""Somebody may still let it speak on a stage, or take a mute back."""


class Kind(StrEnum):
    """What it is that sounds."""

    TRACK = "track"
    PIECE = "piece"
    """Of a jam, with the take at its end."""
    TAKE = "take"
    """Of a jam: the end of its piece, and what comes new."""


@dataclass(frozen=True, slots=True)
class Item:
    """What somebody wants to hear."""

    kind: Kind
    id: str
    """Of a generation; for a piece, of the take at its end."""
    title: str
    added_by: int
    number: int | None = None
    """Of a take in its round, or of one among several on a card."""
    author_id: int | None = None
    """Whose take it is, where that is no secret."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where what somebody wants to hear can be seen."""

    channel_id: int
    private: bool = False
    """Whether one person alone sees it there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An item in a queue; each has a serial number of its own."""

    serial: int
    item: Item


class Ending(Enum):
    """Why the bot has left."""

    STOPPED = auto()
    ALONE = auto()
    IDLE = auto()
    SILENCED = auto()
    DISCONNECTED = auto()
    """Somebody has taken it out of the channel."""
    CHANNEL_GONE = auto()
    FORBIDDEN = auto()
    """A permission that it needs was taken away."""
    CONNECTION_LOST = auto()
    RESTARTED = auto()


@dataclass(frozen=True, slots=True)
class Session:
    """Where music plays in a server, what, and what comes next."""

    channel_id: int
    is_joined: bool = False
    playing: Entry | None = None
    waiting: tuple[Entry, ...] = ()
    """Empty whenever nothing plays."""
    added: int = 0
    """How many entries there ever were."""
    volume: int = VOLUMES[-1]
    ends_at: datetime | None = None
    """When what plays is over; None while it does not sound."""
    alone_since: datetime | None = None
    idle_since: datetime | None = None
    silenced_since: datetime | None = None
    """Since when it may not be heard: it is muted, or no speaker of its stage."""
    failed: tuple[Item, UserError] | None = None
    """The last item that could not be played, and why."""
    ending: Ending | None = None
    ended_by: int | None = None
    """Who has stopped it."""
    left_over: tuple[Item, ...] = field(default=())
    """What was not heard to its end."""

    @property
    def is_over(self) -> bool:
        """Whether the bot has left, or is to leave."""
        return self.ending is not None

    @property
    def is_heard(self) -> bool:
        """Whether there is a point in playing: somebody listens, and it may be heard."""
        return self.alone_since is None and self.silenced_since is None

    @property
    def leaves_at(self) -> datetime | None:
        """When it leaves by itself, as things are."""
        moments = [
            since + patience
            for since, patience, _ in _patiences(self)
            if since is not None and not self.is_over
        ]
        return min(moments, default=None)


def _patiences(session: Session) -> tuple[tuple[datetime | None, timedelta, Ending], ...]:
    return (
        (session.alone_since, ALONE_FOR, Ending.ALONE),
        (session.idle_since, IDLE_FOR, Ending.IDLE),
        (session.silenced_since, SILENCED_FOR, Ending.SILENCED),
    )


def add(session: Session, items: Sequence[Item]) -> Session:
    """Append items, all or none; the first plays at once where nothing does.

    Raises:
        VoiceIsOver: the bot has left.
        VoiceQueueFull: there is no room for them.
    """
    if session.is_over:
        raise VoiceIsOver
    if len(session.waiting) + len(items) > QUEUE_MAX:
        raise VoiceQueueFull(QUEUE_MAX)
    new = [Entry(serial, item) for serial, item in zip(count(session.added), items, strict=False)]
    entries = (*session.waiting, *new)
    grown = replace(session, waiting=entries, added=session.added + len(items))
    return grown if session.playing is not None else _next(grown, None)


def ended(session: Session, serial: int, now: datetime) -> Session:
    """An entry is over, heard or skipped: the next one plays. Of one that is not playing: nothing.

    It may be told late, of an entry that somebody has skipped meanwhile.
    """
    if session.is_over or session.playing is None or session.playing.serial != serial:
        return session
    return _next(session, now)


def skip(session: Session, serial: int, now: datetime) -> Session:
    """Somebody has enough of what plays; two who press at once skip one.

    Raises:
        VoiceIsOver: it does not play any more.
    """
    after = ended(session, serial, now)
    if after is session:
        raise VoiceIsOver
    return replace(after, failed=None)


def cannot_be_played(session: Session, serial: int, error: UserError, now: datetime) -> Session:
    """The audio of an entry is not to be had: the next one plays, and that is told."""
    after = ended(session, serial, now)
    if after is session or session.playing is None:
        return session
    return replace(after, failed=(session.playing.item, error))


def sounds(session: Session, serial: int, ends_at: datetime | None) -> Session:
    """An entry can be heard, until then; None: it has fallen silent for a while."""
    if session.is_over or session.playing is None or session.playing.serial != serial:
        return session
    return replace(session, ends_at=ends_at)


def turned(session: Session, steps: int) -> Session:
    """The volume, so many steps up, or down."""
    at = VOLUMES.index(session.volume) + steps
    return replace(session, volume=VOLUMES[min(max(at, 0), len(VOLUMES) - 1)])


def joined(session: Session, channel_id: int) -> Session:
    """The bot is in a channel: the one it was asked to, or one that somebody has moved it to."""
    return replace(session, channel_id=channel_id, is_joined=True)


def heard_by(session: Session, listeners: int, now: datetime) -> Session:
    """So many people are in the channel with it; to nobody it does not play on."""
    since = None if listeners else session.alone_since or now
    return replace(session, alone_since=since, ends_at=None if since else session.ends_at)


def silenced(session: Session, now: datetime, *, is_silenced: bool) -> Session:
    """It may not be heard there at present, or may again."""
    since = (session.silenced_since or now) if is_silenced else None
    return replace(session, silenced_since=since, ends_at=None if since else session.ends_at)


def end(session: Session, ending: Ending, by: int | None = None) -> Session:
    """The bot leaves; what comes after that changes nothing."""
    if session.is_over:
        return session
    unheard = (session.playing, *session.waiting)
    return replace(
        session,
        ending=ending,
        ended_by=by,
        ends_at=None,
        playing=None,
        waiting=(),
        left_over=tuple(entry.item for entry in unheard if entry is not None),
    )


def without_words(session: Session) -> Session:
    """The session without what people wrote, for where AutoMod does not allow that."""

    def bare(entry: Entry) -> Entry:
        return replace(entry, item=replace(entry.item, title=""))

    failed = session.failed
    return replace(
        session,
        playing=None if session.playing is None else bare(session.playing),
        waiting=tuple(map(bare, session.waiting)),
        failed=None if failed is None else (replace(failed[0], title=""), failed[1]),
        left_over=tuple(replace(item, title="") for item in session.left_over),
    )


def looked_at(session: Session, now: datetime) -> Session:
    """What has become of it by now: it has waited for long enough."""
    for since, patience, ending in _patiences(session):
        if since is not None and now >= since + patience:
            return end(session, ending)
    return session


def _next(session: Session, now: datetime | None) -> Session:
    playing = session.waiting[0] if session.waiting else None
    return replace(
        session,
        playing=playing,
        waiting=session.waiting[1:],
        ends_at=None,
        idle_since=now if playing is None else None,
    )
