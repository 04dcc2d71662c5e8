"""The Replicate stand-in over real HTTP: from create to bytes, the logs, lists, faults."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import JsonValue

from bot.playground.faults import Fault
from bot.playground.replicate import ReplicateStandIn, Script, Timings
from bot.playground.synth import SAMPLE_RATE_HZ, Recording, SynthRequest, render
from tests.contract.replicate_standin_kit import REAL_SCHEMA, Caller, Json, clip


@pytest.fixture
async def call() -> AsyncIterator[Caller]:
    async with (
        asyncio.timeout(20),
        ReplicateStandIn(timings=Timings.instant()) as replicate,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(replicate, session)


@pytest.fixture
async def real() -> AsyncIterator[Caller]:
    """With the schema of the version that really runs."""
    async with (
        asyncio.timeout(20),
        ReplicateStandIn(REAL_SCHEMA, Timings.instant()) as replicate,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(replicate, session)


def steps(logs: JsonValue) -> list[tuple[int, int]]:
    found = re.findall(r"^ *(\d+) / +(\d+)$", str(logs), re.MULTILINE)
    return [(int(step), int(total)) for step, total in found]


async def test_from_create_to_bytes(call: Caller) -> None:
    created = await call.create(prompt="house", duration=2, seed=7)
    assert (created["status"], created["output"], created["error"]) == ("starting", None, None)
    assert created["input"] == {"prompt": "house", "duration": 2, "seed": 7}
    assert "metrics" not in created
    assert call.headers["ratelimit-remaining"] == "599"
    await call.replicate.idle()
    done = await call("GET", f"/v1/predictions/{created['id']}")
    assert call.headers["ratelimit-remaining"] == "59999"
    assert done["status"] == "succeeded"
    assert isinstance(done["metrics"], dict)
    assert set(done["metrics"]) == {"predict_time", "total_time"}
    assert str(done["output"]).endswith("/out.wav")
    await call("GET", str(done["output"]), token=None)
    assert call.headers["content-type"] == "audio/wav"
    assert call.raw == render(SynthRequest("house", seed=7, duration_s=2))
    assert len(call.replicate.predictions) == 1


async def test_logs_of_eight_seconds(call: Caller) -> None:
    logs = (await call.finished(prompt="x", seed=9))["logs"]
    lines = str(logs).splitlines()
    assert "Using seed 9" in lines
    assert steps(logs) == [(step, 400) for step in range(1, 404)]
    assert "1 /    400" in lines
    assert any(re.fullmatch(r" +\d+ / +400", line) for line in lines), "some keep their blanks"
    assert str(logs).endswith("403 /    400\n")


async def test_logs_of_a_continuation(call: Caller) -> None:
    address = await call.upload(clip(4))
    done = await call.finished(prompt="x", duration=8, input_audio=address, continuation=True)
    assert done["status"] == "succeeded", done["error"]
    assert steps(done["logs"]) == [(step, 400) for step in range(1, 204)]
    await call("GET", str(done["output"]), token=None)
    assert len(Recording.decode(call.raw).samples) == 8 * SAMPLE_RATE_HZ


async def test_logs_beyond_the_window_jump_back(real: Caller) -> None:
    found = steps((await real.finished(prompt="x", duration=40, model_version="large"))["logs"])
    assert found[1502:1504] == [(1503, 2000), (901, 2000)]
    assert found[-1] == (1403, 2000)


async def test_a_drawn_seed_is_told(call: Caller) -> None:
    logs = [(await call.finished(prompt="x", duration=1, **more))["logs"] for more in ({}, ZERO)]
    seeds = [int(re.findall(r"^Using seed (\d+)$", str(each), re.MULTILINE)[0]) for each in logs]
    assert all(1 <= seed < 2**32 for seed in seeds)
    assert seeds[0] != seeds[1]


ZERO: Json = {"seed": 0}


async def test_input_audio_is_fetched_without_credentials(call: Caller) -> None:
    done = await call.finished(prompt="x", duration=2, seed=3)
    again = await call.finished(
        prompt="y", duration=4, input_audio=done["output"], continuation=True
    )
    assert again["status"] == "succeeded", again["error"]
    gone = f"{call.replicate.base_url}/delivery/none/out.wav"
    failed = await call.finished(prompt="y", input_audio=gone)
    assert failed["error"] == f"404 Client Error: Not Found for url: {gone}"
    nowhere = await call.finished(prompt="y", input_audio="http://127.0.0.1:9/x.wav")
    assert nowhere["status"] == "failed"


async def test_list_pages_and_filters(call: Caller) -> None:
    call.replicate.script(Script(times=120, starting_s=600))
    ids = [(await call.create(prompt=f"{number}"))["id"] for number in range(120)]
    page = await call("GET", "/v1/predictions")
    results = page["results"]
    assert isinstance(results, list)
    items = [each for each in results if isinstance(each, dict)]
    assert [item["id"] for item in items] == ids[:19:-1]
    assert page["previous"] is None
    assert all("logs" not in item for item in items)
    rest = await call("GET", str(page["next"]))
    older = rest["results"]
    assert isinstance(older, list)
    assert [each["id"] for each in older if isinstance(each, dict)] == ids[19::-1]
    assert rest["next"] is None
    assert (await call("GET", str(rest["previous"])))["results"] == results
    moment = str(items[0]["created_at"])
    for query, count in (
        (f"created_after={moment}", range(1, 121)),
        (f"created_before={moment}", range(101)),
        ("created_after=2999-01-01T00:00:00Z", range(1)),
    ):
        found = (await call("GET", f"/v1/predictions?{query}"))["results"]
        assert isinstance(found, list)
        assert len(found) in count
    await call("GET", "/v1/predictions?created_after=soon", status=400)


async def test_cancel(call: Caller) -> None:
    call.replicate.script(Script(starting_s=600))
    created = await call.create(prompt="x")
    canceled = await call("POST", f"/v1/predictions/{created['id']}/cancel")
    assert canceled["status"] == "canceled"
    assert canceled["completed_at"] is not None
    again = await call("POST", f"/v1/predictions/{created['id']}/cancel")
    assert again["status"] == "canceled"
    await call.replicate.idle()


async def test_faults_meet_every_route_and_are_logged(call: Caller) -> None:
    body: Json = {"detail": "Request was throttled. Your rate limit resets in ~30s.", "status": 429}
    call.replicate.faults.order(Fault(route="GET /v1/account", status=429, body=body))
    assert await call("GET", "/v1/account", status=429) == body
    await call("GET", "/v1/account")
    call.replicate.faults.order(Fault(route="POST /v1/predictions", reset="after"))
    with pytest.raises(aiohttp.ClientError):
        await call.create(prompt="x")
    assert len(call.replicate.predictions) == 1, "it arrived, and it cost"
    statuses = [record.status for record in call.replicate.requests]
    assert statuses == [429, 200, None]
