"""Presets as rows: named sets of inputs of persons and of servers."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from bot.domain.inputs import Inputs
from bot.domain.presets import Preset, PresetOwner
from bot.journal.database import one_at_a_time, upsert
from bot.journal.preset_rows import by_key
from bot.journal.revisions import Held, revise, revision_of
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tables import presets

_c = presets.c


class PresetRows(Store):
    """The part of the journal that knows presets."""

    @unbroken
    async def save_preset(
        self,
        owner: PresetOwner,
        key: str,
        name: str,
        inputs: Inputs,
        limit: int,
        fine_tune: str | None = None,
    ) -> bool | None:
        """Save one; whether its key is new. None where the owner has `limit` others already."""
        values = inputs.set_values()
        values.pop("prompt", None)
        row = {"owner_kind": owner.kind, "owner_id": owner.id, "key": key, "name": name}
        async with self._writing() as connection:
            await one_at_a_time(connection, f"presets {owner.kind} {owner.id}")
            query = sa.select(_c.key).where(*_of(owner))
            keys = (await connection.scalars(query)).all()
            if key not in keys and len(keys) >= limit:
                return None
            row |= {"inputs": json.dumps(values), "saved_at": self._now(), "fine_tune": fine_tune}
            await connection.execute(upsert(connection, presets, row))
            await self._revise(connection, owner)
            return key not in keys

    async def preset(self, owners: Sequence[PresetOwner], key: str) -> Preset | None:
        """The one of this key of the first owner that has one."""
        found = await self._presets(sa.or_(*map(_is_of, owners)), _c.key == key)
        return min(found, key=lambda preset: owners.index(preset.owner), default=None)

    async def presets(self, owners: Sequence[PresetOwner]) -> list[Preset]:
        """All of these owners, one after the other, by their keys."""
        found = await self._presets(sa.or_(*map(_is_of, owners)))
        return sorted(found, key=lambda preset: owners.index(preset.owner))

    @unbroken
    async def delete_preset(self, owner: PresetOwner, key: str) -> bool:
        """Delete one; False where there is none."""
        async with self._writing() as connection:
            deleted = sa.delete(presets).where(*_of(owner), _c.key == key)
            is_deleted = (await connection.execute(deleted)).rowcount == 1
            await self._revise(connection, owner)
            return is_deleted

    @unbroken
    async def choose_default(self, user_id: int, key: str | None) -> bool:
        """Have one of a person's apply where they name none, or none; False where it is unknown."""
        person = PresetOwner.person(user_id)
        others = sa.update(presets).where(*_of(person), _c.is_default)
        chosen = sa.update(presets).where(*_of(person), _c.key == key).values(is_default=True)
        async with self._writing() as connection:
            await one_at_a_time(connection, f"presets {person.kind} {person.id}")
            if key is not None and not (await connection.execute(chosen)).rowcount:
                return False
            if key is not None:
                others = others.where(_c.key != key)
            await connection.execute(others.values(is_default=False))
            await self._revise(connection, person)
            return True

    async def default_presets(self, user_id: int | None = None) -> dict[int, Preset]:
        """Those that apply where a person names none, of one person or of all, by their ids."""
        conditions = [_c.owner_kind == "person", _c.is_default]
        if user_id is not None:
            conditions.append(_c.owner_id == user_id)
        return {preset.owner.id: preset for preset in await self._presets(*conditions)}

    async def default_presets_revision(self) -> str | None:
        """What tells whether somebody's default may have changed since they were read."""
        async with self._reading() as connection:
            return await revision_of(connection, Held.DEFAULT_PRESETS)

    async def _revise(self, connection: AsyncConnection, owner: PresetOwner) -> None:
        # Last in each transaction, as where a person is forgotten: who waits here holds nothing
        # that the one before still needs.
        if not owner.is_server:
            await revise(connection, Held.DEFAULT_PRESETS, self._now())

    async def _presets(self, *conditions: sa.ColumnElement[bool]) -> list[Preset]:
        query = sa.select(presets).where(*conditions)
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        # Not by the databases, which sort letters differently.
        ordered = sorted(map(dict, rows), key=lambda row: str(row["key"]))
        return [preset for _, preset in by_key(ordered)]


def _of(owner: PresetOwner) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.owner_kind == owner.kind, _c.owner_id == owner.id


def _is_of(owner: PresetOwner) -> sa.ColumnElement[bool]:
    return sa.and_(*_of(owner))
