from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from types import FrameType

import pytest
from aiolimiter import AsyncLimiter
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction, Webhook
from bot.domain.waits import Hindered, InQueue, Obstacle, OwnRunning, ToBeSent, Wait
from bot.engine.positions import Positions, why
from bot.engine.queue import Queue, QueueEntry
from bot.engine.submit_gate import SubmitGate
from tests.fakes import FakeClock
from tests.unit.service_kit import a_rig

MANY = 3000


def running(entries: list[QueueEntry]) -> list[int]:
    return [number for number, entry in enumerate(entries) if entry.granted.is_set()]


def numbers(queue: Queue, entries: list[QueueEntry]) -> list[int | None]:
    """Where each stands; None is nowhere in the queue."""
    order = {entry: number for number, entry in enumerate(queue.in_order(), start=1)}
    return [order.get(entry) for entry in entries]


def all_sent(queue: Queue, entries: list[QueueEntry]) -> None:
    for entry in entries:
        if entry.granted.is_set():
            queue.sent(entry)


def test_so_many_run_and_the_rest_wait_in_order() -> None:
    queue = Queue(max_running=2, max_per_user=9)
    entries = [queue.join(user) for user in (1, 2, 3, 4)]
    assert running(entries) == [0, 1]
    assert numbers(queue, entries) == [1, 2, 3, 4]
    all_sent(queue, entries)
    assert numbers(queue, entries) == [None, None, 1, 2]
    queue.leave(entries[0])
    assert running(entries) == [0, 1, 2]
    all_sent(queue, entries)
    assert numbers(queue, entries)[3] == 1


def test_a_person_has_a_cap_too_and_does_not_block_others() -> None:
    queue = Queue(max_running=9, max_per_user=2)
    entries = [queue.join(user) for user in (1, 1, 1, 2)]
    assert running(entries) == [0, 1, 3]
    assert [queue.waits_for_own(entry) for entry in entries] == [False, False, True, False]
    queue.leave(entries[1])
    assert running(entries) == [0, 1, 2, 3]


def test_everyones_first_comes_before_anyones_second() -> None:
    queue = Queue(max_running=1, max_per_user=9)
    running = queue.join(9)
    queue.sent(running)
    greedy = [queue.join(1) for _ in range(3)]
    late = queue.join(2)
    assert numbers(queue, [*greedy, late]) == [1, 3, 4, 2]
    queue.leave(running)
    queue.leave(greedy[0])
    assert late.granted.is_set()


def test_leaving_while_waiting_and_leaving_twice() -> None:
    queue = Queue(max_running=1, max_per_user=9)
    first, second, third = (queue.join(user) for user in (1, 2, 3))
    queue.leave(second)
    queue.leave(second)
    queue.leave(first)
    assert third.granted.is_set()


def test_what_runs_already_keeps_its_slot_though_all_are_taken() -> None:
    queue = Queue(max_running=1, max_per_user=1)
    resumed = [queue.take_slot(1), queue.take_slot(1)]
    waiting = queue.join(2)
    queue.leave(resumed[0])
    assert not waiting.granted.is_set()
    queue.leave(resumed[1])
    assert waiting.granted.is_set()


def test_few_stand_at_the_gate_and_whoever_asks_for_the_first_time_passes_the_rest() -> None:
    queue = Queue(max_running=100, max_per_user=50, at_gate=2)
    greedy = [queue.join(1) for _ in range(5)]
    late = queue.join(2)
    assert running(greedy) == [0, 1]
    assert numbers(queue, [*greedy, late]) == [1, 2, 4, 5, 6, 3]
    queue.sent(greedy[0])
    assert late.granted.is_set()
    queue.leave(greedy[1])
    assert greedy[2].granted.is_set()
    assert [queue.position(entry) for entry in greedy[2:]] == [None, 4, 4], "at the most, so far"


def reference_order(
    holding: list[QueueEntry], waiting: list[QueueEntry], granted: list[QueueEntry]
) -> list[QueueEntry]:
    """The rule, spelled out: by how many of theirs are ahead, whose last turn is longest ago."""
    ahead = Counter(entry.user_id for entry in holding)
    last_grant = {entry.user_id: number for number, entry in enumerate(granted, start=1)}
    keys: dict[QueueEntry, tuple[int, int, int]] = {}
    for entry in sorted(waiting, key=lambda waiting: waiting.arrival):
        keys[entry] = ahead[entry.user_id], last_grant.get(entry.user_id, 0), entry.arrival
        ahead[entry.user_id] += 1
    return sorted(keys, key=lambda waiting: keys[waiting])


