"""Double presses, decided in the transaction that adds what is pressed for.

A row for each person and button. Whoever puts it there first has others wait for the end of their
transaction, in whichever process those are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.domain.presses import ONE_PRESS_WITHIN, ButtonPress, is_one_press
from bot.journal.database import insert
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.tables import presses

_c = presses.c


async def second_presses(
    connection: AsyncConnection, pressed: Sequence[ButtonPress]
) -> frozenset[ButtonPress]:
    """Note these presses; those that only belong to one before.

    A row of presses goes on for as long as each is that near to the last.
    """
    second: set[ButtonPress] = set()
    # In the same order in every process, or two would wait for each other.
    for press in sorted(pressed, key=lambda one: (one.user_id, one.button, one.at)):
        put = insert(connection, presses).values(
            user_id=press.user_id, button=press.button, pressed_at=press.at, before_at=None
        )
        new = put.excluded.pressed_at
        later = sa.case((new > _c.pressed_at, new), else_=_c.pressed_at)
        noted = put.on_conflict_do_update(
            index_elements=[_c.user_id, _c.button],
            set_={"pressed_at": later, "before_at": _c.pressed_at},
        ).returning(_c.before_at)
        if is_one_press((await connection.execute(noted)).scalar_one(), press.at):
            second.add(press)
    return frozenset(second)


async def forget_presses(connection: AsyncConnection, pressed: Collection[ButtonPress]) -> None:
    """Nothing came of them, so they do not stand in the way of the next."""
    for press in pressed:
        mine = _c.user_id == press.user_id, _c.button == press.button
        await connection.execute(sa.delete(presses).where(*mine))


async def forget_old_presses(connection: AsyncConnection, now: datetime) -> None:
    """Those that no press can belong to any more; clocks may be some seconds apart."""
    old = _c.pressed_at < now - 60 * ONE_PRESS_WITHIN
    await connection.execute(sa.delete(presses).where(old))
