"""A generation as a row, and back."""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, cast

from bot.domain.errors import dump, load
from bot.domain.extension import Closeness
from bot.domain.generation import AudioSource, Generation, Relation, Reply, State
from bot.domain.inputs import Inputs
from bot.domain.language import SOURCE
from bot.domain.measures import Joint, Measures, Tempo
from bot.domain.musical_terms import NO_TERMS, MusicalTerms
from bot.domain.stored_inputs import typed_inputs
from bot.host.log_context import about
from bot.journal.errors import RowUnreadable
from bot.journal.tables import from_us, to_us

_log = logging.getLogger(__name__)

_OTHERWISE = {
    *("reply", "inputs", "source", "failure", "terms", "measures"),
    *("usual_s", "jam_id"),
}
"""What is kept in another form, or with its charge, or not at all."""
_REPLY = tuple(field.name for field in fields(Reply))
_UNSAID = {"private": False, "gone": False, "language": SOURCE}
_ALIKE = tuple(field.name for field in fields(Generation) if field.name not in _OTHERWISE)
"""The fields of a generation that are columns as they are."""


def to_row(generation: Generation) -> dict[str, object]:
    """The values of every column of `generations` but those that other processes write too."""
    generation = generation.kept
    reply, source, failure = generation.reply, generation.source, generation.failure
    terms = generation.terms
    measures = generation.measures
    return {
        **{name: getattr(generation, name) for name in _ALIKE},
        **_columns(reply),
        "token": reply.token if generation.open else None,
        "inputs": json.dumps(generation.inputs.set_values()),
        "source": None if source is None else json.dumps(asdict(source)),
        "failure": None if failure is None else dump(failure),
        "terms": json.dumps(asdict(terms)) if terms else None,
        "measures": None if measures is None else json.dumps(asdict(measures)),
        "open": generation.open,
        "words": folded(generation.inputs.prompt),
    }


def _columns(reply: Reply) -> dict[str, object]:
    return {name: getattr(reply, name) for name in _REPLY}


def wish(reply: Reply) -> dict[str, object]:
    """The values of the columns that say where a generation is wanted."""
    columns = _columns(reply) | {"token_expires_at": to_us(reply.token_expires_at)}
    return {"wanted_reply": json.dumps(columns), "wanted_until": reply.token_expires_at}


def wanted_reply(row: Mapping[str, Any]) -> Reply | None:
    """The reply that a row's generation is to move to; None where it stays in its own."""
    text: str | None = row["wanted_reply"]
    if text is None:
        return None
    try:
        # Its holder may have been given one as new since.
        is_newer = row["wanted_until"] > row["token_expires_at"]
        if not is_newer:
            return None
        columns = object_in(text)
        # A wish that an earlier release wrote down does not say all of it.
        until = from_us(columns["token_expires_at"])
        return _reply(_UNSAID | columns | {"token_expires_at": until})
    except (KeyError, TypeError, ValueError) as error:
        # It waits for another press, and is not lost over this one.
        with about(row["id"]):
            _log.error("where it is wanted cannot be read: %r", error)
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
    values: dict[str, Any] = {name: row[name] for name in _ALIKE}
    values["reply"] = wanted_reply(row) or _reply(row)
    values["inputs"] = _inputs(row["inputs"])
    values["state"] = State(row["state"])
    values["source"] = None if source is None else _source(source)
    values["failure"] = None if failure is None else load(failure)
    values["measures"] = _measures(row["measures"])
    values["relation"] = None if row["relation"] is None else Relation(row["relation"])
    values["closeness"] = None if row["closeness"] is None else Closeness(row["closeness"])
    values["terms"] = NO_TERMS if row["terms"] is None else _terms(row["terms"])
    return Generation(**values)


def _reply(columns: Mapping[str, Any]) -> Reply:
    values: dict[str, Any] = {name: columns[name] for name in _REPLY}
    values["token"] = values["token"] or ""
    return Reply(**values)


def object_in(text: str) -> dict[str, Any]:
    """The JSON object that a column holds.

    Raises:
        TypeError, ValueError: it holds none.
    """
    value: object = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return cast("dict[str, Any]", value)


def inputs_in(text: str) -> Inputs:
    """The inputs of a column that has no prompt.

    Raises:
        KeyError, TypeError, ValueError: they cannot be read.
    """
    return typed_inputs({"prompt": "", **object_in(text)})


def _inputs(text: str) -> Inputs:
    return typed_inputs(object_in(text))


def _terms(text: str) -> MusicalTerms:
    match object_in(text):
        case {
            "tempo_bpm": int() | float() | None as tempo_bpm,
            "key": str() | None as key,
            "bars": int() | None as bars,
        }:
            return MusicalTerms(tempo_bpm, key, bars)
        case _:
            raise ValueError("no musical terms")


def _measures(text: str | None) -> Measures | None:
    """What was measured of a track; what cannot be read any more is not worth a track."""
    if text is None:
        return None
    try:
        found = object_in(text)
        tempo = found["tempo"]
        return Measures(None if tempo is None else Tempo(**tempo), Joint(**found["joint"]))
    except (KeyError, TypeError, ValueError) as error:
        _log.warning("measures cannot be read: %r", error)
        return None


def _source(text: str) -> AudioSource:
    values = object_in(text)
    match values:
        case {
            "url": str(url),
            "filename": str(filename),
            "uploaded": bool(uploaded),
            "size_bytes": int() | None as size_bytes,
            "keep_s": int() | float() | None as keep_s,
        }:
            own = values.get("own") is True
            return AudioSource(url, filename, uploaded, size_bytes, keep_s, own)
        case _:
            raise ValueError("not an audio source")
