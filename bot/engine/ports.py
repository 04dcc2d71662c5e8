"""What the studio needs from the world; the adapters know these shapes, never each other."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.errors import BotError
from bot.domain.generation import Generation, Reply
from bot.domain.history import Library
from bot.domain.inputs import Inputs
from bot.domain.progress import Progress
from bot.engine.audio_ports import InputAudio, Sound, TrackStore

__all__ = [
    "Delivery",
    "DiscordFault",
    "Facts",
    "InputAudio",
    "Journal",
    "Moved",
    "NoWayNow",
    "PredictionView",
    "Predictions",
    "Records",
    "Renewal",
    "Sound",
    "StoredFile",
    "TrackStore",
]


class NoWayNow(BotError):
    """Discord leaves no way to a person until they open one with a click or a command.

    `may_open` tells whether one may open without them: a thread is unlocked, a permission given
    back. `token_lives`: it is not the token that is in the way. `place_gone`: the channel was
    deleted, so that they cannot come back to it.
    """

    def __init__(
        self, *, may_open: bool = False, token_lives: bool = False, place_gone: bool = False
    ) -> None:
        super().__init__()
        self.may_open = may_open
        self.token_lives = token_lives
        self.place_gone = place_gone


class DiscordFault(BotError):
    """Discord did not do it this time; the same may well work later."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The card stands in a new message, which mentions its person; what it is to show comes next.

    The reply is journalled in between: an upload whose answer is lost is then an edit made again,
    not a second message.
    """

    reply: Reply


class Renewal(Protocol):
    """What a process learns while it renews its leases; ids of generations."""

    @property
    def lost(self) -> Collection[str]:
        """Others follow them now."""
        ...

    @property
    def cancel_requested(self) -> Collection[str]:
        """Their persons want them stopped."""
        ...

    @property
    def wanted_replies(self) -> Mapping[str, Reply]:
        """Their persons want them there; told until they are saved there, or with a newer token."""
        ...

    @property
    def unfollowed(self) -> Collection[str]:
        """Ours by their rows, though not among those held."""
        ...


class Journal(Protocol):
    """The rows of every generation."""

    async def add(self, generation: Generation) -> None:
        """Write a new generation."""
        ...

    async def save(self, generation: Generation) -> None:
        """Write the present state of one."""
        ...

    async def get(self, generation_id: str) -> Generation | None:
        """Read one."""
        ...

    async def claim(self, lease_s: float) -> list[Generation]:
        """Take over every open generation that nobody follows, for so long; oldest first."""
        ...

    async def renew(self, lease_s: float, held: Collection[str]) -> Renewal:
        """Keep following those that this process holds."""
        ...

    async def request_cancel(self, generation_id: str) -> bool:
        """Note that one is to be stopped, whoever follows it; False when it is too late."""
        ...

    async def request_bring(self, generation_id: str, reply: Reply) -> bool:
        """Note that one is wanted in `reply`, whoever follows it; False when it has ended."""
        ...

    async def open_ids(self) -> Collection[str]:
        """Those that still need something done, whoever follows them."""
        ...

    async def open_of(self, user_id: int, channel_id: int) -> list[Generation]:
        """A person's open generations in a channel, each in the reply it is wanted in."""
        ...

    async def live_members(self) -> int:
        """How many processes share the work."""
        ...

    async def forget_spent(
        self, died_before: datetime, stored_before: datetime, looked_for_before: datetime
    ) -> None:
        """Clear dead tokens, and addresses of audio that is gone or that others have, too."""
        ...

    async def prediction_known(self, prediction_id: str) -> bool:
        """Whether some generation already has this prediction."""
        ...


class Records(Journal, Library, Protocol):
    """The journal, with its look back."""


class Facts(Protocol):
    """Small things worth remembering from one start to the next, and turns to take."""

    async def fact(self, key: str) -> str | None:
        """What was remembered."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Remember it."""
        ...

    async def try_lock(self, name: str, ttl_s: float) -> bool:
        """Take a lock for so long, or prolong it; False while another process has it."""
        ...

    async def unlock(self, name: str) -> None:
        """Give a lock back before its time."""
        ...

    async def take_turn(self, name: str, ttl_s: float) -> bool:
        """Take one of the turns that are so far apart; False while it is too soon."""
        ...


