"""Looking names up in threads of their own, with name servers that say nothing."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Generator

import pytest

from bot.domain.asker import ASKER
from bot.network.resolver import NameServerSilent, Resolver

INFO = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))


class NameServer:
    """Silent about the names in `silent`, until it speaks."""

    def __init__(self) -> None:
        self.asked = Counter[str]()
        self.silent: set[str] = set()
        self.speaks = threading.Event()

    def getaddrinfo(self, host: str, *_: object) -> list[object]:
        self.asked[host] += 1
        if host in self.silent:
            self.speaks.wait()
        return [INFO]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[NameServer]:
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    yield server
    server.speaks.set()


async def test_a_name_becomes_addresses(server: NameServer) -> None:
    [result] = await Resolver().resolve("a.test", 80)
    assert (result["hostname"], result["host"], result["port"]) == ("a.test", "127.0.0.1", 80)
    assert server.asked == {"a.test": 1}


async def test_a_silent_name_server_is_given_up(server: NameServer) -> None:
    server.silent.add("a.test")
    resolver = Resolver(deadline_s=0.01)
    with pytest.raises(NameServerSilent):
        await resolver.resolve("a.test")
    # Whoever comes later asks anew, and is answered though the first thread still hangs.
    server.silent.clear()
    assert await resolver.resolve("a.test")
    assert server.asked == {"a.test": 2}


async def test_many_who_ask_the_same_ask_once(server: NameServer) -> None:
    server.silent.add("a.test")
    resolver = Resolver()
    asking = [asyncio.create_task(resolver.resolve("a.test")) for _ in range(20)]
    await asyncio.sleep(0)
    asking.pop().cancel()
    server.speaks.set()
    assert all(await asyncio.gather(*asking))
    assert server.asked == {"a.test": 1}


async def test_hanging_look_ups_have_a_bound_and_give_their_places_back(
    server: NameServer,
) -> None:
    names = {f"{number}.test" for number in range(3)}
    server.silent |= names
    resolver = Resolver(at_once=3)
    asking = [asyncio.create_task(resolver.resolve(name)) for name in names]
    await asyncio.sleep(0)
    with pytest.raises(NameServerSilent):
        await resolver.resolve("a.test")
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    with pytest.raises(NameServerSilent):
        await resolver.resolve("a.test")
    server.speaks.set()
    async with asyncio.timeout(30):
        while True:
            try:
                assert await resolver.resolve("a.test")
            except NameServerSilent:
                await asyncio.sleep(0)
            else:
                return


async def test_one_person_cannot_take_all_the_places(server: NameServer) -> None:
    """Not by canceling and asking for the next name, either."""
    names = {f"{number}.test" for number in range(99)}
    server.silent |= names
    resolver = Resolver()
    token = ASKER.set(1)
    asking = [asyncio.create_task(resolver.resolve(name)) for name in names]
    ASKER.reset(token)
    await asyncio.sleep(0)
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    assert server.asked.total() == 4
    for asker in (2, None):
        ASKER.set(asker)
        assert await resolver.resolve(f"of-{asker}.test")


async def test_an_answer_that_comes_after_everyone_has_left_harms_nobody(
    server: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.silent.add("a.test")
    resolver = Resolver(deadline_s=0.01)
    with pytest.raises(NameServerSilent):
        await resolver.resolve("a.test")
    server.speaks.set()
    assert await resolver.resolve("a.test")
    assert not caplog.records


HANGS = """
import asyncio, socket, time
from bot.network.resolver import NameServerSilent, Resolver
socket.getaddrinfo = lambda *_: time.sleep(600)
async def main():
    try:
        await Resolver(deadline_s=0.01).resolve("a.test")
    except NameServerSilent:
        print("silent")
asyncio.run(main())
"""


def test_a_process_ends_though_a_look_up_hangs() -> None:
    ended = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=20, check=True
    )
    assert ended.stdout == "silent\n"
    assert ended.stderr == ""
