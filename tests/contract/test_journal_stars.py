"""Stars in the journal: who gave which, how many there are, and what a server's chart has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from tests.contract.journal_kit import NOW, OpenJournal, Start, a_generation, execute, scalars
from tests.examples import examples

ADA, BO, CY = 5, 6, 7
HERE, THERE = 100, 200


def a_track(
    prompt: str = "lofi",
    *,
    age_s: float = 0,
    by: int = ADA,
    guild: int | None = HERE,
    channel: int = 1,
    private: bool = False,
    **changes: Any,
) -> Generation:
    made = a_generation(
        requester_id=by,
        inputs=Inputs(prompt=prompt, seed=7),
        created_at=NOW - timedelta(seconds=age_s),
        state=State.DELIVERED,
        told=True,
        **changes,
    )
    where = replace(made.reply, token="", guild_id=guild, channel_id=channel, private=private)
    return replace(made, reply=where)


async def add_all(journal: OpenJournal, *tracks: Generation) -> None:
    await asyncio.gather(*map(journal.add, tracks))


async def test_a_star_is_given_and_taken_back(journal: OpenJournal) -> None:
    track, other = a_track(), a_track()
    await add_all(journal, track, other)
    assert await journal.stars_of([track.id, other.id]) == {}
    assert await journal.toggle_star(track.id, ADA) is True
    assert await journal.toggle_star(track.id, BO) is True
    assert await journal.stars_of([track.id, other.id]) == {track.id: 2}
    assert await journal.toggle_star(track.id, ADA) is False
    assert await journal.stars_of([track.id]) == {track.id: 1}
    assert await journal.stars_of([]) == {}


@pytest.mark.parametrize("state", [state for state in State if state is not State.DELIVERED])
async def test_what_is_no_track_has_no_stars(journal: OpenJournal, state: State) -> None:
    under_way = replace(a_track(), state=state)
    await journal.add(under_way)
    assert await journal.toggle_star(under_way.id, ADA) is None
    assert await journal.toggle_star("unknown", ADA) is None
    assert await journal.stars_of([under_way.id, "unknown"]) == {}


@given(presses=st.lists(st.integers(0, 3), max_size=24))
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_presses_at_once_end_in_the_right_number(
    journal: OpenJournal, presses: Sequence[int]
) -> None:
    """Whatever order they are taken in: who pressed an odd number of times has given a star."""
    track = a_track()
    await journal.add(track)
    told = await asyncio.gather(*(journal.toggle_star(track.id, person) for person in presses))
    odd = {person for person in presses if presses.count(person) % 2}
    assert await journal.stars_of([track.id]) == ({track.id: len(odd)} if odd else {})
    for person in set(presses):
        own = [star for star, who in zip(told, presses, strict=True) if who == person]
        assert own.count(True) - own.count(False) == (person in odd)


async def test_two_processes_count_everyone_once(start: Start) -> None:
    one, other = await start("one"), await start("two")
    track = a_track()
    await one.add(track)
    people = range(20)
    pressed = [journal.toggle_star(track.id, who) for who in people for journal in (one, other)]
    pressed += [one.toggle_star(track.id, who) for who in people]
    await asyncio.gather(*pressed)
    assert await other.stars_of([track.id]) == {track.id: len(people)}


async def test_tracks_come_by_stars_then_newest_first(journal: OpenJournal) -> None:
    tracks = [a_track(f"lofi {age}", age_s=age) for age in range(5)]
    await add_all(journal, *tracks, a_track(by=BO), a_track("techno"))
    for person in (ADA, BO):
        await journal.toggle_star(tracks[3].id, person)
    await journal.toggle_star(tracks[4].id, BO)
    ordered = [tracks[n] for n in (3, 4, 0, 1, 2)]
    assert await journal.tracks_by_stars(ADA, "LOFI") == ordered
    assert await journal.tracks_by_stars(ADA, "lofi", limit=2, skip=1) == ordered[1:3]
    assert len(await journal.tracks_by_stars(ADA)) == 6


async def test_a_chart_is_of_one_server_and_of_channels_that_are_seen(
    journal: OpenJournal,
) -> None:
    first, second = a_track(age_s=9), a_track(age_s=5, by=BO, channel=2)
    hidden = [
        a_track(channel=3),
        a_track(guild=THERE),
        a_track(guild=None),
        a_track(private=True),
        a_track(),
    ]
    await add_all(journal, first, second, *hidden)
    for track in (first, second, *hidden[:-1]):
        await journal.toggle_star(track.id, ADA)
    chart = await journal.chart(HERE, {1, 2}, None, 10)
    assert [(entry.track, entry.stars) for entry in chart] == [(first, 1), (second, 1)]
    await journal.toggle_star(second.id, BO)
    assert [entry.track for entry in await journal.chart(HERE, {1, 2}, None, 10)] == [second, first]
    assert [entry.track for entry in await journal.chart(HERE, {1, 2}, None, 1)] == [second]
    assert await journal.chart(HERE, set(), None, 10) == []


async def test_a_chart_counts_the_stars_of_its_time(journal: OpenJournal) -> None:
    track = a_track(age_s=10**7)
    await journal.add(track)
    await journal.toggle_star(track.id, ADA)
    [entry] = await journal.chart(HERE, {1}, NOW, 10)
    assert (entry.track, entry.stars) == (track, 1)
    later = NOW + timedelta(seconds=1)
    assert await journal.chart(HERE, {1}, later, 10) == []
    assert await journal.chart(HERE, {1}, NOW, 10, later) == [entry]
    assert await journal.chart(HERE, {1}, None, 10, NOW) == [], "given as that time was over"


async def test_a_deleted_message_leaves_the_chart(journal: OpenJournal) -> None:
    track = a_track()
    await journal.add(track)
    await journal.toggle_star(track.id, ADA)
    await journal.hide(track.reply.channel_id, track.reply.message_id)
    assert await journal.chart(HERE, {1}, None, 10) == []


async def test_forgetting_takes_stars_given_and_those_on_ones_tracks(journal: OpenJournal) -> None:
    mine, theirs = a_track(), a_track(by=BO)
    await add_all(journal, mine, theirs)
    for track in (mine, theirs):
        for person in (ADA, BO, CY):
            await journal.toggle_star(track.id, person)
    await journal.forget(ADA)
    assert await journal.stars_of([mine.id, theirs.id]) == {theirs.id: 2}
    assert await journal.toggle_star(mine.id, BO) is None


async def test_no_star_is_left_behind(journal: OpenJournal, url: str) -> None:
    track = a_track()
    await journal.add(track)
    await asyncio.gather(journal.toggle_star(track.id, BO), journal.forget(ADA))
    assert await scalars(url, "SELECT user_id FROM stars") == []


async def test_a_track_that_makes_no_sense_hides_no_other(journal: OpenJournal, url: str) -> None:
    broken, track = a_track(), a_track()
    await add_all(journal, broken, track)
    for one in (broken, track):
        await journal.toggle_star(one.id, BO)
    await execute(url, "UPDATE generations SET inputs = '[1]' WHERE id = :id", id=broken.id)
    assert [entry.track for entry in await journal.chart(HERE, {1}, None, 10)] == [track]
    assert await journal.tracks_by_stars(ADA) == [track]
