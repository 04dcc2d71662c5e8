"""Whatever happens to a jam, in whatever order: it stays a legal one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.domain.errors import JamClosed, MixesWaiting, RequestRefused
from bot.domain.extension import PIECE_MAX_S
from bot.domain.mixes import MixFormat, MixTerms
from bot.jam import rules, steps
from bot.jam.jam import Ending, Jam, Phase, Progress, Terms
from bot.jam.take_limits import TakeLimits
from bot.journal.jams import dumped, loaded
from tests.examples import examples
from tests.fakes import NOON

people = st.integers(1, 5)
HOST = 1


class Jams(RuleBasedStateMachine):
    """Five people, a model that makes takes or fails, a clock, and a process that dies."""

    @initialize(
        minutes=st.sampled_from([0, 0, 3]),
        blind=st.booleans(),
        members_vote=st.booleans(),
        takes=st.builds(TakeLimits, st.integers(1, 3), st.integers(1, 12)),
    )
    def begin(self, minutes: int, blind: bool, members_vote: bool, takes: TakeLimits) -> None:
        self.now = NOON
        terms = Terms(
            "rain", round_minutes=minutes, blind=blind, members_vote=members_vote, takes=takes
        )
        self.jam = rules.start("j", self.now, guild_id=1, channel_id=2, host_id=HOST, terms=terms)
        self.asked = 0
        self.made: set[str] = set()
        self.ended: set[str] = set()
        self.was_closed: Jam | None = None

    def _try(self, happens: rules.Rule[...], *args: object) -> bool:
        before = self.jam
        try:
            self.jam = happens(self.jam, self.now, *args)
        except RequestRefused:
            self.jam = rules.tick(self.jam, self.now)
            return False
        assert self.jam.revision >= before.revision
        return True

    @rule(by=people, more_s=st.integers(1, 25))
    def propose(self, by: int, more_s: int) -> None:
        self.asked += 1
        take_id = f"t{self.asked}"
        if self._try(rules.propose, by, take_id, "more bass", more_s):
            assert self.jam.phase is Phase.GOING
            again = rules.propose(self.jam, self.now, by, take_id, "more bass", more_s)
            assert again == self.jam, "an interaction delivered twice is one take"

    @rule(which=st.integers(0, 99), fails=st.booleans(), tail_s=st.floats(0, 5))
    def the_model_ends(self, which: int, fails: bool, tail_s: float) -> None:
        if not (making := self.jam.making):
            return
        take = making[which % len(making)]
        assert take.id not in self.ended, "one prediction a take"
        self.ended.add(take.id)
        if fails:
            self._try(rules.failed, take.id)
        else:
            self.made.add(take.id)
            self._try(rules.made, take.id, 10.0, tail_s)

    @rule(by=people, which=st.integers(0, 99))
    def vote(self, by: int, which: int) -> None:
        if takes := self.jam.round.takes:
            take = takes[which % len(takes)]
            number = self.jam.round.number
            if self._try(rules.vote, by, take.id) and self.jam.round.number == number:
                assert self.jam.round.votes[by] == take.id

    @rule(by=people)
    def done(self, by: int) -> None:
        self._try(rules.done, by)

    @rule(by=people, which=st.none() | st.integers(0, 99))
    def end(self, by: int, which: int | None) -> None:
        made, present = self.jam.round.made, self.jam.round
        chosen = None if which is None or not made else made[which % len(made)].id
        if self._try(rules.end, by, chosen):
            assert by == self.jam.host_id
            outcome = self.jam.last
            assert outcome is not None
            most = max(present.tally[take.id] for take in made)
            if outcome.round_number == present.number and outcome.ending is Ending.HOST:
                assert present.tally[outcome.winner_id or ""] == most
                assert chosen in {None, outcome.winner_id}

    @rule(by=people)
    def undo(self, by: int) -> None:
        self._try(rules.undo, by)

    @rule(by=people, to=people)
    def host(self, by: int, to: int) -> None:
        self._try(rules.pass_host, by, to)
        self._try(rules.replace_host, to)

    @rule()
    def mix(self) -> None:
        self._try(rules.mix, MixTerms())
        self.jam = steps.mixed(self.jam, self.now, self.jam.mixes_posted + len(self.jam.mixes))

    @rule(by=people, sure=st.integers(0, 9))
    def close(self, by: int, sure: int) -> None:
        if sure == 0 and self._try(rules.close, by):
            self.was_closed = self.jam

    @rule(minutes=st.integers(0, 4))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.jam = rules.tick(self.jam, self.now)
        assert rules.tick(self.jam, self.now) == self.jam, "one round ends at a time"

    @rule(by=people, sure=st.integers(0, 9))
    def is_forgotten(self, by: int, sure: int) -> None:
        if sure == 0:
            self.jam = steps.forgot(self.jam, by)
            assert f"={by}," not in str(self.jam.sections)
            assert by not in {*self.jam.seen, *self.jam.round.votes, self.jam.host_id}
            if self.was_closed is not None:
                self.was_closed = self.jam

    @rule(by=people)
    def is_blocked(self, by: int) -> None:
        before = self.jam
        self.jam = steps.left_out(self.jam, {by})
        if self.jam.phase is not Phase.CLOSED:
            assert by not in {*self.jam.seen, *self.jam.round.votes, *self.jam.round.done}
            assert self.jam.sections == before.sections

    @rule()
    def the_process_dies(self) -> None:
        assert loaded(dumped(self.jam)) == self.jam

    @invariant()
    def is_legal(self) -> None:
        jam, present = self.jam, self.jam.round
        counted = [take for take in present.takes if take.counts]
        limits = jam.terms.takes
        assert len(counted) <= limits.per_round
        by_person = Counter(take.author_id for take in counted if take.author_id != steps.NOBODY)
        assert max(by_person.values(), default=0) <= limits.per_person
        heard = {take.id for take in present.made}
        assert set(present.votes.values()) <= heard
        assert present.voters is None or set(present.votes) <= present.voters
        numbers = [section.round_number for section in jam.sections]
        assert len(set(numbers)) == len(numbers), "one winner a round"
        assert all(number < present.number or jam.phase is Phase.CLOSED for number in numbers)
        joined = [section.take_id for section in jam.sections]
        assert len(set(joined)) == len(joined)
        assert set(joined) <= self.made
        assert heard <= self.made
        assert jam.length_s <= PIECE_MAX_S + 1
        ends = [start + long for start, long in zip(jam.starts_s, jam.lengths_s, strict=True)]
        assert ends[:-1] == pytest.approx(jam.starts_s[1:])
        assert ends[-1:] == pytest.approx([jam.length_s] if ends else [])
        making = [take.id for take in jam.making]
        assert len(set(making)) == len(making)
        assert not set(making) & self.ended
        assert all(take.progress is Progress.MAKING for take in jam.late)
        if jam.phase is not Phase.GOING:
            assert not present.takes
        if self.was_closed is not None:
            assert jam.sections == self.was_closed.sections, "what is closed stays as it is"


TestJams = Jams.TestCase
TestJams.settings = settings(max_examples=examples(50), stateful_step_count=40, deadline=None)


def _a_jam(minutes: int = 0) -> Jam:
    terms = Terms("rain", round_minutes=minutes)
    return rules.start("j", NOON, guild_id=1, channel_id=2, host_id=HOST, terms=terms)


def _with_takes(jam: Jam, *authors: int) -> Jam:
    for author in authors:
        take_id = f"by{author}"
        jam = rules.propose(jam, NOON, author, take_id, f"words of {author}", 10)
        jam = rules.made(jam, NOON, take_id, 10.0)
    return jam


def test_of_takes_with_the_same_votes_the_earliest_wins() -> None:
    jam = _with_takes(_a_jam(), 2, 3, 4)
    jam = rules.vote(jam, NOON, 2, "by4")
    jam = rules.vote(jam, NOON, 4, "by3")
    ended = rules.end(jam, NOON, HOST)
    assert ended.head == "by3"
    assert ended.last is not None
    assert ended.last.was_tied
    chosen = rules.end(jam, NOON, HOST, "by4")
    assert chosen.head == "by4"
    assert chosen.last is not None
    assert chosen.last.by_host, "that is said"


def test_more_than_half_end_a_round_and_one_alone_keeps_what_they_like() -> None:
    alone = rules.done(rules.vote(_with_takes(_a_jam(), 2), NOON, 2, "by2"), NOON, 2)
    assert alone.head == "by2"
    jam = rules.done(_with_takes(_a_jam(), 2, 3), NOON, 2)
    assert jam.sections == ()
    assert rules.done(jam, NOON, 3).head == "by2"


def test_what_comes_after_the_deadline_is_late_whoever_was_away() -> None:
    jam = _with_takes(_a_jam(minutes=3), 2)
    jam = rules.propose(jam, NOON, 3, "slow", "words", 10)
    late = NOON + timedelta(minutes=3)
    jam = rules.made(jam, late, "slow", 10.0)
    assert (jam.head, jam.round.number, jam.late, jam.round.takes) == ("by2", 2, (), ())
    with pytest.raises(RequestRefused):
        rules.vote(jam, late, 3, "slow")


def test_two_rounds_without_takes_and_it_rests_until_somebody_proposes() -> None:
    jam = _a_jam(minutes=3)
    for minutes, phase in ((3, Phase.GOING), (6, Phase.RESTING), (600, Phase.RESTING)):
        jam = rules.tick(jam, NOON + timedelta(minutes=minutes))
        assert jam.phase is phase
    awake = rules.propose(jam, NOON + timedelta(days=2), 4, "t", "words", 10)
    assert awake.phase is Phase.GOING
    assert awake.round.ends_at == NOON + timedelta(days=2, minutes=3)


def test_undo_makes_what_went_on_from_the_section_late() -> None:
    jam = rules.end(_with_takes(_a_jam(), 2), NOON, HOST)
    jam = rules.propose(jam, NOON, 3, "more", "words", 10)
    jam = rules.undo(jam, NOON, HOST)
    assert jam.sections == ()
    assert [take.id for take in jam.late] == ["more"]


def test_undo_takes_nobody_out_of_those_who_take_part() -> None:
    """Else one who comes late could end the next round alone."""
    jam = rules.vote(_with_takes(_a_jam(), 2, 3), NOON, 4, "by2")
    jam = rules.undo(rules.end(jam, NOON, HOST), NOON, HOST)
    assert jam.active == {2, 3, 4}
    jam = rules.propose(jam, NOON, 5, "by5", "words", 10)
    jam = rules.done(rules.made(jam, NOON, "by5", 10.0), NOON, 5)
    assert jam.sections == ()


def test_of_two_presses_of_undo_one_counts() -> None:
    jam = _a_jam()
    for number in (2, 3):
        jam = rules.end(_with_takes(jam, number), NOON, HOST)
    once = rules.undo(jam, NOON, HOST)
    assert rules.undo(once, NOON + timedelta(seconds=2), HOST) == once
    assert once.head == "by2"
    assert rules.undo(once, NOON + timedelta(seconds=3), HOST).sections == ()
    heard = _with_takes(once, 4)
    assert rules.undo(heard, NOON + timedelta(seconds=2), HOST).sections == ()


def test_a_host_who_is_blocked_is_replaced_at_once() -> None:
    jam = _with_takes(_a_jam(), 2)
    assert rules.replace_host(jam, NOON, 2, host_is_out=True).host_id == 2
    with pytest.raises(RequestRefused):
        rules.replace_host(jam, NOON, 5, host_is_out=True)


def test_a_host_who_was_away_for_two_rounds_is_replaced_by_one_who_was_there() -> None:
    jam = _a_jam()
    for number in range(2):
        jam = rules.propose(jam, NOON, 2, f"t{number}", "words", 10)
        jam = rules.done(rules.made(jam, NOON, f"t{number}", 10.0), NOON, 2)
    with pytest.raises(RequestRefused):
        rules.replace_host(jam, NOON, 5)
    assert rules.replace_host(jam, NOON, 2).host_id == 2


def test_closed_is_closed() -> None:
    jam = rules.close(rules.vote(_with_takes(_a_jam(), 2), NOON, 2, "by2"), NOON, HOST)
    assert jam.head == "by2", "what has votes is not lost"
    assert jam.mixes == (MixTerms(),)
    for late in (replace(jam), steps.mixed(jam, NOON, 1)):
        with pytest.raises(JamClosed):
            rules.propose(late, NOON, 2, "t", "words", 10)
    other = MixTerms(MixFormat.MP3, fade_s=0)
    for _ in range(2):
        jam = rules.mix(rules.mix(jam, NOON, MixTerms()), NOON, other)
        assert jam.mixes == (MixTerms(), other), "the same twice is made once"
    for _ in range(2):
        jam = steps.mixed(jam, NOON, 1)
        assert jam.mixes == (other,), "a mix known to be posted twice is posted once"
    for fade_s in (5, 6):
        jam = rules.mix(jam, NOON, MixTerms(fade_s=fade_s))
    with pytest.raises(MixesWaiting):
        rules.mix(jam, NOON, MixTerms(fade_s=7))
