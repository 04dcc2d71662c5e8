from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

import pytest

from bot.domain.clock import SystemClock
from bot.engine import background
from bot.engine.background import BackgroundTasks, UrgentFirst


async def test_an_owner_that_has_closed_begins_nothing() -> None:
    owner, begun = BackgroundTasks(), list[bool]()

    async def work() -> None:
        begun.append(True)

    await owner.close()
    await asyncio.wait({owner.start(work(), "late")})
    assert (begun, len(owner)) == ([], 0)


async def test_what_cannot_be_broken_off_does_not_hold_up_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = asyncio.Event()

    async def write() -> None:
        """As a statement that the database has not answered yet."""
        while not answer.is_set():
            with suppress(asyncio.CancelledError):
                await answer.wait()

    owner = BackgroundTasks()
    stuck = owner.start(write(), name="renewal")
    other = owner.start(asyncio.sleep(60), name="run")
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await owner.close(patience_s=0.05)
    assert other.cancelled()
    assert not stuck.done()
    assert "task renewal does not end" in caplog.text
    answer.set()
    await owner.idle()


async def test_closing_waits_for_what_ends_soon() -> None:
    steps: list[str] = []

    async def write() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.02)
            steps.append("written")

    owner = BackgroundTasks()
    owner.start(write(), name="save")
    await asyncio.sleep(0)
    await owner.close()
    assert steps == ["written"]
    assert len(owner) == 0


async def test_what_can_wait_does_so_until_a_burst_is_over() -> None:
    precedence = UrgentFirst(SystemClock(), patience_s=5.0)
    with precedence.urgent():
        waiting = asyncio.create_task(precedence.calm())
        await asyncio.sleep(0)
    with precedence.urgent():
        # The first has ended, and the next begins before what waits has had its turn.
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 1.0)


async def test_what_can_wait_does_not_do_so_longer_than_its_patience() -> None:
    precedence = UrgentFirst(SystemClock(), patience_s=0.01)
    with precedence.urgent():
        await asyncio.wait_for(precedence.calm(), 1.0)


async def test_all_that_wait_are_let_go_in_time_whoever_of_them_is_cancelled() -> None:
    precedence = UrgentFirst(SystemClock(), patience_s=0.05)
    with precedence.urgent():
        waiting = [asyncio.create_task(precedence.calm()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.wait_for(asyncio.gather(*waiting[1:]), 1.0)
    assert waiting[0].cancelled()


async def test_nobody_searches_for_garbage_while_something_is_urgent() -> None:
    precedence = UrgentFirst(SystemClock(), patience_s=5.0)
    with searching(True):
        with precedence.urgent():
            assert not gc.isenabled()
            with precedence.urgent():
                pass
            assert not gc.isenabled()
        assert gc.isenabled()


async def test_what_can_stand_still_does_so_while_something_is_urgent() -> None:
    precedence, done = UrgentFirst(SystemClock(), patience_s=5.0), list[str]()

    class Work:
        def begin(self) -> None:
            done.append("stands")

        def end(self) -> None:
            done.append("goes on")

    precedence.stop_meanwhile(Work())
    for _ in range(2):
        with precedence.urgent(), precedence.urgent():
            assert done[-1] == "stands"
    assert done == ["stands", "goes on"] * 2


async def test_where_nobody_searches_that_stays_so() -> None:
    with searching(False):
        with UrgentFirst(SystemClock(), patience_s=5.0).urgent():
            assert not gc.isenabled()
        assert not gc.isenabled()


async def test_a_long_time_without_search_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that has come up is searched at once, and holds the event loop for as long."""
    monkeypatch.setattr(background, "_LONGEST_PAUSE_S", 0.001)
    with searching(True), UrgentFirst(SystemClock(), patience_s=5.0).urgent():
        assert not gc.isenabled()
        async with asyncio.timeout(30):
            while not gc.isenabled():  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0)


@contextmanager
def searching(wanted: bool) -> Generator[None]:
    before = gc.isenabled()
    (gc.enable if wanted else gc.disable)()
    try:
        yield
    finally:
        (gc.enable if before else gc.disable)()


async def test_a_crowd_begins_one_by_one_and_the_loops_other_work_comes_in_between() -> None:
    """Each start of one costs the loop 5 ms here; a hundred at once would cost half a second."""
    precedence = UrgentFirst(SystemClock(), patience_s=1.0)
    begun = list[int]()

    async def begin(number: int) -> None:
        await precedence.turn()
        begun.append(number)
        ends_at = time.monotonic() + 0.005
        while time.monotonic() < ends_at:
            pass

    crowd = [asyncio.create_task(begin(number)) for number in range(100)]
    for _ in range(50):
        # A command needs so many turns of the loop, and each has room for one start at the most.
        await asyncio.sleep(0)
    assert len(begun) <= 51
    await asyncio.gather(*crowd)
    assert begun == sorted(begun)


class StoppedClock(SystemClock):
    async def sleep(self, delay_s: float) -> None:
        await asyncio.Event().wait()


async def test_a_few_wait_for_nothing() -> None:
    precedence = UrgentFirst(StoppedClock(), patience_s=1.0)
    async with asyncio.timeout(30):
        await asyncio.gather(*(precedence.turn() for _ in range(8)))
