"""What every exchange has in common: time limits, tries, and what a broken network means."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
from aiolimiter import AsyncLimiter

from bot.domain.clock import Clock
from bot.domain.errors import (
    CertificateUntrusted,
    ConnectionFailed,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
)
from bot.host.reasons import reason, untrusted_certificate
from bot.replicate.retry import RetryPolicy

log = logging.getLogger(__name__)

T = TypeVar("T")

_LEAST_TRY_S = 1.0


def request_budget(per_minute: int) -> AsyncLimiter:
    """So many requests a minute, in bursts of a second's worth, and of one at the least."""
    per_s = per_minute / 60
    return AsyncLimiter(max(1.0, per_s), max(1.0, 1 / per_s))


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits of a single try, in seconds."""

    connect_s: float = 10.0
    """To open a connection."""
    read_s: float = 20.0
    """Of silence, while an answer is awaited or read."""
    request_s: float = 30.0
    """For an API request from beginning to end."""
    transfer_s: float = 150.0
    """For a file up or down, from beginning to end."""

    def timeout(self, total_s: float, left_s: float) -> aiohttp.ClientTimeout:
        """The limits of one try that may take `total_s`, when its call has `left_s` left."""
        return aiohttp.ClientTimeout(
            total=max(min(_LEAST_TRY_S, total_s), min(total_s, left_s)),
            sock_connect=self.connect_s,
            sock_read=self.read_s,
        )

    def create_timeout(self) -> aiohttp.ClientTimeout:
        """The limits of a create, which may be silent all the while.

        One that is cut off has to be looked for, and costs all the same.
        """
        return aiohttp.ClientTimeout(total=self.request_s, sock_connect=self.connect_s)


@dataclass(frozen=True, slots=True)
class Persistence:
    """Tries again as a policy says, on a clock."""

    clock: Clock
    random: Callable[[], float] = random.random

    async def insist(
        self, what: str, policy: RetryPolicy, once: Callable[[float], Awaitable[T]]
    ) -> T:
        """The result of `once`, which is given the seconds that its call has left.

        Raises:
            ReplicateError: of the last try; a network's error is a `ConnectionFailed`.
        """
        ends_at = self.clock.monotonic() + policy.deadline_s
        attempt = 0
        while True:
            attempt += 1
            try:
                return await once(ends_at - self.clock.monotonic())
            except ReplicateError as error:
                failure = error
            except (aiohttp.ClientError, TimeoutError) as error:
                failure = _network_failure(error)
            delay_s = policy.delay_s(attempt, failure, self.random)
            if delay_s is None or self.clock.monotonic() + delay_s >= ends_at:
                # Outside of the handlers, lest aiohttp's error become the context: see below.
                raise failure
            log.info("%s: %s at try %d, again in %.1f s", what, brief(failure), attempt, delay_s)
            await self.clock.sleep(delay_s)


def brief(error: ReplicateError) -> str:
    """An error for a log line."""
    match error:
        case CertificateUntrusted(detail=detail):
            return f"its certificate is not trusted: {detail}"
        case ConnectionFailed(detail=detail) | ReplyBroken(detail=detail):
            return detail
        case ServiceFault(status=status):
            return f"HTTP {status}"
        case _:
            return repr(error)


def _network_failure(error: aiohttp.ClientError | TimeoutError) -> ReplicateError:
    """What a failed exchange means: without a connection, nothing can have arrived.

    The repr of aiohttp's response errors shows the request's headers, the token among them, so
    not they but their own cause is kept as the cause.
    """
    certificate = untrusted_certificate(error)
    if certificate is not None:
        untrusted = CertificateUntrusted(certificate)
        untrusted.__cause__ = error
        return untrusted
    unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    failure = ConnectionFailed(may_have_arrived=not unsent, detail=reason(error))
    reveals = isinstance(error, aiohttp.ClientResponseError)
    failure.__cause__ = error.__cause__ if reveals else error
    return failure
