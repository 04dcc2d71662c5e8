"""What may become of a jam: one function for each thing that happens to it. No I/O.

Each gives the jam as it is then; where nothing changes, the very same. Before anything else a
deadline that has passed is kept, so that what comes after it comes too late, whoever was away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from bot.domain.errors import (
    HostIsThere,
    HostOnly,
    JamBudgetSpent,
    JamClosed,
    MixesWaiting,
    NothingMade,
    NothingToMix,
    NothingToUndo,
    NotInJam,
    NotTied,
    NoVoteHere,
    PieceFull,
    RoundFull,
    RoundOver,
    TakeNotMade,
    TakesUsedUp,
)
from bot.domain.extension import PIECE_MAX_S
from bot.domain.mixes import MixTerms
from bot.jam.jam import (
    HOST_MISSED_ROUNDS,
    MIXES_WAITING,
    TAKES_PER_JAM,
    Ending,
    Jam,
    Opening,
    Origin,
    Outcome,
    Phase,
    Progress,
    Round,
    Section,
    Take,
    Terms,
)
from bot.jam.rounds import closed, deadline, ended, next_round, seen_anew
from bot.jam.steps import tried_again

P = ParamSpec("P")
_ONE_PRESS = timedelta(seconds=3)
"""Whoever presses twice within it has meant it once."""
Rule = Callable[Concatenate[Jam, datetime, P], Jam]


def _on_time(rule: Rule[P]) -> Rule[P]:
    """A rule for what people do: the clock goes first, and what they see has changed after it."""

    @wraps(rule)
    def kept(jam: Jam, now: datetime, *args: P.args, **kwargs: P.kwargs) -> Jam:
        jam = tried_again(tick(jam, now), now)
        if jam.phase is Phase.CLOSED:
            raise JamClosed
        after = rule(jam, now, *args, **kwargs)
        return after if after == jam else seen_anew(after)

    return kept


def start(
    jam_id: str,
    now: datetime,
    *,
    guild_id: int,
    channel_id: int,
    host_id: int,
    terms: Terms,
    sections: tuple[Section, ...] = (),
    origin: Origin | None = None,
    opening: Opening | None = None,
) -> Jam:
    """A new jam, of nothing or of what there is already, in its first round."""
    first = Round(number=1, began_at=now, ends_at=deadline(terms, now))
    return Jam(
        id=jam_id,
        guild_id=guild_id,
        channel_id=channel_id,
        host_id=host_id,
        terms=terms,
        created_at=now,
        round=first,
        sections=sections,
        origin=origin,
        opening=opening,
    )


def tick(jam: Jam, now: datetime) -> Jam:
    """Keep the round's deadline, if it has passed."""
    ends_at = jam.round.ends_at
    if not jam.is_on or ends_at is None or now < ends_at:
        return jam
    return seen_anew(ended(jam, now, Ending.CLOCK))


@_on_time
def propose(jam: Jam, now: datetime, by: int, take_id: str, words: str, more_s: int) -> Jam:
    """Somebody proposes the next section; a jam that rests wakes.

    Raises:
        TakesUsedUp, RoundFull, JamBudgetSpent: it would be too many.
        PieceFull: the piece would be too long.
    """
    if jam.phase is Phase.RESTING:
        jam = replace(next_round(jam, now), phase=Phase.GOING)
    if jam.round.take(take_id) is not None:
        return jam
    counted = [take for take in jam.round.takes if take.counts]
    limits = jam.terms.takes
    if sum(take.author_id == by for take in counted) >= limits.per_person:
        raise TakesUsedUp(limits.per_person)
    if len(counted) >= limits.per_round:
        raise RoundFull(limits.per_round)
    if jam.takes_left == 0:
        raise JamBudgetSpent(TAKES_PER_JAM)
    if more_s > jam.room_s:
        raise PieceFull(jam.room_s, PIECE_MAX_S)
    take = Take(take_id, len(jam.round.takes) + 1, by, words, now)
    present = replace(jam.round, takes=(*jam.round.takes, take))
    return _took_part(replace(jam, round=present, asked=jam.asked + 1), by)


def made(jam: Jam, now: datetime, take_id: str, added_s: float, tail_s: float = 0.0) -> Jam:
    """A take can be heard; one that is late changes nothing. Known twice, it is as known once."""
    jam = tick(jam, now)
    if any(take.id == take_id for take in jam.late):
        return seen_anew(_without_late(jam, take_id))
    take = jam.round.take(take_id)
    if take is None or take.progress is not Progress.MAKING:
        return jam
    heard = replace(take, progress=Progress.MADE, added_s=added_s, tail_s=tail_s)
    return seen_anew(_with(jam, heard))


def failed(jam: Jam, now: datetime, take_id: str) -> Jam:
    """Nothing comes of a take: its place in the round, and in the budget, is free again."""
    jam = tick(jam, now)
    if any(take.id == take_id for take in jam.late):
        return seen_anew(replace(_without_late(jam, take_id), asked=jam.asked - 1))
    take = jam.round.take(take_id)
    if take is None or take.progress is not Progress.MAKING:
        return jam
    jam = _with(jam, replace(take, progress=Progress.FAILED))
    return seen_anew(replace(jam, asked=jam.asked - 1))


@_on_time
def vote(jam: Jam, now: datetime, by: int, take_id: str) -> Jam:
    """Somebody's one vote of the round is for this take, in place of an earlier one.

    Raises:
        RoundOver, TakeNotMade, NoVoteHere: it does not count.
    """
    take = jam.round.take(take_id)
    if take is None or jam.phase is not Phase.GOING:
        raise RoundOver
    if take.progress is not Progress.MADE:
        raise TakeNotMade
    if jam.round.voters is not None and by not in jam.round.voters:
        raise NoVoteHere
    votes = {**jam.round.votes, by: take_id}
    return _took_part(replace(jam, round=replace(jam.round, votes=votes)), by)


