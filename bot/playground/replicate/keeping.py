"""What of the stand-in for Replicate outlives the playground: uploads, and runs that go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel

from bot.playground.replicate.files import Files, StoredFile
from bot.playground.replicate.hosted import Hosted
from bot.playground.replicate.predictions import Prediction
from bot.playground.replicate.problems import JsonObject
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.service import Predictions

_FETCHED_WITHIN = timedelta(minutes=1)
"""Whoever has not fetched an output by then has no need of it."""


class _Run(BaseModel):
    id: str
    model: str
    version: str
    input: JsonObject
    created_at: datetime


class _Upload(BaseModel):
    id: str
    name: str
    content_type: str
    metadata: JsonObject
    created_at: datetime
    expires_at: datetime


class KeptReplicate(BaseModel):
    """It as it is written down; the content of uploads stands elsewhere, by their ids."""

    port: int
    """Addresses of uploads have it in them."""
    runs: tuple[_Run, ...]
    """They begin anew, and come out the same: each has its seed."""
    uploads: tuple[_Upload, ...]


def kept(port: int, predictions: Predictions, files: Files, now: datetime) -> KeptReplicate:
    """It, to be written down."""
    return KeptReplicate(
        port=port,
        runs=tuple(
            _Run.model_validate(one, from_attributes=True)
            for one in predictions.all
            if one.completed_at is None or now - one.completed_at < _FETCHED_WITHIN
        ),
        uploads=tuple(
            _Upload.model_validate(one, from_attributes=True) for one in files.list()[::-1]
        ),
    )


def restore(
    before: KeptReplicate,
    hosted: Sequence[Hosted],
    predictions: Predictions,
    files: Files,
    content: Callable[[str], bytes],
) -> None:
    """Have all uploads again, and begin what was under way."""
    for upload in before.uploads:
        files.restore(StoredFile(**upload.model_dump(), content=content(upload.id)))
    for run in before.runs:
        for one in hosted:
            if one.version == run.version:
                predictions.begin(Prediction(**run.model_dump(), script=Script()), one)
