"""Looking back at what people have made: the journal's other half."""

from __future__ import annotations

from typing import Protocol

from bot.domain.generation import Generation


class TrackPage(Protocol):
    """Some of a person's tracks, newest first."""

    @property
    def tracks(self) -> tuple[Generation, ...]:
        """The tracks of this page."""
        ...

    @property
    def more(self) -> str | None:
        """Where the next page begins; None where this is the last."""
        ...


class Forgotten(Protocol):
    """What became of a person's generations."""

    @property
    def removed(self) -> tuple[Generation, ...]:
        """As they were."""
        ...

    @property
    def still_open(self) -> int:
        """How many are under way, and were left alone."""
        ...


class Library(Protocol):
    """The part of the journal that looks back."""

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

    async def by_message(self, channel_id: int, message_id: int) -> list[Generation]:
        """The generations that a message shows, oldest first."""
        ...

    async def hide(self, channel_id: int, message_id: int) -> None:
        """Note that a message is gone: what it showed, only its person has seen, from now on."""
        ...

    async def forget(self, user_id: int) -> Forgotten:
        """Delete a person's generations that have ended."""
        ...
