"""Several processes at one journal: who follows what, and who may write it down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.domain.generation import Generation, State
from bot.journal import LeaseLost, RowUnreadable, SqlJournal
from tests.contract.journal_kit import (
    AT_ONCE_S,
    LEASE_S,
    NOW,
    Entered,
    OpenJournal,
    Start,
    a_generation,
    added,
    execute,
    ids,
    scalars,
)

BO = 2**61


async def expire(url: str, generation: Generation) -> None:
    await execute(url, "UPDATE generations SET leased_until = 0 WHERE id = :id", id=generation.id)


# ------------------------------------------------------------------ claiming


async def test_what_another_process_follows_is_not_claimed(start: Start) -> None:
    here, there = await start("here"), await start("there")
    await added(here)
    assert await there.claim(LEASE_S) == []


async def test_what_a_process_gave_up_is_claimed_oldest_first(start: Start) -> None:
    here, there = await start("here"), await start("there")
    made = await added(here, 5)
    await here.release()
    assert await there.claim(LEASE_S) == made
    assert await there.claim(LEASE_S) == []
    assert await here.claim(LEASE_S) == []


async def test_a_clean_close_gives_everything_up(start: Start) -> None:
    here, there = await start("here"), await start("there")
    made = await added(here, 2)
    await here.renew(LEASE_S, ids(made))
    assert await there.live_members() == 2
    await here.close()
    assert await there.live_members() == 1
    assert await there.claim(LEASE_S) == made


async def test_what_a_dead_process_followed_is_claimed_once_its_lease_expires(
    start: Start,
) -> None:
    dead, there = await start("dead"), await start("there")
    made = await added(dead, 3)
    await dead.renew(LEASE_S, ids(made))
    assert await there.claim(LEASE_S) == []
    await dead.renew(AT_ONCE_S, ids(made))
    assert await there.claim(LEASE_S) == made


async def test_a_claim_expires_too(start: Start) -> None:
    here, there = await start("here"), await start("there")
    made = await added(here)
    await here.release()
    assert await here.claim(AT_ONCE_S) == made
    assert await there.claim(LEASE_S) == made


async def test_only_what_is_open_is_claimed(start: Start, url: str) -> None:
    here, there = await start("here"), await start("there")
    waits = a_generation(state=State.DELIVERED)
    await here.add(waits)
    for state in (State.DELIVERED, State.FAILED, State.CANCELED):
        await here.add(a_generation(state=state, told=True))
    await execute(url, "UPDATE generations SET leased_until = 0")
    assert await there.claim(LEASE_S) == [waits]


async def test_a_restart_takes_over_at_once_and_its_predecessor_takes_nothing_back(
    start: Start,
) -> None:
    before = await start("shards 0,1 of 4")
    await before.claim(LEASE_S)
    made = await added(before, 2)
    after = await start("shards 0,1 of 4")
    assert await after.claim(LEASE_S) == made
    assert await before.claim(LEASE_S) == []
    assert (await before.renew(LEASE_S, ids(made))).lost == ids(made)


async def test_a_wrong_clock_here_changes_nothing(url: str, start: Start) -> None:
    here = await start("here")
    await added(here)
    async with await SqlJournal.open(
        url, owner="ahead", now=lambda: NOW + timedelta(days=3650)
    ) as ahead:
        assert await ahead.claim(LEASE_S) == []
        assert not (await ahead.renew(LEASE_S, [])).lost


async def test_of_many_that_claim_at_once_each_generation_has_one(start: Start) -> None:
    journals = [await start(f"process {number}") for number in range(4)]
    made = await added(journals[0], 120)
    for _ in range(5):
        await asyncio.gather(*(journal.release() for journal in journals))
        claims = await asyncio.gather(*(journal.claim(LEASE_S) for journal in journals))
        taken = [generation for claim in claims for generation in claim]
        assert len(taken) == len(made)
        assert ids(taken) == ids(made)
        # The rows agree: everyone may save what they claimed.
        for journal, claim in zip(journals, claims, strict=True):
            await asyncio.gather(*(journal.save(generation) for generation in claim))


async def test_claims_and_releases_in_any_order_never_make_two_holders(start: Start) -> None:
    journals = [await start(f"process {number}") for number in range(3)]
    made = await added(journals[0], 30)
    holders: dict[str, OpenJournal] = {generation.id: journals[0] for generation in made}

    async def work(journal: OpenJournal) -> None:
        for _ in range(8):
            for generation in await journal.claim(LEASE_S):
                assert generation.id not in holders
                holders[generation.id] = journal
            mine = [key for key, holder in holders.items() if holder is journal]
            renewal = await journal.renew(LEASE_S, mine)
            assert not renewal.lost
            assert not renewal.unfollowed
            for key in mine:
                del holders[key]
            await journal.release()

    await asyncio.gather(*map(work, journals))
    assert holders == {}
    assert len(await journals[0].claim(LEASE_S)) == 30


async def test_a_row_that_makes_no_sense_is_claimed_once_and_hides_no_other(
    start: Start, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = await start("here"), await start("there")
    broken, sound = await added(here, 2)
    await execute(url, "UPDATE generations SET inputs = '[1]' WHERE id = :id", id=broken.id)
    await here.release()
    assert await there.claim(LEASE_S) == [sound]
    assert await here.claim(LEASE_S) == []
    assert broken.id in caplog.text
    assert (await there.renew(LEASE_S, [sound.id])).unfollowed == {broken.id}
    with pytest.raises(RowUnreadable):
        await there.get(broken.id)


# ------------------------------------------------------------------ renewing


async def test_a_renewal_keeps_what_would_have_expired(start: Start) -> None:
    here, there = await start("here"), await start("there")
    made = await added(here, 2)
    await here.renew(AT_ONCE_S, ids(made))
    renewal = await here.renew(LEASE_S, ids(made))
    assert not renewal.lost
    assert await there.claim(LEASE_S) == []


async def test_a_renewal_tells_what_others_took_and_not_what_has_ended(
    start: Start, url: str
) -> None:
    here, there = await start("here"), await start("there")
    kept, taken, ended = await added(here, 3)
    await here.save(ended.evolve(State.FAILED, told=True))
    await expire(url, taken)
    assert await there.claim(LEASE_S) == [taken]
    renewal = await here.renew(LEASE_S, [kept.id, taken.id, ended.id, "never-added"])
    assert renewal.lost == {taken.id}
    assert not (await here.renew(LEASE_S, [kept.id])).unfollowed


async def test_a_renewal_of_very_many_lost_ones_tells_them_all(start: Start) -> None:
    here, there = await start("here"), await start("there")
    made = await added(here, 1100)
    await here.renew(AT_ONCE_S, ids(made))
    assert len(await there.claim(LEASE_S)) == 1100
    assert (await here.renew(LEASE_S, ids(made))).lost == ids(made)


async def test_a_renewal_tells_what_is_ours_and_nobody_follows(start: Start) -> None:
    here = await start("here")
    followed, dropped = await added(here, 2)
    assert (await here.renew(LEASE_S, [followed.id])).unfollowed == {dropped.id}


async def test_a_renewal_tells_nothing_of_others(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await here.request_cancel(generation.id, BO)
    later = generation.reply.token_expires_at + timedelta(minutes=1)
    await here.request_bring(generation.id, replace(generation.reply, token_expires_at=later))
    renewal = await there.renew(LEASE_S, [])
    assert (renewal.lost, renewal.cancel_requested, renewal.unfollowed) == (set(), {}, set())
    assert renewal.wanted_replies == {}


# ------------------------------------------------------------------ fencing


async def test_a_process_that_slept_cannot_overwrite_its_successors_row(
    start: Start, entered: Entered
) -> None:
    slept, there = await start("slept"), await start("there")
    [generation] = await added(slept)
    await slept.renew(AT_ONCE_S, [generation.id])
    await there.claim(LEASE_S)
    queued = generation.evolve(State.QUEUED)
    with pytest.raises(LeaseLost) as caught:
        await slept.save(queued)
    assert (caught.value.owner, caught.value.journalled) == ("there", State.ACCEPTED)
    assert "followed by another process (there)" in str(caught.value)
    assert await there.get(generation.id) == generation
    await there.save(queued)
    assert await slept.get(generation.id) == queued
    assert await entered(generation.id) == [State.ACCEPTED, State.QUEUED]


async def test_a_lease_that_expired_unnoticed_still_holds(start: Start) -> None:
    here = await start("here")
    [generation] = await added(here)
    await here.renew(AT_ONCE_S, [generation.id])
    await here.save(generation.evolve(State.QUEUED))


async def test_a_successor_of_the_same_name_fences_too(start: Start) -> None:
    before, after = await start("same"), await start("same")
    [generation] = await added(before)
    await after.claim(LEASE_S)
    with pytest.raises(LeaseLost):
        await before.save(generation.evolve(State.QUEUED))


async def test_what_was_given_up_cannot_be_saved(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [generation] = await added(here)
    await here.release()
    for journal in (here, there):
        with pytest.raises(LeaseLost, match="nobody") as caught:
            await journal.save(generation.evolve(State.QUEUED))
        assert caught.value.owner is None


async def test_what_a_successor_closed_stays_as_it_closed_it(start: Start, url: str) -> None:
    slept, there = await start("slept"), await start("there")
    delivering = a_generation(state=State.DELIVERING)
    await slept.add(delivering)
    await slept.renew(AT_ONCE_S, [delivering.id])
    await there.claim(LEASE_S)
    delivered = delivering.evolve(State.DELIVERED, told=True, predict_time_s=1.0)
    await there.save(delivered)
    await there.close()
    # That it is closed is no reason to lose sight of who did it.
    assert await scalars(url, "SELECT owner FROM generations") == ["there"]
    with pytest.raises(LeaseLost):
        await slept.save(delivering.evolve(State.DELIVERED, told=True, predict_time_s=2.0))
    found = await slept.get(delivering.id)
    assert found is not None
    assert found.predict_time_s == 1.0


async def test_a_lost_one_spoils_none_of_its_neighbours(start: Start, url: str) -> None:
    here, there = await start("here"), await start("there")
    lost, kept = await added(here, 2)
    await expire(url, lost)
    await there.claim(LEASE_S)
    outcomes = await asyncio.gather(
        here.save(lost.evolve(State.QUEUED)),
        here.save(kept.evolve(State.QUEUED)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [LeaseLost, type(None)]


@pytest.mark.parametrize("count", [3, 300])
async def test_a_renewal_asks_as_little_for_hundreds_as_for_a_few(
    url: str, start: Start, count: int
) -> None:
    here = await start("here")
    assert isinstance(here, SqlJournal), url
    made = await added(here, count)
    await here.request_cancel(made[1].id, BO)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    engine = here._engine  # pyright: ignore[reportPrivateUsage] - what it asks is seen there alone
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    renewal = await here.renew(LEASE_S, ids(made))
    assert renewal.cancel_requested == {made[1].id: BO}
    assert not renewal.unfollowed
    assert len(asked) == 4, asked
