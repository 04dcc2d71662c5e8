"""What commands and buttons ask of jams: each change is a rule, written by compare-and-set."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ParamSpec, TypeAlias
from weakref import WeakValueDictionary

from bot.domain.clock import Clock
from bot.domain.errors import JamUnknown, JournalFault
from bot.domain.extension import MORE_MAX_S, Closeness
from bot.domain.generation import AudioSource, Generation, Relation, State
from bot.domain.inputs import MODEL_WINDOW_S
from bot.domain.request import GenerationRequest
from bot.jam import rules, steps
from bot.jam.from_track import NewJam
from bot.jam.jam import Jam, Progress, Terms
from bot.jam.pieces import Pieces, end_called
from bot.jam.ports import JamStore, StoredJam, TakeRow, TakeSound

log = logging.getLogger(__name__)

P = ParamSpec("P")
NewTake: TypeAlias = tuple[TakeRow, TakeSound | None]

HEARD_S = 15.0
"""So much of the piece's end is heard before a take; the model hears no more of it either way."""
_FORGOTTEN_AT_ONCE = 5
"""Jams: others write in between, however many there are and however long their pieces."""
_TRIES = 50
"""In one process changes take turns; others are in the way only now and then."""


@dataclass(frozen=True, slots=True)
class TakeView:
    """What the card of a take tells beside its generation."""

    jam_id: str
    words: str
    number: int | None
    """In its round; None for one that does not count."""
    round_number: int
    votes: int
    is_blind: bool
    is_open: bool
    """Whether it can be voted for."""
    is_unusable: bool = False
    """Whether it is in its round, and cannot be joined to the piece."""


