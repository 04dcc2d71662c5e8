from __future__ import annotations

import asyncio

import pytest
from aiolimiter import AsyncLimiter

from bot.domain.clock import Clock, SystemClock
from bot.domain.inputs import Inputs
from bot.domain.waits import Obstacle
from bot.engine.queue import QueueEntry
from bot.engine.submit_gate import SubmitGate
from tests.fakes import FakeClock


def a_gate(width: int, clock: Clock | None = None, pace: AsyncLimiter | None = None) -> SubmitGate:
    return SubmitGate(width, clock or FakeClock(), pace or AsyncLimiter(100, 1))


async def entered(submit_gate: SubmitGate, log: list[int], number: int) -> None:
    await submit_gate.enter(QueueEntry(number, number))
    log.append(number)


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_gate_lets_so_many_in_and_the_next_when_one_leaves() -> None:
    submit_gate, log = a_gate(2), list[int]()
    tasks = [asyncio.create_task(entered(submit_gate, log, number)) for number in range(4)]
    await spin()
    assert log == [0, 1]
    submit_gate.leave()
    await spin()
    assert log == [0, 1, 2]
    submit_gate.leave()
    submit_gate.leave()
    await asyncio.gather(*tasks)
    assert log == [0, 1, 2, 3]


async def test_throttled_everyone_waits_as_long_as_was_asked_then_goes_one_by_one() -> None:
    clock = FakeClock()
    submit_gate, log = a_gate(8, clock), list[int]()
    await submit_gate.enter(QueueEntry(9, 9))
    submit_gate.was_throttled(7.0)
    submit_gate.leave()
    tasks = [asyncio.create_task(entered(submit_gate, log, number)) for number in range(3)]
    began_s = clock.monotonic()
    await spin()
    assert log == [0]
    assert clock.monotonic() - began_s == pytest.approx(7.0)
    for expected in ([0, 1], [0, 1, 2]):
        submit_gate.leave()
        await spin()
        assert log == expected
    submit_gate.leave()
    await asyncio.gather(*tasks)


async def test_the_gate_widens_again_after_a_while() -> None:
    submit_gate, log = a_gate(3), list[int]()
    submit_gate.was_throttled(None)
    for number in range(20):
        await submit_gate.enter(QueueEntry(number, number))
        submit_gate.went_well()
        submit_gate.leave()
    tasks = [asyncio.create_task(entered(submit_gate, log, number)) for number in range(4)]
    await spin()
    assert log == [0, 1, 2]
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_gives_up_waiting_is_passed_over() -> None:
    submit_gate, log = a_gate(1), list[int]()
    await submit_gate.enter(QueueEntry(9, 9))
    tasks = [asyncio.create_task(entered(submit_gate, log, number)) for number in range(2)]
    await spin()
    tasks[0].cancel()
    await spin()
    submit_gate.leave()
    await spin()
    assert log == [1]


@pytest.mark.parametrize(("members", "at_once"), [(1, 6), (2, 3), (9, 1)])
async def test_creates_keep_a_pace_that_is_shared_between_processes(
    members: int, at_once: int
) -> None:
    submit_gate, log = a_gate(20, pace=AsyncLimiter(6, 3600)), list[int]()
    submit_gate.members = members
    tasks = [asyncio.create_task(entered(submit_gate, log, number)) for number in range(10)]
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

    async def order(self, submit_gate: SubmitGate, entry: QueueEntry) -> None:
        while not await self._is_taken(submit_gate, entry):
            pass

    async def _is_taken(self, submit_gate: SubmitGate, entry: QueueEntry) -> bool:
        await submit_gate.enter(entry)
        try:
            await asyncio.sleep(0)
            now_s = self._clock.monotonic()
            if now_s >= self._ready_at_s:
                self.taken.append(entry.arrival)
                self._ready_at_s = now_s + self._every_s
                submit_gate.went_well()
                return True
            self.refused += 1
            submit_gate.was_throttled(self._says_s or self._ready_at_s - now_s)
            await spin()
            return False
        finally:
            submit_gate.leave()


@pytest.mark.parametrize("says_s", [None, 5.0])
async def test_one_create_at_a_time_is_taken_in_order_and_few_are_refused(
    says_s: float | None,
) -> None:
    clock = FakeClock()
    submit_gate, service = a_gate(16, clock), Stingy(clock, 10.0, says_s=says_s)
    began_s = clock.monotonic()
    async with asyncio.timeout(30):
        await asyncio.gather(*(service.order(submit_gate, QueueEntry(n, n)) for n in range(40)))
    assert service.taken == list(range(40))
    at_first = 15
    assert service.refused - at_first <= 40 / 2
    assert clock.monotonic() - began_s <= 39 * 10.0 * 1.1


