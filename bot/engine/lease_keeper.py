"""What is done every few seconds for all jobs together: leases, adoption, late cards, room."""

from __future__ import annotations

import gc
import logging
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from bot.domain.derive import STORED_FOR
from bot.domain.errors import BotError, JournalFault, TooLateToCancel
from bot.domain.generation import Reply
from bot.engine.context import JobContext
from bot.engine.registry import JobRegistry
from bot.host.heap import give_back
from bot.host.log_context import about

log = logging.getLogger(__name__)

_LEASE_S = 20.0
_TOLD_ONE_BY_ONE = 20
"""Thousands of lines would take the time of the first commands."""
_EVERY_S = 5.0
"""A process that died is noticed once its lease has run out, at the latest 25 s after."""
_FORGET_EVERY_S = 60.0
_FORGET_ROWS_EVERY_S = 600.0
_ROWS_AT_ONCE = 200
"""What others wait for, where SQLite has one writer, takes some milliseconds."""
_DEAD_FOR = timedelta(minutes=1)
"""So long a token is kept beyond its life: clocks differ."""
_TIDY_EVERY_S = 60.0
_LOOKED_FOR = timedelta(hours=2)
"""Replicate's list tells the inputs of a prediction for about an hour after its end."""


class LeaseKeeper:
    """Keeps what this process follows, and takes over what others have left."""

    def __init__(
        self, context: JobContext, registry: JobRegistry, keep_rows: timedelta | None = None
    ) -> None:
        self._context = context
        self._registry = registry
        self._keep_rows = keep_rows
        self.is_sounding: Callable[[], bool] = lambda: False
        """Whether music plays to people who would hear a pause of this process."""
        self._was_busy = False
        self._renewed_at_s = context.clock.monotonic()
        self._adopts_from_s = self._forgets_from_s = self._tidies_from_s = -math.inf
        self._forgets_rows_from_s = -math.inf

    async def adopt(self) -> int:
        """Take up every open generation that nobody follows, where its row stands; how many."""
        found = await self._context.journal.claim(_LEASE_S)
        if len(found) > _TOLD_ONE_BY_ONE:
            log.info("%d generations are taken up", len(found))
        for generation in found:
            if len(found) <= _TOLD_ONE_BY_ONE:
                with about(generation.id, generation.reply.guild_id):
                    log.info("taken up as %s", generation.state)
            self._registry.follow(generation)
        return len(found)

    async def keep_on(self) -> None:
        """Do it all, again and again, until it is cancelled."""
        while True:
            await self._context.clock.sleep(_EVERY_S)
            self._show_late()
            self._tidy_memory()
            await self._context.disk.look()
            try:
                await self._renew()
                await self._tidy()
                await self._forget_spent()
                await self._forget_ended()
            except (BotError, OSError) as error:
                log.warning("a round of housekeeping failed: %s", error)
                self._go_without()

    async def keep_disk(self) -> None:
        """Learn what the disk takes and what is left over on it, before the first request comes."""
        await self._context.disk.look()
        try:
            await self._tidy()
        except (JournalFault, OSError) as error:
            log.warning("what is left over in the data folder stays: %s", error)

    def _tidy_memory(self) -> None:
        """Once nothing is under way, have what is left of it found: it takes 20 ms then."""
        if self._registry.jobs:
            self._was_busy = True
        elif self._was_busy and not self.is_sounding():
            self._was_busy = False
            gc.collect()
            give_back()

    def _show_late(self) -> None:
        """Have every card offer a way to a fresh token before its own dies, news or not."""
        now = self._context.clock.now()
        for job in self._registry.jobs:
            job.show_if_late(now)

    def _go_without(self) -> None:
        """What is ours stays ours until the lease ends: from then on others may follow it.

        Nor is anything adopted for a while: the others may have been as cut off as this process,
        and their leases are to be renewed first.
        """
        now_s = self._context.clock.monotonic()
        self._adopts_from_s = now_s + _LEASE_S
        if self._context.processes > 1 and now_s > self._renewed_at_s + _LEASE_S:
            for generation_id in self._registry.ids:
                self._registry.let_go(generation_id)

    async def _renew(self) -> None:
        journal = self._context.journal
        began_s = self._context.clock.monotonic()
        renewal = await journal.renew(_LEASE_S, self._registry.ids)
        for generation_id in renewal.lost:
            self._registry.let_go(generation_id)
        for generation_id, by_id in renewal.cancel_requested.items():
            job = self._registry.get(generation_id)
            if job is not None and not job.generation.cancel_requested:
                with suppress(TooLateToCancel):
                    await job.request_cancel(by_id)
        for generation_id, reply in renewal.wanted_replies.items():
            await self._bring(generation_id, reply)
        for generation_id in renewal.unfollowed:
            with suppress(JournalFault):
                generation = await journal.get(generation_id)
                if generation is not None and generation.open:
                    self._registry.follow(generation)
        self._renewed_at_s = began_s
        if began_s >= self._adopts_from_s:
            await self.adopt()
        self._context.share_between(await journal.live_members())

    async def _bring(self, generation_id: str, reply: Reply) -> None:
        job = self._registry.get(generation_id)
        # A job that was taken up with this wish is there already.
        if job is None or job.generation.reply.token_expires_at >= reply.token_expires_at:
            return
        with about(generation_id, reply.guild_id):
            log.info("goes where its person wants it")
        # Where it cannot be journalled, the next renewal tells it again.
        with suppress(JournalFault):
            await job.bring(reply)

    async def _forget_spent(self) -> None:
        clock = self._context.clock
        if clock.monotonic() < self._forgets_from_s:
            return
        self._forgets_from_s = clock.monotonic() + _FORGET_EVERY_S
        now = clock.now()
        await self._context.journal.forget_spent(
            now - _DEAD_FOR, now - STORED_FOR, now - _LOOKED_FOR
        )

    async def _forget_ended(self) -> None:
        """Delete some of the rows whose time is over; the rest in the next rounds."""
        now_s = self._context.clock.monotonic()
        if self._keep_rows is None or now_s < self._forgets_rows_from_s:
            return
        ended_before = self._context.clock.now() - self._keep_rows
        removed = await self._context.journal.forget_ended(ended_before, _ROWS_AT_ONCE)
        if removed < _ROWS_AT_ONCE:
            self._forgets_rows_from_s = now_s + _FORGET_ROWS_EVERY_S
        if removed:
            log.info("forgot %d generations that ended before %s", removed, ended_before)

    async def _tidy(self) -> None:
        """Remove what is nobody's, and count what of it is too young to be sure."""
        clock, track_store = self._context.clock, self._context.track_store
        if clock.monotonic() < self._tidies_from_s:
            return
        self._tidies_from_s = clock.monotonic() + _TIDY_EVERY_S
        open_ids = await self._context.journal.open_ids()
        if (removed := await track_store.tidy(open_ids)) > 0:
            log.info("%d files were left over, and are removed", removed)
        ledger = self._context.disk_space.ledger
        ledger.left_over_bytes = await track_store.left_over_bytes({*open_ids, *self._registry.ids})
        self._context.disk_space.settle()