@given(
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(1, 3),
    st.lists(st.tuples(st.sampled_from(["join", "slot", "sent", "leave"]), st.integers(0, 4))),
)
def test_the_caps_hold_the_order_is_the_rules_and_nobody_waits_beside_a_free_slot(
    max_running: int, max_per_user: int, at_gate: int, moves: list[tuple[str, int]]
) -> None:
    queue = Queue(max_running, max_per_user, at_gate)
    present: list[QueueEntry] = []
    granted: list[QueueEntry] = []
    unsent: list[QueueEntry] = []
    resumed: set[QueueEntry] = set()
    for move, number in moves:
        if move == "join":
            present.append(queue.join(number))
        elif move == "slot":
            present.append(queue.take_slot(number))
            resumed.add(present[-1])
        elif present:
            entry = present[number % len(present)]
            if move == "leave":
                present.remove(entry)
                queue.leave(entry)
            else:
                queue.sent(entry)
            unsent = [other for other in unsent if other is not entry]
        fresh = [p for p in present if p.granted.is_set() and p not in granted and p not in resumed]
        granted += fresh
        unsent += fresh
        people = {entry.user_id for entry in present}
        granted = [entry for entry in granted if entry.user_id in people]
        running = [entry for entry in present if entry.granted.is_set()]
        per_user = Counter(entry.user_id for entry in running)
        if not resumed:
            assert len(running) <= max_running
            assert all(count <= max_per_user for count in per_user.values())
        assert len(unsent) <= at_gate
        waiting = [entry for entry in present if not entry.granted.is_set()]
        if len(running) < max_running and len(unsent) < at_gate:
            assert all(per_user[entry.user_id] >= max_per_user for entry in waiting)
        assert len(fresh) <= 1 or move == "leave"
        assert queue.in_order()[len(unsent) :] == reference_order(running, waiting, granted)
        assert set(queue.in_order()[: len(unsent)]) == set(unsent)
        assert len(queue) == len(unsent) + len(waiting)


