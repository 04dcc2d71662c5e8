"""How the rounds of a jam end, and the next ones begin. No I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.jam.jam import Ending, Jam, Outcome, Phase, Progress, Round, Section, Take, Terms


def ended(jam: Jam, now: datetime, ending: Ending, chosen: str | None = None) -> Jam:
    """The round is over: its winner, if it has one, joins the piece, and the next one begins."""
    leaders, present = jam.round.leaders, jam.round
    if not leaders:
        jam = replace(jam, last=Outcome(present.number, ending))
        if not present.takes and present.is_second_try:
            return replace(jam, phase=Phase.RESTING)
        return next_round(jam, now, is_second_try=not present.takes)
    winner = next((take for take in leaders if take.id == chosen), leaders[0])
    section = Section(
        winner.id,
        winner.author_id,
        winner.words,
        winner.added_s,
        round_number=present.number,
        tail_s=winner.tail_s,
    )
    outcome = Outcome(
        present.number,
        ending,
        winner.id,
        present.tally[winner.id],
        was_tied=len(leaders) > 1,
        by_host=chosen is not None and len(leaders) > 1,
    )
    return next_round(replace(jam, sections=(*jam.sections, section), last=outcome), now)


def closed(jam: Jam) -> Jam:
    """It is over; what is under way is heard, and not counted."""
    over = replace(jam.round, takes=(), votes={}, ends_at=None)
    return replace(jam, phase=Phase.CLOSED, late=(*jam.late, *under_way(jam)), round=over)


def under_way(jam: Jam) -> tuple[Take, ...]:
    """The takes of the round that are still being made."""
    return tuple(take for take in jam.round.takes if take.progress is Progress.MAKING)


def next_round(jam: Jam, now: datetime, *, is_second_try: bool = False) -> Jam:
    """Another round begins; what is under way comes too late for it."""
    voters = frozenset(jam.seen) if jam.terms.members_vote and jam.seen else None
    following = Round(
        number=jam.round.number + 1,
        began_at=now,
        ends_at=deadline(jam.terms, now),
        is_second_try=is_second_try,
        voters=voters,
    )
    return replace(jam, round=following, late=(*jam.late, *under_way(jam)))


def deadline(terms: Terms, now: datetime) -> datetime | None:
    """When a round that begins now ends by itself."""
    return now + timedelta(minutes=terms.round_minutes) if terms.round_minutes else None


def seen_anew(jam: Jam) -> Jam:
    """What people see of it has changed."""
    return replace(jam, revision=jam.revision + 1)
