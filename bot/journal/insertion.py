"""Inserting many rows in one statement, which is put together once.

SQLAlchemy looks at every column of every row again each time. In a burst of commands that takes
the event loop longer than the database takes to write them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from bot.journal.sqlalchemy_asyncio import AsyncConnection

Row: TypeAlias = Mapping[str, object]

_SHAPES_KEPT = 64


class Insertion:
    """How rows come into a table."""

    def __init__(self, table: sa.Table, **computed: sa.ColumnElement[Any]) -> None:
        """`computed` are columns whose values the database finds, with no values bound in them."""
        self._table = table
        self._computed = computed
        self._statement = lru_cache(_SHAPES_KEPT)(self._compiled)

    async def insert(self, connection: AsyncConnection, rows: Sequence[Row]) -> None:
        """Insert rows with the same columns, at least one; what is null in all is left out."""
        names = tuple(name for name in rows[0] if any(row[name] is not None for row in rows))
        sql, values = self._statement(connection.dialect, names)
        await connection.exec_driver_sql(sql, [values(row) for row in rows])

    def _compiled(
        self, dialect: Dialect, names: tuple[str, ...]
    ) -> tuple[str, Callable[[Row], tuple[Any, ...]]]:
        """The statement for these columns, and what makes a row its parameters."""
        values = {name: sa.bindparam(name, type_=self._table.c[name].type) for name in names}
        insert = sa.insert(self._table).values(values | self._computed)
        compiled = insert.compile(dialect=dialect)
        order = compiled.positiontup or ()
        bound = [self._table.c[name].type.dialect_impl(dialect) for name in order]
        processors = [one.bind_processor(dialect) for one in bound]
        pick = itemgetter(*order)
        converted = [(at, one) for at, one in enumerate(processors) if one is not None]

        def parameters(row: Row) -> tuple[Any, ...]:
            found = list(pick(row))
            for at, convert in converted:
                found[at] = convert(found[at])
            return tuple(found)

        return compiled.string, parameters
