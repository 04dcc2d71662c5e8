"""An update that is put together once, and then given values.

SQLAlchemy looks at each of some fifty values again at every execution: half of the event loop's
time for a change of a generation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from bot.journal.sqlalchemy_asyncio import AsyncConnection

_SHAPES_KEPT = 8


class Prepared:
    """An update that binds values by name, and sets the columns that are given by theirs."""

    def __init__(self, update: sa.Update) -> None:
        self._update = update
        self._statement = lru_cache(_SHAPES_KEPT)(self._compiled)

    async def execute(
        self, connection: AsyncConnection, values: Sequence[Mapping[str, object]]
    ) -> int:
        """Execute it with each of these values, at least one; how many rows it has found.

        All have the same names. Of several, some drivers do not tell.
        """
        sql, parameters = self._statement(connection.dialect, tuple(values[0]))
        found = [parameters(one) for one in values]
        return (
            await connection.exec_driver_sql(sql, found if len(found) > 1 else found[0])
        ).rowcount

    def _compiled(
        self, dialect: Dialect, names: tuple[str, ...]
    ) -> tuple[str, Callable[[Mapping[str, object]], tuple[Any, ...]]]:
        """The statement for values of these names, and what makes them its parameters."""
        compiled = self._update.compile(dialect=dialect, column_keys=names)
        order = compiled.positiontup or ()
        processors = [
            compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            for name in order
        ]
        constants = {name: compiled.binds[name].effective_value for name in {*order} - {*names}}
        pick = itemgetter(*order)
        converted = [(at, one) for at, one in enumerate(processors) if one is not None]

        def parameters(values: Mapping[str, object]) -> tuple[Any, ...]:
            found = list(pick({**constants, **values}))
            for at, convert in converted:
                found[at] = convert(found[at])
            return tuple(found)

        return compiled.string, parameters
