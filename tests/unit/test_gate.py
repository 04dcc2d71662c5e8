from __future__ import annotations

import asyncio

import pytest
from aiolimiter import AsyncLimiter

from bot.domain.inputs import Inputs
from bot.engine.queue import Place
from bot.engine.submit_gate import CreateGate
from tests.fakes import FakeClock


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