class PredictionView(Protocol):
    """What the studio reads of a prediction."""

    @property
    def id(self) -> str:
        """Its id at the service."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        ...

    @property
    def status(self) -> str:
        """starting, processing, succeeded, failed, canceled, aborted, or one not known yet."""
        ...

    @property
    def output_url(self) -> str | None:
        """The address of the audio, once there is one."""
        ...

    @property
    def completed_at(self) -> datetime | None:
        """When it ended, by the service's clock."""
        ...

    @property
    def data_removed(self) -> bool:
        """Whether the service has deleted input and output."""
        ...

    @property
    def error(self) -> str | None:
        """The model's own words for what went wrong."""
        ...

    @property
    def logs(self) -> str:
        """What the model printed so far."""
        ...

    @property
    def predict_time_s(self) -> float | None:
        """Seconds the model ran, once it has ended."""
        ...


class StoredFile(Protocol):
    """A file that the service keeps for its models."""

    @property
    def url(self) -> str:
        """Where the model reads it."""
        ...


class Predictions(Protocol):
    """The prediction service. Methods raise `ReplicateError`; `download` raises `TrackError`."""

    members: int
    """Processes that share its budget of requests."""

    async def create(self, version: str, inputs: Inputs, cancel_after_s: int) -> PredictionView:
        """Start a prediction; it costs money and is never sent again once it may have arrived."""
        ...

    async def get(self, prediction_id: str) -> PredictionView:
        """Read one."""
        ...

    async def cancel(self, prediction_id: str) -> PredictionView:
        """Stop one; answers what became of it."""
        ...

    async def find(
        self, version: str, inputs: Inputs, created_after: datetime
    ) -> Sequence[PredictionView]:
        """Those of ours with this version and just these inputs, newest first."""
        ...

    def pages(self, created_after: datetime) -> AsyncGenerator[Sequence[PredictionView], None]:
        """All of the account created since, newest first; each page costs a request."""
        ...

    async def upload(self, path: Path, filename: str, content_type: str) -> StoredFile:
        """Keep a file where the model can read it."""
        ...

    async def download(
        self, url: str, target: Path, limit_bytes: int, news: Callable[[], None]
    ) -> object:
        """Fetch an output into the file `target`, which appears only when it is whole.

        What a broken off download leaves beside it is gone on from. `news` is called whenever
        something has arrived, and whenever a try has failed.
        """
        ...

    async def discard_part(self, target: Path) -> None:
        """Remove what a download that was broken off has left beside `target`."""
        ...


class Delivery(Protocol):
    """Gets cards to people."""

    async def find(self, generation: Generation) -> Reply | None:
        """Its reply, whose acknowledgement was cut off, with the message; None where it has none.

        Raises `NoWayNow`, where nobody can tell any more, and `DiscordFault`.
        """
        ...

    def show(self, generation: Generation, progress: Progress) -> None:
        """Show how far it is: soon, coalesced with what else is to be shown, at best effort."""
        ...

    async def deliver(
        self, generation: Generation, track: Path, *, untouched: bool = False
    ) -> Reply | Moved:
        """Show the finished card with its track; the reply it is shown in.

        `Moved` where the track comes with the next call only. An `untouched` track is neither drawn
        nor converted: that has ended the process before.

        Raises `TrackError`, `NoWayNow`, `DiscordFault`.
        """
        ...

    async def follow_up(self, generation: Generation, track: Path) -> None:
        """Add to a delivered track what could wait, at best effort."""
        ...

    async def has_track(self, generation: Generation) -> bool:
        """Whether the track is there already, whoever has put it there."""
        ...

    async def end(self, generation: Generation) -> Moved | None:
        """Show that it failed or was canceled; `Moved` where it is to be shown once more.

        Raises `NoWayNow`, `DiscordFault`.
        """
        ...

    def drop(self, generation: Generation) -> None:
        """Show nothing more of it: another process does."""
        ...
