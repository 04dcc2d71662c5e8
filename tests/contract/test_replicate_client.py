from __future__ import annotations

import asyncio
import json
import logging
import socket
import traceback
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiolimiter import AsyncLimiter
from pydantic import JsonValue
from yarl import URL

from bot.domain.errors import (
    ConnectionFailed,
    CreditMissing,
    InputRefused,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
    ThingUnknown,
    Throttled,
    TokenRefused,
)
from bot.domain.inputs import TABLE, Inputs
from bot.domain.prediction import Prediction
from bot.playground.faults import Fault
from bot.playground.replicate import ReplicateStandIn, Script, Timings
from bot.replicate import client as client_module
from bot.replicate.client import ReplicateClient
from bot.replicate.retry import CREATE as CREATE_POLICY
from bot.replicate.retry import UPLOAD
from bot.replicate.schema import narrow
from bot.replicate.transport import Limits, request_budget
from tests.contract.replicate_kit import TOKEN, SwiftClock, hang, serve

INPUTS = Inputs("slow house, 100 bpm", duration=1, seed=4711)
IMPATIENT = Limits(connect_s=1.0, read_s=0.3, request_s=0.3, transfer_s=0.5)
CREATE = "POST /v1/predictions"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def service() -> AsyncGenerator[ReplicateStandIn]:
    async with ReplicateStandIn(timings=Timings.instant(), token=TOKEN) as running:
        yield running


@pytest.fixture
def clock() -> SwiftClock:
    return SwiftClock()


@pytest.fixture
async def client(service: ReplicateStandIn, clock: SwiftClock) -> AsyncGenerator[ReplicateClient]:
    async with ReplicateClient(service.base_url, TOKEN, clock=clock) as opened:
        yield opened


@pytest.fixture
async def impatient(
    service: ReplicateStandIn, clock: SwiftClock
) -> AsyncGenerator[ReplicateClient]:
    """For faults that hang; on a busy machine it takes a slow answer for one, too."""
    async with ReplicateClient(service.base_url, TOKEN, clock=clock, limits=IMPATIENT) as opened:
        yield opened


async def create(client: ReplicateClient, service: ReplicateStandIn) -> Prediction:
    return await client.create(service.version, INPUTS, 1800)


async def ended(client: ReplicateClient, prediction: Prediction) -> Prediction:
    async with asyncio.timeout(10):
        while not prediction.ended:
            await asyncio.sleep(0.01)
            prediction = await client.get(prediction.id)
    return prediction


def asked(service: ReplicateStandIn, method: str, path: str) -> int:
    return sum((record.method, record.path) == (method, path) for record in service.requests)


# ------------------------------------------------------------------ the journey


async def test_a_prediction_goes_from_create_to_a_file(
    client: ReplicateClient, service: ReplicateStandIn, tmp_path: Path
) -> None:
    created = await create(client, service)
    assert created.inputs == INPUTS.set_values()
    assert service.predictions[0].deadline is not None

    done = await ended(client, created)
    assert done.status == "succeeded"
    assert done.predict_time_s is not None
    assert done.output_url is not None

    track = await client.download(done.output_url, tmp_path / "track", 10_000_000)
    assert track.path.read_bytes()[:4] == b"RIFF"
    assert track.path.stat().st_size == track.size_bytes
    assert track.content_type.startswith("audio/")


async def test_a_running_prediction_is_canceled_and_canceling_it_again_does_no_harm(
    client: ReplicateClient, service: ReplicateStandIn
) -> None:
    service.script(Script(starting_s=60))
    created = await create(client, service)
    assert (await client.cancel(created.id)).status == "canceled"
    assert (await client.cancel(created.id)).status == "canceled"


