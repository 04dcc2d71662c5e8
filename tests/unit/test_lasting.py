"""What must not happen twice, nor get lost, when the journal, the disk or a lease gives way."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from weakref import ref

import pytest

from bot.domain.derive import STORED_FOR
from bot.domain.errors import (
    InternalFault,
    JournalFault,
    NeverBegun,
    NotFollowedHere,
    OwnRoomTaken,
    RoomTaken,
)
from bot.domain.generation import Generation, Reply, State
from bot.domain.inputs import Inputs
from bot.domain.journal_values import Renewal
from bot.domain.prediction import Prediction
from bot.domain.request import GenerationRequest
from bot.engine import lease_keeper
from bot.engine.ports import DiscordFault, Moved, Unreachable
from tests.fakes import (
    NOON,
    FakePredictions,
    FakeSound,
    FakeTrackStore,
    a_generation,
    a_reply,
)
from tests.unit.service_kit import SOURCE, Rig, a_rig

ELSEWHERE = replace(a_reply(), message_id=99, token="")
RUNNING = FakePredictions(answers=(Prediction("p1", "processing"),))


def breaking(
    rig: Rig, state: State, times: int, error: Exception, *, after: bool = False
) -> list[State]:
    """Let saves that enter `state` fail so often, before or after they are written."""
    met: list[State] = []
    save = rig.journal.save

    async def broken(generation: Generation) -> None:
        fails = generation.state is state and len(met) < times
        if not fails or after:
            await save(generation)
        if fails:
            met.append(state)
            raise error

    rig.journal.save = broken
    return met


async def until(holds: Callable[[], object]) -> None:
    for _ in range(2000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


async def spin() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def standing_still(rig: Rig) -> None:
    """From now on a wait for an event ends with it alone."""

    async def wait(event: asyncio.Event, timeout_s: float | None) -> bool:
        return await event.wait()

    rig.clock.wait = wait  # type: ignore[method-assign]


# ------------------------------------------------------------------ the journal


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("times", [1, 9])
async def test_what_is_delivered_is_not_delivered_again_to_write_it_down(
    times: int, after: bool
) -> None:
    rig = a_rig()
    met = breaking(rig, State.DELIVERED, times, JournalFault("disk full"), after=after)
    generation = await rig.run(Inputs(prompt="lofi"))
    assert len(met) == (1 if after else times)
    assert generation.state is State.DELIVERED
    assert len(rig.delivery.delivered) == 1
    assert rig.delivery.ended == []


@pytest.mark.parametrize("times", [1, 9])
async def test_an_end_is_not_told_again_to_write_it_down(times: int) -> None:
    rig = a_rig(FakePredictions(answers=(Prediction("p1", "failed", error="CUDA"),)))
    # One to enter the state, which is no telling.
    breaking(rig, State.FAILED, times, JournalFault("disk full"))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.told
    assert len(rig.delivery.ended) == 1


async def test_a_commit_whose_answer_is_lost_is_believed() -> None:
    rig = a_rig()
    breaking(rig, State.RUNNING, 1, JournalFault("the server has gone away"), after=True)
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.DELIVERED
    assert generation.prediction_id == "p1"
    assert len(rig.predictions.created) == 1


async def test_what_is_paid_is_never_given_up_for_the_journals_sake() -> None:
    rig = a_rig()
    breaking(rig, State.COLLECTING, 50, JournalFault("disk full"))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.DELIVERED
    assert rig.delivery.ended == []
    assert len(rig.predictions.created) == 1


async def test_what_was_refused_for_the_journals_sake_is_closed_once_it_is_back() -> None:
    rig = a_rig()
    met = breaking(rig, State.QUEUED, 7, JournalFault("disk full"))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert len(met) == 7
    assert generation.state is State.ACCEPTED
    [told] = rig.delivery.ended
    assert isinstance(told.failure, InternalFault)

    renewals = [Renewal(unfollowed=frozenset({generation.id}))]
    await a_round_of_housekeeping(rig, renewals)
    await rig.service.idle()
    closed = rig.journal.rows[generation.id]
    assert (closed.state, closed.told) == (State.FAILED, True)
    assert rig.delivery.ended == [told], "told once"
    assert rig.predictions.created == []


async def test_the_reply_is_written_down_before_audio_is_fetched() -> None:
    class Endless(FakeSound):
        async def take_in(self, source: object, limit_bytes: int) -> object:  # type: ignore[override]
            return await asyncio.Event().wait()

    rig = a_rig(sound=Endless())
    unknown = replace(a_reply(), message_id=0)
    generation = await rig.submit(GenerationRequest(Inputs(prompt="x"), SOURCE), 5, unknown)
    rig.service.go_on([generation], a_reply())
    await until(lambda: rig.delivery.shown)
    assert rig.journal.rows[generation.id].reply == a_reply()
    await rig.service.close()


@pytest.mark.parametrize("faults", [[Unreachable()], [DiscordFault()] * 1000])
async def test_where_it_cannot_be_seen_whether_a_person_waits_they_are_told(
    faults: list[Exception],
) -> None:
    rig = a_rig()
    rig.delivery.on_find = faults
    unknown = replace(a_reply(), message_id=0)
    generation = await rig.submit(GenerationRequest(Inputs(prompt="x")), 5, unknown)
    rig.service.go_on([generation], None)
    await rig.service.idle()
    [told] = rig.delivery.ended
    assert isinstance(told.failure, NeverBegun)
    assert rig.predictions.created == []


# ------------------------------------------------------------------ Discord, the disk


async def test_a_new_message_is_written_down_before_the_track_goes_there() -> None:
    rig = a_rig()
    rig.delivery.on_deliver.append(Moved(ELSEWHERE))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.reply == ELSEWHERE
    assert [delivered.reply for delivered in rig.delivery.delivered] == [ELSEWHERE]
    moved = [row.state for row in rig.journal.history if row.reply == ELSEWHERE]
    assert moved[0] is State.DELIVERING


async def test_a_track_that_discord_has_is_not_missed_on_disk() -> None:
    rig = a_rig()
    rig.delivery.there = True
    rig.delivery.on_deliver.append(FileNotFoundError())
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.DELIVERED
    assert rig.states.count(State.COLLECTING) == 1


@pytest.mark.parametrize("error", [OSError("too many open files"), PermissionError()])
async def test_a_passing_fault_of_the_disk_costs_no_track(error: OSError) -> None:
    rig = a_rig()
    rig.delivery.on_deliver += [error, error]
    download, failures = rig.predictions.download, [error, error]

    async def broken(*args: object) -> None:
        if failures:
            raise failures.pop()
        await download(*args)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - handed on

    rig.predictions.download = broken  # type: ignore[method-assign]
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED


@pytest.mark.parametrize("fault", [DiscordFault(), PermissionError()], ids=repr)
async def test_a_track_outlasts_a_day_of_faults(fault: Exception) -> None:
    """It is parked then, and comes with the next chance, or where its person wants it."""
    rig = a_rig()
    rig.delivery.on_deliver += [fault] * 1000
    generation = await rig.submit(GenerationRequest(Inputs(prompt="lofi")))
    await until(lambda: generation.id in rig.service._context.unreachable)  # pyright: ignore[reportPrivateUsage] - that it waits for its person
    assert rig.clock.now() - generation.created_at > timedelta(hours=24)
    assert rig.journal.rows[generation.id].state is State.DELIVERING
    rig.delivery.on_deliver.clear()
    await rig.service.bring(generation.id, a_reply())
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.DELIVERED


async def parked(rig: Rig, number: int) -> Generation:
    """A track that has no way to its person."""
    made_at = NOON + timedelta(seconds=number)
    generation = a_generation(
        id=f"parked-{number:05}",
        state=State.DELIVERING,
        prediction_id="p",
        track_path=f"tracks/parked-{number:05}.wav",
        created_at=made_at,
    )
    await rig.journal.add_earlier(generation)
    return generation


async def test_what_waits_for_its_person_is_kept_however_full_the_folder_is() -> None:
    rig = a_rig(track_store=FakeTrackStore({"tracks/parked-00001.wav": 2_000_000_000}))
    rig.delivery.on_deliver.append(Unreachable())
    oldest = await parked(rig, 1)
    await rig.service.adopt()
    await until(lambda: not rig.delivery.on_deliver)
    await a_round_of_housekeeping(rig, [Renewal()] * 3)
    with pytest.raises(RoomTaken):
        await rig.submit(GenerationRequest(Inputs(prompt="x")), 6)
    with pytest.raises(OwnRoomTaken):
        await rig.submit(GenerationRequest(Inputs(prompt="x")))
    assert rig.sound.discarded == []
    await rig.service.bring(oldest.id, a_reply())
    await rig.service.idle()
    assert rig.journal.rows[oldest.id].state is State.DELIVERED
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED


async def test_cancel_pressed_twice_is_one_cancel() -> None:
    held = asyncio.Event()

    class Thorough(FakeSound):
        async def take_in(self, source: object, limit_bytes: int) -> object:  # type: ignore[override]
            try:
                return await asyncio.Event().wait()
            finally:
                await held.wait()

    rig = a_rig(sound=Thorough())
    generation = await rig.submit(GenerationRequest(Inputs(prompt="x"), SOURCE))
    await until(lambda: rig.delivery.shown)
    for _ in range(3):
        await rig.service.cancel(generation.id, 7)
        await asyncio.sleep(0)
    held.set()
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.CANCELED


# ------------------------------------------------------------------ other processes


async def a_round_of_housekeeping(rig: Rig, answers: Sequence[Renewal | Exception]) -> None:
    """Let it be done once for each of these answers of the journal."""
    renewals = list(answers)

    async def renew(lease_s: float, held: object) -> Renewal:
        answer = renewals.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    ended, sleep = asyncio.Event(), rig.clock.sleep

    async def no_more(delay_s: float) -> None:
        if not renewals:
            ended.set()
            await asyncio.Event().wait()
        await sleep(delay_s)

    rig.journal.renew = renew  # type: ignore[method-assign]  # pyright: ignore[reportAttributeAccessIssue] - the same but for names
    rig.clock.sleep = no_more  # type: ignore[method-assign]
    keeping = asyncio.create_task(rig.service.lease_keeper.keep_on())
    await ended.wait()
    rig.clock.sleep = sleep  # type: ignore[method-assign]
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_what_has_outlived_its_use_is_forgotten_once_a_minute() -> None:
    rig = a_rig()
    await a_round_of_housekeeping(rig, [Renewal()] * 20)
    first, second = rig.journal.forgotten
    assert [times[0] - first[0] for times in (first, second)] == [timedelta(), timedelta(minutes=1)]
    # A minute after it has died; the other an hour before Replicate deletes it.
    assert first[0] == NOON + timedelta(seconds=5) - timedelta(minutes=1)
    assert first[1] == NOON + timedelta(seconds=5) - STORED_FOR
    assert first[2] == NOON + timedelta(seconds=5) - timedelta(hours=2)


def ended(day: int) -> Generation:
    """One that had ended so many days before noon."""
    return replace(
        a_generation(),
        id=f"ended-{day}",
        state=State.DELIVERED,
        told=True,
        ended_at=NOON - timedelta(days=day),
    )


@pytest.mark.parametrize(("keep_rows", "left"), [(None, {1, 2, 3, 4, 5}), (timedelta(days=2), {1})])
async def test_rows_go_when_their_time_is_over(
    monkeypatch: pytest.MonkeyPatch, keep_rows: timedelta | None, left: set[int]
) -> None:
    monkeypatch.setattr(lease_keeper, "_ROWS_AT_ONCE", 2)
    rig = a_rig(keep_rows=keep_rows)
    rig.journal.rows |= {one.id: one for one in map(ended, range(1, 6))}
    # It is five seconds past noon.
    await a_round_of_housekeeping(rig, [Renewal()])
    if keep_rows is not None:
        assert set(rig.journal.rows) == {"ended-1", "ended-2", "ended-3"}, "a few at a time"
    await a_round_of_housekeeping(rig, [Renewal()])
    assert set(rig.journal.rows) == {f"ended-{day}" for day in left}


async def test_once_nothing_old_is_left_it_is_looked_for_every_ten_minutes() -> None:
    rig = a_rig(keep_rows=timedelta(days=2))
    await a_round_of_housekeeping(rig, [Renewal()])
    late = ended(3)
    rig.journal.rows[late.id] = late
    await a_round_of_housekeeping(rig, [Renewal()] * 119)
    assert late.id in rig.journal.rows
    await a_round_of_housekeeping(rig, [Renewal()])
    assert late.id not in rig.journal.rows


async def test_who_has_lost_a_generation_shows_nothing_more_of_it() -> None:
    class Lost(JournalFault, NotFollowedHere):
        pass

    rig = a_rig()
    breaking(rig, State.COLLECTING, 1, Lost())
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.RUNNING
    assert rig.delivery.dropped == [generation.id]
    assert rig.delivery.delivered == []


async def test_who_learns_that_it_has_lost_a_generation_lets_go() -> None:
    rig = a_rig(RUNNING)
    standing_still(rig)
    generation = await rig.submit(GenerationRequest(Inputs(prompt="x")))
    await until(lambda: rig.journal.rows[generation.id].state is State.RUNNING)
    await a_round_of_housekeeping(rig, [Renewal(lost=frozenset({generation.id}))])
    await rig.service.idle()
    assert rig.delivery.dropped == [generation.id]


OUTAGE: list[Renewal | Exception] = [JournalFault("no database")] * 5


async def members(number: int) -> int:
    return number


@pytest.mark.parametrize(("number", "lets_go"), [(1, False), (2, True)])
async def test_a_lease_that_cannot_be_renewed_is_not_worked_on(number: int, lets_go: bool) -> None:
    """Another process may follow it by then; where there is none, there is nothing to fear."""
    rig = a_rig(RUNNING)
    standing_still(rig)
    rig.journal.live_members = lambda: members(number)
    generation = await rig.submit(GenerationRequest(Inputs(prompt="x")))
    await until(lambda: rig.journal.rows[generation.id].state is State.RUNNING)
    await a_round_of_housekeeping(rig, [Renewal(), *OUTAGE])
    await asyncio.sleep(0)
    assert rig.delivery.dropped == ([generation.id] if lets_go else [])
    await rig.service.close()


async def test_after_an_outage_the_others_may_renew_first() -> None:
    rig = a_rig()
    claims: list[float] = []
    claim: Callable[[float], Awaitable[list[Generation]]] = rig.journal.claim

    async def counted(lease_s: float) -> list[Generation]:
        claims.append(rig.clock.monotonic())
        return await claim(lease_s)

    rig.journal.claim = counted
    await a_round_of_housekeeping(rig, [Renewal(), JournalFault("gone")])
    assert len(claims) == 1
    back_s = rig.clock.monotonic()
    await a_round_of_housekeeping(rig, [Renewal()] * 5)
    assert claims[1] - back_s >= 20


@pytest.mark.parametrize(
    ("left_s", "state", "shown"),
    [
        (80, State.RUNNING, True),
        (200, State.RUNNING, False),
        (-10, State.RUNNING, False),
    ],
)
async def test_every_card_offers_another_way_before_its_token_dies(
    left_s: int, state: State, shown: bool
) -> None:
    """Whether there is news of its prediction or not."""
    rig = a_rig(RUNNING)
    standing_still(rig)
    reply: Reply = replace(a_reply(), token_expires_at=NOON + timedelta(seconds=left_s))
    await rig.journal.add_earlier(a_generation(state=state, prediction_id="p1", reply=reply))
    await rig.service.adopt()
    await spin()
    before = len(rig.delivery.shown)
    await a_round_of_housekeeping(rig, [Renewal()] * 4)
    assert len(rig.delivery.shown) == before + shown, "and is drawn once for that"
    await rig.service.close()


async def test_what_has_ended_leaves_no_run_behind_to_be_searched_for() -> None:
    rig = a_rig()
    gc.collect()
    gc.disable()
    try:
        await rig.submit(GenerationRequest(Inputs("house", seed=7)))
        under_way = rig.service._registry._jobs.values()  # pyright: ignore[reportPrivateUsage] - only to see it go
        runs = [ref(run) for run in under_way]
        await rig.service.idle()
        await spin()
        assert [run() for run in runs] == [None]
    finally:
        gc.enable()


async def test_garbage_is_searched_for_once_nothing_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = a_rig(RUNNING)
    standing_still(rig)
    searched: list[int] = []
    monkeypatch.setattr("gc.collect", lambda: searched.append(1))
    returned: list[int] = []
    monkeypatch.setattr("bot.engine.lease_keeper.give_back", lambda: returned.append(1))
    await rig.journal.add_earlier(a_generation(state=State.RUNNING, prediction_id="p1"))
    await rig.service.adopt()
    await a_round_of_housekeeping(rig, [Renewal()] * 3)
    assert searched == []
    rig.service._registry._jobs.clear()  # pyright: ignore[reportPrivateUsage] - as if it had ended
    rig.service.lease_keeper.is_sounding = lambda: True
    await a_round_of_housekeeping(rig, [Renewal()] * 3)
    assert searched == [], "nobody is to hear it"
    rig.service.lease_keeper.is_sounding = lambda: False
    await a_round_of_housekeeping(rig, [Renewal()] * 3)
    assert searched == returned == [1]
    await rig.service.close()
