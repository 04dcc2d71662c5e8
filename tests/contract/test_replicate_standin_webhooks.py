"""The stand-in pushes as Replicate does, and the official client finds its signatures right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from replicate.webhook import Webhooks, WebhookSigningSecret

from bot.playground.replicate import ReplicateStandIn, Timings
from tests.contract.replicate_standin_kit import OBJECT, Caller, Json
from tests.fakes import FakeClock

EVENTS = ["start", "output", "logs", "completed"]
NOWHERE = "http://127.0.0.1:9/webhook"


@dataclass
class Receiver:
    """Takes pushes, after so many refusals."""

    refusals: int = 0
    url: str = ""
    taken: list[tuple[dict[str, str], bytes]] = field(
        default_factory=list[tuple[dict[str, str], bytes]]
    )

    async def receive(self, request: web.Request) -> web.Response:
        if self.refusals > 0:
            self.refusals -= 1
            return web.Response(status=503)
        self.taken.append((dict(request.headers), await request.read()))
        return web.Response()

    @property
    def shown(self) -> list[Json]:
        return [OBJECT.validate_json(body) for _, body in self.taken]


@asynccontextmanager
async def a_receiver() -> AsyncGenerator[Receiver]:
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/webhook", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    yield receiver
    await runner.cleanup()


@asynccontextmanager
async def a_call(replicate: ReplicateStandIn) -> AsyncGenerator[Caller]:
    async with replicate, aiohttp.ClientSession() as session:
        yield Caller(replicate, session)


async def created(call: Caller, address: str, *events: str, status: int = 201) -> Json:
    body: Json = {"version": call.replicate.version, "input": {"prompt": "x", "duration": 1}}
    body |= {"webhook": address, "webhook_events_filter": list(events or EVENTS)}
    return await call("POST", "/v1/predictions", body, status=status)


async def has_ended(call: Caller) -> None:
    async with asyncio.timeout(10):
        while not any(push.event == "completed" for push in call.replicate.webhooks.sent):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.005)


async def test_the_official_client_believes_every_push() -> None:
    timings = Timings(cold_start_s=0, step_rate_per_s=100, encode_s=0)
    async with a_call(ReplicateStandIn(timings=timings)) as call, a_receiver() as receiver:
        secret = await call("GET", "/v1/webhooks/default/secret")
        prediction = await created(call, receiver.url)
        await has_ended(call)
        assert {push.event for push in call.replicate.webhooks.sent} == set(EVENTS)
        for headers, body in receiver.taken:
            key = WebhookSigningSecret(key=str(secret["key"]))
            Webhooks.validate(headers=headers, body=body.decode(), secret=key, tolerance=300)
        assert all(shown["id"] == prediction["id"] for shown in receiver.shown)
        last = await call("GET", f"/v1/predictions/{prediction['id']}")
        assert last in receiver.shown, "a push is what a poll would tell"
        assert last["webhook_events_filter"] == EVENTS


@pytest.mark.parametrize("events", [("completed",), ("start", "completed")])
async def test_only_what_was_asked_for_is_pushed(events: tuple[str, ...]) -> None:
    async with a_call(ReplicateStandIn(timings=Timings.instant())) as call:
        await created(call, NOWHERE, *events)
        await has_ended(call)
        assert [push.event for push in call.replicate.webhooks.sent] == list(events)


async def test_only_the_last_one_is_sent_again_and_for_a_minute_at_the_most() -> None:
    clock = FakeClock()
    async with a_call(ReplicateStandIn(timings=Timings.instant(), clock=clock)) as call:
        await created(call, NOWHERE)
        await call.replicate.idle()
        ended_s = clock.monotonic()
        async with asyncio.timeout(10):
            while len(call.replicate.webhooks._tasks):  # noqa: ASYNC110 # pyright: ignore[reportPrivateUsage] - no event tells
                await asyncio.sleep(0.005)
        sent = [push.event for push in call.replicate.webhooks.sent]
        assert sent.count("start") == sent.count("output") == 1
        assert sent.count("completed") >= 6
        assert 30 <= clock.monotonic() - ended_s <= 60
        last = [push for push in call.replicate.webhooks.sent if push.event == "completed"]
        assert len({push.headers["webhook-id"] for push in last}) == 1


async def test_one_that_was_refused_is_taken_at_last() -> None:
    async with (
        a_call(ReplicateStandIn(timings=Timings.instant())) as call,
        a_receiver() as receiver,
    ):
        receiver.refusals = 2
        await created(call, receiver.url, "completed")
        async with asyncio.timeout(10):
            while not receiver.taken:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
        assert receiver.shown[0]["status"] == "succeeded"


async def test_nothing_is_pushed_in_the_open() -> None:
    async with a_call(ReplicateStandIn(timings=Timings.instant())) as call:
        await created(call, "http://bot.example.org/", status=422)
        await created(call, NOWHERE, "finished", status=422)
        assert call.replicate.predictions == []