@_on_time
def done(jam: Jam, now: datetime, by: int) -> Jam:
    """Somebody needs no more time; once more than half of those who take part say so, it ends.

    Raises:
        NothingMade: there is nothing to choose from yet.
    """
    if not jam.round.made or jam.phase is not Phase.GOING:
        raise NothingMade
    present = replace(jam.round, done=jam.round.done | {by})
    jam = _took_part(replace(jam, round=present), by)
    active = jam.active
    if 2 * len(present.done & active) > len(active):
        return ended(jam, now, Ending.MAJORITY)
    return jam


@_on_time
def end(jam: Jam, now: datetime, by: int, chosen: str | None = None) -> Jam:
    """The host ends the round; of takes that are tied they may choose one, else it is the first.

    Raises:
        HostOnly: it is not the host.
        NothingMade: there is nothing to choose from yet.
        NotTied: the one chosen has not most votes.
    """
    check_host(jam, by)
    if not jam.round.made or jam.phase is not Phase.GOING:
        raise NothingMade
    if chosen is not None and chosen not in {take.id for take in jam.round.leaders}:
        raise NotTied
    return ended(_host_was_here(jam, by), now, Ending.HOST, chosen)


@_on_time
def undo(jam: Jam, now: datetime, by: int) -> Jam:
    """The last section is taken back: at the host's word, or once more than half want it.

    What is proposed went on from it, so the round begins anew.

    Raises:
        NothingToUndo: there is none.
        NotInJam: they have not taken part.
    """
    if _was_just_undone(jam, now):
        return jam
    if not jam.sections:
        raise NothingToUndo
    if by != jam.host_id:
        if by not in jam.seen:
            raise NotInJam
        wanted = jam.round.undo | {by}
        jam = _took_part(replace(jam, round=replace(jam.round, undo=wanted)), by)
        if 2 * len(wanted & jam.active) <= len(jam.active):
            return jam
    # Nobody has stayed away from a round that was broken off.
    seen = {**jam.seen, **dict.fromkeys(jam.active, jam.round.number)}
    jam = _host_was_here(replace(jam, sections=jam.sections[:-1], seen=seen), by)
    outcome = Outcome(jam.round.number, Ending.UNDO)
    return replace(next_round(jam, now), last=outcome, phase=Phase.GOING)


@_on_time
def pass_host(jam: Jam, now: datetime, by: int, to: int) -> Jam:
    """The host makes somebody else the host.

    Raises:
        HostOnly: it is not the host.
    """
    check_host(jam, by)
    return replace(jam, host_id=to, host_seen=jam.round.number)


@_on_time
def replace_host(jam: Jam, now: datetime, by: int, *, host_is_out: bool = False) -> Jam:
    """Somebody who has taken part takes the place of a host who stays away or is out.

    Raises:
        NotInJam: they have not taken part.
        HostIsThere: the host has not been away for two rounds.
    """
    if by == jam.host_id:
        return jam
    if by not in jam.seen:
        raise NotInJam
    is_away = jam.round.number - jam.host_seen >= HOST_MISSED_ROUNDS
    if not (is_away or host_is_out):
        raise HostIsThere(jam.host_id)
    return replace(jam, host_id=by, host_seen=jam.round.number)


def mix(jam: Jam, now: datetime, terms: MixTerms) -> Jam:
    """Somebody wants the whole piece, of a jam that is closed too; the same twice is made once.

    Raises:
        NothingToMix: there is none.
        MixesWaiting: too many are being made.
    """
    if not jam.sections:
        raise NothingToMix
    jam = tried_again(jam, now)
    if terms in jam.mixes:
        return jam
    if len(jam.mixes) >= MIXES_WAITING:
        raise MixesWaiting(MIXES_WAITING)
    return replace(jam, mixes=(*jam.mixes, terms))


@_on_time
def close(jam: Jam, now: datetime, by: int) -> Jam:
    """The host closes it; a take that has votes still joins the piece, and the mix is made.

    Raises:
        HostOnly: it is not the host.
    """
    check_host(jam, by)
    if jam.phase is Phase.GOING and jam.round.votes:
        jam = ended(jam, now, Ending.CLOSE)
    mixes = jam.mixes or ((MixTerms(),) if jam.sections else ())
    return replace(closed(jam), mixes=mixes)


def _was_just_undone(jam: Jam, now: datetime) -> bool:
    """Whether another press for it means the one before: nothing was heard in between."""
    last = jam.last
    if last is None or last.ending is not Ending.UNDO or jam.round.takes:
        return False
    return now - jam.round.began_at < _ONE_PRESS


def check_host(jam: Jam, by: int) -> None:
    """Raises `HostOnly` for anybody but the host."""
    if by != jam.host_id:
        raise HostOnly


def _host_was_here(jam: Jam, by: int) -> Jam:
    return replace(jam, host_seen=jam.round.number) if by == jam.host_id else jam


def _took_part(jam: Jam, by: int) -> Jam:
    return _host_was_here(replace(jam, seen={**jam.seen, by: jam.round.number}), by)


def _with(jam: Jam, take: Take) -> Jam:
    takes = tuple(take if one.id == take.id else one for one in jam.round.takes)
    return replace(jam, round=replace(jam.round, takes=takes))


def _without_late(jam: Jam, take_id: str) -> Jam:
    return replace(jam, late=tuple(take for take in jam.late if take.id != take_id))
