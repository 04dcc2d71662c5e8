"""What the API's answers hold, read leniently: what is missing or odd becomes None, not a crash.

Recorded answers lack documented fields (a create has no `output`, no `data_removed`), so only what
nothing works without is demanded: a prediction's id and status, a file's id and address.
Source: the API's OpenAPI description, read 2026-04, and the official client's recorded traffic.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    Field,
    JsonValue,
    SkipValidation,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.domain.errors import ReplyBroken

log = logging.getLogger(__name__)

_OUTPUT_SCHEMES = ("https://", "http://", "data:")


class Status(StrEnum):
    """The statuses the API documents."""

    STARTING = "starting"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    ABORTED = "aborted"
    """The deadline passed before the model started."""


ENDED: frozenset[str] = frozenset(
    {Status.SUCCEEDED, Status.FAILED, Status.CANCELED, Status.ABORTED}
)
_KNOWN: frozenset[str] = frozenset(Status)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One run of a model at Replicate. Times are aware; None is "not said".

    The inputs, the logs and the output's address are left out of the repr.
    """

    id: str
    status: str
    """One of `Status`, or a word that Replicate added since."""
    version: str | None = None
    inputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue], repr=False)
    """As they were sent; empty once Replicate has forgotten them."""
    output_url: str | None = field(default=None, repr=False)
    """The http(s) or data: address of the first output."""
    output_strange: bool = False
    """Whether there is an output of a shape that names no address."""
    error: str | None = None
    """The model's own words; "" where it failed without any."""
    logs: str = field(default="", repr=False)
    predict_time_s: float | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    data_removed: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen; an unknown status counts as going on."""
        return self.status in ENDED

    @classmethod
    def from_json(cls, value: JsonValue) -> Prediction:
        """Read a prediction object.

        Raises:
            ReplyBroken: it has no usable id or status.
        """
        wire = _read(_PredictionWire, value)
        if wire.status not in _KNOWN:
            _report_unknown(wire.status)
        output_url, output_strange = _first_address(wire.output)
        return cls(
            id=wire.id,
            status=wire.status,
            version=wire.version,
            inputs=wire.inputs or {},
            output_url=output_url,
            output_strange=output_strange,
            error=wire.error,
            logs=wire.logs or "",
            predict_time_s=wire.predict_time_s,
            created_at=wire.created_at,
            started_at=wire.started_at,
            completed_at=wire.completed_at,
            data_removed=bool(wire.data_removed),
        )


@dataclass(frozen=True, slots=True)
class PredictionPage:
    """One page of the list of predictions, newest first; `next_url` leads to older ones."""

    predictions: tuple[Prediction, ...]
    next_url: str | None

    @classmethod
    def from_json(cls, value: JsonValue) -> PredictionPage:
        """Read a page.

        Raises:
            ReplyBroken: it is no page, or holds something that is no prediction. Skipping that
                could hide the prediction that is looked for.
        """
        wire = _read(_PageWire, value)
        return cls(tuple(map(Prediction.from_json, wire.results)), wire.next)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file kept by Replicate for about a day; `url` can be an input of a prediction."""

    id: str
    url: str = field(repr=False)

    @classmethod
    def from_json(cls, value: JsonValue) -> UploadedFile:
        """Read a file object. Raises `ReplyBroken`."""
        wire = _read(_FileWire, value)
        return cls(wire.id, wire.url)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a model and the OpenAPI description of its inputs."""

    id: str
    openapi_schema: JsonValue = field(repr=False)

    @classmethod
    def from_json(cls, value: JsonValue) -> ModelVersion:
        """Read a version object. Raises `ReplyBroken`."""
        wire = _read(_VersionWire, value)
        return cls(wire.id, wire.openapi_schema)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose token it is."""

    username: str

    @classmethod
    def from_json(cls, value: JsonValue) -> Account:
        """Read an account object. Raises `ReplyBroken`."""
        return cls(_read(_AccountWire, value).username)


# ------------------------------------------------------------------ the wire


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        return None


def _utc_if_naive(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _words(value: object) -> object:
    """An error is a string by the description; anything else is shown as the JSON it is."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


_Json = Annotated[JsonValue, SkipValidation]
"""What was read as JSON is one; looking through it once more would take most of the time."""
_Lenient = WrapValidator(_or_none)
_Text = Annotated[str | None, _Lenient]
_Time = Annotated[datetime | None, AfterValidator(_utc_if_naive), _Lenient]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""Ids become parts of paths, so one that could change a path is none."""


class _PredictionWire(BaseModel):
    id: _Id
    status: Annotated[str, Field(min_length=1)]
    version: _Text = None
    inputs: Annotated[dict[str, _Json] | None, _Lenient] = Field(None, validation_alias="input")
    output: _Json = None
    error: Annotated[str | None, BeforeValidator(_words), _Lenient] = None
    logs: _Text = None
    predict_time_s: Annotated[float | None, Field(ge=0, allow_inf_nan=False), _Lenient] = Field(
        None, validation_alias=AliasPath("metrics", "predict_time")
    )
    created_at: _Time = None
    started_at: _Time = None
    completed_at: _Time = None
    data_removed: Annotated[bool | None, _Lenient] = None


class _PageWire(BaseModel):
    results: list[_Json]
    next: str | None = None


class _FileWire(BaseModel):
    id: _Id
    url: Annotated[str, Field(pattern=r"^https?://")] = Field(
        validation_alias=AliasPath("urls", "get")
    )


class _VersionWire(BaseModel):
    id: str
    openapi_schema: _Json = None


class _AccountWire(BaseModel):
    username: str


_Wire = TypeVar("_Wire", bound=BaseModel)


def _read(kind: type[_Wire], value: JsonValue) -> _Wire:
    if not isinstance(value, Mapping):
        raise ReplyBroken(f"expected an object, got {type(value).__name__}")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        places = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise ReplyBroken(f"unusable: {', '.join(places)}") from error


def _first_address(output: JsonValue) -> tuple[str | None, bool]:
    candidate = next(iter(output), None) if isinstance(output, list) else output
    if isinstance(candidate, str) and candidate.lower().startswith(_OUTPUT_SCHEMES):
        return candidate, False
    return None, bool(output)


@lru_cache(maxsize=64)
def _report_unknown(status: str) -> None:
    """Once for each word: it is read at every poll."""
    log.warning("Replicate answers with a status nobody knows, %.40r; taken as going on", status)
