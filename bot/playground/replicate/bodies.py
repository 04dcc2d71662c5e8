"""What comes in: the body and headers of POST /v1/predictions, a list's query."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pydantic import JsonValue, TypeAdapter, ValidationError

from bot.playground.replicate.hosted import Hosted
from bot.playground.replicate.predictions import WebhookOrder
from bot.playground.replicate.problems import InvalidField, JsonObject, Problem

_KEYS = {
    "version": "string",
    "input": "object",
    "webhook": "string",
    "webhook_events_filter": "array",
    "stream": "boolean",
}
_PYTHON = {"string": str, "object": dict, "array": list, "boolean": bool}
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_LEAST_CANCEL_AFTER_S = 5
_EVENTS = ("start", "output", "logs", "completed")
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """A checked request for a prediction."""

    hosted: Hosted
    input: JsonObject
    cancel_after_s: float | None
    wait_s: float | None
    webhook: WebhookOrder | None = None


def read_create(body: bytes, headers: Mapping[str, str], hosted: Iterable[Hosted]) -> CreateOrder:
    """Check a POST /v1/predictions as the API does.

    Raises:
        Problem: 400 for what isn't JSON, 422 for the rest.
    """
    try:
        parsed = _JSON.validate_python(json.loads(body, parse_constant=_refuse_constant))
    except (ValueError, ValidationError) as error:
        raise Problem(400, "Bad request", "The request body must be valid JSON.") from error
    if not isinstance(parsed, dict):
        words = "Invalid type. Expected: object, given: array"
        raise Problem.invalid_input([InvalidField("invalid_type", "", words)])
    faults = _shape_faults(parsed)
    if faults:
        raise Problem.invalid_input(faults)
    version = next((one for one in hosted if parsed["version"] in one.names), None)
    if version is None:
        raise Problem.invalid_version()
    given = parsed["input"]
    assert isinstance(given, dict)  # noqa: S101 # _shape_faults looked
    if faults := version.form.faults(given):
        raise Problem.invalid_input(faults)
    known = version.form.known(given)
    waits = _cancel_after_s(headers), _wait_s(headers)
    return CreateOrder(version, known, *waits, _webhook(parsed))


def _webhook(body: JsonObject) -> WebhookOrder | None:
    if (address := body.get("webhook")) is None:
        return None
    url = urlsplit(str(address))
    if url.scheme != "https" and url.hostname != "127.0.0.1":
        raise Problem.invalid_input([InvalidField("format", "webhook", "must be an HTTPS URL")])
    events = body.get("webhook_events_filter", list(_EVENTS))
    assert isinstance(events, list)  # noqa: S101 # _shape_faults looked
    if not all(event in _EVENTS for event in events):
        words = f"webhook_events_filter must be one of {', '.join(_EVENTS)}"
        raise Problem.invalid_input([InvalidField("enum", "webhook_events_filter", words)])
    return WebhookOrder(str(address), tuple(map(str, events)))


def _refuse_constant(name: str) -> JsonValue:
    """NaN and the infinities, which Python reads, are no JSON."""
    raise ValueError(name)


def _shape_faults(body: JsonObject) -> list[InvalidField]:
    faults = [
        InvalidField("required", "", f"{name} is required")
        for name in ("version", "input")
        if name not in body
    ]
    for name, value in body.items():
        if name not in _KEYS:
            words = f"Additional property {name} is not allowed"
            faults.append(InvalidField("additional_property_not_allowed", "", words))
        elif not isinstance(value, _PYTHON[_KEYS[name]]):
            given = "null" if value is None else _given(value)
            words = f"Invalid type. Expected: {_KEYS[name]}, given: {given}"
            faults.append(InvalidField("invalid_type", name, words))
    return faults


def _given(value: JsonValue) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "integer" if isinstance(value, int) else "number"
    return next(name for name, kind in _PYTHON.items() if isinstance(value, kind))


def _cancel_after_s(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Cancel-After")
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    seconds = 0
    if match is not None:
        hours, minutes, rest = (int(part or 0) for part in match.groups())
        seconds = hours * 3600 + minutes * 60 + rest
    if seconds < _LEAST_CANCEL_AFTER_S:
        words = "Cancel-After must be a duration of at least 5 seconds"
        raise Problem.invalid_input([InvalidField("cancel_after", "", words)])
    return float(seconds)


def _wait_s(headers: Mapping[str, str]) -> float | None:
    match = re.fullmatch(r"wait(?:=(\d+))?", headers.get("Prefer", ""))
    return None if match is None else float(min(60, max(1, int(match[1] or 60))))


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which predictions a list is to hold."""

    after: datetime | None
    before: datetime | None
    skipped: int
    """How many newer ones earlier pages held."""


def read_list_query(query: Mapping[str, str]) -> ListQuery:
    """Read `created_after`, `created_before` and our own `cursor`.

    Raises:
        Problem: 400 for a date or cursor that can't be read.
    """
    try:
        skipped = int(query.get("cursor", "0"))
        after, before = (_moment(query.get(name)) for name in ("created_after", "created_before"))
    except ValueError as error:
        raise Problem(400, "Bad request", "A query parameter could not be read.") from error
    return ListQuery(after, before, max(0, skipped))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
