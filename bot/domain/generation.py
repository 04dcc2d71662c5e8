"""A generation: what one person asked for, and how far it has come. No I/O."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import TypedDict, Unpack

from bot.domain.errors import BotError, InputRefused, RequestRefused, UserError
from bot.domain.extension import Closeness
from bot.domain.inputs import Inputs
from bot.domain.language import SOURCE, Language
from bot.domain.measures import Measures
from bot.domain.musical_terms import NO_TERMS, MusicalTerms

TOKEN_LIFE = timedelta(minutes=15)
"""How long an interaction's token edits its reply.

Discord, developers/interactions/receiving-and-responding, read 2026-08.
"""

LATE = timedelta(seconds=90)
"""So long before its reply's token dies, a card offers a way to give it another."""

_ID_BYTES = 9


class State(StrEnum):
    """Where a generation stands. Every change is journalled before anyone sees it."""

    ACCEPTED = "accepted"
    """Acknowledged; its input audio, if any, is still being fetched and checked."""
    QUEUED = "queued"
    """Checked; waits for its turn to be sent."""
    SUBMITTING = "submitting"
    """The create request may be on its way; whether it arrived is not known yet."""
    RUNNING = "running"
    """Replicate has a prediction for it."""
    COLLECTING = "collecting"
    """The prediction succeeded; the audio is being downloaded."""
    DELIVERING = "delivering"
    """The track is on disk and on its way to Discord."""
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def final(self) -> bool:
        """It has ended, well or badly."""
        return self in _FINAL

    @property
    def unpaid(self) -> bool:
        """Nothing was sent yet that costs money."""
        return self in {State.ACCEPTED, State.QUEUED}

    @property
    def has_slot(self) -> bool:
        """It takes one of the places of those that run at once."""
        return self in {State.SUBMITTING, State.RUNNING}

    @property
    def cancelable(self) -> bool:
        """Before the upload, a cancel still saves something."""
        return State.CANCELED in TRANSITIONS[self]


_FINAL = frozenset({State.DELIVERED, State.FAILED, State.CANCELED})
_ENDED = frozenset({State.FAILED, State.CANCELED})
TRANSITIONS: dict[State, frozenset[State]] = {
    State.ACCEPTED: _ENDED | {State.QUEUED},
    State.QUEUED: _ENDED | {State.SUBMITTING},
    # Back to QUEUED when the service certainly did not take it.
    State.SUBMITTING: _ENDED | {State.RUNNING, State.QUEUED},
    State.RUNNING: _ENDED | {State.COLLECTING},
    State.COLLECTING: _ENDED | {State.DELIVERING},
    # Back to COLLECTING when the file on disk is lost: Replicate keeps its own for an hour.
    State.DELIVERING: frozenset({State.DELIVERED, State.FAILED, State.COLLECTING}),
    State.DELIVERED: frozenset(),
    # As long as it is not closed: what seemed not to have been started turns up late.
    State.FAILED: frozenset({State.RUNNING}),
    State.CANCELED: frozenset(),
}


class Relation(StrEnum):
    """How a track came from another one."""

    AGAIN = "again"
    VARIATION = "variation"
    EXTEND = "extend"
    MELODY = "melody"
    EDIT = "edit"
    TAKE = "take"
    """Proposed in a jam: the next section of its piece."""
    RETRY = "retry"
    """The very same once more, where it is not known whether the first try was started."""


REMADE = frozenset({Relation.AGAIN, Relation.VARIATION, Relation.EDIT, Relation.RETRY})
"""The request of another track once more, with the input audio of that one."""


class IllegalTransition(BotError):
    """A change of state that the life of a generation does not have."""

    def __init__(self, old: State, new: State) -> None:
        super().__init__(f"{old} does not become {new}")
        self.old = old
        self.new = new


@dataclass(frozen=True, slots=True)
class Reply:
    """The one message that shows a generation, and what it takes to edit it."""

    application_id: int
    channel_id: int
    message_id: int
    """0 until Discord has told it: then it is not known whether it took the acknowledgement."""
    token: str = field(repr=False)
    """Empty once it is no longer needed: the journal forgets it then."""
    token_expires_at: datetime
    filesize_limit_bytes: int
    guild_id: int | None = None
    private: bool = False
    """Whether its person alone sees it, or has seen it: it is ephemeral, or was deleted."""
    gone: bool = False
    """Whether the message was deleted after its end, and the audio with it."""
    language: Language = SOURCE
    """What it is written in, whoever presses its buttons."""

    @property
    def known(self) -> bool:
        """Whether there is a message for sure."""
        return self.message_id != 0

    def token_lives(self, now: datetime) -> bool:
        """Whether the interaction's token still edits the message."""
        return self.token != "" and now < self.token_expires_at


@dataclass(frozen=True, slots=True)
class AudioSource:
    """Input audio as the person gave it: an option upload, or an address on the web.

    `url` may be signed (an upload's is), so it is kept out of reprs and logs.
    """

    url: str = field(repr=False)
    filename: str
    uploaded: bool
    size_bytes: int | None = None
    keep_s: float | None = None
    """Only its first so many seconds are meant; None for all of it."""
    own: bool = False
    """Whether it is of our own making, and `url` what it is called here."""


