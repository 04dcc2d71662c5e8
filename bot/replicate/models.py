"""What the API's answers hold, read leniently: what is missing or odd becomes None, not a crash.

Recorded answers lack documented fields (a create has no `output`, no `data_removed`), so only what
nothing works without is demanded: a prediction's id and status, a file's id and address.
Source: the API's OpenAPI description, read 2026-04, and the official client's recorded traffic.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    SkipValidation,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.domain.errors import ReplyBroken
from bot.domain.prediction import Prediction, Status, UploadedFile

log = logging.getLogger(__name__)

_OUTPUT_SCHEMES = ("https://", "http://", "data:")
_KNOWN: frozenset[str] = frozenset(Status)


def _else(default: object) -> WrapValidator:
    """The default in place of what is missing or odd."""

    def read(value: object, validated: ValidatorFunctionWrapHandler) -> object:
        try:
            return validated(value)
        except ValidationError:
            return default

    return WrapValidator(read)


def _utc_if_naive(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _words(value: object) -> object:
    """An error is a string by the description; anything else is shown as the JSON it is."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _first_address(output: JsonValue) -> str | None:
    candidate = next(iter(output), None) if isinstance(output, list) else output
    is_address = isinstance(candidate, str) and candidate.lower().startswith(_OUTPUT_SCHEMES)
    return str(candidate) if is_address else None


_Json = Annotated[JsonValue, SkipValidation]
"""What was read as JSON is one; looking through it once more would take most of the time."""
_Time = Annotated[Annotated[datetime, AfterValidator(_utc_if_naive)] | None, _else(None)]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""Ids become parts of paths, so one that could change a path is none."""


class Answer(BaseModel):
    """An object that the API answers with."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def from_json(cls, value: JsonValue) -> Self:
        """Read an answer.

        Raises:
            ReplyBroken: it is no object, or lacks what nothing works without.
        """
        if not isinstance(value, Mapping):
            raise ReplyBroken(f"expected an object, got {type(value).__name__}")
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            places = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
            raise ReplyBroken(f"unusable: {', '.join(places)}") from error


class _PredictionObject(Answer):
    """The fields of a `Prediction`, as they come."""

    id: _Id
    status: Annotated[str, Field(min_length=1)]
    output_url: Annotated[str | None, PlainValidator(_first_address)] = Field(
        None, validation_alias="output"
    )
    error: Annotated[str | None, BeforeValidator(_words), _else(None)] = None
    logs: Annotated[str, _else("")] = ""
    predict_time_s: Annotated[float | None, Field(ge=0, allow_inf_nan=False), _else(None)] = Field(
        None, validation_alias=AliasPath("metrics", "predict_time")
    )
    version: Annotated[str | None, _else(None)] = None
    inputs: Annotated[dict[str, _Json], _else({})] = Field({}, validation_alias="input")
    created_at: _Time = None
    started_at: _Time = None
    completed_at: _Time = None
    data_removed: Annotated[bool, _else(default=False)] = False


def read_prediction(value: JsonValue) -> Prediction:
    """Read a prediction object. Raises `ReplyBroken`: it has no usable id or status."""
    prediction = Prediction(**dict(_PredictionObject.from_json(value)))
    if prediction.status not in _KNOWN:
        _report_unknown(prediction.status)
    return prediction


class PredictionPage(Answer):
    """One page of the list of predictions, newest first; `next` leads to older ones.

    One thing on it that is no prediction breaks it: skipping that could hide the prediction that
    is looked for.
    """

    results: tuple[Annotated[Prediction, PlainValidator(read_prediction)], ...]
    next: str | None = None


class _FileObject(Answer):
    """The fields of an `UploadedFile`, as they come."""

    id: _Id
    url: Annotated[str, Field(pattern=r"^https?://")] = Field(
        validation_alias=AliasPath("urls", "get")
    )


def read_file(value: JsonValue) -> UploadedFile:
    """Read a file object. Raises `ReplyBroken`."""
    return UploadedFile(**dict(_FileObject.from_json(value)))


class ModelVersion(Answer):
    """A version of a model and the OpenAPI description of its inputs."""

    id: str
    openapi_schema: _Json = Field(None, repr=False)


class WebhookSecret(Answer):
    """What the account's webhooks are signed with."""

    key: str = Field(repr=False)


class Account(Answer):
    """The account that a token belongs to."""

    username: str


@lru_cache(maxsize=64)
def _report_unknown(status: str) -> None:
    """Once for each word: it is read at every poll."""
    log.warning("Replicate answers with a status nobody knows, %.40r; taken as going on", status)
