"""How often the Replicate stand-in may be asked, where it enforces that at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from bot.domain.errors import Throttled
from bot.domain.inputs import Inputs
from bot.playground.faults import Fault
from bot.playground.launch import replicate_standin
from bot.playground.replicate import Allowance, RateLimits, ReplicateStandIn, Timings
from bot.replicate.client import ReplicateClient
from tests.contract.replicate_standin_kit import Caller, Json, PushedClock

THREE = Allowance(3, 3)
FEW = RateLimits(creates=THREE, polls=THREE, others=THREE)


class Counter(Caller):
    """Asks under a clock that a test pushes."""

    def __init__(
        self, replicate: ReplicateStandIn, session: aiohttp.ClientSession, clock: PushedClock
    ) -> None:
        super().__init__(replicate, session)
        self.clock = clock

    @property
    def level(self) -> tuple[str | None, str | None]:
        """What the last answer said is left, and until when."""
        return self.headers.get("ratelimit-remaining"), self.headers.get("ratelimit-reset")

    async def refused(self, status: int, /) -> Json:
        """POST a prediction that no one could run."""
        return await self("POST", "/v1/predictions", {}, status=status)


@asynccontextmanager
async def asking(limits: RateLimits | None) -> AsyncGenerator[Counter]:
    clock = PushedClock()
    async with (
        asyncio.timeout(20),
        ReplicateStandIn(timings=Timings(), clock=clock, limits=limits) as replicate,
        aiohttp.ClientSession() as session,
    ):
        yield Counter(replicate, session, clock)


async def test_the_headers_say_what_is_left() -> None:
    async with asking(RateLimits()) as call:
        created = await call.create(prompt="x")
        assert call.level == ("599", "1")
        await call.create(prompt="x")
        assert call.level == ("598", "1")
        for left in ("59999", "59998"):
            await call("GET", f"/v1/predictions/{created['id']}")
            assert call.level == (left, "1")
        for left, path in (
            ("2999", "/v1/predictions"),
            ("2998", "/v1/account"),
            ("2997", "/v1/models/meta/musicgen"),
            ("2996", f"/v1/models/meta/musicgen/versions/{call.replicate.version}"),
        ):
            await call("GET", path)
            assert call.level == (left, "1")
        await call("POST", f"/v1/predictions/{created['id']}/cancel")
        assert call.level == ("2995", "1")


async def test_what_was_used_comes_back_evenly_and_never_more() -> None:
    async with asking(RateLimits()) as call:
        for left in ("599", "598", "597"):
            await call.refused(422)
            assert call.level == (left, "1")
        await call.clock.push(0.1)
        await call.refused(422)
        assert call.level == ("597", "1")
        await call.clock.push(3600)
        await call.refused(422)
        assert call.level == ("599", "1")


async def test_one_create_too_many_is_throttled_until_the_time_named() -> None:
    async with asking(FEW) as call:
        for left in ("2", "1", "0"):
            await call.create(prompt="x")
            assert call.level == (left, "20")
        await call.clock.push(0.5)
        answer = await call.create(429, prompt="x")
        assert answer == {
            "detail": "Request was throttled. Your rate limit resets in ~20s.",
            "status": 429,
        }
        assert call.headers["content-type"] == "application/problem+json"
        assert "retry-after" not in call.headers, "never recorded"
        assert call.level == ("0", "20")
        await call.clock.push(19)
        await call.create(429, prompt="x")
        assert call.level == ("0", "1")
        await call.clock.push(1)
        await call.create(prompt="x")
        await call.create(429, prompt="x")
        assert len(call.replicate.predictions) == 4, "what is throttled costs nothing"
        statuses = [record.status for record in call.replicate.requests]
        assert statuses == [201, 201, 201, 429, 429, 201, 429]


async def test_six_hundred_creates_a_minute() -> None:
    async with asking(RateLimits()) as call:
        for _ in range(600):
            await call.refused(422)
        answer = await call.refused(429)
        assert answer["detail"] == "Request was throttled. Your rate limit resets in ~1s."
        await call.clock.push(0.1)
        await call.refused(422)
        await call.refused(429)


async def test_creates_polls_and_the_rest_have_a_bucket_each() -> None:
    async with asking(FEW) as call:
        created = await call.create(prompt="x")
        await call.refused(422)
        await call.refused(422)
        await call.refused(429)
        poll = f"/v1/predictions/{created['id']}"
        for _ in range(3):
            await call("GET", poll)
        await call("GET", poll, status=429)
        await call("GET", "/v1/account")
        await call("GET", "/v1/predictions")
        await call("POST", f"{poll}/cancel")
        await call("GET", "/v1/account", status=429)


async def test_an_account_with_little_credit_creates_one_at_a_time() -> None:
    async with asking(RateLimits.low_credit()) as call:
        created = await call.create(prompt="x")
        assert call.level == ("0", "10")
        await call.clock.push(3)
        answer = await call.create(429, prompt="x")
        assert answer == {
            "detail": "Request was throttled. Your rate limit for creating predictions is reduced "
            "to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in "
            "credit. Your rate limit resets in ~7s.",
            "status": 429,
            "retry_after": 7,
        }
        await call("GET", f"/v1/predictions/{created['id']}")
        assert call.level == ("59999", "1")
        await call.clock.push(7)
        await call.create(prompt="x")
        await call.clock.push(60)
        await call.create(prompt="x")
        await call.create(429, prompt="x")


async def test_our_client_hears_how_long_to_wait() -> None:
    async with (
        asking(RateLimits.low_credit()) as call,
        ReplicateClient(call.replicate.base_url, call.replicate.token) as client,
    ):
        await client.create(call.replicate.version, Inputs("x", duration=1), 1800)
        with pytest.raises(Throttled) as throttled:
            await client.create(call.replicate.version, Inputs("x", duration=1), 1800)
        assert throttled.value.retry_after_s == 10


async def test_files_count_but_do_not_say_so() -> None:
    async with asking(FEW) as call:
        for _ in range(3):
            await call("GET", "/v1/files")
            assert call.level == (None, None)
        await call("GET", "/v1/files", status=429)
        assert call.level == (None, None)
        await call("GET", "/v1/account", status=429)
        assert call.level == ("0", "20")


async def test_who_is_not_let_in_does_not_count() -> None:
    async with asking(FEW) as call:
        for _ in range(5):
            await call("GET", "/v1/account", token="wrong", status=401)
            assert call.level == (None, None)
        await call("GET", "/v1/account")
        assert call.level == ("2", "20")


async def test_what_is_not_there_counts_and_deliveries_do_not() -> None:
    async with asking(FEW) as call:
        for _ in range(5):
            await call("GET", "/delivery/none/out.wav", token=None, status=404)
            assert call.level == (None, None)
        await call("GET", "/v1/predictions/none", status=404)
        assert call.level == ("2", "20")
        await call("GET", "/v1/nonsense", status=404)
        assert call.level == ("2", "20")


async def test_an_ordered_fault_comes_first() -> None:
    async with asking(FEW) as call:
        call.replicate.faults.order(Fault(route="POST /v1/predictions", times=2, status=503))
        await call.create(503, prompt="x")
        await call.create(503, prompt="x")
        await call.create(prompt="x")
        assert call.level == ("2", "20")


async def test_without_limits_everything_is_always_left() -> None:
    async with asking(None) as call:
        for _ in range(602):
            await call.refused(422)
            assert call.level == ("599", "1")
        created = await call.create(prompt="x")
        for _ in range(3):
            await call("GET", f"/v1/predictions/{created['id']}")
            assert call.level == ("59999", "1")
            await call("GET", "/v1/account")
            assert call.level == ("2999", "1")


def test_the_playground_has_the_usual_ones() -> None:
    assert replicate_standin().limits == RateLimits()
