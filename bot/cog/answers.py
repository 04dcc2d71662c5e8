"""What a Cog server's answers and webhooks say, read leniently. No I/O but the audio it unpacks.

Tried with cog 0.23.1 (coglet, the server in Rust) and 0.9.5 (the one in Python, of 2024's images).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote_to_bytes

from pydantic import JsonValue
from pydantic_core import from_json

from bot.domain.prediction import Status

_DETAIL_MAX_CHARS = 500
LOGS_MAX_CHARS = 30_000
"""What 30 s of audio log is 20 kB; of more, the end counts."""
_ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELED})
_AUDIO = "audio/"
_FAILED = "Prediction failed: "
_UNKNOWN_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})


@dataclass(frozen=True, slots=True)
class Told:
    """What a server has told of a run. `output` is the address of what it made."""

    status: str
    output: str | None = None
    error: str | None = None
    logs: str = ""
    predict_time_s: float | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in _ENDED


@dataclass(frozen=True, slots=True)
class Ended:
    """A held PUT's answer: how the run has ended."""

    told: Told


@dataclass(frozen=True, slots=True)
class Runs:
    """202: it runs, and has not only just been started where `already` holds."""

    logs: str = ""
    already: bool = False


@dataclass(frozen=True, slots=True)
class NotRunning:
    """Nothing of this id runs there."""


@dataclass(frozen=True, slots=True)
class Taken:
    """All places of the server are taken."""


@dataclass(frozen=True, slots=True)
class Loading:
    """The server is still setting up."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not take the input."""

    detail: str


@dataclass(frozen=True, slots=True)
class Down:
    """It cannot be reached, or answers with a fault.

    `began` where it may have started all the same; `is_gone` where nobody listens there, so that
    what ran has died with it.
    """

    why: str
    began: bool = False
    is_gone: bool = False


Answer = Ended | Runs | NotRunning | Taken | Loading | Refused | Down


def read_json(body: bytes) -> JsonValue:
    """The JSON of an answer; None where it is none."""
    try:
        return cast("JsonValue", from_json(body, allow_inf_nan=False))
    except ValueError:
        return None


def read_told(value: JsonValue) -> Told | None:
    """Read a prediction as servers tell of it; None where it is none."""
    status = value.get("status") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(status, str):
        return None
    error, logs, metrics = value.get("error"), value.get("logs"), value.get("metrics")
    took = metrics.get("predict_time") if isinstance(metrics, Mapping) else None
    return Told(
        status=status,
        output=_first_address(value.get("output")),
        error=_bare(error) if isinstance(error, str) else None,
        logs=logs[-LOGS_MAX_CHARS:] if isinstance(logs, str) else "",
        predict_time_s=max(0.0, took) if isinstance(took, float | int) else None,
    )


def read_detail(value: JsonValue) -> str:
    """Why a server takes no such input, in its own words: one fault a line."""
    detail = value.get("detail") or value.get("error") if isinstance(value, Mapping) else None
    if isinstance(detail, str):
        return detail[:_DETAIL_MAX_CHARS]
    lines = list[str]()
    for fault in detail if isinstance(detail, list) else ():
        if not isinstance(fault, Mapping) or not isinstance(words := fault.get("msg"), str):
            continue
        place = fault.get("loc")
        name = f"{place[-1]}: " if isinstance(place, list) and place else ""
        lines.append(f"{name}{words}")
    return "\n".join(lines)[:_DETAIL_MAX_CHARS]


def unpacked(address: str) -> tuple[bytes, str] | None:
    """The content and type of a data: address (RFC 2397); None where it is broken, or no audio."""
    head, comma, payload = address[len("data:") :].partition(",")
    content_type, *parameters = (part.strip().lower() for part in head.split(";"))
    is_audio = content_type.startswith(_AUDIO) or content_type in _UNKNOWN_TYPES
    if not comma or not is_audio:
        return None
    if "base64" not in parameters:
        return unquote_to_bytes(payload), content_type
    try:
        return base64.b64decode(payload, validate=True), content_type
    except binascii.Error:
        return None


def _bare(error: str) -> str:
    """The model's own words; coglet 0.23.1 puts the same two words before them, twice."""
    while error.startswith(_FAILED):
        error = error[len(_FAILED) :]
    return error


def _first_address(output: JsonValue) -> str | None:
    candidate = next(iter(output), None) if isinstance(output, list) else output
    return candidate if isinstance(candidate, str) else None
