"""Looking names up without standing in anybody's way.

`socket.getaddrinfo` blocks for as long as a name server likes. aiohttp would have it do so in
asyncio's default threads, where a few silent name servers stop everything else that waits for a
thread. Here each look-up has a thread of its own and a deadline, and each user of this its own
look-ups: strangers' names, Replicate's, Discord's.

It is the system's own look-up all the same, with its hosts file, search domains and whatever else
the machine is set up with, on Windows too; c-ares (aiodns) has its own ideas of these.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from bot.domain.asker import ASKER

_Question: TypeAlias = tuple[str, int, int]
"""Host, port, and family."""
_Info: TypeAlias = tuple[int, int, int, str, Sequence[str | int | bytes]]
_Infos: TypeAlias = Sequence[_Info]
"""As `socket.getaddrinfo` gives it."""

_DEADLINE_S = 10.0
_AT_ONCE = 64
_AT_ONCE_PER_ASKER = 4
_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class NameServerSilent(OSError):
    """A name could not be looked up in time."""

    def __init__(self, host: str) -> None:
        super().__init__(errno.EAGAIN, f"no answer from the name server for {host}")


@dataclass(frozen=True, slots=True)
class _LookUp:
    answer: asyncio.Future[_Infos]
    began_s: float


class Resolver(AbstractResolver):
    """Looks names up for aiohttp's connectors; an answer is never waited for in another's place.

    A look-up that hangs keeps its thread until the system gives up, long after everyone who asked
    has: `at_once` bounds how many there may be of those, of which one person may cause a few.
    """

    def __init__(self, *, deadline_s: float = _DEADLINE_S, at_once: int = _AT_ONCE) -> None:
        self._deadline_s = deadline_s
        self._at_once = at_once
        self._running = Counter[int | None]()
        """Threads at work, by whom they were begun for."""
        self._asked: dict[_Question, _LookUp] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name, at least one.

        Raises:
            NameServerSilent: there is no answer in time, or too many others wait for theirs.
            OSError: there is no such name, or the answer makes no sense.
        """
        answer = self._ask((host, port, family))
        done, _ = await asyncio.wait({answer}, timeout=self._deadline_s)
        if not done:
            raise NameServerSilent(host)
        try:
            found = [_result(host, info) for info in answer.result() if info[0] in _FAMILIES]
        except OSError:
            raise
        except Exception as error:
            # Names that cannot be asked for, such as those with too long a part.
            raise _unknown(host) from error
        if not found:
            raise _unknown(host)
        return found

    async def close(self) -> None:
        """Nothing is to be closed: no thread here keeps a process from ending."""

    def _ask(self, question: _Question) -> asyncio.Future[_Infos]:
        """Ask, or join those who have just asked the same."""
        now_s = time.monotonic()
        asked = self._asked.get(question)
        if asked is not None and now_s < asked.began_s + self._deadline_s:
            return asked.answer
        asker = ASKER.get()
        own = 0 if asker is None else self._running[asker]
        if self._running.total() >= self._at_once or own >= _AT_ONCE_PER_ASKER:
            raise NameServerSilent(question[0])
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Infos] = loop.create_future()

        def finish(infos: _Infos | Exception) -> None:
            self._running -= Counter({asker: 1})
            if (asked := self._asked.get(question)) is not None and asked.answer is answer:
                del self._asked[question]
            if isinstance(infos, Exception):
                answer.set_exception(infos)
                # There may be nobody left who would take it.
                answer.exception()
            else:
                answer.set_result(infos)

        def work() -> None:
            infos = _look_up(*question)
            # Where the loop is closed, nobody waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, infos)

        # Python would wait at its end for a thread that is not a daemon.
        threading.Thread(target=work, name=f"look up {question[0]}", daemon=True).start()
        self._asked[question] = _LookUp(answer, now_s)
        self._running[asker] += 1
        return answer


def _look_up(host: str, port: int, family: int) -> _Infos | Exception:
    try:
        try:
            return _getaddrinfo(host, port, family, socket.AI_ADDRCONFIG)
        except socket.gaierror:
            if host.rstrip(".").casefold() != "localhost":
                raise
            # A machine may have no other address, which that flag takes for none.
            return _getaddrinfo(host, port, family, 0)
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever asked is to know
        return error


def _getaddrinfo(host: str, port: int, family: int, flags: int) -> _Infos:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, flags)


def _result(host: str, info: _Info) -> ResolveResult:
    family, _, protocol, _, address = info
    found = str(address[0])
    if family == socket.AF_INET6 and len(address) > 3 and address[3] and "%" not in found:
        found = f"{found}%{address[3]}"
    return ResolveResult(
        hostname=host,
        host=found,
        port=int(address[1]),
        family=family,
        proto=protocol,
        flags=_NUMERIC,
    )


def _unknown(host: str) -> socket.gaierror:
    return socket.gaierror(socket.EAI_NONAME, f"no usable address of {host}")
