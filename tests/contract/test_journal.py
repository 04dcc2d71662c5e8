"""One suite for the journal on SQLite and on PostgreSQL: what goes in and what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.domain.errors import DeliveredTwice
from bot.domain.extension import Closeness
from bot.domain.generation import TRANSITIONS, Generation, State
from bot.journal import JournalConflict, JournalError, RowTaken, SqlJournal, changes
from bot.journal.changes import Write
from bot.journal.tables import generations, to_us
from bot.journal.writes import (
    _BATCH_LIMIT,  # pyright: ignore[reportPrivateUsage] - its edge
    Writer,
)
from tests.contract.journal_kit import (
    NOW,
    Entered,
    OpenJournal,
    Start,
    a_generation,
    added,
    any_generation,
    execute,
    open_generations,
    scalars,
    told_apart,
)
from tests.examples import examples

# ------------------------------------------------------------------ generations


async def test_what_was_added_comes_back(journal: OpenJournal) -> None:
    generation = a_generation()
    await journal.add(generation)
    assert await journal.get(generation.id) == generation
    assert await journal.get("unknown") is None


@given(generation=any_generation)
# One journal for all examples is right: each has an id of its own.
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_every_field_comes_back(journal: OpenJournal, generation: Generation) -> None:
    await journal.add(generation)
    found = await journal.get(generation.id)
    assert found is not None
    generation = generation.kept
    if not generation.open:
        generation = replace(generation, reply=replace(generation.reply, token=""))
    assert told_apart(found) == told_apart(generation)


def test_every_field_has_a_column() -> None:
    names = {field.name for field in fields(Generation)} - {"reply", "usual_s", "jam_id"}
    assert names < {column.name for column in generations.columns}


async def test_an_id_is_taken_once(journal: OpenJournal) -> None:
    generation = a_generation(fine_tune="lofi")
    await journal.add(generation)
    with pytest.raises(JournalError):
        await journal.add(replace(generation, requester_id=8))
    assert await journal.get(generation.id) == generation


async def test_each_state_is_left_only_as_the_transitions_say(
    journal: OpenJournal, entered: Entered
) -> None:
    for old, new in product(State, State):
        generation = a_generation(state=old)
        await journal.add(generation)
        offered = replace(generation, state=new, prediction_id="p")
        if new is old or new in TRANSITIONS[old]:
            await journal.save(offered)
            assert await journal.get(generation.id) == offered
        else:
            with pytest.raises(JournalConflict) as caught:
                await journal.save(offered)
            assert (caught.value.journalled, caught.value.offered) == (old, new)
            assert await journal.get(generation.id) == generation
            assert len(await entered(generation.id)) == 1


async def test_saving_what_was_never_added_is_refused(journal: OpenJournal) -> None:
    generation = a_generation()
    with pytest.raises(JournalConflict) as caught:
        await journal.save(generation)
    assert caught.value.journalled is None
    assert await journal.get(generation.id) is None


async def test_every_change_of_state_is_an_event_and_so_is_every_note(url: str) -> None:
    generation = a_generation()
    async with await SqlJournal.open(url, now=lambda: NOW) as journal:
        await journal.add(generation, note="from the command")
        generation = generation.evolve(State.QUEUED)
        await journal.save(generation)
        await journal.save(generation.evolve(audio_s=3.5))
        await journal.save(generation, note="took over")
        await journal.save(generation.evolve(State.FAILED))
    noted = "SELECT state || ': ' || note FROM generation_events ORDER BY seq"
    assert await scalars(url, noted) == [
        "accepted: from the command",
        "queued: ",
        "queued: took over",
        "failed: ",
    ]
    assert set(await scalars(url, "SELECT at FROM generation_events")) == {to_us(NOW)}


async def test_open_generations_are_those_with_something_left_to_do(journal: OpenJournal) -> None:
    made = [
        a_generation(state=state, told=told, created_at=NOW - timedelta(seconds=age))
        for age, (state, told) in enumerate(product(State, [False, True]))
    ]
    await asyncio.gather(*map(journal.add, made))
    expected = [generation for generation in reversed(made) if generation.open]
    assert await open_generations(journal) == expected
    assert await journal.open_ids() == {generation.id for generation in expected}
    assert {g.state for g in made if not g.open} == {
        State.DELIVERED,
        State.FAILED,
        State.CANCELED,
    }


async def test_a_prediction_belongs_to_whoever_journalled_it(journal: OpenJournal) -> None:
    generation = a_generation(state=State.SUBMITTING)
    await journal.add(generation)
    assert not await journal.prediction_known("prediction")
    await journal.save(generation.evolve(State.RUNNING, prediction_id="prediction"))
    assert await journal.prediction_known("prediction")


async def test_a_row_that_makes_no_sense_does_not_hide_the_others(
    journal: OpenJournal, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = a_generation(), a_generation()
    await journal.add(broken)
    await journal.add(sound)
    await execute(url, "UPDATE generations SET inputs = '[1]' WHERE id = :id", id=broken.id)
    assert await journal.open_of(sound.requester_id, sound.reply.channel_id) == [sound]
    assert await journal.open_ids() == {broken.id, sound.id}
    assert broken.id in caplog.text
    with pytest.raises(JournalError):
        await journal.get(broken.id)


async def test_the_token_goes_when_the_generation_is_closed(journal: OpenJournal, url: str) -> None:
    generation = a_generation(state=State.DELIVERING)
    await journal.add(generation)
    delivered = generation.evolve(State.DELIVERED)
    await journal.save(delivered)
    assert await scalars(url, "SELECT token FROM generations") == ["interaction-token"]
    await journal.save(delivered.evolve(told=True))
    assert await scalars(url, "SELECT token FROM generations") == [None]
    closed = await journal.get(generation.id)
    assert closed is not None
    assert closed.reply == replace(generation.reply, token="")


async def test_an_older_copy_reopens_nothing(journal: OpenJournal, url: str) -> None:
    generation = a_generation(state=State.FAILED)
    await journal.add(generation.evolve(told=True))
    with pytest.raises(JournalConflict):
        await journal.save(generation)
    assert await scalars(url, "SELECT token FROM generations") == [None]
    assert await open_generations(journal) == []


async def test_an_older_copy_does_not_take_a_cancel_back(journal: OpenJournal) -> None:
    generation = a_generation(state=State.RUNNING)
    await journal.add(generation)
    await journal.save(generation.evolve(cancel_requested=True))
    await journal.save(generation.evolve(predict_time_s=3.0))
    assert await journal.get(generation.id) == replace(
        generation, predict_time_s=3.0, cancel_requested=True
    )


# ------------------------------------------------------------------ many at once


async def test_many_writes_at_once_all_arrive_in_order(journal: OpenJournal) -> None:
    made = [a_generation() for _ in range(2 * _BATCH_LIMIT + 1)]
    await asyncio.gather(*map(journal.add, made))
    queued = [generation.evolve(State.QUEUED) for generation in made]
    sent = [generation.evolve(State.SUBMITTING) for generation in queued]
    await asyncio.gather(*map(journal.save, [*queued, *sent]))
    by_id = {generation.id: generation for generation in await open_generations(journal)}
    assert by_id == {generation.id: generation for generation in sent}


async def test_requests_in_one_transaction_each_keep_what_only_they_have(
    journal: OpenJournal,
) -> None:
    made = [
        a_generation(),
        a_generation(closeness=Closeness.FOLLOW, audio_s=3.5),
        a_generation(draft="what was typed"),
        a_generation(),
    ]
    await asyncio.gather(*map(journal.add, made))
    by_id = {generation.id: generation for generation in await open_generations(journal)}
    assert by_id == {generation.id: generation for generation in made}


async def test_what_comes_in_the_next_turns_is_in_the_same_transaction(
    journal: OpenJournal, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    commit = Writer._commit  # pyright: ignore[reportPrivateUsage] - what is in a transaction

    async def counted(self: Writer, batch: Sequence[Write]) -> None:
        sizes.append(len(batch))
        await commit(self, batch)

    monkeypatch.setattr(Writer, "_commit", counted)
    adding = list[asyncio.Task[object]]()
    for _ in range(3):
        adding.append(asyncio.create_task(journal.add(a_generation())))
        await asyncio.sleep(0)
    adding += [asyncio.create_task(journal.add(a_generation())) for _ in range(_BATCH_LIMIT)]
    await asyncio.gather(*adding)
    assert sizes == [_BATCH_LIMIT, 3]


async def test_those_that_come_to_a_state_together_do_so_in_one_statement(
    journal: OpenJournal, url: str
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("asyncpg does not tell how many rows several have found")
    made = await added(journal, 20)
    updates = list[str]()

    def note(*given_: object) -> None:
        statement = str(given_[2])
        if statement.startswith("UPDATE generations"):
            updates.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await asyncio.gather(*(journal.save(one.evolve(State.QUEUED)) for one in made))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(updates) == 1
    assert {one.state for one in await open_generations(journal)} == {State.QUEUED}


async def test_where_one_does_not_come_to_the_state_the_others_do(
    journal: OpenJournal, entered: Entered
) -> None:
    *made, there = await added(journal, 4)
    await journal.save(there.evolve(State.QUEUED))
    outcomes = await asyncio.gather(
        *(journal.save(one.evolve(State.QUEUED)) for one in made),
        journal.save(a_generation().evolve(State.QUEUED)),
        journal.save(there.evolve(State.QUEUED, attempts=1)),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes] == [type(None)] * 3 + [JournalConflict, type(None)]
    for one in (*made, there):
        assert await entered(one.id) == [State.ACCEPTED, State.QUEUED]
    found = await journal.get(there.id)
    assert found is not None
    assert found.attempts == 1


@pytest.mark.usefixtures("url")
async def test_none_has_come_to_a_state_without_its_event(
    journal: OpenJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await added(journal, 3)

    async def fails(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(changes._events, "insert", fails)  # pyright: ignore[reportPrivateUsage] - what comes last
    outcomes = await asyncio.gather(
        *(journal.save(one.evolve(State.QUEUED)) for one in made), return_exceptions=True
    )
    assert [type(one) for one in outcomes] == [JournalError] * 3
    assert {one.state for one in await open_generations(journal)} == {State.ACCEPTED}


async def test_changes_of_one_generation_stay_in_their_order(journal: OpenJournal) -> None:
    one, another = [take.evolve(State.QUEUED) for take in await added(journal, 2)]
    await asyncio.gather(*map(journal.save, (one, another)))
    await asyncio.gather(
        journal.save(one.evolve(attempts=1)),
        *(journal.save(take.evolve(State.SUBMITTING)) for take in (one, another)),
    )
    assert {take.state for take in await open_generations(journal)} == {State.SUBMITTING}


async def test_a_bad_write_spoils_none_of_its_neighbours(
    journal: OpenJournal, entered: Entered
) -> None:
    known, first, second = a_generation(), a_generation(), a_generation()
    await journal.add(known)
    outcomes = await asyncio.gather(
        journal.add(first),
        journal.add(known),
        journal.save(a_generation()),
        journal.save(known.evolve(State.QUEUED)),
        journal.add(second),
        return_exceptions=True,
    )
    errors = [type(one) if isinstance(one, BaseException) else None for one in outcomes]
    assert errors == [None, RowTaken, JournalConflict, None, None]
    assert {generation.id for generation in await open_generations(journal)} == {
        known.id,
        first.id,
        second.id,
    }
    for generation, count in ((known, 2), (first, 1), (second, 1)):
        assert len(await entered(generation.id)) == count


async def test_a_write_whose_waiter_is_cancelled_is_written(url: str) -> None:
    generation = a_generation()
    journal = await SqlJournal.open(url)
    adding = asyncio.create_task(journal.add(generation))
    await asyncio.sleep(0)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    await journal.close()
    async with await SqlJournal.open(url) as reopened:
        assert await reopened.get(generation.id) == generation


# ------------------------------------------------------------------ facts


async def test_facts_are_replaced(journal: OpenJournal) -> None:
    assert await journal.fact("schema") is None
    await journal.remember("schema", "{}")
    await journal.remember("commands", "abc")
    await journal.remember("schema", '{"a": 1}')
    assert await journal.fact("schema") == '{"a": 1}'
    assert await journal.fact("commands") == "abc"


async def test_a_closed_journal_says_so(journal: OpenJournal) -> None:
    await journal.close()
    await journal.close()
    for attempt in (journal.add(a_generation()), journal.get("x"), journal.remember("a", "b")):
        with pytest.raises(JournalError, match="closed"):
            await attempt


async def test_a_row_that_is_there_is_told_apart_whoever_wrote_it(start: Start) -> None:
    """Two processes are told of the same interactions, in any order, at the same time."""
    rows = [a_generation() for _ in range(30)]
    first, second = await asyncio.gather(start("all"), start("all"))
    outcomes = await asyncio.gather(
        *(first.add(row) for row in rows),
        *(second.add(row) for row in reversed(rows)),
        return_exceptions=True,
    )
    taken = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(outcome) for outcome in taken] == [RowTaken] * len(rows)
    assert all(isinstance(outcome, DeliveredTwice) for outcome in taken)
    assert len(await open_generations(first)) == len(rows)


async def test_every_journal_has_an_identity_that_its_processes_share(
    start: Start, tmp_path: Path
) -> None:
    first, second = await asyncio.gather(start("all"), start("all"))
    same = await asyncio.gather(first.identity(), second.identity(), first.identity())
    assert len(set(same)) == 1
    async with await SqlJournal.open(f"sqlite:///{tmp_path}/another.sqlite3") as other:
        assert await other.identity() not in same
