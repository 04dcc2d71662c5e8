"""Predictions as the stand-in keeps them, and as the API shows them."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from bot.playground.replicate.problems import JsonObject
from bot.playground.replicate.scripts import Script

TERMINAL = frozenset({"succeeded", "failed", "canceled", "aborted"})


@dataclass(frozen=True, slots=True)
class OutputFile:
    """The finished audio and how it is delivered."""

    name: str
    content: bytes
    content_type: str
    key: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class WebhookOrder:
    """Where a prediction is pushed, and at which events."""

    address: str
    events: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Prediction:
    """One paid run. Only `begin`, `end` and `log` change it."""

    id: str
    model: str
    version: str
    input: JsonObject
    created_at: datetime
    script: Script
    deadline: datetime | None = None
    webhook: WebhookOrder | None = None
    status: str = "starting"
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error: str | None = None
    output_file: OutputFile | None = None
    log_lines: list[str] = field(default_factory=list[str])
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever it has changed; who follows it clears that."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has ended."""

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return self.status in TERMINAL

    def begin(self, now: datetime) -> None:
        """The model starts to run."""
        self.status, self.started_at = "processing", now
        self.news.set()

    def log(self, *lines: str) -> None:
        """The model writes to its log."""
        self.log_lines += lines
        self.news.set()

    def end(self, status: str, now: datetime, error: str | None = None) -> None:
        """It ends, once; a later end changes nothing."""
        if not self.is_terminal:
            self.status, self.completed_at, self.error = status, now, error
            self.news.set()
            self.over.set()

    def is_removed(self, now: datetime, retention_s: float) -> bool:
        """Whether input, output and logs are gone."""
        ended = self.completed_at
        return ended is not None and now - ended >= timedelta(seconds=retention_s)

    def as_json(self, base_url: str, *, removed: bool, in_list: bool = False) -> JsonObject:
        """The prediction object; a list's items have no logs."""
        here = f"{base_url}/v1/predictions/{self.id}"
        shown: JsonObject = {
            "id": self.id,
            "model": self.model,
            "version": self.version,
            "input": {} if removed else self.input,
            "output": None if removed else self._output(base_url),
            "error": self.error,
            "status": self.status,
            "source": "api",
            "data_removed": removed,
            "created_at": timestamp(self.created_at),
            "started_at": _maybe(self.started_at),
            "completed_at": _maybe(self.completed_at),
            "urls": {
                "get": here,
                "cancel": f"{here}/cancel",
                "web": f"{base_url}/p/{self.id}",
            },
        }
        if not in_list:
            shown["logs"] = "" if removed else "".join(self.log_lines)
        if self.webhook is not None:
            shown["webhook"] = self.webhook.address
            shown["webhook_events_filter"] = list(self.webhook.events)
        if self.deadline is not None:
            shown["deadline"] = timestamp(self.deadline)
        if self.is_terminal and self.completed_at is not None:
            metrics: JsonObject = {"total_time": _between(self.created_at, self.completed_at)}
            if self.started_at is not None:
                metrics["predict_time"] = _between(self.started_at, self.completed_at)
            shown["metrics"] = metrics
        return shown

    def output_url(self, base_url: str) -> str | None:
        """Where the output is delivered; None before the end."""
        file = self.output_file
        return None if file is None else f"{base_url}/delivery/{file.key}/{file.name}"

    def _output(self, base_url: str) -> JsonValue:
        url = self.output_url(base_url)
        if url is None:
            return None
        match self.script.output:
            case "missing":
                return None
            case "list":
                return [url]
            case "object":
                return {"audio": url}
            case _:
                return url


def new_id() -> str:
    """An id such as Replicate's: 26 lower-case letters and digits."""
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(secrets.choice(alphabet) for _ in range(26))


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def _between(start: datetime, end: datetime) -> float:
    return round(max(0.0, (end - start).total_seconds()), 6)
