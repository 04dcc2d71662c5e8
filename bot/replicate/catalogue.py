"""Which inputs to offer: the live schema, else the one remembered, else the built-in table."""

from __future__ import annotations

import asyncio
import json
import logging

from pydantic import JsonValue

from bot.domain.backoff import growing_waits_s
from bot.domain.clock import Clock
from bot.domain.errors import ReplicateError
from bot.domain.inputs import TABLE, InputTable
from bot.engine.ports import Journal
from bot.replicate.client import ReplicateClient
from bot.replicate.schema import SchemaUnusable, narrow
from bot.replicate.transport import brief

log = logging.getLogger(__name__)

_FETCH_DEADLINE_S = 4.0
_AGAIN_S = 5.0
_AGAIN_CAP_S = 600.0


async def fetch_schema(client: ReplicateClient, model: str, version: str) -> JsonValue:
    """The version's OpenAPI schema as Replicate has it now; None where it cannot be had."""
    try:
        async with asyncio.timeout(_FETCH_DEADLINE_S):
            found = await client.version_schema(model, version)
    except (ReplicateError, TimeoutError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else brief(error)
        log.warning("the model's schema could not be read: %s", why)
        return None
    return found.openapi_schema


async def schema_comes(
    client: ReplicateClient, model: str, version: str, clock: Clock
) -> JsonValue:
    """Ask for the schema until it is there."""
    waits_s = growing_waits_s(_AGAIN_S, _AGAIN_CAP_S)
    while True:
        await clock.sleep(next(waits_s))
        live = await fetch_schema(client, model, version)
        if live is not None:
            return live


async def is_remembered(journal: Journal, version: str) -> bool:
    """Whether an earlier start has read the schema. A version's never changes."""
    return await journal.fact(_key(version)) is not None


def _key(version: str) -> str:
    return f"schema:{version}"


async def input_table(live: JsonValue, journal: Journal, version: str) -> InputTable:
    """The inputs to offer; a live schema is remembered for a start without network."""
    key = _key(version)
    if live is not None and (table := _narrowed(live)) is not None:
        await journal.remember(key, json.dumps(live))
        return table
    remembered = await journal.fact(key)
    if remembered is not None and (table := _narrowed(json.loads(remembered))) is not None:
        log.info("going by the schema remembered from an earlier start")
        return table
    log.info("going by the built-in table of inputs")
    return InputTable()


def _narrowed(schema: JsonValue) -> InputTable | None:
    try:
        table, differences = narrow(TABLE, schema)
    except SchemaUnusable as error:
        log.warning("the model's schema is of no use: %s", error)
        return None
    if differences:
        log.info("the model differs from the specification: %s", " ".join(map(str, differences)))
    return table
