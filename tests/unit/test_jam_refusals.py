"""What the rules of a jam refuse, each with the error that says why; and what just fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain import errors
from bot.domain.extension import PIECE_MAX_S
from bot.jam import rules, steps
from bot.jam.jam import TAKES_PER_JAM, Jam, Phase, Section, Terms
from bot.jam.take_limits import TakeLimits

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOST, ADA, BO, CY, NEW = 1, 2, 3, 4, 9
THEME = Terms("rain", takes=TakeLimits(per_person=2, per_round=4))


def begun(terms: Terms = THEME) -> Jam:
    return rules.start("j", NOON, guild_id=1, channel_id=2, host_id=HOST, terms=terms)


def asked(jam: Jam, take_id: str, by: int = ADA, more_s: int = 10) -> Jam:
    return rules.propose(jam, NOON, by, take_id, "words", more_s)


def heard(jam: Jam, *authors: int) -> Jam:
    """Takes of these people, which can be heard."""
    for author in authors:
        take_id = f"{author} in {jam.round.number}"
        jam = rules.made(asked(jam, take_id, author), NOON, take_id, 10.0)
    return jam


def ended(jam: Jam, *authors: int) -> Jam:
    """A round with their takes, and its end."""
    return rules.end(heard(jam, *authors), NOON, HOST)


def long(seconds: float) -> Jam:
    return replace(begun(), sections=(Section("t", ADA, "words", seconds, round_number=1),))


MEMBERS = replace(THEME, members_vote=True)
SECOND = heard(ended(begun(MEMBERS), ADA), BO)
"""A second round, in which those vote who took part in the first."""
TWO = rules.vote(heard(begun(), ADA, BO), NOON, ADA, "2 in 1")

REFUSED: list[tuple[type[errors.RequestRefused], Callable[[], Jam]]] = [
    (errors.TakesUsedUp, lambda: asked(asked(asked(begun(), "a"), "b"), "c")),
    (errors.RoundFull, lambda: asked(heard(begun(), ADA, ADA + 10, BO, CY), "a", NEW)),
    (errors.JamBudgetSpent, lambda: asked(replace(begun(), asked=TAKES_PER_JAM), "a")),
    (errors.PieceFull, lambda: asked(long(PIECE_MAX_S - 9), "a")),
    (errors.TakeNotMade, lambda: rules.vote(asked(begun(), "a"), NOON, BO, "a")),
    (errors.RoundOver, lambda: rules.vote(ended(begun(), ADA), NOON, BO, "2 in 1")),
    (
        errors.NoVoteHere,
        lambda: rules.vote(SECOND, NOON, NEW, "3 in 2"),
    ),
    (errors.NothingMade, lambda: rules.done(asked(begun(), "a"), NOON, ADA)),
    (errors.NothingMade, lambda: rules.end(asked(begun(), "a"), NOON, HOST)),
    (errors.HostOnly, lambda: rules.end(TWO, NOON, ADA)),
    (errors.NotTied, lambda: rules.end(TWO, NOON, HOST, "3 in 1")),
    (errors.NothingToUndo, lambda: rules.undo(heard(begun(), ADA), NOON, HOST)),
    (errors.NotInJam, lambda: rules.undo(ended(begun(), ADA), NOON, NEW)),
    (errors.HostOnly, lambda: rules.pass_host(begun(), NOON, ADA, BO)),
    (errors.NotInJam, lambda: rules.replace_host(ended(begun(), ADA), NOON, NEW)),
    (errors.HostIsThere, lambda: rules.replace_host(heard(begun(), ADA), NOON, ADA)),
    (errors.NothingToMix, lambda: rules.mix(begun(), NOON, rules.MixTerms())),
    (errors.HostOnly, lambda: rules.close(begun(), NOON, ADA)),
]


@pytest.mark.parametrize(("error", "happens"), REFUSED)
def test_what_is_refused(error: type[errors.RequestRefused], happens: Callable[[], Jam]) -> None:
    with pytest.raises(error):
        happens()


def test_what_just_fits_is_no_refusal() -> None:
    assert len(asked(long(PIECE_MAX_S - 10), "a").round.takes) == 1
    assert len(asked(heard(begun(), ADA, BO, CY), "a", NEW).round.takes) == 4
    assert asked(replace(begun(), asked=TAKES_PER_JAM - 1), "a").takes_left == 0
    failed = rules.failed(asked(asked(begun(), "a"), "b"), NOON, "a")
    assert len(asked(failed, "c").round.takes) == 3, "what came to nothing takes no place"
    assert rules.vote(heard(begun(MEMBERS), ADA), NOON, NEW, "2 in 1").round.votes == {
        NEW: "2 in 1"
    }
    assert rules.vote(SECOND, NOON, ADA, "3 in 2").round.votes == {ADA: "3 in 2"}


def test_more_than_half_take_a_section_back_without_the_host() -> None:
    jam = ended(begun(), ADA, BO)
    first = rules.undo(jam, NOON, ADA)
    assert first.round.undo == {ADA}
    assert rules.undo(first, NOON, ADA).sections == jam.sections, "nobody counts twice"
    assert rules.undo(first, NOON, BO).sections == ()


def test_a_host_is_away_after_two_rounds_and_not_after_one() -> None:
    jam = begun()
    for _ in range(2):
        with pytest.raises(errors.HostIsThere):
            rules.replace_host(heard(jam, ADA), NOON, ADA)
        jam = rules.done(heard(jam, ADA), NOON, ADA)
    assert rules.replace_host(jam, NOON, ADA).host_id == ADA


def test_who_is_left_out_is_waited_for_by_nobody() -> None:
    jam = rules.done(heard(begun(), ADA, BO), NOON, ADA)
    without = steps.left_out(jam, {BO})
    assert (without.active, without.revision) == ({ADA}, jam.revision + 1)
    assert steps.left_out(without, {BO}) == without
    closed = replace(jam, phase=Phase.CLOSED)
    assert steps.left_out(closed, {BO}) == closed
