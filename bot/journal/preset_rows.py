"""Rows of presets as what they hold, and those that a batch of requests names."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.domain.presets import Named, Preset, PresetOwner
from bot.journal.rows import inputs_in
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.tables import presets

_log = logging.getLogger(__name__)

T = TypeVar("T")

_c = presets.c


async def presets_by_key(
    connection: AsyncConnection, wanted: Sequence[tuple[Sequence[PresetOwner], str]]
) -> dict[tuple[PresetOwner, str], Preset]:
    """The presets of these owners and keys; perhaps more, and none that there is not."""
    owners = {owner for whose, _ in wanted for owner in whose}
    is_owners = [
        sa.and_(_c.owner_kind == kind, _c.owner_id.in_(ids))
        for kind in ("person", "server")
        if (ids := {owner.id for owner in owners if owner.kind == kind})
    ]
    query = sa.select(presets).where(sa.or_(*is_owners), _c.key.in_({key for _, key in wanted}))
    rows = (await connection.execute(query)).mappings().all()
    return {(preset.owner, key): preset for key, preset in by_key(map(dict, rows))}


async def completed(connection: AsyncConnection, named: Named[T]) -> T:
    """What comes of a preset that is read now; raises `RequestRefused`."""
    found = await presets_by_key(connection, [(named.owners, named.key)])
    return named.complete(first_of(found, named))


def first_of(found: Mapping[tuple[PresetOwner, str], Preset], named: Named[T]) -> Preset | None:
    """The one that is named, of the first owner that has it."""
    theirs = (found.get((owner, named.key)) for owner in named.owners)
    return next(filter(None, theirs), None)


def by_key(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, Preset]]:
    """The presets of many rows, with their keys; one that cannot be read hides no other."""
    for row in rows:
        owner = PresetOwner(row["owner_kind"], row["owner_id"])
        try:
            inputs = inputs_in(row["inputs"])
        except (KeyError, TypeError, ValueError) as error:
            _log.error("preset %s of %s cannot be read: %r", row["key"], owner, error)
            continue
        preset = Preset(owner, row["name"], inputs, row["is_default"], row["fine_tune"])
        yield row["key"], preset
