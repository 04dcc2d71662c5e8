"""Edits of a running card: coalesced, latest wins, spaced, and only when it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.card.render import Card
from bot.delivery.message import OutgoingMessage
from bot.domain.clock import Clock
from bot.domain.generation import Reply
from bot.engine.ports import DiscordFault

log = logging.getLogger(__name__)

_LAST_EDIT_S = 30.0
_FAULT_CAP_S = 60.0
"""Edits that Discord has a fault with are this far apart at the most, thousands of cards' too."""
_MAX_DOUBLINGS = 10

Send = Callable[[OutgoingMessage], Awaitable[bool]]
"""Shows a card; False when the message cannot be reached any more."""


class CardEditor:
    """Keeps one message up to date until it is stopped."""

    def __init__(self, send: Send, clock: Clock) -> None:
        self.spacing_s = 0.0
        """The least time between two edits."""
        self._send = send
        self._clock = clock
        self._wanted: OutgoingMessage | None = None
        self._shown: Card | None = None
        self._sent_at_s: float | None = None
        self._faults = 0
        """In a row."""
        self._unreachable: Reply | None = None
        self._stop = asyncio.Event()
        self._resting = asyncio.Event()
        self._resting.set()
        self.turn = asyncio.Lock()
        """Held by whoever is changing the message."""

    def shows(self, card: Card) -> bool:
        """Whether the message is known to show this already."""
        return card == self._shown

    def showed(self, card: Card) -> None:
        """Take note that somebody else, in their turn, showed this."""
        self._shown, self._sent_at_s = card, self._clock.monotonic()

    def want(self, outgoing: OutgoingMessage) -> bool:
        """Note what should be shown next; True when `keep_up` has to be started for it."""
        known = outgoing.card == self._shown or outgoing.generation.reply == self._unreachable
        self._wanted = None if known else outgoing
        start = self._wanted is not None and self._resting.is_set() and not self._stop.is_set()
        if start:
            self._resting.clear()
        return start

    async def keep_up(self) -> None:
        """Send what is wanted, one edit after the other, until nothing is."""
        try:
            while self._wanted is not None and not await self._stopped_before_next():
                async with self.turn:
                    await self._send_wanted()
        finally:
            self._resting.set()

    async def stop(self) -> None:
        """Send nothing more; an edit under way is waited for, lest it overtake the next."""
        self._stop.set()
        await self._clock.wait(self._resting, _LAST_EDIT_S)

    def abandon(self) -> None:
        """Send nothing more, and wait for nothing."""
        self._stop.set()
        self._wanted = None

    async def _stopped_before_next(self) -> bool:
        if self._sent_at_s is None:
            return self._stop.is_set()
        apart_s = self.spacing_s
        if self._faults > 1:
            grown_s = apart_s * 2.0 ** min(self._faults - 1, _MAX_DOUBLINGS)
            apart_s = max(apart_s, min(_FAULT_CAP_S, grown_s))
        wait_s = self._sent_at_s + apart_s - self._clock.monotonic()
        return await self._clock.wait(self._stop, max(0.0, wait_s))

    async def _send_wanted(self) -> None:
        outgoing, self._wanted = self._wanted, None
        if outgoing is None:
            # While this waited for its turn, what is shown was wanted again.
            return
        self._sent_at_s = self._clock.monotonic()
        try:
            if await self._send(outgoing):
                self._shown, self._faults = outgoing.card, 0
            else:
                # Until a click or a command brings another token, there is no use in trying.
                self._unreachable = outgoing.generation.reply
        except DiscordFault:
            self._faults += 1
            if self._faults == 1:
                log.warning("the card of generation %s could not be edited", outgoing.generation.id)
            if self._wanted is None:
                # What waits changes nothing by itself: without this its card stays wrong.
                self._wanted = outgoing
