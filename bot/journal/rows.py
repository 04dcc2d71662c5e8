"""A generation as a row, and back."""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bot.domain.errors import dump, load
from bot.domain.generation import AudioSource, Generation, Relation, Reply, State
from bot.domain.inputs import TABLE, Inputs
from bot.journal.errors import RowUnreadable

_log = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SPECS = {spec.name: spec for spec in TABLE}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "audio": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def to_us(moment: datetime) -> int:
    """A moment as microseconds since 1970.

    Raises:
        ValueError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Microseconds since 1970 as an aware moment in UTC."""
    return _EPOCH + us * _MICROSECOND


def to_row(generation: Generation) -> dict[str, object]:
    """The values of every column of `generations` but those that other processes write too."""
    generation = generation.kept
    reply, source, failure = generation.reply, generation.source, generation.failure
    return {
        "id": generation.id,
        "requester_id": generation.requester_id,
        **_reply_columns(reply),
        "token": reply.token if generation.open else None,
        "inputs": json.dumps(generation.inputs.set_values()),
        "version": generation.version,
        "created_at": to_us(generation.created_at),
        "state": generation.state.value,
        "source": None if source is None else json.dumps(asdict(source)),
        "has_audio": generation.has_audio,
        "audio_s": generation.audio_s,
        "stored_at": _to_us_or_none(generation.stored_at),
        "submitted_at": _to_us_or_none(generation.submitted_at),
        "prediction_id": generation.prediction_id,
        "cancel_requested": generation.cancel_requested,
        "seed_used": generation.seed_used,
        "predict_time_s": generation.predict_time_s,
        "track_path": generation.track_path,
        "failure": None if failure is None else dump(failure),
        "ended_at": _to_us_or_none(generation.ended_at),
        "parent_id": generation.parent_id,
        "relation": None if generation.relation is None else generation.relation.value,
        "batch_id": generation.batch_id,
        "piece_path": generation.piece_path,
        "given_s": generation.given_s,
        "more_s": generation.more_s,
        "track_s": generation.track_s,
        "told": generation.told,
        "attempts": generation.attempts,
        "open": generation.open,
        "words": folded(generation.inputs.prompt),
    }


def _reply_columns(reply: Reply) -> dict[str, object]:
    return {
        "application_id": reply.application_id,
        "guild_id": reply.guild_id,
        "channel_id": reply.channel_id,
        "message_id": reply.message_id,
        "token": reply.token,
        "token_expires_at": to_us(reply.token_expires_at),
        "filesize_limit_bytes": reply.filesize_limit_bytes,
        "private": reply.private,
    }


def wish(reply: Reply) -> dict[str, object]:
    """The values of the columns that say where a generation is wanted."""
    columns = _reply_columns(reply)
    return {"wanted_reply": json.dumps(columns), "wanted_until": columns["token_expires_at"]}


def wanted_reply(row: Mapping[str, Any]) -> Reply | None:
    """The reply that a row's generation is to move to; None where it stays in its own."""
    text: str | None = row["wanted_reply"]
    if text is None:
        return None
    try:
        # Its holder may have been given one as new since.
        is_newer = row["wanted_until"] > row["token_expires_at"]
        return _reply(object_in(text)) if is_newer else None
    except (KeyError, TypeError, ValueError) as error:
        # It waits for another press, and is not lost over this one.
        _log.error("where generation %s is wanted cannot be read: %r", row["id"], error)
        return None


def folded(text: str) -> str:
    """Text as it is searched: the same for every way to write the same words.

    Done here and not by the databases, which differ in what they take for the same letter.
    """
    same = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # PostgreSQL does not store the first character, and neither database halves of others.
    storable = same.replace("\0", " ").encode(errors="replace").decode()
    return " ".join(storable.split())


def prompt_in(inputs: str) -> str | None:
    """The prompt in the column `inputs`; None where that cannot be read."""
    try:
        return str(object_in(inputs)["prompt"])
    except (KeyError, TypeError, ValueError):
        return None


def readable(rows: Iterable[Mapping[str, Any]]) -> list[Generation]:
    """The generations of many rows.

    A row that cannot be read is logged and left out: it must not keep the others waiting.
    """
    found: list[Generation] = []
    for row in rows:
        try:
            found.append(from_row(row))
        except RowUnreadable as error:
            _log.error("%s: %r", error, error.__cause__)
    return found


def from_row(row: Mapping[str, Any]) -> Generation:
    """The generation a row holds, in the reply it is wanted in; a cleared token is empty.

    Raises:
        RowUnreadable: its columns do not make one.
    """
    try:
        return _from_row(row)
    except (KeyError, TypeError, ValueError) as error:
        raise RowUnreadable(str(row.get("id"))) from error


def _from_row(row: Mapping[str, Any]) -> Generation:
    source: str | None = row["source"]
    failure: str | None = row["failure"]
    return Generation(
        id=row["id"],
        requester_id=row["requester_id"],
        reply=wanted_reply(row) or _reply(row),
        inputs=_inputs(row["inputs"]),
        version=row["version"],
        created_at=from_us(row["created_at"]),
        state=State(row["state"]),
        source=None if source is None else _source(source),
        has_audio=row["has_audio"],
        audio_s=row["audio_s"],
        stored_at=_from_us_or_none(row["stored_at"]),
        submitted_at=_from_us_or_none(row["submitted_at"]),
        prediction_id=row["prediction_id"],
        cancel_requested=row["cancel_requested"],
        seed_used=row["seed_used"],
        predict_time_s=row["predict_time_s"],
        track_path=row["track_path"],
        failure=None if failure is None else load(failure),
        ended_at=_from_us_or_none(row["ended_at"]),
        parent_id=row["parent_id"],
        relation=None if row["relation"] is None else Relation(row["relation"]),
        batch_id=row["batch_id"],
        piece_path=row["piece_path"],
        given_s=row["given_s"],
        more_s=row["more_s"],
        track_s=row["track_s"],
        told=row["told"],
        attempts=row["attempts"],
    )


def _reply(columns: Mapping[str, Any]) -> Reply:
    return Reply(
        application_id=columns["application_id"],
        channel_id=columns["channel_id"],
        message_id=columns["message_id"],
        token=columns["token"] or "",
        token_expires_at=from_us(columns["token_expires_at"]),
        filesize_limit_bytes=columns["filesize_limit_bytes"],
        guild_id=columns["guild_id"],
        # A wish that an earlier release wrote down does not say.
        private=columns.get("private", False),
    )


def _to_us_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def _from_us_or_none(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


def object_in(text: str) -> dict[str, Any]:
    """The JSON object that a column holds.

    Raises:
        TypeError, ValueError: it holds none.
    """
    value: object = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return cast("dict[str, Any]", value)


def _inputs(text: str) -> Inputs:
    values = object_in(text)
    for name, value in values.items():
        kind = _SPECS[name].kind
        # In Python a bool is an int; in the table it is not.
        if not isinstance(value, _TYPES[kind]) or isinstance(value, bool) != (kind == "boolean"):
            raise TypeError(f"{name} is no {kind}")
    return Inputs(**values)


def _source(text: str) -> AudioSource:
    match object_in(text):
        case {
            "url": str(url),
            "filename": str(filename),
            "uploaded": bool(uploaded),
            "size_bytes": int() | None as size_bytes,
            "keep_s": int() | float() | None as keep_s,
        }:
            return AudioSource(url, filename, uploaded, size_bytes, keep_s)
        case _:
            raise ValueError("not an audio source")
