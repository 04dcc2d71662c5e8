from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


async def entered(gate: CreateGate, log: list[int], number: int) -> None:
    await gate.enter()
    log.append(number)


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_gate_lets_so_many_in_and_the_next_when_one_leaves() -> None:
    gate, log = CreateGate(2, FakeClock()), list[int]()
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
    gate, log = CreateGate(8, clock), list[int]()
    await gate.enter()
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
    gate, log = CreateGate(3, FakeClock()), list[int]()
    gate.was_throttled(None)
    for _ in range(20):
        await gate.enter()
        gate.went_well()
        gate.leave()
    tasks = [asyncio.create_task(entered(gate, log, number)) for number in range(4)]
    await spin()
    assert log == [0, 1, 2]
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_gives_up_waiting_is_passed_over() -> None:
    gate, log = CreateGate(1, FakeClock()), list[int]()
    await gate.enter()
    tasks = [asyncio.create_task(entered(gate, log, number)) for number in range(2)]
    await spin()
    tasks[0].cancel()
    await spin()
    gate.leave()
    await spin()
    assert log == [1]