def calls_of(work: Callable[[], object]) -> int:
    """How many calls of Python functions and builtins something takes."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("people", [1, 50, MANY])
def test_a_change_costs_the_same_however_many_wait(people: int) -> None:
    queue = Queue(max_running=1, max_per_user=1)
    running = queue.join(-1)
    queue.sent(running)
    waiting = [queue.join(number % people) for number in range(MANY)]

    def changes() -> None:
        queue.leave(running)
        for number in range(MANY // 3):
            waiting.append(queue.join(7))
            queue.leave(waiting[MANY - 1 - number])
            queue.sent(waiting[number])
            queue.leave(waiting[number])

    assert calls_of(changes) < 4 * MANY // 3 * 30


# ------------------------------------------------------------------ telling positions


class Crowd:
    """People in a queue who note what they are told."""

    def __init__(self, count: int, *, is_new: bool = False) -> None:
        self.clock = FakeClock()
        self.queue = Queue(max_running=1, max_per_user=count)
        self.submit_gate = SubmitGate(1, self.clock, AsyncLimiter(100, 1))
        self.positions = Positions(self.queue, self.submit_gate, self.clock)
        self.told: list[tuple[int, int | None]] = []
        self.running = self.queue.join(-1)
        self.queue.sent(self.running)
        self.entries = [self.join(number, is_new=is_new) for number in range(count)]

    def join(self, number: int, *, is_new: bool = False) -> QueueEntry:
        entry = self.queue.join(
            number, lambda: self.told.append((number, self.queue.position(entry))), is_new=is_new
        )
        return entry

    def advance(self) -> None:
        """The next one runs, and has ended."""
        self.queue.leave(self.running)
        self.running = next(iter(self.queue.in_order()))
        self.queue.sent(self.running)

    def tell(self, passes: int, each_s: float = 1.0) -> list[tuple[int, int | None]]:
        del self.told[:]
        for _ in range(passes):
            self.positions.tell()
            self.clock.pass_s(each_s)
        return list(self.told)


def test_who_has_seen_nothing_is_told_soon_and_only_once() -> None:
    crowd = Crowd(120, is_new=True)
    told = crowd.tell(passes=4)
    assert told == [(number, number + 1) for number in range(120)]
    assert crowd.tell(passes=10) == []


def test_near_the_front_every_change_is_told_and_farther_back_few_are() -> None:
    crowd = Crowd(100, is_new=True)
    crowd.tell(passes=10)
    edits = Counter[int]()
    for _ in range(90):
        crowd.advance()
        edits.update(number for number, _ in crowd.tell(passes=1, each_s=10.0))
    assert all(edits[number] >= 9 for number in range(10, 90)), "the last ten steps of each"
    assert edits[99] <= 12 + 9, "90 steps"
    assert crowd.tell(passes=1) == []


def test_people_who_wait_share_an_allowance_of_edits_and_the_most_misled_come_first() -> None:
    count = 1000  # More than the allowance of a minute has for those that are left.
    crowd = Crowd(count, is_new=True)
    crowd.tell(passes=100)
    for _ in range(count // 2):
        crowd.advance()
    first = crowd.tell(passes=1)
    told = crowd.tell(passes=60)
    assert first[0] == (count // 2, 1)
    assert {number for number, _ in first} == set(range(count // 2, count // 2 + len(first)))
    assert len(told) <= 4 * 60
    assert len(first) <= 50


async def test_a_line_that_nothing_changes_is_not_looked_at() -> None:
    crowd = Crowd(300)
    looked, tell = 0, crowd.positions.tell

    def counted() -> int:
        nonlocal looked
        looked += 1
        return tell()

    crowd.positions.tell = counted  # pyright: ignore[reportAttributeAccessIssue] - counts
    keeping = asyncio.create_task(crowd.positions.keep_told())
    while len(crowd.told) < 300:  # noqa: ASYNC110 - each turn of the loop lets it tell some
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    settled = looked
    for _ in range(100):
        await asyncio.sleep(0)
    assert looked == settled
    crowd.queue.leave(crowd.entries[-1])
    for _ in range(20):
        await asyncio.sleep(0)
    assert looked == settled + 1
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


def test_a_place_that_cannot_be_shown_keeps_nobody_else_from_being_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    crowd = Crowd(2)

    def broken() -> None:
        raise ValueError("a bug")

    crowd.entries[0].tell = broken
    assert crowd.tell(passes=1) == [(1, 2)]
    assert "a bug" in caplog.text


# ------------------------------------------------------------------ telling why


class Reasons:
    """People in a queue, of so many each, and what they are told that they wait for."""

    def __init__(
        self, max_running: int, max_per_user: int, users: Sequence[int], at_gate: int = 32
    ) -> None:
        self.clock = FakeClock()
        self.queue = Queue(max_running, max_per_user, at_gate)
        self.submit_gate = SubmitGate(1, self.clock, AsyncLimiter(100, 1))
        self.positions = Positions(self.queue, self.submit_gate, self.clock)
        self.told: dict[int, Wait | None] = {}
        self.entries = [self.join(number, user) for number, user in enumerate(users)]

    def join(self, number: int, user: int) -> QueueEntry:
        def tell() -> None:
            self.told[number] = why(self.queue, self.submit_gate, entry)

        entry = self.queue.join(user, tell, is_new=True)
        return entry

    def sent(self, *numbers: int) -> None:
        for number in numbers:
            self.queue.sent(self.entries[number])

    def tell(self) -> dict[int, Wait | None]:
        """What is new to whom."""
        self.told.clear()
        for _ in range(4):
            self.positions.tell()
            self.clock.pass_s(0.25)
        return dict(self.told)


def test_waiting_for_ones_own_is_told_apart_from_waiting_for_others() -> None:
    rig = Reasons(3, 2, [1, 1, 1, 1, 2, 3, 4])
    rig.sent(0, 1, 4)
    assert rig.tell() == {
        2: OwnRunning(2, 0),
        3: OwnRunning(2, 1),
        5: InQueue(1, 3),
        6: InQueue(2, 3),
    }


def test_the_reason_may_be_another_though_the_number_is_not() -> None:
    rig = Reasons(2, 2, [1, 1, 1, 2, 2])
    rig.sent(0, 1)
    assert rig.tell() == {2: OwnRunning(2, 0), 3: InQueue(1, 2), 4: InQueue(2, 2)}
    rig.queue.leave(rig.entries[0])
    rig.sent(3)
    assert rig.tell() == {2: InQueue(1, 2)}


def test_what_was_taken_up_again_counts_as_ones_own() -> None:
    rig = Reasons(9, 1, [])
    for _ in range(3):
        rig.queue.take_slot(1)
    rig.entries.append(rig.join(0, 1))
    assert rig.tell() == {0: OwnRunning(3, 0)}


def test_who_has_a_place_waits_to_be_sent() -> None:
    rig = Reasons(100, 9, [1, 2, 3, 4], at_gate=2)
    assert rig.tell() == {n: ToBeSent(n + 1) for n in range(4)}


@pytest.mark.parametrize("low_credit", [False, True])
def test_throttled_all_are_told_their_place_and_the_first_when_the_next_try_is(
    low_credit: bool,
) -> None:
    rig = Reasons(100, 9, list(range(20)), at_gate=2)
    rig.tell()
    rig.submit_gate.was_throttled(40.0, low_credit=low_credit)
    obstacle = Obstacle.LOW_CREDIT if low_credit else Obstacle.THROTTLED
    next_try_at = rig.submit_gate.next_try_at
    assert next_try_at is not None
    assert 40 <= (next_try_at - rig.clock.now()).total_seconds() <= 41
    told: dict[int, Wait | None] = {}
    for _ in range(8):
        told |= rig.tell()
    assert told == {
        number: Hindered(obstacle, next_try_at if number < 10 else None, number + 1)
        for number in range(20)
    }
    assert rig.tell() == {}, "each once"
    for _ in range(16):
        rig.submit_gate.was_throttled(1.0, low_credit=low_credit)
    assert rig.tell() == {}, "the same said again is no news"


def test_those_in_line_are_told_what_makes_it_slow() -> None:
    rig = Reasons(1, 1, [1, 1, 2])
    rig.submit_gate.was_throttled(40.0)
    next_try_at = rig.submit_gate.next_try_at
    assert next_try_at is not None
    told = rig.tell()
    assert told[1] == OwnRunning(1, 0, Obstacle.THROTTLED, next_try_at)
    assert told[2] == InQueue(2, 1, Obstacle.THROTTLED, next_try_at)
    rig.clock.pass_s(50.0)
    told = rig.tell()
    assert told[1] == OwnRunning(1, 0, Obstacle.THROTTLED), "a moment that is past is told no more"
    assert told[2] == InQueue(2, 1, Obstacle.THROTTLED)


def test_who_goes_any_moment_is_told_nothing_new() -> None:
    rig = Reasons(1, 1, [1, 2])
    rig.sent(0)
    assert rig.tell() == {1: InQueue(1, 1)}
    rig.queue.leave(rig.entries[0])
    assert rig.entries[1].granted.is_set()
    assert rig.tell() == {}


def test_a_throttle_of_long_ago_says_nothing_of_the_present() -> None:
    rig = Reasons(100, 9, [1])
    rig.submit_gate.was_throttled(5.0)
    rig.clock.pass_s(34.0)
    assert rig.tell() == {0: Hindered(Obstacle.THROTTLED, None, 1)}
    rig.clock.pass_s(2.0)
    assert rig.submit_gate.obstacle is None


def test_a_turn_is_expected_by_what_the_last_runs_took() -> None:
    queue = Queue(2, 10)
    assert queue.expected_s(1) is None
    for took_s in (10.0, 50.0, 30.0, None):
        queue.ran(took_s)
    assert queue.expected_s(1) == 30 / 4, "half of a run, with two places"
    assert queue.expected_s(4) == 30 * 3.5 / 2


async def test_the_journal_learns_who_has_a_slot_and_is_not_sent() -> None:
    rig = a_rig()
    with_places: list[list[str]] = []
    create = rig.predictions.create

    async def looked_at(
        version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
    ) -> Prediction:
        with_places.append([*rig.journal.with_places()])
        return await create(version, inputs, cancel_after_s, webhook)

    rig.predictions.create = looked_at
    generation = await rig.run(Inputs("lofi"))
    assert with_places == [[generation.id]]
    assert [*rig.journal.with_places()] == []
