"""Looking back in the journal: tracks, prompts, lineage, and being forgotten."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.drafts import StoredDraft
from bot.domain.generation import Generation, Relation, State
from bot.domain.inputs import Inputs
from bot.domain.journal_values import Forgotten, Kept
from bot.domain.presets import PresetOwner
from bot.journal import JournalConflict
from tests.contract.journal_kit import (
    NOW,
    OpenJournal,
    a_generation,
    added,
    copy_row,
    execute,
    ids,
    scalars,
)
from tests.examples import examples

ME, OTHER = 5, 6
new_people = count(1000)


def a_track(prompt: str = "deep house", age_s: float = 0, **changes: Any) -> Generation:
    """One of mine that was delivered."""
    made = a_generation(
        requester_id=ME,
        inputs=Inputs(prompt=prompt, seed=7),
        created_at=NOW - timedelta(seconds=age_s),
        state=State.DELIVERED,
        told=True,
    )
    return replace(made, reply=replace(made.reply, token=""), **changes)


async def add_all(journal: OpenJournal, *generations: Generation) -> None:
    await asyncio.gather(*map(journal.add, generations))


async def all_pages(
    journal: OpenJournal, user_id: int, words: str = "", limit: int = 2
) -> list[Generation]:
    page = await journal.tracks_of(user_id, words, limit)
    found = [*page.tracks]
    while page.more is not None:
        assert len(page.tracks) == limit
        page = await journal.tracks_of(user_id, words, limit, before=page.more)
        assert page.tracks
        found += page.tracks
    return found


# ------------------------------------------------------------------ tracks


async def test_tracks_are_ones_own_delivered_ones_newest_first(journal: OpenJournal) -> None:
    old, new = a_track(age_s=9), a_track(age_s=1)
    untold = a_track(age_s=5, told=False)
    others = [a_track(requester_id=OTHER), a_track(state=State.FAILED), a_track(state=State.QUEUED)]
    await add_all(journal, old, new, untold, *others)
    assert await all_pages(journal, ME) == [new, untold, old]
    assert await journal.count_tracks(ME) == 3
    assert await all_pages(journal, 404) == []
    assert await journal.count_tracks(404) == 0


texts = st.text("aBbÉéß%_/\\-'\" ", max_size=12)


@given(
    tracks=st.lists(st.tuples(texts, st.integers(0, 3)), max_size=12),
    words=texts,
    limit=st.integers(1, 5),
)
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_every_page_has_what_the_words_say_each_once_in_order(
    journal: OpenJournal, tracks: list[tuple[str, int]], words: str, limit: int
) -> None:
    me = next(new_people)
    made = [a_track(prompt, age, requester_id=me) for prompt, age in tracks]
    await add_all(journal, *made, a_track(words, requester_id=next(new_people)))
    expected = {
        track.id
        for track in made
        if all(word in track.inputs.prompt.casefold() for word in words.casefold().split())
    }
    found = await all_pages(journal, me, words, limit)
    assert len(found) == len(expected) == await journal.count_tracks(me, words)
    assert ids(found) == expected
    ages = [NOW - track.created_at for track in found]
    assert ages == sorted(ages)


@pytest.mark.parametrize(
    ("prompt", "words", "is_found"),
    [
        ("Deep HOUSE bassline", "house deep", True),
        ("deep house bassline", "bass", True),
        ("deep house bassline", "deep techno", False),
        ("100% acid", "100%", True),
        ("1000 acid", "100%", False),
        ("a_b", "a_b", True),
        ("axb", "a_b", False),
        ("C:\\music/now", "\\music/", True),
        ("ÉTÉ à Zürich", "été ZÜRICH", True),
        ("cafe\N{COMBINING ACUTE ACCENT} noir", "CAFÉ", True),
        ("Straße", "STRASSE", True),
        ("ｆｕｔｕｒｅ funk", "future", True),
        ("deep\n\thouse", "deep house", True),
        ("nul\0byte \ud800 half", "byte half", True),
        ("deep house", "\0 \ud800", False),
        ("deep house", " ", True),
        ("😀 techno", "😀", True),
        ("deep house", "deep " * 2000, True),
        ("a b", " ".join(map(str, range(2000))), False),
    ],
)
async def test_words_are_found_as_people_mean_them(
    journal: OpenJournal, prompt: str, words: str, is_found: bool
) -> None:
    await journal.add(a_track(prompt))
    assert await journal.count_tracks(ME, words) == is_found
    assert len((await journal.tracks_of(ME, words)).tracks) == is_found
    assert await journal.prompts_of(ME, words) == [prompt] * is_found


async def test_a_page_goes_on_where_the_last_one_ended_whatever_happened_since(
    journal: OpenJournal, url: str
) -> None:
    tracks = [a_track(age_s=age) for age in range(5)]
    await add_all(journal, *tracks)
    first = await journal.tracks_of(ME, limit=2)
    await journal.add(a_track(age_s=-1))
    await execute(url, "DELETE FROM generations WHERE id = :id", id=first.tracks[-1].id)
    assert first.more is not None
    assert len(first.more) <= 32
    second = await journal.tracks_of(ME, limit=3, before=first.more)
    assert second.tracks == tuple(tracks[2:])
    assert second.more is None


@pytest.mark.parametrize("before", ["", "x", "x.y", ".abc"])
async def test_a_page_that_begins_nowhere_is_refused(journal: OpenJournal, before: str) -> None:
    with pytest.raises(ValueError, match=r"invalid literal"):
        await journal.tracks_of(ME, before=before)


async def test_a_track_that_makes_no_sense_hides_no_other(journal: OpenJournal, url: str) -> None:
    newest, broken, oldest = (a_track(f"house {age}", age) for age in range(3))
    await add_all(journal, newest, broken, oldest)
    await execute(url, "UPDATE generations SET inputs = '[1]' WHERE id = :id", id=broken.id)
    first = await journal.tracks_of(ME, limit=2)
    assert first.tracks == (newest,)
    assert (await journal.tracks_of(ME, limit=2, before=first.more)).tracks == (oldest,)
    assert await journal.prompts_of(ME) == ["house 0", "house 2"]


# ------------------------------------------------------------------ prompts


async def test_prompts_are_ones_own_newest_first_each_once(journal: OpenJournal) -> None:
    await add_all(
        journal,
        a_track("lofi rain", 9),
        a_track("Deep House", 8),
        a_track("techno", 7, state=State.FAILED),
        a_track("deep  HOUSE", 6),
        a_track("", 5),
        a_track("jazz", 4, requester_id=OTHER),
        a_track("deep dub", 3, state=State.QUEUED),
    )
    assert await journal.prompts_of(ME) == ["deep dub", "deep  HOUSE", "techno", "lofi rain"]
    assert await journal.prompts_of(ME, limit=2) == ["deep dub", "deep  HOUSE"]
    assert await journal.prompts_of(ME, "dee") == ["deep dub", "deep  HOUSE"]
    assert await journal.prompts_of(ME, "ous deep") == ["deep  HOUSE"]
    assert await journal.prompts_of(ME, "jazz") == []


async def test_ten_thousand_prompts_take_a_moment(journal: OpenJournal, url: str) -> None:
    await journal.add(a_track("deep house #0"))
    await copy_row(url, 9_999)
    assert await journal.count_tracks(ME) == 10_000
    for words, found in (("", 25), ("house 77", 25), ("#9999", 1), ("techno", 0)):
        # A few ms where the machine does nothing else: one of many tries is in such a moment.
        took_s = 1.0
        for _ in range(40):
            started = time.perf_counter()
            assert len(await journal.prompts_of(ME, words)) == found
            took_s = min(took_s, time.perf_counter() - started)
            if took_s < 0.05:
                break
        assert took_s < 0.05


# ------------------------------------------------------------------ lineage


async def test_ancestry_goes_from_parent_to_parent(journal: OpenJournal) -> None:
    line = [a_track("first", requester_id=OTHER)]
    for number in range(25):
        line.append(a_track(f"{number}", parent_id=line[-1].id, relation=Relation.EXTEND))
    await add_all(journal, *line)
    assert await journal.ancestry(line[3].id) == [line[2], line[1], line[0]]
    assert await journal.ancestry(line[0].id) == []
    assert await journal.ancestry(line[25].id) == line[24:4:-1]
    assert await journal.ancestry(line[25].id, limit=2) == [line[24], line[23]]
    assert await journal.ancestry("unknown") == []


async def test_ancestry_ends_where_a_parent_is_unknown(journal: OpenJournal) -> None:
    parent = a_track(parent_id="forgotten")
    child = a_track(parent_id=parent.id)
    await add_all(journal, parent, child)
    assert await journal.ancestry(child.id) == [parent]
    assert await journal.ancestry(parent.id) == []


@pytest.mark.parametrize("length", [1, 2, 3])
async def test_ancestry_does_not_go_in_circles(journal: OpenJournal, length: int) -> None:
    circle = [a_track() for _ in range(length)]
    linked = [
        replace(track, parent_id=circle[(number + 1) % length].id)
        for number, track in enumerate(circle)
    ]
    entrance = a_track(parent_id=circle[0].id)
    await add_all(journal, *linked, entrance)
    assert await journal.ancestry(circle[0].id) == linked[1:]
    assert await journal.ancestry(entrance.id) == linked


async def test_the_takes_of_a_card_come_together(journal: OpenJournal) -> None:
    takes = [a_track(age_s=age, batch_id="card") for age in (3, 2, 1)]
    await add_all(journal, *reversed(takes), a_track(batch_id="another"), a_track())
    assert await journal.batch("card") == takes
    assert await journal.batch("unknown") == []


async def test_a_message_leads_to_what_it_shows(journal: OpenJournal) -> None:
    first, second, elsewhere = (a_track(age_s=age) for age in (3, 2, 1))
    elsewhere = replace(elsewhere, reply=replace(elsewhere.reply, channel_id=99))
    another = replace(a_track(), reply=replace(first.reply, message_id=99))
    await add_all(journal, second, first, elsewhere, another)
    where = first.reply
    assert await journal.by_message(where.channel_id, where.message_id) == [first, second]
    assert await journal.by_message(None, where.message_id) == [first, second, elsewhere]
    assert await journal.by_message(404, 404) == []


async def test_a_servers_tracks_are_those_that_all_in_their_channel_see(
    journal: OpenJournal,
) -> None:
    def at(age_s: float, channel_id: int, guild_id: int | None = 1, **changes: Any) -> Generation:
        one = a_track(f"house {age_s}", age_s)
        place = replace(one.reply, guild_id=guild_id, channel_id=channel_id, private=False)
        return replace(one, reply=replace(place, **changes))

    older, newer = at(9, 7), at(1, 8)
    unfinished = replace(at(2, 7), state=State.FAILED)
    hidden = at(3, 7, private=True), at(4, 9), at(5, 7, guild_id=2), at(6, 7, guild_id=None)
    await add_all(journal, newer, older, unfinished, *hidden)
    found = await journal.tracks_in(1, {7, 8}, "HOUSE", 10)
    assert found == [newer, older]
    assert await journal.tracks_in(1, {7, 8}, "", 1) == [newer]
    assert await journal.tracks_in(1, {7, 8}, "techno", 10) == []


# ------------------------------------------------------------------ forgetting


async def test_forgetting_takes_what_has_ended_and_nothing_else(journal: OpenJournal) -> None:
    ended = [
        a_track(age_s=3, piece_path="piece.wav", track_path="track.wav"),
        a_track(age_s=2, state=State.FAILED),
    ]
    others = a_track(age_s=2, requester_id=OTHER, parent_id=ended[0].id)
    still_open = a_track(age_s=1, told=False, parent_id=ended[0].id)
    running = a_track(state=State.RUNNING)
    await add_all(journal, *ended, others, still_open, running)
    forgotten = await journal.forget(ME)
    assert forgotten.removed == tuple(ended)
    assert forgotten.kept == Kept(tracks=1, others=1, still_open=2)
    for gone in ended:
        assert await journal.get(gone.id) is None
    assert await journal.get(still_open.id) == replace(still_open, parent_id=None)
    assert await journal.get(running.id) == running
    assert await journal.get(others.id) == replace(others, parent_id=None)
    assert await journal.ancestry(others.id) == []
    assert await journal.forget(ME) == Forgotten((), Kept(still_open=2))


async def test_what_would_be_forgotten_is_counted_as_what_is(journal: OpenJournal) -> None:
    mine, hers = a_track(), a_track(requester_id=OTHER)
    canceled = a_track(requester_id=OTHER, state=State.CANCELED, canceled_by=ME)
    own = a_track(state=State.CANCELED, canceled_by=ME)
    await add_all(journal, mine, a_track(told=False), own, hers, canceled)
    for track in (mine, hers):
        await journal.toggle_star(track.id, ME)
    await journal.toggle_star(mine.id, OTHER)
    await journal.save_preset(PresetOwner.person(ME), "lofi", "lofi", Inputs("", top_k=5), 9)
    await journal.keep_draft(StoredDraft("d", ME, datetime.now(UTC), "{}"))
    expected = Kept(tracks=1, others=1, presets=1, stars=2, cancels=1, drafts=1, still_open=1)
    assert await journal.kept_of(ME) == expected
    assert await journal.kept_of(404) == Kept()
    assert (await journal.forget(ME)).kept == expected
    assert await journal.kept_of(ME) == Kept(still_open=1)
    assert (await journal.kept_of(OTHER)).tracks == 1


async def test_one_track_is_forgotten_and_nothing_else(journal: OpenJournal) -> None:
    gone, kept, hers = a_track(), a_track(), a_track(requester_id=OTHER)
    child = a_track(requester_id=OTHER, parent_id=gone.id)
    still_open = a_track(told=False)
    await add_all(journal, gone, kept, hers, child, still_open)
    await journal.toggle_star(gone.id, OTHER)
    assert await journal.forget_one(ME, hers.id) is None
    assert await journal.forget_one(ME, still_open.id) is None
    assert await journal.forget_one(ME, gone.id) == gone
    assert await journal.forget_one(ME, gone.id) is None
    assert await journal.get(child.id) == replace(child, parent_id=None)
    assert set(await journal.charges([gone.id, kept.id])) == {kept.id}
    spent = await journal.spent(NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert spent.sums.tracks == 5, "what it cost stays counted"
    assert await journal.kept_of(ME) == Kept(tracks=1, still_open=1)
    assert (await journal.kept_of(OTHER)).stars == 0


async def test_forgetting_takes_the_events_too(journal: OpenJournal, url: str) -> None:
    kept = [a_track(told=False), a_track(requester_id=OTHER)]
    await add_all(journal, a_track(), *kept)
    await journal.forget(ME)
    assert set(await scalars(url, "SELECT id FROM generations")) == ids(kept)
    assert set(await scalars(url, "SELECT generation_id FROM generation_events")) == ids(kept)


async def test_what_was_forgotten_does_not_come_back(journal: OpenJournal) -> None:
    track = a_track()
    await journal.add(track)
    await journal.forget(ME)
    with pytest.raises(JournalConflict) as caught:
        await journal.save(track)
    assert caught.value.journalled is None
    assert await journal.count_tracks(ME) == 0
    assert await journal.prompts_of(ME) == []


async def test_forgetting_takes_also_what_cannot_be_read(journal: OpenJournal, url: str) -> None:
    [broken] = await added(journal, requester_id=ME, state=State.FAILED, told=True)
    await execute(url, "UPDATE generations SET inputs = '[1]'")
    assert (await journal.forget(ME)).removed == ()
    assert await journal.get(broken.id) is None


async def test_forgetting_thousands_while_others_write(journal: OpenJournal) -> None:
    await add_all(journal, *(a_track(age_s=age) for age in range(1500)))
    mine, theirs = a_track(), a_track(requester_id=OTHER)
    forgotten, *_ = await asyncio.gather(
        journal.forget(ME), journal.forget(ME), journal.add(mine), journal.add(theirs)
    )
    assert len(forgotten.removed) == 1500
    assert await journal.get(theirs.id) == theirs
