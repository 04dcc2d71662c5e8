"""What a Prometheus server reads. No label grows with users or servers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict

import aiohttp
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from yarl import URL

from bot.domain.generation import Generation, State
from bot.engine.observer import Stage
from bot.operations.health import OK, Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280)
_NO_ANSWER = "none"
_OPERATIONS = (
    ("create", "POST", r"/predictions"),
    ("cancel", "POST", r"/predictions/[^/]+/cancel"),
    ("poll", "GET", r"/predictions/[^/]+"),
    ("list", "GET", r"/predictions"),
    ("upload", "POST", r"/files"),
    ("schema", "GET", r"/models/.*"),
    ("account", "GET", r"/account"),
    ("webhook_key", "GET", r"/webhooks/default/secret"),
)
"""Each with its method, and the end of its path."""
_OTHER = "other"


class Metrics:
    """Counts what happens in this process, from its start."""

    def __init__(self, price_per_second_micro_usd: int) -> None:
        # A line more for each, which only OpenMetrics has a use for.
        disable_created_metrics()
        self._price = price_per_second_micro_usd
        self.registry = registry = CollectorRegistry()
        self._ended = Counter(
            "musicgen_generations_total",
            "Generations that have ended.",
            ["outcome"],
            registry=registry,
        )
        for state in State:
            if state.final:
                self._ended.labels(state.value)
        self._stages = Histogram(
            "musicgen_stage_seconds",
            "Seconds that generations took for each stage.",
            ["stage"],
            buckets=_BUCKETS_S,
            registry=registry,
        )
        for stage in Stage:
            self._stages.labels(stage.value)
        self.running = Gauge(
            "musicgen_running", "Generations with a slot: sent, or about to be.", registry=registry
        )
        self.waiting = Gauge("musicgen_waiting", "Generations in line.", registry=registry)
        self._replicate = Counter(
            "musicgen_replicate_requests_total",
            "Requests to Replicate's API by their answer's status.",
            ["operation", "status"],
            registry=registry,
        )
        self._discord = Counter(
            "musicgen_discord_requests_total",
            "Requests to Discord's API by their answer's status.",
            ["status"],
            registry=registry,
        )
        self._webhooks = Counter(
            "musicgen_webhooks_total",
            "What Replicate has pushed, by what became of it.",
            ["result"],
            registry=registry,
        )
        self.budget_left = Gauge(
            "musicgen_budget_left",
            "What is left of LIMIT_TOTAL, in its unit.",
            ["unit", "period"],
            registry=registry,
        )
        self._spend = Counter(
            "musicgen_spend_usd_total",
            "What runs of the model cost, by PRICE_PER_SECOND_USD.",
            registry=registry,
        )
        self._healthy = Gauge(
            "musicgen_healthy",
            "Whether a part of the bot does its work, as /healthz has it.",
            ["part"],
            registry=registry,
        )
        self.connected = Gauge(
            "discord_connected", "Whether a shard is connected.", ["shard"], registry=registry
        )
        self.latency = Gauge(
            "discord_latency_seconds",
            "Seconds from a shard's last heartbeat to Discord's answer.",
            ["shard"],
            registry=registry,
        )

    def took(self, stage: Stage, seconds: float) -> None:
        """A generation is through a stage."""
        self._stages.labels(stage.value).observe(seconds)

    def ended(self, generation: Generation) -> None:
        """A generation has ended; what it ran is billed, however it ended."""
        self._ended.labels(generation.state.value).inc()
        if generation.predict_time_s is not None:
            self._spend.inc(generation.predict_time_s * self._price / 1e6)

    def pushed(self, result: str, times: int = 1) -> None:
        """Something was pushed to the bot, and this became of it."""
        self._webhooks.labels(result).inc(times)

    async def replicate(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Count a request to Replicate: a middleware of its client's session."""
        operation = operation_of(request.method, request.url)
        try:
            response = await handler(request)
        except (aiohttp.ClientError, TimeoutError):
            self._replicate.labels(operation, _NO_ANSWER).inc()
            raise
        self._replicate.labels(operation, str(response.status)).inc()
        return response

    async def discord(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """A middleware that counts what a session sends to Discord."""
        answer = _NO_ANSWER
        try:
            response = await handler(request)
            answer = str(response.status)
        finally:
            if _is_api(request.url):
                self._discord.labels(answer).inc()
        return response

    def shards(self, shards: Iterable[tuple[int, bool, float]]) -> None:
        """Take down each shard's number, whether it is connected, and its latency in seconds."""
        self.connected.clear()
        self.latency.clear()
        for number, is_connected, latency_s in shards:
            self.connected.labels(str(number)).set(is_connected)
            if is_connected and latency_s < float("inf"):
                self.latency.labels(str(number)).set(latency_s)

    def healthy(self, health: Health) -> None:
        """Take down how each part does."""
        for part, how in asdict(health).items():
            self._healthy.labels(part).set(how == OK)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


def operation_of(method: str, url: URL) -> str:
    """What a request asks of Replicate, in a word; no address or id in it."""
    for operation, its_method, path in _OPERATIONS:
        if method == its_method and re.search(rf"/v1{path}$", url.path):
            return operation
    return _OTHER


def _is_api(url: URL) -> bool:
    """Neither the gateway nor an attachment."""
    return url.path.startswith("/api/")
