from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator

import pytest

from bot.host import threads
from bot.host.threads import DiskSilent, Threads


@pytest.fixture
def hang() -> Generator[threading.Event]:
    over = threading.Event()
    yield over
    over.set()


async def test_a_result_and_an_error_come_back() -> None:
    pool = Threads("test", 1, deadline_s=5)
    assert await pool.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await pool.run(divmod, 7, 0)


async def test_a_disk_that_hangs_is_given_up_and_others_go_on(hang: threading.Event) -> None:
    slow, other = Threads("slow", 1, deadline_s=0.02), Threads("other", 1, deadline_s=5)
    with pytest.raises(DiskSilent):
        await slow.run(hang.wait)
    # Its only thread is still at it, and who waits for that has a deadline as well.
    begun: list[int] = []
    with pytest.raises(DiskSilent):
        await slow.run(begun.append, 1)
    assert await other.run(int, "3") == 3
    hang.set()
    assert await Threads("later", 1, deadline_s=5).run(int, "3") == 3
    assert begun == [], "what was given up before it began does not begin"


async def test_who_cancels_returns_after_the_thread_has(hang: threading.Event) -> None:
    pool = Threads("test", 1, deadline_s=5)
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        hang.wait()
        ended.set()

    task = asyncio.create_task(pool.run(work))
    while not begun.is_set():  # noqa: ASYNC110 - set by a thread
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    hang.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_but_not_for_ever(hang: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_CANCELED_WAIT_S", 0.02)
    pool = Threads("test", 1, deadline_s=5)
    task = asyncio.create_task(pool.run(hang.wait))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
