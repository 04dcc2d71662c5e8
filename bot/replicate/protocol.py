"""Replicate's HTTP API without I/O: what a request is made of, and what an answer means.

Source: the API's OpenAPI description and documentation, read 2026-04, and the official client's
recorded traffic.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast

from pydantic import JsonValue
from pydantic_core import from_json
from yarl import URL

from bot.domain.errors import (
    AccessForbidden,
    CreditMissing,
    InputRefused,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
    ThingUnknown,
    Throttled,
    TokenRefused,
)
from bot.domain.inputs import Inputs
from bot.domain.prediction import Webhook
from bot.network.http_address import http_address

USER_AGENT = "musicgen-discord-bot"
CANCEL_AFTER_MIN_S = 5
"""The shortest Cancel-After that the API accepts."""
_VERSION_UNKNOWN = "Invalid version or not permitted"
"""The title of a 422 that is about the version, not about its inputs."""
_DETAIL_MAX_CHARS = 500
_RESETS_IN = re.compile(r"~\s*(\d+(?:\.\d+)?)\s*s\b")
_LOW_CREDIT = re.compile(r"\b(?:in credit|payment method)\b", re.IGNORECASE)
"""How a limit is explained that is small because of the account (recorded 2025)."""
_BULLET = re.compile(r"^\s*-\s+(?:input\.)?")
_QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


# ------------------------------------------------------------------ requests


def api_root(base_url: str) -> URL:
    """The address all paths begin with; `base_url` may be written with `/v1` or without."""
    root = URL(base_url.rstrip("/"))
    return root if root.name == "v1" else root / "v1"


def request_headers(token: str) -> dict[str, str]:
    """The headers of every API request."""
    return {
        "Authorization": f"Token {token}",
        "Accept": "application/json",
        "User-Agent": USER_AGENT,
    }


def create_headers(cancel_after_s: int) -> dict[str, str]:
    """What a create adds: when Replicate shall stop the prediction, counted from its creation."""
    return {
        "Content-Type": "application/json",
        "Cancel-After": f"{max(CANCEL_AFTER_MIN_S, cancel_after_s)}s",
    }


def create_body(version: str, inputs: Inputs, webhook: Webhook | None = None) -> bytes:
    """The body of a create: only what is set, since a null is a 422.

    Raises:
        ValueError: a number is not finite, which JSON cannot say.
    """
    body: dict[str, object] = {"version": version, "input": inputs.set_values()}
    if webhook is not None:
        body |= {"webhook": webhook.address, "webhook_events_filter": webhook.events}
    return json.dumps(body, allow_nan=False).encode()


def next_page(root: URL, address: str) -> URL:
    """A page of the list of predictions, by what the address that leads to it asks for.

    Where the address leads is not looked at: a proxy may well hand on the service's own, and the
    token is for nobody else.

    Raises:
        ReplyBroken: it asks for nothing, or is no address.
    """
    try:
        query = http_address(address, root).query
    except ValueError as error:
        raise ReplyBroken("the next page has no usable address") from error
    if not query:
        raise ReplyBroken("the next page has the address of the first")
    return (root / "predictions").with_query(query)


# ------------------------------------------------------------------ answers


def decipher(
    status: int, headers: Mapping[str, str], body: bytes, now: datetime | None = None
) -> JsonValue:
    """The JSON of a good answer.

    `now` is used to read a Retry-After that is a date, where the answer has no Date of its own.

    Raises:
        TokenRefused: 401.
        AccessForbidden: 403.
        CreditMissing: 402.
        ThingUnknown: 404, and a 422 about the version.
        InputRefused: 400, 413, 422; each fault of the input on a line of its own.
        Throttled: 429; when to try again by the header, else the body, else the text.
        ServiceFault: 5xx and everything else that is not 2xx.
        ReplyBroken: 2xx whose body is no JSON.
    """
    if not 200 <= status <= 299:
        raise _error(status, headers, body, now)
    try:
        return cast("JsonValue", from_json(body, allow_inf_nan=False))
    except ValueError as error:
        raise ReplyBroken(f"status {status}, {len(body)} bytes that are no JSON") from error


def _error(
    status: int, headers: Mapping[str, str], body: bytes, now: datetime | None
) -> ReplicateError:
    problem = _problem(body)
    match status:
        case 401:
            return TokenRefused()
        case 403:
            return AccessForbidden()
        case 402:
            return CreditMissing()
        case 404:
            return ThingUnknown(_detail(problem))
        case 422 if problem.get("title") == _VERSION_UNKNOWN:
            return ThingUnknown(_detail(problem))
        case 400 | 413 | 422:
            return InputRefused(_detail(problem))
        case 429:
            text = body.decode(errors="replace")
            low_credit = _LOW_CREDIT.search(text) is not None
            return Throttled(_retry_after_s(headers, problem, text, now), low_credit)
        case _:
            return ServiceFault(status)


def _problem(body: bytes) -> Mapping[str, JsonValue]:
    """The `application/problem+json` of an error; empty where a proxy answered with a page."""
    try:
        value = cast("JsonValue", from_json(body, allow_inf_nan=False))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _detail(problem: Mapping[str, JsonValue]) -> str:
    """The API's own words, cleaned: one fault a line, no bullets, no signed part of an address."""
    detail = problem.get("detail")
    if isinstance(detail, str) and detail.strip():
        lines = detail.splitlines()
    else:
        lines = [*_listed(detail), *_listed(problem.get("invalid_fields"))]
    title = problem.get("title")
    if not any(line.strip() for line in lines) and isinstance(title, str):
        lines = [title]
    cleaned = (" ".join(_CONTROL.sub(" ", _BULLET.sub("", line)).split()) for line in lines)
    text = "\n".join(line for line in cleaned if line)
    return _QUERY.sub(r"\1", text)[:_DETAIL_MAX_CHARS]


def _listed(faults: JsonValue) -> Iterator[str]:
    """Faults as objects: Replicate's `invalid_fields`, or a self-hosted Cog's `detail`."""
    for fault in faults if isinstance(faults, list) else ():
        if not isinstance(fault, dict):
            continue
        words = fault.get("description") or fault.get("msg")
        place = fault.get("field") or fault.get("loc")
        if isinstance(place, list):
            place = str(place[-1]) if place else None
        if isinstance(words, str):
            yield f"{place.removeprefix('input.')}: {words}" if isinstance(place, str) else words


def _retry_after_s(
    headers: Mapping[str, str],
    problem: Mapping[str, JsonValue],
    text: str,
    now: datetime | None,
) -> float | None:
    lowered = {name.lower(): value for name, value in headers.items()}
    header = lowered.get("retry-after", "")
    in_text = _RESETS_IN.search(text)
    candidates = (
        _seconds(header),
        _seconds_until(header, _http_date(lowered.get("date", "")) or now),
        _seconds(problem.get("retry_after")),
        _seconds(in_text.group(1)) if in_text else None,
    )
    return next((seconds for seconds in candidates if seconds is not None), None)


def _seconds(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(header: str, now: datetime | None) -> float | None:
    moment = _http_date(header)
    return None if moment is None or now is None else max(0.0, (moment - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
