"""Delivery with takes in it: each is kept, and its jam told, before anybody sees it."""

from __future__ import annotations

from pathlib import Path

from bot.domain.generation import Generation, Relation, Reply
from bot.domain.progress import Progress
from bot.engine.ports import Delivery, Moved
from bot.jam.service import Jams


class TakeDelivery:
    """The engine's `Delivery`; all but takes goes straight on to the `inner` one."""

    def __init__(self, inner: Delivery, jams: Jams) -> None:
        self._inner = inner
        self._jams = jams

    async def find(self, generation: Generation) -> Reply | None:
        """See `Delivery`."""
        return await self._inner.find(generation)

    def show(self, generation: Generation, progress: Progress) -> None:
        """See `Delivery`."""
        self._inner.show(generation, progress)

    async def deliver(
        self, generation: Generation, track: Path, *, untouched: bool = False
    ) -> Reply | Moved:
        """See `Delivery`; raises `JournalFault` as well."""
        if generation.relation is Relation.TAKE:
            await self._jams.heard(generation, track)
        return await self._inner.deliver(generation, track, untouched=untouched)

    async def follow_up(self, generation: Generation, track: Path) -> None:
        """See `Delivery`."""
        await self._inner.follow_up(generation, track)

    async def has_track(self, generation: Generation) -> bool:
        """See `Delivery`."""
        return await self._inner.has_track(generation)

    async def end(self, generation: Generation) -> Moved | None:
        """See `Delivery`; raises `JournalFault` as well."""
        if generation.relation is Relation.TAKE:
            await self._jams.failed(generation.id)
        return await self._inner.end(generation)

    def drop(self, generation: Generation) -> None:
        """See `Delivery`."""
        self._inner.drop(generation)
