"""What was done for a jam, which its row remembers: each step once, whoever dies. No I/O."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.jam.jam import (
    HINDERED_MOST,
    HOST_MISSED_ROUNDS,
    Ending,
    Hindrance,
    Jam,
    Phase,
    Section,
    Shown,
    Take,
)
from bot.jam.rounds import closed, deadline, ended, seen_anew

NOBODY = 0
"""In the place of a person who wants to be forgotten."""


def acknowledged(jam: Jam, now: datetime, message_id: int) -> Jam:
    """The reply that begins it is this message."""
    if jam.opening is None:
        return jam
    return replace(jam, opening=replace(jam.opening, message_id=message_id))


def token_died(jam: Jam, died_before: datetime) -> Jam:
    """The token of the reply that begins it is not kept once it was dead by then."""
    if jam.opening is None or jam.opening.token_expires_at > died_before:
        return jam
    return replace(jam, opening=replace(jam.opening, token=""))


def opened(jam: Jam, now: datetime, thread_id: int) -> Jam:
    """It has its thread, and its first round begins."""
    if jam.thread_id is not None:
        return replace(jam, opening=None)
    first = replace(jam.round, began_at=now, ends_at=deadline(jam.terms, now))
    return replace(jam, thread_id=thread_id, opening=None, round=first)


def fetches(jam: Jam, now: datetime, attempts: int) -> Jam:
    """The audio that it begins with is about to be read so many times, unless a process dies."""
    if jam.beginning is None:
        return jam
    return replace(jam, beginning=replace(jam.beginning, attempts=attempts))


def begun_with(jam: Jam, now: datetime, track_s: float, tail_s: float = 0.0) -> Jam:
    """The audio that it begins with is here."""
    beginning = jam.beginning
    if beginning is None:
        return jam
    first = Section(jam.opening_take_id, beginning.author_id, beginning.words, track_s, 0, tail_s)
    return seen_anew(replace(jam, beginning=None, sections=(first,)))


def lost(jam: Jam, now: datetime) -> Jam:
    """Nobody can see it any more: its thread is gone, or was never made.

    As where it is closed, a take that has votes joins the piece.
    """
    if jam.gone:
        return jam
    if jam.phase is Phase.GOING and jam.round.votes:
        jam = ended(jam, now, Ending.CLOSE)
    return replace(closed(jam), gone=True, end_told=False, beginning=None)


def charged(jam: Jam, now: datetime) -> Jam:
    """Something has changed about what is left of its budget."""
    return seen_anew(jam)


def told_end(jam: Jam, now: datetime) -> Jam:
    """The message that it began with says that it is over, as far as that could be."""
    return replace(jam, end_told=True, opening=None)


def showed(jam: Jam, now: datetime, shown: Shown) -> Jam:
    """Its card shows this."""
    if jam.shown is not None and jam.shown.revision > shown.revision:
        return jam
    return replace(jam, shown=shown)


def hindered(jam: Jam, now: datetime) -> Jam:
    """It cannot be shown now; after a while nobody tries any more by themselves."""
    hindrance = jam.hindered or Hindrance(now)
    is_over = now - hindrance.since >= HINDERED_MOST
    return replace(jam, hindered=replace(hindrance, is_over=is_over))


def told(jam: Jam, now: datetime) -> Jam:
    """The message that it began with says what keeps it from being shown."""
    if jam.hindered is None:
        return jam
    return replace(jam, hindered=replace(jam.hindered, is_told=True))


def unhindered(jam: Jam, now: datetime) -> Jam:
    """Everything of it is shown."""
    return replace(jam, hindered=None)


def tried_again(jam: Jam, now: datetime) -> Jam:
    """What kept it from being shown may be over."""
    if jam.hindered is None or not jam.hindered.is_over:
        return jam
    return replace(jam, hindered=replace(jam.hindered, since=now, is_over=False))


def card_gone(jam: Jam, now: datetime, message_ids: Collection[int]) -> Jam:
    """Messages were deleted: if its card was one of them, it needs another one."""
    if jam.shown is None or jam.shown.message_id not in message_ids or jam.phase is Phase.CLOSED:
        return jam
    return seen_anew(jam)


def mixed(jam: Jam, now: datetime, number: int) -> Jam:
    """The mix of this number was posted, the first of those that are wanted."""
    if number <= jam.mixes_posted:
        return jam
    return replace(jam, mixes=jam.mixes[1:], mixes_posted=number)


def forgot(jam: Jam, user_id: int) -> Jam:
    """Somebody wants to be forgotten: what they made stays, without their name and their words.

    Their vote goes; where they are the host, whoever has taken part may take their place.
    """

    def of(take: Take) -> Take:
        return replace(take, author_id=NOBODY, words="") if take.author_id == user_id else take

    sections = tuple(
        replace(section, author_id=NOBODY, words="") if section.author_id == user_id else section
        for section in jam.sections
    )
    beginning = jam.beginning
    if beginning is not None and beginning.author_id == user_id:
        beginning = replace(beginning, author_id=NOBODY, words="")
    is_host, opening = jam.host_id == user_id, jam.opening
    if is_host and opening is not None:
        opening = replace(opening, draft=None)
    others = _without(jam, {user_id})
    after = replace(
        others,
        round=replace(others.round, takes=tuple(map(of, jam.round.takes))),
        sections=sections,
        beginning=beginning,
        opening=opening,
        late=tuple(map(of, jam.late)),
        host_id=NOBODY if is_host else jam.host_id,
        host_seen=-HOST_MISSED_ROUNDS if is_host else jam.host_seen,
    )
    return jam if after == jam else seen_anew(after)


def left_out(jam: Jam, people: Collection[int]) -> Jam:
    """Some may decide nothing any more: their votes are gone, and nobody waits for them."""
    if jam.phase is Phase.CLOSED or jam.seen.keys().isdisjoint(people):
        return jam
    return seen_anew(_without(jam, people))


def _without(jam: Jam, people: Collection[int]) -> Jam:
    present, gone = jam.round, frozenset(people)
    round_ = replace(
        present,
        votes={who: what for who, what in present.votes.items() if who not in gone},
        done=present.done - gone,
        undo=present.undo - gone,
        voters=None if present.voters is None else present.voters - gone,
    )
    seen = {who: last for who, last in jam.seen.items() if who not in gone}
    return replace(jam, round=round_, seen=seen)
