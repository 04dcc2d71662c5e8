from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest

from tests.journey.fast_clock import FastClock

_SPEED = 1000.0


@pytest.fixture
async def clock() -> AsyncGenerator[FastClock]:
    clock = FastClock(_SPEED)
    with clock.watching():
        yield clock


async def test_time_runs_fast_while_all_wait(clock: FastClock) -> None:
    began_s, real_s = clock.monotonic(), time.monotonic()
    await clock.sleep(60)
    assert 60 <= clock.monotonic() - began_s <= (time.monotonic() - real_s) * _SPEED


async def test_a_wait_for_what_never_happens_ends(clock: FastClock) -> None:
    began_s = clock.monotonic()
    assert not await clock.wait(asyncio.Event(), 60)
    assert clock.monotonic() - began_s >= 60


async def test_time_hardly_passes_while_the_loop_is_kept(clock: FastClock) -> None:
    began_s = clock.monotonic()
    time.sleep(0.1)  # noqa: ASYNC251 - it keeps the loop
    assert clock.monotonic() - began_s < 1
    await asyncio.sleep(0)
    assert clock.monotonic() - began_s < 1


async def test_time_runs_far_slower_while_a_thread_works(clock: FastClock) -> None:
    began_s, real_s = clock.monotonic(), time.monotonic()
    await asyncio.to_thread(time.sleep, 0.1)
    assert clock.monotonic() - began_s <= (time.monotonic() - real_s) * _SPEED / 50
