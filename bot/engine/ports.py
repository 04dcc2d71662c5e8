"""What the engine needs from the world; the adapters know these shapes, never each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.amounts import ServerLimits
from bot.domain.charges import Charge, Spent
from bot.domain.errors import BotError
from bot.domain.generation import Generation, Reply
from bot.domain.journal_values import Forgotten, Kept, Push, Renewal, TrackPage
from bot.domain.presets import Named
from bot.domain.presses import ButtonPress
from bot.domain.progress import Progress
from bot.engine.audio_ports import InputAudio, Sound, TrackStore
from bot.engine.prediction_ports import Predictions

__all__ = [
    "Delivery",
    "DiscordFault",
    "InputAudio",
    "Journal",
    "Moved",
    "Predictions",
    "Sound",
    "TrackStore",
    "Unreachable",
]


class Unreachable(BotError):
    """Nothing of ours can be posted where a person sees it, until they click or give a command.

    `may_reopen` tells whether it may become possible without them: a thread is unlocked, a
    permission given back. `token_lives`: the token is not what prevents it. `channel_gone`: the
    channel was deleted, so that they cannot come back to it.
    """

    def __init__(
        self, *, may_reopen: bool = False, token_lives: bool = False, channel_gone: bool = False
    ) -> None:
        super().__init__()
        self.may_reopen = may_reopen
        self.token_lives = token_lives
        self.channel_gone = channel_gone


class DiscordFault(BotError):
    """Discord did not do it this time; the same may well work later."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The card stands in a new message, which mentions its person; what it is to show comes next.

    The reply is journalled in between: an upload whose answer is lost is then an edit made again,
    not a second message.
    """

    reply: Reply


class Journal(Protocol):
    """The rows of every generation, and what else outlives a process. Raises `JournalFault`."""

    async def add(
        self,
        *takes: Generation,
        limits: ServerLimits | None = None,
        press: ButtonPress | None = None,
        named: Named[Sequence[Generation]] | None = None,
    ) -> Sequence[Generation]:
        """Write a new request: all of its takes, or none; those that come of a preset it names.

        `limits` are its server's own; None where that has set nothing. Raises `NoRoomLeft` for a
        limit, `PressedTwice` where the `press` it was asked for by belongs to the one before.
        """
        ...

    def ask_who_has_places(self, unsent: Callable[[], Collection[str]]) -> None:
        """Tell it how to learn which of this process's have a place among those that run.

        Those that are not sent yet: their rows do not tell, and who has a place does not wait.
        """
        ...

    async def save(self, generation: Generation) -> None:
        """Write the present state of one."""
        ...

    async def get(self, generation_id: str) -> Generation | None:
        """Read a generation; None where there is none of this id."""
        ...

    async def claim(self, lease_s: float) -> list[Generation]:
        """Take over every open generation that nobody follows, for so long; oldest first."""
        ...

    async def renew(self, lease_s: float, held: Collection[str]) -> Renewal:
        """Keep following those that this process holds."""
        ...

    async def request_cancel(self, generation_id: str, by_id: int) -> bool:
        """Note that one is to be stopped, and who asks for it; False when it is too late."""
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

    async def forget_ended(self, ended_before: datetime, at_most: int) -> int:
        """Delete the oldest generations that had ended by then, but what is wanted; how many."""
        ...

    async def prediction_known(self, prediction_id: str) -> bool:
        """Whether some generation already has this prediction."""
        ...

    async def pass_on(self, *pushes: Push) -> None:
        """Leave word of pushes for the processes that follow what they are about, if any does."""
        ...

    async def take_passed_on(self) -> list[Push]:
        """What others have left for this process, each once."""
        ...

    # -------------------------------------------------------------- looking back

    async def tracks_of(
        self, user_id: int, words: str = "", limit: int = 10, before: str | None = None
    ) -> TrackPage:
        """A person's delivered tracks whose prompt has these words, newest first."""
        ...

    async def count_tracks(self, user_id: int, words: str = "") -> int:
        """How many tracks `tracks_of` has on all its pages."""
        ...

    async def prompts_of(self, user_id: int, words: str = "", limit: int = 25) -> list[str]:
        """A person's own earlier prompts that have these words, newest first, each once."""
        ...

    async def ancestry(self, generation_id: str, limit: int = 20) -> list[Generation]:
        """What a generation was made from, and that from, and so on; nearest first."""
        ...

    async def batch(self, batch_id: str) -> list[Generation]:
        """The takes that one card lists, in order."""
        ...

    async def by_message(self, channel_id: int | None, message_id: int) -> list[Generation]:
        """The generations that a message shows, oldest first; None: in whichever channel."""
        ...

    async def tracks_in(
        self, guild_id: int, channel_ids: Collection[int], words: str, limit: int
    ) -> Sequence[Generation]:
        """The newest tracks of a server's channels that everyone there sees; see `tracks_of`."""
        ...

    async def hide(self, channel_id: int, *message_ids: int) -> None:
        """Note that messages are gone: what they showed, only its person has seen, from now on."""
        ...

    async def kept_of(self, user_id: int) -> Kept:
        """How much `forget` would delete of a person's."""
        ...

    async def forget(self, user_id: int) -> Forgotten:
        """Delete what is stored of a person, but for what is under way."""
        ...

    async def forget_one(self, user_id: int, generation_id: str) -> Generation | None:
        """Delete one generation of a person's; None where there is none that has ended."""
        ...

    async def charges(self, ids: Collection[str]) -> Mapping[str, Charge]:
        """What generations cost, as far as that was written down."""
        ...

    async def spent(
        self,
        since: datetime,
        until: datetime,
        *,
        requester_id: int | None = None,
        guild_id: int | None = None,
        jam_id: str | None = None,
    ) -> Spent:
        """What a person, a server, a jam, or all have asked for from one moment to another."""
        ...

    async def spent_by_day(
        self,
        since: datetime,
        days: int,
        *,
        requester_id: int | None = None,
        guild_id: int | None = None,
    ) -> Sequence[Spent]:
        """The same of each of so many days from a moment on, the first one first."""
        ...

    # -------------------------------------------------------------- facts and turns

    async def fact(self, key: str) -> str | None:
        """A value remembered, in an earlier start perhaps."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Remember a value, in place of an earlier one."""
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


class Delivery(Protocol):
    """Gets cards to people."""

    async def find(self, generation: Generation) -> Reply | None:
        """Its reply, whose acknowledgement was cut off, with the message; None where it has none.

        Raises `Unreachable`, where nobody can tell any more, and `DiscordFault`.
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

        Raises `TrackError`, `Unreachable`, `DiscordFault`.
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

        Raises `Unreachable`, `DiscordFault`.
        """
        ...

    def drop(self, generation: Generation) -> None:
        """Show nothing more of it: another process does."""
        ...
