"""A card that is being followed: one for each message, whether it shows one track or several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.card import strings
from bot.card.render import Card, CardRenderer
from bot.delivery.editor import CardEditor
from bot.delivery.message import OutgoingMessage, Track
from bot.domain.generation import Generation, Reply, State
from bot.domain.progress import Progress, Stage


class LiveCard:
    """What is known of the generations of one card, as its next version needs it."""

    def __init__(self, editor: CardEditor) -> None:
        self.editor = editor
        self.is_read = False
        """Whether the journal was asked for what is not followed here."""
        self.reading = False
        self.parent: Generation | None = None
        self._takes: dict[str, Generation] = {}
        self._progresses: dict[str, Progress] = {}
        self._notes: dict[str, str] = {}
        self._placed: Reply | None = None

    @property
    def takes(self) -> list[Generation]:
        """Its generations, in order."""
        return _in_order(self._takes)

    @property
    def all_ended(self) -> bool:
        """Whether nothing will change any more."""
        return all(take.state.final for take in self._takes.values())

    def follow(self, take: Generation, progress: Progress | None = None) -> None:
        """Take in how far one of them is."""
        self._takes[take.id] = take
        if progress is not None:
            self._progresses[take.id] = progress

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
            take.id: strings.takes.EARLIER
            for take in takes
            if take.id != generation.id
            and take.state is State.DELIVERED
            and take.reply.message_id != addressed.reply.message_id
        }
        # Who may see where it came from goes by where the card is now.
        takes[0] = replace(takes[0], reply=addressed.reply)
        card = renderer.takes(takes, self._progresses, self.parent, notes)
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
            return renderer.ended(generation, self.parent, note)
        return renderer.running(generation, progress, self.parent)

    def reply(self, generation: Generation) -> Reply:
        """Where the card is: in the newest message that any of them was moved to."""
        replies = [take.reply for take in self._takes.values()]
        replies += [generation.reply] if self._placed is None else [generation.reply, self._placed]
        return max(replies, key=lambda r: (r.message_id, r.token != "", r.token_expires_at))


def _in_order(takes: dict[str, Generation]) -> list[Generation]:
    return sorted(takes.values(), key=lambda take: (take.created_at, take.id))
