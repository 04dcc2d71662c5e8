"""A person wants a generation in another reply, and the process they reach does not follow it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from bot.domain.generation import Generation, Reply, State
from bot.host.log_context import AddSubject, Subject
from bot.journal import LeaseLost
from tests.contract.journal_kit import (
    AT_ONCE_S,
    LEASE_S,
    OpenJournal,
    Start,
    a_generation,
    added,
    execute,
    open_generations,
    scalars,
)

HELD = "SELECT count(*) FROM generations WHERE wanted_reply IS NOT NULL OR wanted_until IS NOT NULL"


def press(generation: Generation, number: int = 1) -> Reply:
    """The reply that a person's n-th press gives, minutes after the one before."""
    life = generation.reply.token_expires_at + timedelta(minutes=number)
    fresh = replace(generation.reply, token=f"press-{number}", token_expires_at=life, guild_id=9)
    return replace(fresh, message_id=100 + number, filesize_limit_bytes=50 << 20)


async def test_anyone_may_ask_and_the_holder_hears_of_it_until_it_is_there(start: Start) -> None:
    here, there = await start("here"), await start("there")
    asked, other = await added(here, 2)
    held = [asked.id, other.id]
    assert await there.request_bring(asked.id, press(asked))
    for _ in range(2):
        assert (await here.renew(LEASE_S, held)).wanted_replies == {asked.id: press(asked)}
    await here.save(asked.evolve(reply=press(asked)))
    assert (await here.renew(LEASE_S, held)).wanted_replies == {}
    assert await there.get(asked.id) == asked.evolve(reply=press(asked))
    assert await there.get(other.id) == other


async def test_who_reads_it_finds_it_where_it_is_wanted(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await there.request_bring(generation.id, press(generation))
    wanted = generation.evolve(reply=press(generation))
    assert await here.get(generation.id) == wanted
    assert await open_generations(here) == [wanted]
    assert await here.open_of(generation.requester_id, generation.reply.channel_id) == [wanted]


async def test_the_last_press_counts(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    for number in (1, 2):
        await there.request_bring(generation.id, press(generation, number))
    replies = (await here.renew(LEASE_S, [generation.id])).wanted_replies
    assert replies == {generation.id: press(generation, 2)}


async def test_a_press_while_the_one_before_is_followed_is_not_lost(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await there.request_bring(generation.id, press(generation, 1))
    [heard] = (await here.renew(LEASE_S, [generation.id])).wanted_replies.values()
    await there.request_bring(generation.id, press(generation, 2))
    await here.save(generation.evolve(reply=heard))
    replies = (await here.renew(LEASE_S, [generation.id])).wanted_replies
    assert replies == {generation.id: press(generation, 2)}


async def test_a_save_of_an_older_copy_does_not_take_a_press_back(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await there.request_bring(generation.id, press(generation))
    await here.save(generation.evolve(State.QUEUED))
    found = await here.get(generation.id)
    assert found == generation.evolve(State.QUEUED, reply=press(generation))
    assert (await here.renew(LEASE_S, [generation.id])).wanted_replies


async def test_a_press_that_its_holder_got_later_counts_more(start: Start, url: str) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await there.request_bring(generation.id, press(generation, 1))
    moved = generation.evolve(reply=press(generation, 2))
    await here.save(moved)
    assert await scalars(url, HELD) == [0]
    # It was pressed first, and comes late.
    assert await there.request_bring(generation.id, press(generation, 1))
    assert (await here.renew(LEASE_S, [generation.id])).wanted_replies == {}
    assert await there.get(generation.id) == moved


async def test_the_message_it_was_moved_to_is_left_for_no_other(start: Start) -> None:
    """Where the message of the press is gone, a new one stands for it, by the same token."""
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await there.request_bring(generation.id, press(generation))
    opened = replace(press(generation), message_id=999, token="")
    await here.save(generation.evolve(reply=opened))
    assert (await here.renew(LEASE_S, [generation.id])).wanted_replies == {}
    assert await here.get(generation.id) == generation.evolve(reply=opened)


# ------------------------------------------------------------------ with nobody there


async def test_who_adopts_it_has_it_where_it_was_wanted_meanwhile(start: Start, url: str) -> None:
    dead, there, heir = await start("dead"), await start("there"), await start("heir")
    [generation] = await added(dead, state=State.DELIVERING)
    await dead.renew(AT_ONCE_S, [generation.id])
    assert await there.request_bring(generation.id, press(generation))
    wanted = generation.evolve(reply=press(generation))
    assert await heir.claim(AT_ONCE_S) == [wanted]
    # It dies as well, before it has saved anything.
    assert await there.claim(LEASE_S) == [wanted]
    await there.save(wanted)
    assert await scalars(url, HELD) == [0]
    assert await scalars(url, "SELECT token FROM generations") == ["press-1"]


async def test_a_press_does_not_change_who_follows_it(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await there.request_bring(generation.id, press(generation))
    assert await there.claim(LEASE_S) == []
    with pytest.raises(LeaseLost):
        await there.save(generation.evolve(reply=press(generation)))
    renewal = await there.renew(LEASE_S, [])
    assert (renewal.wanted_replies, renewal.unfollowed) == ({}, set())


# ------------------------------------------------------------------ what has ended


async def test_what_is_not_over_can_be_wanted(journal: OpenJournal) -> None:
    for state, told in product(State, [True, False]):
        generation = a_generation(state=state, told=told)
        await journal.add(generation)
        brought = await journal.request_bring(generation.id, press(generation))
        assert brought is generation.open, (state, told)


async def test_there_is_nothing_to_bring_where_there_is_nothing(journal: OpenJournal) -> None:
    assert not await journal.request_bring("unknown", press(a_generation()))


async def test_no_token_outlives_its_generation(start: Start, url: str) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await there.request_bring(generation.id, press(generation))
    await here.save(generation.evolve(State.CANCELED, told=True))
    assert await scalars(url, HELD) == [0]
    assert await scalars(url, "SELECT token FROM generations") == [None]


async def test_a_wish_that_makes_no_sense_hides_nothing(
    start: Start, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = await start("here"), await start("there")
    broken, sound = await added(here, 2)
    for generation in (broken, sound):
        await there.request_bring(generation.id, press(generation))
    await execute(url, "UPDATE generations SET wanted_reply = '[1]' WHERE id = :id", id=broken.id)
    caplog.handler.addFilter(AddSubject())
    replies = (await here.renew(LEASE_S, [broken.id, sound.id])).wanted_replies
    assert replies == {sound.id: press(sound)}
    [told] = caplog.records
    assert told.__dict__["subject"] == Subject(broken.id)
    await here.release()
    assert await there.claim(LEASE_S) == [broken, sound.evolve(reply=press(sound))]


# ------------------------------------------------------------------ by person and channel


async def test_what_is_open_is_found_by_its_person_and_channel(start: Start) -> None:
    here, there = await start("here"), await start("there")
    mine = await added(here, 2)
    reply = mine[0].reply
    for other in (
        a_generation(requester_id=1),
        a_generation(reply=replace(reply, channel_id=8)),
        a_generation(state=State.DELIVERED, told=True),
    ):
        await here.add(other)
    waits = a_generation(state=State.FAILED, created_at=mine[0].created_at - timedelta(days=1))
    await here.add(waits)
    await here.release()
    assert await there.open_of(waits.requester_id, reply.channel_id) == [waits, *mine]
    assert await there.open_of(3, reply.channel_id) == []
