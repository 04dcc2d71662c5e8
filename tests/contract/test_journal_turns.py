"""Several processes at one journal: cancels from anywhere, turns, members, leaving."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.domain.generation import State
from bot.journal import JournalError, SqlJournal
from tests.contract.journal_kit import (
    AT_ONCE_S,
    LEASE_S,
    OpenJournal,
    Start,
    a_generation,
    added,
    execute,
    ids,
    open_generations,
    scalars,
)

BO = 2**61

# ------------------------------------------------------------------ canceling


async def test_anyone_may_ask_for_a_cancel_and_the_holder_hears_of_it(start: Start) -> None:
    here, there = await start("here"), await start("there")
    asked, other = await added(here, 2)
    assert await there.request_cancel(asked.id, BO)
    assert await there.request_cancel(asked.id, BO)
    assert (await here.renew(LEASE_S, [asked.id, other.id])).cancel_requested == {asked.id: BO}


async def test_a_save_of_an_older_copy_does_not_take_anothers_cancel_back(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await there.request_cancel(generation.id, BO)
    await here.save(generation.evolve(State.QUEUED))
    found = await here.get(generation.id)
    assert found is not None
    assert found.canceled_by == BO
    assert found == generation.evolve(State.QUEUED, cancel_requested=True, canceled_by=BO)


@pytest.mark.parametrize("state", State)
async def test_a_cancel_is_taken_down_as_long_as_it_saves_something(
    journal: OpenJournal, state: State
) -> None:
    generation = a_generation(state=state)
    await journal.add(generation)
    assert await journal.request_cancel(generation.id, BO) is state.cancelable
    found = await journal.get(generation.id)
    assert found == generation.evolve(
        cancel_requested=state.cancelable, canceled_by=BO if state.cancelable else None
    )


async def test_there_is_nothing_to_cancel_where_there_is_nothing(journal: OpenJournal) -> None:
    assert not await journal.request_cancel("unknown", BO)


# ------------------------------------------------------------------ turns


async def test_a_lock_has_one_holder_until_it_is_given_back(start: Start) -> None:
    here, there = await start("here"), await start("there")
    assert await here.try_lock("sync", LEASE_S)
    assert not await there.try_lock("sync", LEASE_S)
    assert await there.try_lock("identify", LEASE_S)
    await there.unlock("sync")
    assert not await there.try_lock("sync", LEASE_S)
    await here.unlock("sync")
    await here.unlock("sync")
    assert await there.try_lock("sync", LEASE_S)


async def test_a_lock_expires_and_then_belongs_to_its_next_holder(start: Start) -> None:
    here, there = await start("here"), await start("there")
    assert await here.try_lock("sync", AT_ONCE_S)
    assert await there.try_lock("sync", LEASE_S)
    await here.unlock("sync")
    assert not await here.try_lock("sync", LEASE_S)


async def test_a_holder_prolongs_its_lock_but_a_successor_of_its_name_has_to_wait(
    start: Start,
) -> None:
    before, after = await start("same"), await start("same")
    assert await before.try_lock("identify", AT_ONCE_S)
    assert await before.try_lock("identify", LEASE_S)
    assert not await after.try_lock("identify", LEASE_S)


async def test_a_turn_that_was_taken_outlives_a_clean_close(start: Start) -> None:
    here, there = await start("here"), await start("there")
    await here.try_lock("identify", LEASE_S)
    await here.close()
    assert not await there.try_lock("identify", LEASE_S)


async def test_of_many_that_want_a_lock_one_gets_it(start: Start) -> None:
    journals = [await start(f"process {number}") for number in range(4)]
    for turn in range(5):
        # Once as a new row, and then as one that has expired.
        name = f"turn {turn // 2}"
        got = await asyncio.gather(*(journal.try_lock(name, LEASE_S) for journal in journals))
        assert sorted(got) == [False, False, False, True]
        assert await journals[got.index(True)].try_lock(name, AT_ONCE_S)


async def test_a_turn_is_nobodys_before_the_last_ran_out(start: Start) -> None:
    here, there = await start("here"), await start("there")
    assert await here.take_turn("identify", LEASE_S)
    assert not await here.take_turn("identify", LEASE_S)
    assert not await there.take_turn("identify", LEASE_S)
    assert await here.take_turn("another", AT_ONCE_S)
    assert await here.take_turn("another", AT_ONCE_S)
    assert await there.take_turn("another", LEASE_S)


# ------------------------------------------------------------------ members


async def test_members_are_those_that_renewed_and_whose_lease_has_not_run_out(
    start: Start,
) -> None:
    here, there, silent = await start("here"), await start("there"), await start("silent")
    assert await here.live_members() == 1
    await here.renew(LEASE_S, [])
    await there.renew(LEASE_S, [])
    assert await here.live_members() == 2
    # One that has not renewed yet counts itself all the same.
    assert await silent.live_members() == 3
    await there.renew(AT_ONCE_S, [])
    assert await here.live_members() == 1
    assert await there.live_members() == 2


async def test_a_restart_is_not_counted_twice(start: Start, url: str) -> None:
    before, other = await start("same"), await start("other")
    await before.renew(LEASE_S, [])
    after = await start("same")
    await after.renew(LEASE_S, [])
    assert await after.live_members() == 1
    assert await other.live_members() == 2
    # The predecessor's late goodbye is not its successor's.
    await before.close()
    assert await other.live_members() == 2
    assert await scalars(url, "SELECT owner FROM members") == ["same"]


# ------------------------------------------------------------------ closing


async def test_closing_ends_where_the_leases_cannot_be_given_up(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await SqlJournal.open(url)
    await execute(url, "ALTER TABLE members RENAME TO strangers")
    with caplog.at_level(logging.WARNING):
        await journal.close()
    assert "will expire" in caplog.text
    with pytest.raises(JournalError, match="closed"):
        await journal.claim(LEASE_S)


async def test_two_hundred_added_while_others_claim_and_renew_all_arrive(start: Start) -> None:
    here, there = await start("here"), await start("there")
    made = [a_generation() for _ in range(200)]

    async def interfere(journal: OpenJournal) -> None:
        for _ in range(10):
            assert await journal.claim(LEASE_S) == []
            assert not (await journal.renew(LEASE_S, [])).lost

    await asyncio.gather(
        *map(here.add, made),
        *(here.save(generation.evolve(State.QUEUED)) for generation in made),
        interfere(here),
        interfere(there),
    )
    assert ids(await open_generations(here)) == ids(made)


async def test_renewals_and_saves_of_the_same_ones_do_not_wait_for_each_other(
    start: Start,
) -> None:
    here = await start("here")
    made = await added(here, 300)

    async def renew() -> None:
        for _ in range(10):
            assert not (await here.renew(LEASE_S, ids(made))).lost

    # Saved in the other order than a renewal goes: two transactions would lock each other out.
    await asyncio.gather(
        renew(), *(here.save(generation.evolve(State.QUEUED)) for generation in reversed(made))
    )
    assert {generation.state for generation in await open_generations(here)} == {State.QUEUED}