class Jams:
    """Begins jams and changes them. Methods raise `JournalFault`."""

    def __init__(
        self,
        store: JamStore,
        pieces: Pieces,
        clock: Clock,
        is_blocked: Callable[[int, int], bool] = lambda _, __: False,
    ) -> None:
        """`is_blocked` tells of whom nothing counts in a server, by the ids of both."""
        self._store = store
        self.pieces = pieces
        self._clock = clock
        self._turns = WeakValueDictionary[str, asyncio.Lock]()
        self.changed: Callable[[str, bool], None] = lambda _, __: None
        """Told the id of each jam that has changed here, and whether its piece has."""
        self._is_blocked = is_blocked
        self.doubted: Callable[[str], None] = lambda _: None
        """Told the id of a take of which it is not known whether it is being made."""

    async def start(self, jam: NewJam) -> bool:
        """Write a new jam; False where its command was delivered before.

        Raises:
            RequestRefused: it names a track or a preset, with which it cannot be begun.
        """
        return await self._store.add_jam(jam)

    async def get(self, jam_id: str) -> Jam:
        """Read a jam.

        Raises:
            JamUnknown: there is none with this id.
        """
        return (await self._stored(jam_id)).jam

    async def leave_server(self, guild_id: int) -> None:
        """The bot was removed from a server: nobody can see its jams any more, and they go."""
        while await self._store.forget_jams_of(guild_id, _FORGOTTEN_AT_ONCE):
            pass

    async def blocked(self, guild_id: int, user_id: int) -> None:
        """Somebody was blocked in a server: nothing of theirs counts in its jams any more."""
        for jam in await self._store.jams_of(guild_id):
            if user_id in jam.seen:
                with suppress(JamUnknown):
                    await self.change(jam.id, rules.tick)

    async def channel_gone(self, channel_id: int) -> None:
        """A thread was deleted: its jam ends, if it has one."""
        stored = await self._store.jam_in(channel_id)
        if stored is not None:
            await self.change(stored.jam.id, steps.lost)

    async def reopened(self, thread_id: int) -> None:
        """A thread was unlocked, or something else of it changed."""
        stored = await self._store.jam_in(thread_id)
        if stored is not None:
            await self.change(stored.jam.id, steps.tried_again)

    async def messages_gone(self, channel_id: int, message_ids: Collection[int]) -> None:
        """Messages were deleted: a jam's card among them comes anew."""
        stored = await self._store.jam_in(channel_id)
        if stored is not None:
            await self.change(stored.jam.id, steps.card_gone, message_ids)

    async def in_thread(self, thread_id: int) -> Jam:
        """The jam of a thread.

        Raises:
            JamUnknown: it has none.
        """
        stored = await self._store.jam_in(thread_id)
        if stored is None:
            raise JamUnknown
        return stored.jam

    async def of_server(self, guild_id: int) -> Sequence[Jam]:
        """The jams of a server that people have seen, the newest first."""
        found = await self._store.jams_of(guild_id)
        return [jam for jam in found if jam.thread_id is not None or not jam.gone]

    async def of_take(self, take_id: str) -> tuple[Jam, TakeRow]:
        """The jam that a take was proposed in.

        Raises:
            JamUnknown: it was in none.
        """
        row = await self._store.jam_take(take_id)
        if row is None:
            raise JamUnknown
        return await self.get(row.jam_id), row

    async def change(
        self, jam_id: str, rule: rules.Rule[P], *args: P.args, **kwargs: P.kwargs
    ) -> Jam:
        """Have something happen to a jam; what has become of it.

        Raises:
            JamUnknown: there is none with this id.
            RequestRefused: the rules do not allow it.
        """
        return await self._change(jam_id, rule, None, *args, **kwargs)

    async def propose(
        self,
        jam: Jam,
        by: int,
        take_id: str,
        words: str,
        more_s: int | None = None,
        closeness: Closeness = Closeness.FOLLOW,
    ) -> GenerationRequest:
        """Write a take down, and give the request that makes it.

        It goes on from the end of the piece; without a piece it opens one. `jam` is as it was read
        just now; `take_id` is the id that its generation will have.

        Raises:
            JamUnknown: it is gone.
            RequestRefused: the rules do not allow it.
        """
        wanted_s = jam.terms.section_s if more_s is None else more_s
        row: TakeRow | None = None

        def row_of(changed: Jam) -> NewTake:
            nonlocal row
            row = TakeRow(take_id, jam.id, by, words, changed.round.number, changed.head)
            return row, None

        changed = await self._change(jam.id, rules.propose, row_of, by, take_id, words, wanted_s)
        if row is None:
            # It was delivered twice.
            row = await self._store.jam_take(take_id)
        head = changed.head if row is None else row.previous
        request = request_of(jam.terms, head, words, wanted_s, closeness)
        return replace(request, jam_id=jam.id)

    async def begin_with(self, jam_id: str, sound: TakeSound) -> Jam:
        """The audio that a jam begins with has come: it is the first section.

        Raises:
            JamUnknown: there is none with this id.
        """

        def row_of(changed: Jam) -> NewTake:
            [first] = changed.sections
            row = TakeRow(first.take_id, jam_id, first.author_id, first.words, 0, None)
            return row, sound

        return await self._change(jam_id, steps.begun_with, row_of, sound.track_s, sound.tail_s)

    async def heard(self, generation: Generation, track: Path) -> None:
        """A take is made: keep it, before anybody is told."""
        given_s = generation.given_s or 0.0
        row = await self._store.jam_take(generation.id)
        if row is None:
            return
        # Its server may go at any moment, and its jam with that.
        with suppress(JamUnknown):
            bpm = (await self.get(row.jam_id)).terms.music.tempo_bpm
            sound = await self.pieces.keep(generation.id, track, given_s, bpm)
            if sound is None:
                await self.change(row.jam_id, rules.failed, generation.id)
            else:
                added_s, tail_s = sound.added_s, sound.tail_s
                await self.change(row.jam_id, rules.made, generation.id, added_s, tail_s)

    async def failed(self, take_id: str) -> None:
        """Nothing comes of a take."""
        if (row := await self._store.jam_take(take_id)) is not None:
            with suppress(JamUnknown):
                await self.change(row.jam_id, rules.failed, take_id)

    async def found(self, take_id: str, generation: Generation | None) -> None:
        """A take long under way is looked for; `generation` is what the journal has of it."""
        if generation is None or generation.state in {State.FAILED, State.CANCELED}:
            await self.failed(take_id)
        elif generation.state is State.DELIVERED:
            sounds = await self._store.sounds_up_to(take_id, 0.1)
            row = await self._store.jam_take(take_id)
            if sounds and row is not None:
                sound = sounds[-1]
                await self.change(row.jam_id, rules.made, take_id, sound.added_s, sound.tail_s)
            else:
                await self.failed(take_id)

    async def view_of(self, take_id: str) -> TakeView | None:
        """What the card of a take tells; None where it is in no jam."""
        try:
            jam, row = await self.of_take(take_id)
        except JamUnknown:
            return None
        return view_of(jam, row)

    async def _change(
        self,
        jam_id: str,
        rule: rules.Rule[P],
        row_of: Callable[[Jam], NewTake] | None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Jam:
        turn = self._turns.setdefault(jam_id, asyncio.Lock())
        async with turn:
            for _ in range(_TRIES):
                stored = await self._stored(jam_id)
                before = steps.left_out(stored.jam, self._blocked_in(stored.jam))
                after = rule(before, self._clock.now(), *args, **kwargs)
                if after == stored.jam:
                    return after
                row, sound = (None, None) if row_of is None else row_of(after)
                if await self._store.change_jam(stored.version, after, row, sound):
                    self.changed(jam_id, after.head != stored.jam.head)
                    return after
        raise JournalFault(f"jam {jam_id} changes all the time")

    def _blocked_in(self, jam: Jam) -> set[int]:
        return {who for who in jam.seen if self._is_blocked(who, jam.guild_id)}

    async def _stored(self, jam_id: str) -> StoredJam:
        stored = await self._store.jam(jam_id)
        if stored is None:
            raise JamUnknown
        return stored


def view_of(jam: Jam, row: TakeRow) -> TakeView:
    """What the card of a take tells."""
    take = jam.round.take(row.id)
    counts = take is not None and take.progress is not Progress.FAILED
    return TakeView(
        jam.id,
        row.words,
        take.number if take is not None and counts else None,
        row.round_number,
        votes=jam.round.tally[row.id],
        is_blind=jam.terms.blind and counts,
        is_open=take is not None and take.progress is Progress.MADE,
        is_unusable=take is not None and not counts,
    )


def request_of(
    terms: Terms, head: str | None, words: str, more_s: int, closeness: Closeness
) -> GenerationRequest:
    """The request for a take that goes on from `head`; it opens the piece where that is None."""
    prompt, music = f"{words}, {terms.theme}", terms.music.without_bars
    inputs = replace(terms.settings, prompt=prompt, model_version=terms.model_version)
    if head is None:
        opening = replace(inputs, duration=min(more_s, MODEL_WINDOW_S))
        return GenerationRequest(
            opening, relation=Relation.TAKE, terms=music, fine_tune=terms.fine_tune
        )
    source = AudioSource(end_called(head, HEARD_S), "piece.wav", uploaded=False, own=True)
    return GenerationRequest(
        replace(inputs, continuation=True),
        source,
        relation=Relation.TAKE,
        more_s=min(more_s, MORE_MAX_S),
        closeness=closeness,
        terms=music,
        fine_tune=terms.fine_tune,
    )
