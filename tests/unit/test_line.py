from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from aiolimiter import AsyncLimiter
from hypothesis import given
from hypothesis import strategies as st

from bot.inputs import Inputs
from bot.line import CreateGate, Line, Place
from tests.fakes import FakeClock


def seated(places: list[Place]) -> list[int]:
    return [number for number, place in enumerate(places) if place.granted.is_set()]


def test_so_many_run_and_the_rest_wait_in_order() -> None:
    line = Line(max_running=2, max_per_user=9)
    places = [line.join(user) for user in (1, 2, 3, 4)]
    assert seated(places) == [0, 1]
    assert [line.position(place) for place in places] == [None, None, 1, 2]
    line.leave(places[0])
    assert seated(places) == [0, 1, 2]
    assert line.position(places[3]) == 1


def test_a_person_has_a_cap_too_and_does_not_block_others() -> None:
    line = Line(max_running=9, max_per_user=2)
    places = [line.join(user) for user in (1, 1, 1, 2)]
    assert seated(places) == [0, 1, 3]
    line.leave(places[1])
    assert seated(places) == [0, 1, 2, 3]


def test_everyones_first_comes_before_anyones_second() -> None:
    line = Line(max_running=1, max_per_user=9)
    running = line.join(9)
    greedy = [line.join(1) for _ in range(3)]
    late = line.join(2)
    assert [line.position(place) for place in (*greedy, late)] == [1, 3, 4, 2]
    line.leave(running)
    line.leave(greedy[0])
    assert late.granted.is_set()


def test_leaving_while_waiting_and_leaving_twice() -> None:
    line = Line(max_running=1, max_per_user=9)
    first, second, third = (line.join(user) for user in (1, 2, 3))
    line.leave(second)
    line.leave(second)
    line.leave(first)
    assert third.granted.is_set()


def test_what_runs_already_keeps_its_seat_though_the_house_is_full() -> None:
    line = Line(max_running=1, max_per_user=1)
    resumed = [line.seat(1), line.seat(1)]
    waiting = line.join(2)
    line.leave(resumed[0])
    assert not waiting.granted.is_set()
    line.leave(resumed[1])
    assert waiting.granted.is_set()


@given(
    st.integers(1, 5),
    st.integers(1, 3),
    st.lists(st.tuples(st.sampled_from(["join", "leave"]), st.integers(0, 4))),
)
def test_the_caps_hold_and_nobody_waits_beside_a_free_seat(
    max_running: int, max_per_user: int, moves: list[tuple[str, int]]
) -> None:
    line = Line(max_running, max_per_user)
    present: list[Place] = []
    for move, number in moves:
        if move == "join":
            present.append(line.join(number))
        elif present:
            line.leave(present.pop(number % len(present)))
        running = [place for place in present if place.granted.is_set()]
        per_user = Counter(place.user_id for place in running)
        assert len(running) <= max_running
        assert all(count <= max_per_user for count in per_user.values())
        waiting = [place for place in present if not place.granted.is_set()]
        if len(running) < max_running:
            assert all(per_user[place.user_id] == max_per_user for place in waiting)
        positions = sorted(line.position(place) or 0 for place in waiting)
        assert positions == list(range(1, len(waiting) + 1))


# ------------------------------------------------------------------ the gate


def a_gate(
    width: int, clock: FakeClock | None = None, pace: AsyncLimiter | None = None
) -> CreateGate:
    return CreateGate(width, clock or FakeClock(), pace or AsyncLimiter(100, 1))


async def entered(gate: CreateGate, log: list[int], number: int) -> None:
    await gate.enter(Place(number, number))
    log.append(number)


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_gate_lets_so_many_in_and_the_next_when_one_leaves() -> None:
    gate, log = a_gate(2), list[int]()
    tasks = [asyncio.create_task(entered(gate, log, number)) for number in range(4)]
    await spin()
    assert log == [0, 1]
    gate.leave()
    await spin()
    assert log == [0, 1, 2]
    gate.leave()
    gate.leave()
    await asyncio.gather(*tasks)
    assert log == [0, 1, 2, 3]


async def test_throttled_everyone_waits_as_long_as_was_asked_then_goes_one_by_one() -> None:
    clock = FakeClock()
    gate, log = a_gate(8, clock), list[int]()
    await gate.enter(Place(9, 9))
    gate.was_throttled(7.0)
    gate.leave()
    tasks = [asyncio.create_task(entered(gate, log, number)) for number in range(3)]
    began_s = clock.monotonic()
    await spin()
    assert log == [0]
    assert clock.monotonic() - began_s == pytest.approx(7.0)
    for expected in ([0, 1], [0, 1, 2]):
        gate.leave()
        await spin()
        assert log == expected
    gate.leave()
    await asyncio.gather(*tasks)


async def test_the_gate_widens_again_after_a_while() -> None:
    gate, log = a_gate(3), list[int]()
    gate.was_throttled(None)
    for number in range(20):
        await gate.enter(Place(number, number))
        gate.went_well()
        gate.leave()
    tasks = [asyncio.create_task(entered(gate, log, number)) for number in range(4)]
    await spin()
    assert log == [0, 1, 2]
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_gives_up_waiting_is_passed_over() -> None:
    gate, log = a_gate(1), list[int]()
    await gate.enter(Place(9, 9))
    tasks = [asyncio.create_task(entered(gate, log, number)) for number in range(2)]
    await spin()
    tasks[0].cancel()
    await spin()
    gate.leave()
    await spin()
    assert log == [1]


