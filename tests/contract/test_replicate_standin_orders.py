"""What may be ordered of the Replicate stand-in, and what only time does to a prediction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import JsonValue

from bot.playground.replicate import ReplicateStandIn, Script, Timings
from tests.contract.replicate_standin_kit import OBJECT, Json, PushedClock

DURING_S = 0.25


class Shop:
    """The stand-in under a pushed clock, and a session that asks it."""

    def __init__(
        self, replicate: ReplicateStandIn, clock: PushedClock, session: aiohttp.ClientSession
    ) -> None:
        self.replicate, self.clock, self.session = replicate, clock, session
        self.auth = {"Authorization": f"Bearer {replicate.token}"}

    async def create(self, headers: dict[str, str] | None = None, **given: JsonValue) -> Json:
        body = {"version": self.replicate.version, "input": {"prompt": "x"} | given}
        url = f"{self.replicate.base_url}/v1/predictions"
        sent = self.auth | (headers or {})
        async with self.session.post(url, json=body, headers=sent) as answer:
            assert answer.status == 201, await answer.text()
            return OBJECT.validate_json(await answer.read())

    async def get(self, prediction: Json) -> Json:
        url = f"{self.replicate.base_url}/v1/predictions/{prediction['id']}"
        async with self.session.get(url, headers=self.auth) as answer:
            return OBJECT.validate_json(await answer.read())

    async def ended(self, prediction: Json) -> Json:
        """Push until it has ended."""
        while (shown := await self.get(prediction))["completed_at"] is None:
            await self.clock.push(DURING_S)
        return shown


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    clock = PushedClock()
    async with (
        asyncio.timeout(20),
        ReplicateStandIn(timings=Timings(), clock=clock) as replicate,
        aiohttp.ClientSession() as session,
    ):
        yield Shop(replicate, clock, session)


async def test_default_timings_walk_through_every_stage(shop: Shop) -> None:
    created = await shop.create(seed=3)
    await shop.clock.push(1.4)
    assert (await shop.get(created))["status"] == "starting"
    await shop.clock.push(0.2)
    running = await shop.get(created)
    assert (running["status"], running["output"]) == ("processing", None)
    assert running["started_at"] is not None
    logs = ""
    for _ in range(20):
        await shop.clock.push(0.1)
        grown = str((await shop.get(created))["logs"])
        assert grown.startswith(logs)
        logs = grown
    assert 150 <= int(logs.splitlines()[-1].split("/")[0]) <= 200
    done = await shop.ended(created)
    assert done["status"] == "succeeded"
    assert isinstance(done["metrics"], dict)
    assert float(str(done["metrics"]["predict_time"])) > 4


async def test_warm_starts_are_quicker(shop: Shop) -> None:
    await shop.ended(await shop.create(duration=1))
    second = await shop.create(duration=1)
    await shop.clock.push(0.5)
    assert (await shop.get(second))["status"] == "processing"


async def test_deadline_before_the_start_aborts(shop: Shop) -> None:
    shop.replicate.script(Script(starting_s=600))
    created = await shop.create({"Cancel-After": "90s"})
    assert created["deadline"] == "2026-01-01T00:01:30.000Z"
    await shop.clock.push(89)
    assert (await shop.get(created))["status"] == "starting"
    await shop.clock.push(2)
    ended = await shop.get(created)
    assert ended["status"] == "aborted"
    assert ended["metrics"] == {"total_time": 91.0}, "nothing ran, nothing is billed"


async def test_deadline_during_the_run_cancels(shop: Shop) -> None:
    created = await shop.create({"Cancel-After": "5"}, duration=30)
    assert (await shop.ended(created))["status"] == "canceled"


@pytest.mark.parametrize(
    ("text", "deadline"),
    [("5m", "00:05:00"), ("1h30m", "01:30:00"), ("45", "00:00:45"), ("1m5s", "00:01:05")],
)
async def test_cancel_after_is_echoed(shop: Shop, text: str, deadline: str) -> None:
    created = await shop.create({"Cancel-After": text})
    assert created["deadline"] == f"2026-01-01T{deadline}.000Z"


@pytest.mark.parametrize("text", ["4s", "soon", "-5", "", "1.5h"])
async def test_bad_cancel_after_is_refused(shop: Shop, text: str) -> None:
    with pytest.raises(AssertionError, match="Cancel-After"):
        await shop.create({"Cancel-After": text})
    assert not shop.replicate.predictions


async def test_data_is_removed_after_an_hour(shop: Shop) -> None:
    done = await shop.ended(await shop.create(duration=1))
    output = str(done["output"])
    async with shop.session.get(output) as answer:
        assert answer.status == 200
    await shop.clock.push(3601)
    gone = await shop.get(done)
    assert (gone["output"], gone["data_removed"], gone["logs"]) == (None, True, "")
    assert gone["status"] == "succeeded"
    async with shop.session.get(output) as answer:
        assert answer.status == 404


async def test_prefer_wait_holds_the_request(shop: Shop) -> None:
    holding = asyncio.ensure_future(shop.create({"Prefer": "wait=30"}, duration=1))
    while not holding.done():
        # While music is rendered only the held request sleeps, and its time must not run out.
        if shop.clock.sleeping > 1:
            await shop.clock.push(0.1)
        async with shop.session.get(f"{shop.replicate.base_url}/v1/account") as answer:
            assert answer.status == 401, "meanwhile it answers others"
    held = await holding
    assert held["status"] == "processing"
    assert str(held["output"]).endswith("/out.wav")
    assert "metrics" not in held


async def test_an_unknown_status_for_a_while(shop: Shop) -> None:
    shop.replicate.script(Script(status="warming", status_s=5))
    created = await shop.create(duration=1)
    await shop.clock.push(2)
    assert (await shop.get(created))["status"] == "warming"
    assert (await shop.ended(created))["status"] == "succeeded"


@pytest.mark.parametrize(
    ("script", "status", "error"),
    [
        (Script(error="CUDA out of memory"), "failed", "CUDA out of memory"),
        (Script(error=""), "failed", ""),
        (Script(ends="failed"), "failed", "Prediction interrupted; please retry (code: PA)"),
        (Script(ends="canceled"), "canceled", None),
        (Script(ends="aborted"), "aborted", None),
    ],
)
async def test_ordered_ends(shop: Shop, script: Script, status: str, error: str | None) -> None:
    shop.replicate.script(script)
    ended = await shop.ended(await shop.create(duration=1))
    assert (ended["status"], ended["error"], ended["output"]) == (status, error, None)
    after = await shop.ended(await shop.create(duration=1))
    assert after["status"] == "succeeded", "an order is met once"


async def test_ordered_outputs(shop: Shop) -> None:
    for shape, kind in (("missing", type(None)), ("list", list), ("object", dict)):
        shop.replicate.script(Script.model_validate({"output": shape}))
        output = (await shop.ended(await shop.create(duration=1)))["output"]
        assert isinstance(output, kind)


async def test_ordered_deliveries(shop: Shop) -> None:
    for script, status, content_type, size in (
        (Script(delivery_status=404), 404, "text/plain", range(1)),
        (Script(delivery_type="text/html"), 200, "text/html", range(64_000, 65_000)),
        (Script(delivery_bytes=3_000_000), 200, "audio/wav", range(3_000_000, 3_000_001)),
    ):
        shop.replicate.script(script)
        done = await shop.ended(await shop.create(duration=1))
        async with shop.session.get(str(done["output"])) as answer:
            assert (answer.status, answer.content_type) == (status, content_type)
            assert len(await answer.read()) in size


async def test_another_process_may_order(shop: Shop) -> None:
    url = f"{shop.replicate.base_url}/playground/scripts"
    door = {"Authorization": f"Bearer {shop.replicate.guard.control_token}"}
    async with shop.session.post(url, json={"error": "no", "times": 2}, headers=door) as answer:
        assert answer.status == 204
    assert (await shop.ended(await shop.create()))["error"] == "no"
    async with shop.session.delete(url, headers=door) as answer:
        assert answer.status == 204
    assert (await shop.ended(await shop.create(duration=1)))["error"] is None
    async with shop.session.post(url, json={"eror": "no"}, headers=door) as answer:
        assert answer.status == 422


async def test_closing_leaves_nothing_behind() -> None:
    async with ReplicateStandIn() as replicate, aiohttp.ClientSession() as session:
        shop = Shop(replicate, PushedClock(), session)
        await shop.create({"Cancel-After": "60s"})
        await shop.create()
    assert len(asyncio.all_tasks()) == 1
