"""A card while it changes: what is known for its next version, and the edits that show it.

There is one for each message, whether it shows one track or several. Edits are coalesced, latest
wins, they are spaced, and only what has changed is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.card import strings
from bot.card.render import Card, CardRenderer
from bot.delivery.message import OutgoingMessage, Track
from bot.domain.clock import Clock
from bot.domain.generation import Generation, Reply, State
from bot.domain.progress import Progress, Stage
from bot.engine.ports import DiscordFault
from bot.jam.service import TakeView

log = logging.getLogger(__name__)

_LAST_EDIT_S = 30.0
_TRACK_WITHIN_S = 2.0
"""Most are there sooner after the end of a prediction, and then wait for no edit."""
_FAULT_CAP_S = 60.0
"""Edits that Discord has a fault with are this far apart at the most, thousands of cards' too."""
_MAX_DOUBLINGS = 10


class Edits(Protocol):
    """Edits messages."""

    async def edit(self, outgoing: OutgoingMessage) -> bool:
        """Show a card; False when the message cannot be reached any more.

        Raises:
            DiscordFault: it did not work this time.
        """
        ...

    def reserve_edit(self, reply: Reply) -> float:
        """When an edit that can wait may be made in the reply, by the clock."""
        ...


class CardEditor:
    """Keeps one message up to date until it is stopped."""

    def __init__(self, edits: Edits, clock: Clock) -> None:
        self.spacing_s = 0.0
        """The least time between two edits."""
        self._edits = edits
        self._clock = clock
        self._wanted: OutgoingMessage | None = None
        self._shown: Card | None = None
        self._sent_at_s: float | None = None
        self._not_before_s = 0.0
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

    def want(self, outgoing: OutgoingMessage, replaced_within_s: float = 0.0) -> bool:
        """Note what should be shown next; True when `keep_up` has to be started for it.

        It waits for as long as something else is likely to be shown instead.
        """
        self._not_before_s = self._clock.monotonic() + replaced_within_s
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
        if await self._stopped_before(self._next_at_s):
            return True
        if self._wanted is None:
            return False
        reserved_s = self._edits.reserve_edit(self._wanted.generation.reply)
        return await self._stopped_before(lambda: max(reserved_s, self._next_at_s()))

    async def _stopped_before(self, at_s: Callable[[], float]) -> bool:
        while (wait_s := at_s() - self._clock.monotonic()) > 0.0:
            if await self._clock.wait(self._stop, wait_s):
                return True
        return self._stop.is_set()

    def _next_at_s(self) -> float:
        if self._sent_at_s is None:
            return self._not_before_s
        apart_s = self.spacing_s
        if self._faults > 1:
            grown_s = apart_s * 2.0 ** min(self._faults - 1, _MAX_DOUBLINGS)
            apart_s = max(apart_s, min(_FAULT_CAP_S, grown_s))
        return max(self._not_before_s, self._sent_at_s + apart_s)

    async def _send_wanted(self) -> None:
        outgoing, self._wanted = self._wanted, None
        if outgoing is None:
            # While this waited for its turn, what is shown was wanted again.
            return
        self._sent_at_s = self._clock.monotonic()
        try:
            if await self._edits.edit(outgoing):
                self._shown, self._faults = outgoing.card, 0
            else:
                # Until a click or a command brings another token, there is no use in trying.
                self._unreachable = outgoing.generation.reply
        except DiscordFault:
            self._faults += 1
            if self._faults == 1:
                log.warning("its card could not be edited")
            if self._wanted is None:
                # What waits changes nothing by itself: without this its card stays wrong.
                self._wanted = outgoing


