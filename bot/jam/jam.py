"""What a jam is: its terms, the piece as ordered sections, its round with takes and votes. No I/O.

All of it is frozen; `bot.jam.rules` has what may become of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate

from bot.domain.extension import PIECE_MAX_S
from bot.domain.generation import AudioSource
from bot.domain.inputs import Inputs
from bot.domain.language import SOURCE, Language
from bot.domain.mixes import MixTerms
from bot.domain.musical_terms import NO_TERMS, MusicalTerms
from bot.jam.sections import Section, lengths_of
from bot.jam.take_limits import TakeLimits

TAKES_PER_JAM = 150
_TAKE_ID_MAX_CHARS = 32
SECTION_USUAL_S = 10
MIXES_WAITING = 3
TAKE_UNHEARD_OF = timedelta(minutes=2)
"""Then it is looked for: a process that dies may tell of no end."""
HINDERED_MOST = timedelta(days=7)
"""Then nobody tries any more to show it by themselves."""
HOST_MISSED_ROUNDS = 2
"""A host who was away for so many can be replaced."""


NO_SETTINGS = Inputs("")


class Phase(StrEnum):
    """Whether a jam goes on."""

    GOING = "going"
    RESTING = "resting"
    """Two rounds went by without takes; the next proposal wakes it."""
    CLOSED = "closed"


class Progress(StrEnum):
    """How far a take is."""

    MAKING = "making"
    MADE = "made"
    FAILED = "failed"


class Ending(StrEnum):
    """What has ended a round."""

    CLOCK = "clock"
    MAJORITY = "majority"
    HOST = "host"
    UNDO = "undo"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Terms:
    """What was settled at its start."""

    theme: str
    music: MusicalTerms = NO_TERMS
    """Tempo, key and bars of every section."""
    section_s: int = SECTION_USUAL_S
    model_version: str | None = None
    settings: Inputs = NO_SETTINGS
    """What else a preset has set for every take."""
    fine_tune: str | None = None
    """The fine-tune that makes all of it; None for the main model."""
    round_minutes: int = 0
    """0: whenever the host or the room says."""
    blind: bool = False
    """Whether votes and authors are hidden until the round's end."""
    members_vote: bool = False
    """Whether only those vote who had taken part before the round."""
    takes: TakeLimits = field(default_factory=TakeLimits)


@dataclass(frozen=True, slots=True)
class Take:
    """Somebody's proposal for the next section; its id is its generation's."""

    id: str
    number: int
    """In its round, from 1."""
    author_id: int
    words: str
    asked_at: datetime
    progress: Progress = Progress.MAKING
    added_s: float = 0.0
    tail_s: float = 0.0
    """See `Section`."""

    @property
    def counts(self) -> bool:
        """Whether it takes a place in its round."""
        return self.progress is not Progress.FAILED


