"""Which inputs to offer: the live schema, else the one remembered, else the built-in table."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Protocol

from pydantic import JsonValue

from bot.domain.backoff import growing_waits_s
from bot.domain.clock import Clock
from bot.domain.errors import ReplicateError
from bot.domain.inputs import TABLE, InputTable
from bot.domain.models import FineTune, Model, Models
from bot.engine.ports import Journal
from bot.replicate.schema import SchemaUnusable, narrow
from bot.replicate.transport import brief

log = logging.getLogger(__name__)

_FETCH_DEADLINE_S = 4.0
_AGAIN_S = 5.0
_AGAIN_CAP_S = 600.0


class HasSchema(Protocol):
    """A model's version as its service tells of it."""

    @property
    def openapi_schema(self) -> JsonValue:
        """The OpenAPI description of its inputs; None where it was not told."""
        ...


class Schemas(Protocol):
    """Who tells what a model takes."""

    async def version_schema(self, model: str, version: str) -> HasSchema:
        """A version of a model. Raises `ReplicateError`."""
        ...


class Catalogue:
    """The schemas of the main model's version and of the fine-tunes'.

    A version's schema never changes, so what an earlier start has read is as good.
    """

    def __init__(
        self, client: Schemas, model: str, version: str, fine_tunes: Sequence[FineTune]
    ) -> None:
        self._client = client
        self._main = model, version
        self._fine_tunes = fine_tunes
        self._live: dict[str, JsonValue] = {}
        self._unknown: list[tuple[str, str]] = []

    async def fetch(self) -> None:
        """Read the schemas as Replicate has them now, all at once."""
        wanted = dict.fromkeys(
            [self._main, *((one.model, one.version) for one in self._fine_tunes)]
        )
        schemas = await asyncio.gather(*(self._fetch(*one) for one in wanted))
        versions = (version for _, version in wanted)
        self._live = dict(zip(versions, schemas, strict=True))

    async def models(self, journal: Journal) -> Models:
        """What may be run; live schemas are remembered for a start without network."""
        table = await self._table(journal, *self._main)
        fine_tunes: list[Model] = []
        for one in self._fine_tunes:
            its_table = await self._table(journal, one.model, one.version)
            if its_table is None:
                log.warning("the fine-tune %s is left out", one.name)
            else:
                fine_tunes.append(Model(one.model, one.version, its_table, one.name))
        return Models(Model(*self._main, table or InputTable()), fine_tunes)

    @property
    def is_known(self) -> bool:
        """Whether every schema could be had, now or by an earlier start."""
        return not self._unknown

    async def more_come(self, clock: Clock) -> None:
        """Ask for the schemas that could not be had, until one of them is there."""
        waits_s = growing_waits_s(_AGAIN_S, _AGAIN_CAP_S)
        while True:
            await clock.sleep(next(waits_s))
            found = await asyncio.gather(*(self._fetch(*one) for one in self._unknown))
            if any(schema is not None for schema in found):
                return

    async def _fetch(self, model: str, version: str) -> JsonValue:
        try:
            async with asyncio.timeout(_FETCH_DEADLINE_S):
                found = await self._client.version_schema(model, version)
        except (ReplicateError, TimeoutError) as error:
            why = "no answer in time" if isinstance(error, TimeoutError) else brief(error)
            log.warning("the schema of %s could not be read: %s", model, why)
            return None
        return found.openapi_schema

    async def _table(self, journal: Journal, model: str, version: str) -> InputTable | None:
        """The inputs as far as they are known; None where what is known is of no use."""
        key = f"schema:{version}"
        live = self._live.get(version)
        if live is not None and (table := _narrowed(model, live)):
            await journal.remember(key, json.dumps(live))
            return table
        remembered = await journal.fact(key)
        if remembered is not None and (table := _narrowed(model, json.loads(remembered))):
            log.info("going by the schema of %s remembered from an earlier start", model)
            return table
        if live is not None or remembered is not None:
            return None
        self._unknown.append((model, version))
        log.info("going by the built-in table of inputs for %s", model)
        return InputTable()


def differences_of(schema: JsonValue) -> tuple[str, ...] | None:
    """What a schema changes in the specification's inputs; None where it is none of MusicGen's."""
    try:
        _, differences = narrow(TABLE, schema)
    except SchemaUnusable:
        return None
    return tuple(map(str, differences))


def _narrowed(model: str, schema: JsonValue) -> InputTable | None:
    try:
        table, differences = narrow(TABLE, schema)
    except SchemaUnusable as error:
        log.warning("the schema of %s is of no use: %s", model, error)
        return None
    if differences:
        log.info("%s differs from the specification: %s", model, " ".join(map(str, differences)))
    return table
