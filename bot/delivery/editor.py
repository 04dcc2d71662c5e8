"""Edits of a running card: coalesced, latest wins, spaced, and only when it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import discord

from bot.card.render import Card
from bot.clock import Clock

log = logging.getLogger(__name__)

_LAST_EDIT_S = 30.0

Send = Callable[[Card], Awaitable[bool]]
"""Shows a card; False when the message cannot be reached any more."""


class CardEditor:
    """Keeps one message up to date until it is stopped."""

    def __init__(self, send: Send, clock: Clock) -> None:
        self.spacing_s = 0.0
        """The least time between two edits."""
        self._send = send
        self._clock = clock
        self._wanted: Card | None = None
        self._shown: Card | None = None
        self._sent_at_s: float | None = None
        self._stop = asyncio.Event()
        self._resting = asyncio.Event()
        self._resting.set()

    def want(self, card: Card) -> bool:
        """Note what should be shown next; True when `keep_up` has to be started for it."""
        self._wanted = None if card == self._shown else card
        start = self._wanted is not None and self._resting.is_set() and not self._stop.is_set()
        if start:
            self._resting.clear()
        return start

    async def keep_up(self) -> None:
        """Send what is wanted, one edit after the other, until nothing is."""
        try:
            while self._wanted is not None and not await self._stopped_before_next():
                card, self._wanted = self._wanted, None
                self._sent_at_s = self._clock.monotonic()
                if not await self._try(card):
                    return
        finally:
            self._resting.set()

    async def stop(self) -> None:
        """Send nothing more; an edit under way is waited for, lest it overtake the next."""
        self._stop.set()
        await self._clock.wait(self._resting, _LAST_EDIT_S)

    async def _stopped_before_next(self) -> bool:
        if self._sent_at_s is None:
            return self._stop.is_set()
        wait_s = self._sent_at_s + self.spacing_s - self._clock.monotonic()
        return await self._clock.wait(self._stop, max(0.0, wait_s))

    async def _try(self, card: Card) -> bool:
        try:
            reached = await self._send(card)
        except discord.HTTPException as error:
            # The next edit, or the end of the generation, shows it anyway.
            log.warning("a card could not be edited: %s", error)
            return True
        if reached:
            self._shown = card
        else:
            self._stop.set()
        return reached