@dataclass(frozen=True, slots=True)
class Round:
    """One round: who has proposed what, voted for what, and is done."""

    number: int
    began_at: datetime
    ends_at: datetime | None = None
    """The deadline, which never moves; None where there is none."""
    is_second_try: bool = False
    """Whether the one before it ended without takes."""
    voters: frozenset[int] | None = None
    """Who may vote, fixed at its start; None for everybody."""
    takes: tuple[Take, ...] = ()
    votes: Mapping[int, str] = field(default_factory=dict[int, str])
    """Whose vote is for which take."""
    done: frozenset[int] = frozenset()
    undo: frozenset[int] = frozenset()
    """Who wants the last section taken back."""

    @property
    def made(self) -> tuple[Take, ...]:
        """The takes that can be heard, the earliest first."""
        return tuple(take for take in self.takes if take.progress is Progress.MADE)

    @property
    def tally(self) -> Counter[str]:
        """How many votes each take has."""
        return Counter(self.votes.values())

    @property
    def leaders(self) -> tuple[Take, ...]:
        """The takes with most votes, the earliest first; several where they are tied."""
        tally, made = self.tally, self.made
        most = max((tally[take.id] for take in made), default=0)
        return tuple(take for take in made if tally[take.id] == most)

    def take(self, take_id: str) -> Take | None:
        """The take with this id."""
        return next((take for take in self.takes if take.id == take_id), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the round before ended."""

    round_number: int
    ending: Ending
    winner_id: str | None = None
    votes: int = 0
    was_tied: bool = False
    by_host: bool = False
    """Whether the host has chosen among those that were tied."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The jam that this one was branched from, and after how many sections."""

    jam_id: str
    theme: str
    sections: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """Audio that a jam is to begin with, which is still to be fetched."""

    author_id: int
    words: str
    source: AudioSource | None = None
    track_id: str | None = None
    """The track that it is, where it is to be had from its message."""
    attempts: int = 0
    """How often it is being fetched, or was when a process died."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The jam's card: which revision of the jam it shows, and with which take the piece ends."""

    message_id: int
    revision: int
    head: str | None = None


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why nothing of a jam can be shown: Discord refuses it, or something is broken."""

    since: datetime
    is_told: bool = False
    """Whether the message that it began with says so."""
    is_over: bool = False
    """Whether nobody tries any more, until something of the jam, or of its thread, changes."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The reply to the command that began it, from which its thread is made."""

    application_id: int
    token: str = field(repr=False)
    token_expires_at: datetime
    message_id: int = 0
    """0 until Discord has told it."""
    draft: str | None = field(default=None, repr=False)
    """What was typed, as `bot.card.drafts` writes it: what it is to begin with may be refused."""


@dataclass(frozen=True, slots=True)
class Jam:
    """One jam, as it is journalled."""

    id: str
    guild_id: int
    channel_id: int
    host_id: int
    terms: Terms
    created_at: datetime
    round: Round
    phase: Phase = Phase.GOING
    thread_id: int | None = None
    """None until it is opened."""
    opening: Opening | None = None
    """None from then on."""
    beginning: Beginning | None = None
    """None once it is the first section, or where there is none."""
    gone: bool = False
    """Whether its thread was never made, or is there no more."""
    end_told: bool = False
    """Whether it is told where it was begun that it is closed, or gone."""
    sections: tuple[Section, ...] = ()
    late: tuple[Take, ...] = ()
    """Takes of earlier rounds that are still being made; they are heard, and not counted."""
    seen: Mapping[int, int] = field(default_factory=dict[int, int])
    """In which round each person who has taken part did so last."""
    host_seen: int = 1
    """The last round in which the host did anything."""
    asked: int = 0
    """How many takes were proposed and did not fail."""
    last: Outcome | None = None
    origin: Origin | None = None
    mixes: tuple[MixTerms, ...] = ()
    """Those that are still to be posted, in order."""
    mixes_posted: int = 0
    revision: int = 1
    """Counts what people may see of it."""
    shown: Shown | None = None
    hindered: Hindrance | None = None
    language: Language = SOURCE
    """What its card and its messages are written in."""

    @property
    def length_s(self) -> float:
        """How long the piece is."""
        return sum(self.lengths_s)

    @property
    def lengths_s(self) -> tuple[float, ...]:
        """How long each section is, in the piece as it is now."""
        return lengths_of(self.sections)

    @property
    def starts_s(self) -> tuple[float, ...]:
        """Where each section begins."""
        return (*accumulate(self.lengths_s[:-1], initial=0.0),) if self.sections else ()

    @property
    def room_s(self) -> int:
        """How many seconds there is room for."""
        return int(PIECE_MAX_S - self.length_s)

    @property
    def head(self) -> str | None:
        """The take at the piece's end."""
        return self.sections[-1].take_id if self.sections else None

    @property
    def active(self) -> frozenset[int]:
        """Those who take part: in this round, or in the one before."""
        return frozenset(who for who, last in self.seen.items() if last >= self.round.number - 1)

    @property
    def takes_left(self) -> int:
        """What is left of its budget."""
        return max(0, TAKES_PER_JAM - self.asked)

    @property
    def making(self) -> tuple[Take, ...]:
        """The takes that are under way, of whichever round."""
        mine = (take for take in self.round.takes if take.progress is Progress.MAKING)
        return (*mine, *self.late)

    @property
    def is_on(self) -> bool:
        """Whether people can take part, and the round's time runs."""
        return self.phase is Phase.GOING and self.opening is None

    @property
    def opening_take_id(self) -> str:
        """The id of what it began with, which nobody has proposed."""
        return f"{self.id}.opening"[:_TAKE_ID_MAX_CHARS]

    @property
    def wants_work(self) -> bool:
        """Whether something of it is still to be shown or made."""
        if self.gone:
            return not self.end_told
        if self.hindered is not None and self.hindered.is_over:
            return False
        is_stale = self.shown is None or self.shown.revision < self.revision
        is_to_be_told = self.phase is Phase.CLOSED and not self.end_told
        return self.thread_id is None or is_stale or bool(self.mixes) or is_to_be_told

    @property
    def look_at(self) -> datetime | None:
        """When it is to be looked at by itself: at a deadline, or for a take long under way."""
        moments = [take.asked_at + TAKE_UNHEARD_OF for take in self.making]
        if self.is_on and self.round.ends_at is not None:
            moments.append(self.round.ends_at)
        return min(moments, default=None)