@pytest.mark.parametrize(("members", "at_once"), [(1, 6), (2, 3), (9, 1)])
async def test_creates_keep_a_pace_that_is_shared_between_processes(
    members: int, at_once: int
) -> None:
    gate, log = a_gate(20, pace=AsyncLimiter(6, 3600)), list[int]()
    gate.members = members
    tasks = [asyncio.create_task(entered(gate, log, number)) for number in range(10)]
    await spin()
    assert log == list(range(at_once))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Stingy:
    """A service that takes one create in so many seconds, and says when it takes the next."""

    def __init__(self, clock: FakeClock, every_s: float, *, says_s: float | None = None) -> None:
        self.taken: list[int] = []
        self.refused = 0
        self._clock = clock
        self._every_s = every_s
        self._says_s = says_s
        self._ready_at_s = clock.monotonic()

    async def order(self, gate: CreateGate, place: Place) -> None:
        while not await self._is_taken(gate, place):
            pass

    async def _is_taken(self, gate: CreateGate, place: Place) -> bool:
        await gate.enter(place)
        try:
            await asyncio.sleep(0)
            now_s = self._clock.monotonic()
            if now_s >= self._ready_at_s:
                self.taken.append(place.arrival)
                self._ready_at_s = now_s + self._every_s
                gate.went_well()
                return True
            self.refused += 1
            gate.was_throttled(self._says_s or self._ready_at_s - now_s)
            await spin()
            return False
        finally:
            gate.leave()


@pytest.mark.parametrize("says_s", [None, 5.0])
async def test_one_create_at_a_time_is_taken_in_order_and_few_are_refused(
    says_s: float | None,
) -> None:
    clock = FakeClock()
    gate, service = a_gate(16, clock), Stingy(clock, 10.0, says_s=says_s)
    began_s = clock.monotonic()
    async with asyncio.timeout(5):
        await asyncio.gather(*(service.order(gate, Place(n, n)) for n in range(40)))
    assert service.taken == list(range(40))
    at_first = 15
    assert service.refused - at_first <= 40 / 2
    assert clock.monotonic() - began_s <= 39 * 10.0 * 1.1


async def test_whoever_was_throttled_goes_first_again() -> None:
    clock = FakeClock()
    gate, log = a_gate(1, clock), list[int]()
    first = Place(0, 0)
    await gate.enter(first)
    tasks = [asyncio.create_task(entered(gate, log, number)) for number in (1, 2)]
    await spin()
    gate.was_throttled(7.0)
    gate.leave()
    await gate.enter(first)
    assert log == []
    gate.leave()
    await spin()
    gate.leave()
    await asyncio.gather(*tasks)
    assert log == [1, 2]


async def test_no_wait_is_longer_than_five_minutes_whatever_is_asked() -> None:
    clock = FakeClock()
    gate = a_gate(8, clock)
    began_s = clock.monotonic()
    gate.was_throttled(1e7)
    await gate.enter(Place(0, 0))
    assert clock.monotonic() - began_s == pytest.approx(300.0)


async def test_where_no_wait_is_asked_for_it_doubles_up_to_a_minute() -> None:
    clock = FakeClock()
    gate, waits_s = a_gate(8, clock), list[float]()
    for _ in range(9):
        began_s = clock.monotonic()
        gate.was_throttled(None)
        await gate.enter(Place(0, 0))
        gate.leave()
        waits_s.append(clock.monotonic() - began_s)
    assert waits_s == [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


async def test_a_single_refusal_long_after_a_create_keeps_nobody_apart() -> None:
    clock = FakeClock()
    gate = a_gate(8, clock)
    for passed_s in (3600.0, 0.0):
        await gate.enter(Place(0, 0))
        gate.went_well()
        gate.leave()
        clock.pass_s(passed_s)
        if passed_s:
            await gate.enter(Place(1, 1))
            gate.was_throttled(7.0)
            gate.leave()
    began_s = clock.monotonic()
    await gate.enter(Place(2, 2))
    assert clock.monotonic() == began_s


async def test_an_order_is_refused_for_as_long_as_it_stood_there_and_none_was_taken() -> None:
    clock = FakeClock()
    gate, early, late = a_gate(8, clock), Place(0, 0), Place(1, 1)
    await gate.enter(early)
    clock.pass_s(4000.0)
    assert gate.refused_s(early) == 0.0
    gate.was_refused()
    clock.pass_s(100.0)
    await gate.enter(late)
    clock.pass_s(20.0)
    gate.was_throttled(None)
    assert (gate.refused_s(early), gate.refused_s(late)) == (120.0, 20.0)
    gate.went_well()
    assert gate.refused_s(early) == 0.0


async def test_only_the_very_same_inputs_keep_each_other_out() -> None:
    gate, log = a_gate(8), list[str]()

    async def hold(name: str, inputs: Inputs) -> None:
        async with gate.alone(inputs):
            log.append(name)
            await asyncio.sleep(0)
            log.append(name)

    house = Inputs("house", seed=1)
    edited = Inputs("house", seed=1, duration=9)
    await asyncio.gather(hold("a", house), hold("b", Inputs("house", seed=1)), hold("c", edited))
    assert log == ["a", "c", "a", "c", "b", "b"]
