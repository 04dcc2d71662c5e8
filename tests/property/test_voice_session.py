"""Whatever happens in a voice channel, in whatever order: each entry is heard once, in its turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.domain.errors import TrackNotHere
from bot.domain.errors.voice import VoiceIsOver, VoiceQueueFull
from bot.voice import session as rules
from bot.voice.session import (
    ALONE_FOR,
    IDLE_FOR,
    QUEUE_MAX,
    SILENCED_FOR,
    VOLUMES,
    Ending,
    Item,
    Kind,
    Session,
)
from tests.examples import examples
from tests.fakes import NOON

LOUNGE = 7


def item(name: str = "lofi") -> Item:
    return Item(Kind.TRACK, name, name, added_by=1)


class Channel(RuleBasedStateMachine):
    """People who add, skip and turn, a clock, and news of the channel that come late or twice."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.session = rules.joined(Session(LOUNGE), LOUNGE)
        self.added = 0
        self.over: list[int] = []
        """The entries that were played, or passed over, in order."""
        self.listeners = 1

    def _do(self, change: Callable[[Session], Session]) -> None:
        before = self.session
        self.session = change(before)
        left = {e.serial for e in (before.playing, *before.waiting) if e is not None}
        left -= {e.serial for e in (self.session.playing, *self.session.waiting) if e is not None}
        if not self.session.is_over:
            self.over += sorted(left)
        if before.is_over:
            assert self.session == before, "what is over stays as it is"

    @rule(count=st.sampled_from([1, 1, 1, 2, 4, QUEUE_MAX]))
    def add(self, count: int) -> None:
        names = [f"t{self.added + number}" for number in range(count)]
        has_room = len(self.session.waiting) + count <= QUEUE_MAX
        if self.session.is_over or not has_room:
            with pytest.raises(VoiceIsOver if self.session.is_over else VoiceQueueFull):
                rules.add(self.session, [item(name) for name in names])
            return
        self._do(lambda session: rules.add(session, [item(name) for name in names]))
        self.added += count

    @rule(ago=st.integers(0, 3), how=st.sampled_from(["heard", "skipped", "gone"]))
    def entry_ends(self, ago: int, how: str) -> None:
        """Of the entry that plays, or of one before: such news come late."""
        playing = self.session.playing
        serial = self.added if playing is None else playing.serial - ago
        is_news = playing is not None and ago == 0
        match how:
            case "heard":
                self._do(lambda session: rules.ended(session, serial, self.now))
            case "gone":
                error = TrackNotHere()
                self._do(lambda s: rules.cannot_be_played(s, serial, error, self.now))
                assert not is_news or self.session.failed is not None
            case _ if is_news:
                self._do(lambda session: rules.skip(session, serial, self.now))
            case _:
                with pytest.raises(VoiceIsOver):
                    rules.skip(self.session, serial, self.now)
        assert not is_news or self.over[-1] == serial

    @rule(count=st.integers(0, 3))
    def people_come_and_go(self, count: int) -> None:
        self.listeners = count
        if not self.session.is_over:
            self._do(lambda session: rules.heard_by(session, count, self.now))

    @rule(is_silenced=st.booleans())
    def mute(self, is_silenced: bool) -> None:
        if not self.session.is_over:
            self._do(lambda s: rules.silenced(s, self.now, is_silenced=is_silenced))

    @rule(steps=st.integers(-2, 2))
    def turn(self, steps: int) -> None:
        if not self.session.is_over:
            self._do(lambda session: rules.turned(session, steps))
        assert self.session.volume in VOLUMES

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        before, self.now = self.session, self.now + timedelta(seconds=seconds)
        self._do(lambda session: rules.looked_at(session, self.now))
        due = before.leaves_at is not None and before.leaves_at <= self.now
        assert self.session.is_over == (before.is_over or due)
        if self.session.ending is Ending.ALONE and not before.is_over:
            assert self.listeners == 0

    @rule()
    def stop(self) -> None:
        before = self.session
        self._do(lambda session: rules.end(session, Ending.STOPPED, 1))
        unheard = [e.item for e in (before.playing, *before.waiting) if e is not None]
        assert before.is_over or [*self.session.left_over] == unheard

    @invariant()
    def entries_are_heard_once_in_their_order(self) -> None:
        session = self.session
        assert self.over == [*range(len(self.over))]
        left = [entry.serial for entry in (session.playing, *session.waiting) if entry is not None]
        if session.is_over:
            assert left == []
            assert len(self.over) + len(session.left_over) == self.added
        else:
            assert left == [*range(len(self.over), self.added)]
        assert session.playing is not None or not session.waiting
        assert len(session.waiting) <= QUEUE_MAX
        assert session.is_over or (session.idle_since is None) == (
            session.playing is not None or self.added == 0
        )


TestChannel = Channel.TestCase
TestChannel.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)


Change = Callable[[Session], Session]
WAITS: list[tuple[timedelta, Ending, Change]] = [
    (ALONE_FOR, Ending.ALONE, lambda session: rules.heard_by(session, 0, NOON)),
    (IDLE_FOR, Ending.IDLE, lambda session: rules.ended(session, 0, NOON)),
    (SILENCED_FOR, Ending.SILENCED, lambda s: rules.silenced(s, NOON, is_silenced=True)),
]


@pytest.mark.parametrize(("patience", "ending", "make"), WAITS)
def test_it_leaves_when_it_has_waited_for_long_enough(
    patience: timedelta, ending: Ending, make: Change
) -> None:
    session = make(rules.add(Session(LOUNGE), [item()]))
    assert session.leaves_at == NOON + patience
    assert not rules.looked_at(session, NOON + patience - timedelta(seconds=1)).is_over
    assert rules.looked_at(session, NOON + patience).ending is ending
