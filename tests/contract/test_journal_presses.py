"""A double press is one press, whichever processes the two come to, and however near they are."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community.limits import Limits
from bot.community.written_amounts import parse_amounts
from bot.domain.errors import LimitReached, PressedTwice
from bot.domain.presses import ButtonPress
from bot.journal import RowTaken, SqlJournal, Terms
from tests.contract.journal_kit import NOW, OpenJournal, Start, a_generation, scalars
from tests.fake_journal import FakeJournal

ADA, BO = 2**62, 7


def press(after_s: float = 0.0, user: int = ADA, button: str = "mg:1:again:x") -> ButtonPress:
    return ButtonPress(user, button, NOW + timedelta(seconds=after_s))


async def made(journal: OpenJournal, one: ButtonPress, takes: int = 1) -> int:
    """How many tracks a press has made."""
    try:
        await journal.add(*(a_generation() for _ in range(takes)), press=one)
    except PressedTwice:
        return 0
    return takes


async def test_the_second_of_two_within_a_second_makes_nothing(journal: OpenJournal) -> None:
    assert await made(journal, press(), takes=3) == 3
    assert await made(journal, press(0.999), takes=3) == 0
    assert len(await journal.open_ids()) == 3


async def test_a_second_later_it_is_another_press(journal: OpenJournal) -> None:
    assert [await made(journal, press(after_s)) for after_s in (0, 1, 2.5)] == [1, 1, 1]


async def test_five_in_a_row_are_one(journal: OpenJournal) -> None:
    assert [await made(journal, press(number * 0.3)) for number in range(5)] == [1, 0, 0, 0, 0]
    assert await made(journal, press(4 * 0.3 + 1)) == 1


async def test_another_button_or_person_is_another_press(journal: OpenJournal) -> None:
    each = press(), press(button="mg:1:again:y"), press(button="mg:1:variations:x"), press(user=BO)
    assert [await made(journal, one) for one in each] == [1, 1, 1, 1]


async def test_they_may_arrive_in_the_other_order(journal: OpenJournal) -> None:
    assert [await made(journal, press(after_s)) for after_s in (0.4, 0)] == [1, 0]


async def test_of_many_at_the_same_time_in_two_processes_one_is_made(start: Start) -> None:
    here, there = await start("here"), await start("there")
    for number in range(10):
        button = f"mg:1:again:{number}"
        each = [(one, press(0.01 * n, button=button)) for n in range(5) for one in (here, there)]
        told = await asyncio.gather(*(made(*pair, takes=3) for pair in each))
        assert sorted(told) == [0] * 9 + [3]
    assert len(await here.open_ids()) == 30


async def test_many_people_who_press_twice_hold_nobody_up(start: Start) -> None:
    """Each process gets them in another order, and neither waits for the other for ever."""
    here, there = await start("here"), await start("there")
    people = range(100, 140)
    both = [(here, user) for user in people] + [(there, user) for user in reversed(people)]
    told = await asyncio.gather(*(made(one, press(user=user)) for one, user in both))
    assert sum(told) == len(people)


async def test_what_discord_delivers_twice_is_told_to_nobody(start: Start) -> None:
    here, there = await start("here"), await start("there")
    one = a_generation()
    await here.add(one, press=press())
    with pytest.raises(RowTaken):
        await there.add(one, press=press())


async def test_a_press_that_a_limit_refused_is_no_press(database: str | None) -> None:
    terms = Terms(Limits(per_user=parse_amounts("1 tracks/day")))
    journal: OpenJournal
    if database is None:
        journal = FakeJournal(terms=terms, now=lambda: NOW)
    else:
        journal = await SqlJournal.open(database, now=lambda: NOW, terms=terms)
    for after_s in (0, 0.5):
        with pytest.raises(LimitReached):
            await journal.add(a_generation(), a_generation(), press=press(after_s))
    assert await made(journal, press(0.9)) == 1
    await journal.close()


async def test_presses_are_forgotten_within_minutes_and_with_their_person(
    journal: OpenJournal, url: str
) -> None:
    await made(journal, press(-120))
    await made(journal, press(user=BO))
    await journal.forget_spent(NOW, NOW, NOW)
    assert await scalars(url, "SELECT user_id FROM presses") == [BO]
    await journal.forget(BO)
    assert await scalars(url, "SELECT user_id FROM presses") == []


@given(st.lists(st.floats(0.0, 3.0, allow_nan=False), max_size=20), st.data())
async def test_each_row_of_presses_makes_one(gaps: list[float], data: st.DataObject) -> None:
    """Whichever process each comes to: one for the first, and one after each pause."""
    here = FakeJournal()
    there = FakeJournal(beside=here)
    moments = [0.0, *accumulate(round(gap, 3) for gap in gaps)]
    told = [await made(data.draw(st.sampled_from([here, there])), press(s)) for s in moments]
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    expected = [1, *(int(press(pause).at - press().at >= timedelta(seconds=1)) for pause in pauses)]
    assert told == expected