async def test_whoever_was_throttled_goes_first_again() -> None:
    clock = FakeClock()
    submit_gate, log = a_gate(1, clock), list[int]()
    first = QueueEntry(0, 0)
    await submit_gate.enter(first)
    tasks = [asyncio.create_task(entered(submit_gate, log, number)) for number in (1, 2)]
    await spin()
    submit_gate.was_throttled(7.0)
    submit_gate.leave()
    await submit_gate.enter(first)
    assert log == []
    submit_gate.leave()
    await spin()
    submit_gate.leave()
    await asyncio.gather(*tasks)
    assert log == [1, 2]


async def test_no_wait_is_longer_than_five_minutes_whatever_is_asked() -> None:
    clock = FakeClock()
    submit_gate = a_gate(8, clock)
    began_s = clock.monotonic()
    submit_gate.was_throttled(1e7)
    await submit_gate.enter(QueueEntry(0, 0))
    assert clock.monotonic() - began_s == pytest.approx(300.0)


async def test_where_no_wait_is_asked_for_it_doubles_up_to_a_minute() -> None:
    clock = FakeClock()
    submit_gate, waits_s = a_gate(8, clock), list[float]()
    for _ in range(9):
        began_s = clock.monotonic()
        submit_gate.was_throttled(None)
        await submit_gate.enter(QueueEntry(0, 0))
        submit_gate.leave()
        waits_s.append(clock.monotonic() - began_s)
    assert waits_s == [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


async def test_a_single_refusal_long_after_a_create_keeps_nobody_apart() -> None:
    clock = FakeClock()
    submit_gate = a_gate(8, clock)
    for passed_s in (3600.0, 0.0):
        await submit_gate.enter(QueueEntry(0, 0))
        submit_gate.went_well()
        submit_gate.leave()
        clock.pass_s(passed_s)
        if passed_s:
            await submit_gate.enter(QueueEntry(1, 1))
            submit_gate.was_throttled(7.0)
            submit_gate.leave()
    began_s = clock.monotonic()
    await submit_gate.enter(QueueEntry(2, 2))
    assert clock.monotonic() == began_s


async def test_an_order_is_refused_for_as_long_as_it_stood_there_and_none_was_taken() -> None:
    clock = FakeClock()
    submit_gate, early, late = a_gate(8, clock), QueueEntry(0, 0), QueueEntry(1, 1)
    await submit_gate.enter(early)
    clock.pass_s(4000.0)
    assert submit_gate.refused_s(early) == 0.0
    submit_gate.was_refused()
    clock.pass_s(100.0)
    await submit_gate.enter(late)
    clock.pass_s(20.0)
    submit_gate.was_throttled(None)
    assert (submit_gate.refused_s(early), submit_gate.refused_s(late)) == (120.0, 20.0)
    submit_gate.went_well()
    assert submit_gate.refused_s(early) == 0.0


async def test_only_the_very_same_inputs_keep_each_other_out() -> None:
    submit_gate, log = a_gate(8), list[str]()

    async def hold(name: str, inputs: Inputs) -> None:
        async with submit_gate.alone(inputs):
            log.append(name)
            await asyncio.sleep(0)
            log.append(name)

    config = Inputs("house", seed=1)
    edited = Inputs("house", seed=1, duration=9)
    await asyncio.gather(hold("a", config), hold("b", Inputs("house", seed=1)), hold("c", edited))
    assert log == ["a", "c", "a", "c", "b", "b"]


async def test_busy_servers_tell_nothing_of_the_pace() -> None:
    clock = FakeClock()
    submit_gate, log = a_gate(2, clock), list[int]()
    await submit_gate.enter(QueueEntry(9, 9))
    submit_gate.went_well()
    submit_gate.were_busy(2.0, Obstacle.SERVERS_LOADING)
    submit_gate.leave()
    assert submit_gate.obstacle is Obstacle.SERVERS_LOADING
    began_s = clock.monotonic()
    tasks = [asyncio.create_task(entered(submit_gate, log, number)) for number in range(2)]
    await spin()
    assert log == [0, 1], "as many at once as before"
    assert clock.monotonic() - began_s == pytest.approx(2.0)
    submit_gate.went_well()
    assert submit_gate.obstacle is None
    assert submit_gate.next_try_at is None
    await asyncio.gather(*tasks)


async def test_shut_it_waits_for_who_is_inside_and_lets_nobody_in() -> None:
    submit_gate, log = a_gate(2, SystemClock()), list[int]()
    for number in (8, 9):
        await submit_gate.enter(QueueEntry(number, number))
    waiting = asyncio.create_task(entered(submit_gate, log, 1))
    shutting = asyncio.create_task(submit_gate.shut(within_s=60.0))
    await spin()
    submit_gate.leave()
    await spin()
    assert not shutting.done(), "one is still inside"
    submit_gate.leave()
    await shutting
    await spin()
    assert (log, waiting.done()) == ([], False)
    waiting.cancel()


async def test_shut_it_does_not_wait_for_ever() -> None:
    clock = FakeClock()
    submit_gate = a_gate(2, clock)
    await submit_gate.enter(QueueEntry(9, 9))
    began_s = clock.monotonic()
    await submit_gate.shut(within_s=1.0)
    assert clock.monotonic() - began_s == 1.0