class GenerationChanges(TypedDict, total=False):
    """What of a generation may change after it was accepted, but for its state."""

    reply: Reply
    inputs: Inputs
    audio_s: float | None
    stored_at: datetime | None
    submitted_at: datetime | None
    prediction_id: str | None
    cancel_requested: bool
    canceled_by: int | None
    seed_used: int | None
    predict_time_s: float | None
    track_path: str | None
    failure: UserError | None
    ended_at: datetime | None
    piece_path: str | None
    given_s: float | None
    track_s: float | None
    measures: Measures | None
    told: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class Generation:
    """One request and everything known of it. Times are UTC."""

    id: str
    requester_id: int
    reply: Reply
    inputs: Inputs
    """With the prompt as its person wrote it; see `as_sent`."""
    version: str
    """The id of the MusicGen version it runs on."""
    created_at: datetime
    fine_tune: str | None = None
    """The fine-tune that this is, as people call it; None for the main model."""
    usual_s: int | None = field(default=None, compare=False)
    """How long its model's tracks are where no length is asked for: known where it is accepted,
    and not written down."""
    jam_id: str | None = field(default=None, compare=False)
    """The jam that it was proposed in: known where it is accepted, and written down with its
    cost."""
    state: State = State.ACCEPTED
    source: AudioSource | None = None
    audio_s: float | None = None
    """Length of the input audio that the model is given, once measured."""
    has_audio: bool = False
    """Whether it was asked for with input audio, which is not kept."""
    stored_at: datetime | None = None
    """When it was put where the model reads it; it stays there for a day."""
    submitted_at: datetime | None = None
    prediction_id: str | None = None
    cancel_requested: bool = False
    canceled_by: int | None = None
    """Who asked for that, where it is known."""
    seed_used: int | None = None
    """The seed by the model's own log; differs from `inputs.seed` only where that is 0."""
    predict_time_s: float | None = None
    track_path: str | None = None
    failure: UserError | None = None
    ended_at: datetime | None = None
    parent_id: str | None = None
    """The generation it was made from, which may have been forgotten since."""
    relation: Relation | None = None
    batch_id: str | None = None
    """Shared by the takes that one card lists."""
    more_s: int | None = None
    """For an extension: the new music asked for, in seconds."""
    closeness: Closeness | None = None
    """For an extension: how closely it is to follow the piece; None for as closely as it can."""
    terms: MusicalTerms = NO_TERMS
    """Tempo, key and bars that were asked for in fields of their own."""
    piece_path: str | None = None
    """The whole piece that is extended, on disk while it is needed."""
    given_s: float | None = None
    """How much of the finished track was there before."""
    track_s: float | None = None
    """Length of the finished track."""
    measures: Measures | None = None
    """What else was measured of it."""
    told: bool = False
    """Whether the person has seen the end of it."""
    attempts: int = 0
    """How often work on its files was begun in this state that nothing has come of yet."""
    draft: str | None = field(default=None, repr=False)
    """The command or form it was asked for by, as `bot.card.drafts` writes it, while it may be
    refused; None for what was asked for by a button."""

    @property
    def as_sent(self) -> Inputs:
        """The inputs as the model gets them: the musical terms stand behind the prompt."""
        return self.terms.joined_to_inputs(self.inputs)

    @property
    def seed(self) -> int:
        """The seed to show: the model's own word where there is one."""
        return self.seed_used if self.seed_used is not None else self.inputs.seed or 0

    @property
    def language(self) -> Language:
        """What its card is written in."""
        return self.reply.language

    @property
    def open(self) -> bool:
        """Whether there is still something to do for it."""
        return not self.state.final or not self.told

    @property
    def was_refused(self) -> bool:
        """Whether it ended for what was asked, or before anything came of it, and cost nothing."""
        return isinstance(self.failure, RequestRefused | InputRefused)

    @property
    def borrows_audio(self) -> bool:
        """Whether its input audio was put where the model reads it for another generation."""
        return self.has_audio and self.more_s is None and self.relation in REMADE

    @property
    def kept(self) -> Generation:
        """What of it is written down: from its end on nothing that was needed on the way only.

        The name and the address of an upload go. The address of its copy for the model stays with
        the one generation that made the copy, for what is made again from it; and for a while with
        one whose create may have arrived, which is found by it. What was typed stays for a while
        where it was refused, for its person to change.
        """
        may_turn_up = self.submitted_at is not None and self.prediction_id is None
        if not self.state.final or (self.open and may_turn_up):
            return self
        draft = self.draft if self.was_refused else None
        if may_turn_up or not (self.borrows_audio or self.more_s is not None):
            return replace(self, source=None, draft=draft)
        inputs = replace(self.inputs, input_audio=None)
        return replace(self, source=None, inputs=inputs, stored_at=None, draft=draft)

    def evolve(
        self, state: State | None = None, **changes: Unpack[GenerationChanges]
    ) -> Generation:
        """A copy with changes; `state` must follow from the present one, and has no attempts yet.

        Raises:
            IllegalTransition: it does not.
        """
        if state is None or state is self.state:
            return replace(self, **changes)
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(self.state, state)
        changes.setdefault("attempts", 0)
        return replace(self, state=state, **changes)


def interaction_generation_id(token: str, number: int = 0, journal_id: str = "") -> str:
    """The id of the `number`th thing an interaction asks for, however often it is delivered.

    Processes with the same journal give it the same, and those with another one another.
    """
    text = f"{number} {token} {journal_id}"
    digest = blake2b(text.encode(), digest_size=_ID_BYTES).digest()
    return urlsafe_b64encode(digest).decode()


def new_generation_id() -> str:
    """An id short enough for a button and too long to guess: 12 characters, URL-safe."""
    return secrets.token_urlsafe(_ID_BYTES)