class LiveCard:
    """What is known of the generations of one card, as its next version needs it."""

    def __init__(self, editor: CardEditor) -> None:
        self.editor = editor
        self.is_read = False
        """Whether the journal was asked for what is not followed here."""
        self.reading = False
        self.next_within_s = 0.0
        """What it shows now is likely to be replaced so soon."""
        self.parent: Generation | None = None
        self.take: TakeView | None = None
        """What is known of it in its jam."""
        self.stars: Mapping[str, int] = {}
        """By its takes, which may have been given some before one of them turned up late."""
        self._takes: dict[str, Generation] = {}
        self._progresses: dict[str, Progress] = {}
        self._notes: dict[str, str] = {}
        self._placed: Reply | None = None

    @property
    def takes(self) -> list[Generation]:
        """Its generations, in order."""
        return _in_order(self._takes)

    def number_of(self, take: Generation) -> int | None:
        """Its number among several, from 1; None where no others are known."""
        ids = [one.id for one in _in_order(self._takes | {take.id: take})]
        return ids.index(take.id) + 1 if len(ids) > 1 else None

    @property
    def all_ended(self) -> bool:
        """Whether nothing will change any more."""
        return all(take.state.final for take in self._takes.values())

    def follow(self, take: Generation, progress: Progress | None = None) -> None:
        """Take in how far one of them is."""
        self._takes[take.id] = take
        if progress is not None:
            self._progresses[take.id] = progress
            self.next_within_s = _TRACK_WITHIN_S if progress.about_to_end else 0.0

    def learn(self, rows: Iterable[Generation]) -> None:
        """Take in what the journal says of those that are not followed here, or have ended."""
        for row in rows:
            if row.told or row.id not in self._takes:
                self._takes[row.id] = row

    def moved(self, reply: Reply) -> None:
        """The card stands there now."""
        self._placed = reply

    def placed(self, take: Generation, reply: Reply, note: str) -> None:
        """One has ended, and its card stands there."""
        self._takes[take.id] = replace(take, reply=reply)
        self._placed = reply
        if note:
            self._notes[take.id] = note

    def outgoing(
        self,
        renderer: CardRenderer,
        generation: Generation,
        *,
        track: Track | None = None,
        note: str = "",
    ) -> OutgoingMessage:
        """What there is to show, with this newer state of one of its generations."""
        if generation.batch_id is None:
            card = self._single(renderer, generation, note)
            return OutgoingMessage(generation, card, track)
        takes = _in_order(self._takes | {generation.id: generation})
        addressed = replace(generation, reply=self.reply(generation))
        notes = self._notes | ({generation.id: note} if note else {})
        notes |= {
            take.id: strings.takes.EARLIER()
            for take in takes
            if take.id != generation.id
            and take.state is State.DELIVERED
            and take.reply.message_id != addressed.reply.message_id
        }
        # Who may see where it came from goes by where the card is now.
        takes[0] = replace(takes[0], reply=addressed.reply)
        card = renderer.takes(takes, self._progresses, self.parent, notes, self.stars)
        return OutgoingMessage(addressed, card, track, buttons_of=takes[0].id)

    def uploading(
        self, renderer: CardRenderer, generation: Generation, now: datetime
    ) -> OutgoingMessage:
        """What there is to show while the bytes of this one go to Discord."""
        under_way = replace(generation, state=State.DELIVERING, ended_at=None, told=False)
        elapsed_s = (now - generation.created_at).total_seconds()
        self.follow(under_way, Progress(Stage.UPLOADING, now, now, elapsed_s))
        return self.outgoing(renderer, under_way)

    def _single(self, renderer: CardRenderer, generation: Generation, note: str) -> Card:
        progress = self._progresses.get(generation.id)
        if generation.state.final or progress is None:
            return renderer.ended(generation, self.parent, note, take=self.take)
        return renderer.running(generation, progress, self.parent, self.take)

    def reply(self, generation: Generation) -> Reply:
        """Where the card is: in the newest message that any of them was moved to."""
        replies = [take.reply for take in self._takes.values()]
        replies += [generation.reply] if self._placed is None else [generation.reply, self._placed]
        return max(replies, key=lambda r: (r.message_id, r.token != "", r.token_expires_at))


def _in_order(takes: dict[str, Generation]) -> list[Generation]:
    return sorted(takes.values(), key=lambda take: (take.created_at, take.id))
