from __future__ import annotations

import asyncio
from contextlib import ExitStack
from datetime import datetime

from bot.errors import ServiceFault
from bot.poller import Poller
from tests.fakes import NOON, FakeClock, FakePredictions


class Listed(FakePredictions):
    """A service whose list says which predictions have ended."""

    def __init__(self) -> None:
        super().__init__()
        self.over: set[str] = set()
        self.looks = 0

    async def ended(self, created_after: datetime) -> frozenset[str]:
        assert created_after < NOON
        self.looks += 1
        if self.looks == 1:
            raise ServiceFault(503)
        return frozenset(self.over)


def test_a_few_are_asked_about_once_a_second_many_share_the_budget() -> None:
    poller = Poller(Listed(), FakeClock(), requests_per_minute=1200)
    with ExitStack() as stack:
        for number in range(10):
            stack.enter_context(poller.watching(f"p{number}", NOON, asyncio.Event()))
        assert poller.delay_s() == 1.0
        for number in range(190):
            stack.enter_context(poller.watching(f"q{number}", NOON, asyncio.Event()))
        alone_s = poller.delay_s()
        assert 200 / alone_s <= 1200 / 60 * 0.5
        poller.members = 4
        assert poller.delay_s() == 4 * alone_s
    assert poller.delay_s() == 1.0


async def test_the_list_wakes_those_that_have_ended_and_nobody_else() -> None:
    service, clock = Listed(), FakeClock()
    poller = Poller(service, clock, requests_per_minute=1200)
    events = {f"p{number}": asyncio.Event() for number in range(20)}
    sweeping = asyncio.create_task(poller.sweep())
    with ExitStack() as stack:
        for name, event in events.items():
            stack.enter_context(poller.watching(name, NOON, event))
        service.over = {"p3", "p7", "somebody else's"}
        async with asyncio.timeout(5):
            await events["p3"].wait()
            await events["p7"].wait()
        assert [name for name, event in events.items() if event.is_set()] == ["p3", "p7"]
        assert service.looks > 1, "a fault does not end the sweep"
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)


async def test_nothing_is_listed_while_few_run() -> None:
    service, poller_clock = Listed(), FakeClock()
    poller = Poller(service, poller_clock, requests_per_minute=1200)
    sweeping = asyncio.create_task(poller.sweep())
    with poller.watching("p1", NOON, asyncio.Event()):
        for _ in range(20):
            await asyncio.sleep(0)
    assert service.looks == 0
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)