@pytest.mark.parametrize("status", [400, 404, 409, 410, 422])
async def test_after_a_refused_cancel_the_prediction_is_read(
    client: ReplicateClient, service: ReplicateStandIn, status: int
) -> None:
    created = await create(client, service)
    await ended(client, created)
    service.faults.order(Fault(route="POST */cancel", status=status, body={"detail": "too late"}))
    assert (await client.cancel(created.id)).status == "succeeded"


async def test_a_file_is_streamed_up_whole(
    client: ReplicateClient, service: ReplicateStandIn, tmp_path: Path
) -> None:
    path = tmp_path / "melody.wav"
    path.write_bytes(bytes(range(256)) * 4000)
    service.faults.order(Fault(route="POST /v1/files", status=503))
    file = await client.upload(path, "melody.wav", "audio/wav")
    assert file.url == f"{service.base_url}/v1/files/{file.id}"
    headers = {"Authorization": f"Token {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(file.url) as answer:
        kept = await answer.json()
    assert (kept["size"], kept["content_type"]) == (path.stat().st_size, "audio/wav")
    assert service.files == 1


async def test_the_account_and_the_schema_are_read(
    client: ReplicateClient, service: ReplicateStandIn
) -> None:
    assert (await client.account()).username == "playground"
    version = await client.version_schema("meta/musicgen", service.version)
    assert version.id == service.version
    assert narrow(TABLE, version.openapi_schema)[1] == ()
    with pytest.raises(ThingUnknown):
        await client.version_schema("meta/musicgen", "0" * 64)


# ------------------------------------------------------------------ refusals and tries


@pytest.mark.parametrize(
    ("status", "body", "kind", "creates", "reads"),
    [
        (401, {"title": "Unauthenticated"}, TokenRefused, 1, 1),
        (402, {"title": "Insufficient credit"}, CreditMissing, 1, 1),
        (404, {"detail": "Not found."}, ThingUnknown, 1, 1),
        (422, {"detail": "- input.seed: no\n"}, InputRefused, 1, 1),
        (500, "<html>", ServiceFault, 1, 2),
        (502, None, ServiceFault, 1, 2),
        (504, None, ServiceFault, 1, 2),
        (201, "{nonsense", ReplyBroken, 1, 2),
        (200, {"no": "prediction"}, ReplyBroken, 1, 2),
        (307, None, ServiceFault, 1, 1),
    ],
)
async def test_a_read_is_repeated_where_it_helps_and_a_create_is_not(
    client: ReplicateClient,
    service: ReplicateStandIn,
    status: int,
    body: JsonValue,
    kind: type[ReplicateError],
    creates: int,
    reads: int,
) -> None:
    created = await create(client, service)
    path = f"/v1/predictions/{created.id}"
    fault = Fault(route="* /v1/predictions*", status=status, body=body)

    service.faults.order(fault)
    with pytest.raises(kind):
        await create(client, service)
    assert asked(service, "POST", "/v1/predictions") == 1 + creates

    service.faults.order(fault)
    if reads > 1:
        assert (await client.get(created.id)).id == created.id
    else:
        with pytest.raises(kind):
            await client.get(created.id)
    assert asked(service, "GET", path) == reads


async def test_a_throttled_create_is_left_to_the_gate_unless_the_wait_is_short(
    client: ReplicateClient, service: ReplicateStandIn, clock: SwiftClock
) -> None:
    service.faults.order(Fault(route=CREATE, status=429, headers={"Retry-After": "1"}))
    await create(client, service)
    assert len(service.predictions) == 1
    [waited_s] = clock.waits_s
    assert 1 <= waited_s <= 1.1
    service.faults.order(Fault(route=CREATE, status=429, body={"retry_after": 5}))
    with pytest.raises(Throttled) as caught:
        await create(client, service)
    assert caught.value.retry_after_s == 5
    assert len(service.predictions) == 1


async def test_a_wait_longer_than_the_calls_deadline_is_not_begun(
    client: ReplicateClient, service: ReplicateStandIn, clock: SwiftClock
) -> None:
    service.faults.order(Fault(route="GET *", status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(Throttled) as caught:
        await client.get("someid")
    assert caught.value.retry_after_s == 3600
    assert clock.waits_s == []


async def test_a_service_that_stays_down_is_given_up_at_the_deadline(
    client: ReplicateClient, service: ReplicateStandIn, clock: SwiftClock
) -> None:
    service.faults.order(Fault(route="GET /v1/account", status=503, times=100))
    with pytest.raises(ServiceFault):
        await client.account()
    assert 20 < sum(clock.waits_s) < 60
    assert len(clock.waits_s) < 12


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_create_that_was_cut_off_is_never_sent_again_but_found(
    client: ReplicateClient, service: ReplicateStandIn, moment: str
) -> None:
    service.faults.order(Fault.model_validate({"route": CREATE, "reset": moment}))
    with pytest.raises(ConnectionFailed) as caught:
        await create(client, service)
    assert caught.value.may_have_arrived
    assert asked(service, "POST", "/v1/predictions") == 1

    found = await client.find(service.version, INPUTS, LONG_AGO)
    assert [prediction.id for prediction in found] == [paid.id for paid in service.predictions]
    assert len(found) == (1 if moment == "after" else 0)


@pytest.mark.parametrize("fault", [{"delay_s": 5.0}, {"drip_s": 10.0}, {"drip_s": 2.0}])
async def test_a_create_that_hangs_or_drips_ends_in_time_and_may_have_arrived(
    impatient: ReplicateClient, service: ReplicateStandIn, fault: dict[str, float]
) -> None:
    service.faults.order(Fault.model_validate({"route": CREATE, **fault}))
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionFailed) as caught:
            await create(impatient, service)
    assert caught.value.may_have_arrived
    assert asked(service, "POST", "/v1/predictions") == 1


async def test_a_create_has_its_time_in_full(
    service: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However soon another try would be too late, and however silent the service is."""
    monkeypatch.setattr(client_module, "CREATE", replace(CREATE_POLICY, deadline_s=0.1))
    limits = replace(IMPATIENT, request_s=10.0)
    service.faults.order(Fault(route=CREATE, delay_s=1.3))
    async with ReplicateClient(service.base_url, TOKEN, limits=limits) as client:
        created = await create(client, service)
    assert [created.id] == [paid.id for paid in service.predictions]


async def test_an_upload_has_its_time_in_full(
    service: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(client_module, "UPLOAD", replace(UPLOAD, deadline_s=0.1))
    path = tmp_path / "melody.wav"
    path.write_bytes(b"x" * 1000)
    service.faults.order(Fault(route="POST /v1/files", delay_s=1.3))
    limits = replace(IMPATIENT, read_s=10.0, transfer_s=10.0)
    async with ReplicateClient(service.base_url, TOKEN, limits=limits) as client:
        await client.upload(path, "melody.wav", "audio/wav")
    assert asked(service, "POST", "/v1/files") == 1


@pytest.mark.parametrize("fault", [{"delay_s": 5.0}, {"drip_s": 10.0}, {"reset": "before"}])
async def test_a_read_survives_a_hanging_a_dripping_and_a_dropped_answer(
    impatient: ReplicateClient, service: ReplicateStandIn, fault: dict[str, JsonValue]
) -> None:
    service.faults.order(Fault.model_validate({"route": "GET /v1/account", **fault}))
    assert (await impatient.account()).username == "playground"


async def test_where_nobody_listens_nothing_arrived_and_a_create_tries_again(
    clock: SwiftClock,
) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        async with ReplicateClient(base_url, TOKEN, clock=clock) as client:
            with pytest.raises(ConnectionFailed) as caught:
                await client.create("v", INPUTS, 60)
    assert not caught.value.may_have_arrived
    assert len(clock.waits_s) >= 2


async def test_cancellation_passes_through() -> None:
    arrived = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        arrived.set()
        return await hang(request)

    async with serve(answer) as server, ReplicateClient(str(server.url), TOKEN) as client:
        waiting = asyncio.create_task(client.account())
        await arrived.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert len(server.paths) == 1


async def test_every_api_request_spends_the_budget(service: ReplicateStandIn) -> None:
    budget = AsyncLimiter(5, 3600)
    async with ReplicateClient(
        service.base_url, TOKEN, clock=SwiftClock(), budget=budget
    ) as client:
        service.faults.order(Fault(route="GET /v1/account", status=500, times=2))
        await client.account()
    assert budget.has_capacity(2)
    assert not budget.has_capacity(3)


async def test_where_several_share_the_budget_each_request_costs_as_much(
    service: ReplicateStandIn,
) -> None:
    budget = AsyncLimiter(5, 3600)
    async with ReplicateClient(
        service.base_url, TOKEN, clock=SwiftClock(), budget=budget
    ) as client:
        client.members = 4
        await client.account()
        await create(client, service)
    assert budget.has_capacity(1)
    assert not budget.has_capacity(2)


@pytest.mark.parametrize(
    ("per_minute", "burst", "period_s"), [(2400, 40, 1), (60, 1, 1), (30, 1, 2)]
)
def test_a_budget_is_never_more_than_was_said(
    per_minute: int, burst: float, period_s: float
) -> None:
    budget = request_budget(per_minute)
    assert (budget.max_rate, budget.time_period) == (burst, period_s)


async def test_an_injected_session_stays_open_and_an_own_one_is_needed(
    service: ReplicateStandIn,
) -> None:
    async with aiohttp.ClientSession() as session:
        async with ReplicateClient(service.base_url, TOKEN, session=session) as client:
            await client.account()
        assert not session.closed
    with pytest.raises(RuntimeError):
        await client.account()


# ------------------------------------------------------------------ finding again


async def test_find_walks_the_pages_and_tells_like_from_unlike(
    client: ReplicateClient, service: ReplicateStandIn
) -> None:
    service.script(Script(starting_s=60, times=300))
    first = await create(client, service)
    others = [
        replace(INPUTS, prompt="another prompt"),
        replace(INPUTS, seed=4712),
        replace(INPUTS, duration=2),
        replace(INPUTS, top_k=10),
    ]
    for number in range(120):
        await client.create(service.version, others[number % 4], 1800)
    again = await create(client, service)
    assert first.created_at is not None

    found = await client.find(service.version, INPUTS, LONG_AGO)
    assert [prediction.id for prediction in found] == [again.id, first.id]
    assert asked(service, "GET", "/v1/predictions") == 2

    later = first.created_at + timedelta(milliseconds=1)
    found = await client.find(f"meta/musicgen:{service.version}", INPUTS, later)
    assert [prediction.id for prediction in found] == [again.id]
    assert await client.find("0" * 64, INPUTS, LONG_AGO) == ()


def item(prediction_id: str, created_at: str) -> dict[str, JsonValue]:
    return {
        "id": prediction_id,
        "status": "starting",
        "version": "v",
        "input": {"seed": 1, "prompt": "p"},
        "created_at": created_at,
    }


async def test_find_stops_at_what_is_older_even_if_the_service_does_not() -> None:
    async def answer(_: web.Request) -> web.Response:
        results = [item("new", "2026-01-02T00:00:00Z"), item("old", "2026-01-01T00:00:00Z")]
        return web.json_response({"next": "/v1/predictions?cursor=1", "results": results})

    async with serve(answer) as server, ReplicateClient(str(server.url), TOKEN) as client:
        since = datetime(2026, 1, 1, 12, tzinfo=UTC)
        found = await client.find("v", Inputs("p", seed=1), since)
    assert [prediction.id for prediction in found] == ["new"]
    assert server.paths == ["/v1/predictions?created_after=2026-01-01T12:00:00%2B00:00"]


async def test_a_page_named_at_another_host_is_asked_for_at_our_own() -> None:
    """A proxy may hand on the service's own addresses; the token is not for them."""
    async with serve(hang) as stranger:

        async def answer(request: web.Request) -> web.Response:
            if "cursor" in request.query:
                results = [item("older", "2026-01-01T00:00:00Z")]
                return web.json_response({"next": None, "results": results})
            next_url = str(stranger.url / "v1/predictions" % {"cursor": "cD0yMDI2+x=="})
            return web.json_response({"next": next_url, "results": []})

        async with (
            serve(answer) as server,
            ReplicateClient(str(server.url / "proxy"), TOKEN) as client,
        ):
            found = await client.find("v", Inputs("p", seed=1), LONG_AGO)
    assert [prediction.id for prediction in found] == ["older"]
    second = URL(server.paths[1])
    assert (second.path, second.query["cursor"]) == ("/proxy/v1/predictions", "cD0yMDI2+x==")
    assert stranger.paths == []


@pytest.mark.parametrize("next_url", ["https://api.replicate.com/v1/predictions", "http://[bad"])
async def test_a_next_page_that_leads_nowhere_is_no_answer(next_url: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"next": next_url, "results": []})

    async with serve(answer) as server, ReplicateClient(str(server.url), TOKEN) as client:
        with pytest.raises(ReplyBroken):
            await client.find("v", Inputs("p", seed=1), LONG_AGO)
    assert len(server.paths) == 1


async def test_pages_are_asked_for_one_by_one_as_they_are_read(
    client: ReplicateClient, service: ReplicateStandIn
) -> None:
    service.script(Script(starting_s=60, times=300))
    for _ in range(120):
        await create(client, service)
    sizes: list[int] = []
    async with aclosing(client.pages(LONG_AGO)) as listing:
        async for page in listing:
            sizes.append(len(page))
            assert asked(service, "GET", "/v1/predictions") == len(sizes)
    assert sizes == [100, 20]


# ------------------------------------------------------------------ the token


async def test_the_api_is_not_followed_to_another_host(clock: SwiftClock) -> None:
    async with serve(hang) as stranger:

        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": str(stranger.url)})

        async with (
            serve(answer) as server,
            ReplicateClient(str(server.url), TOKEN, clock=clock, limits=IMPATIENT) as client,
        ):
            for call in (client.account(), client.create("v", INPUTS, 60)):
                with pytest.raises(ServiceFault):
                    await call
    assert len(server.paths) == 2
    assert stranger.paths == []


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500, 200])
async def test_the_token_is_sent_and_shown_nowhere(
    clock: SwiftClock, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        said = f"bad {request.headers['Authorization']}"
        return web.Response(status=status, text=json.dumps({"detail": said, "title": said}))

    with caplog.at_level(logging.DEBUG):
        async with (
            serve(answer) as server,
            ReplicateClient(str(server.url), TOKEN, clock=clock) as client,
        ):
            with pytest.raises(ReplicateError) as caught:
                await client.create("v", INPUTS, 60)
            assert TOKEN not in repr(client)
    assert set(server.authorizations) == {f"Token {TOKEN}"}
    assert TOKEN not in caplog.text
    assert_untold(caught.value)


async def test_no_cause_of_an_error_holds_the_token(clock: SwiftClock) -> None:
    async def garble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"NOT HTTP AT ALL\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(garble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, ReplicateClient(f"http://127.0.0.1:{port}", TOKEN, clock=clock) as client:
        with pytest.raises(ConnectionFailed) as caught:
            await client.create("v", INPUTS, 60)
    assert caught.value.may_have_arrived
    assert_untold(caught.value)


def assert_untold(error: ReplicateError) -> None:
    link: BaseException | None = error
    while link is not None:
        assert TOKEN not in f"{link!r} {vars(link)} {link.__context__!r}"
        assert TOKEN not in "".join(traceback.format_exception(link))
        link = link.__cause__
