"""Bringing a database to the newest schema.

Importing Alembic takes 0.2 s and 11 MB that the bot would keep, so it is imported only where a
database has to be changed. One at head needs nothing; an empty one gets the tables as they are now
and is stamped. A test holds the tables, the migrations and `HEAD` against each other.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.journal.database import create_engine
from bot.journal.errors import JournalTooNew
from bot.journal.tables import HEAD, metadata

MIGRATIONS = Path(__file__).parent / "migrations"

_BASE = "base"
"""Alembic's name for the revision before the first."""
_LOCK_KEY = 0x6D757367656E
"""Any number that no other program takes an advisory lock on: "musgen" in ASCII."""

_versions = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


async def bring_to_head(engine: AsyncEngine) -> None:
    """Create or upgrade the tables; processes that start together take turns.

    Raises:
        JournalTooNew: a later release of the bot has upgraded the database.
    """
    async with engine.connect() as connection:
        revision = await connection.run_sync(_revision)
    if revision is None:
        revision = await _create(engine)
    if revision != HEAD:
        await asyncio.to_thread(upgrade, engine.url.render_as_string(hide_password=False))


def upgrade(url: str) -> None:
    """Run the migrations that a database still lacks. Blocks; call it off the event loop.

    Raises:
        JournalTooNew: a later release of the bot has upgraded the database.
    """
    asyncio.run(_upgrade(url))


async def _upgrade(url: str) -> None:
    engine = create_engine(url)
    try:
        async with engine.begin() as connection:
            await _take_turn(connection)
            await connection.run_sync(_run_alembic)
    finally:
        await engine.dispose()


def _run_alembic(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    # The value goes through configparser, where a percent sign is special.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    revision = _revision(connection)
    if revision not in {None, _BASE, *known}:
        raise JournalTooNew(str(revision))
    command.upgrade(config, "head")


async def _create(engine: AsyncEngine) -> str | None:
    async with engine.begin() as connection:
        await _take_turn(connection)
        revision = await connection.run_sync(_revision)
        if revision is None:
            _say_alike(connection)
            await connection.run_sync(metadata.create_all, checkfirst=False)
            await connection.run_sync(_versions.create)
            await connection.execute(_versions.insert().values(version_num=HEAD))
            return HEAD
        return revision


def _say_alike(connection: AsyncConnection) -> None:
    """Give PostgreSQL the conditions of SQLite's indexes, which it takes in the same words.

    Said in `tables`, they would load a dialect of 2 MB for those who do not use it.
    """
    if connection.dialect.name == "sqlite":
        return
    for table in metadata.tables.values():
        for index in table.indexes:
            condition = index.dialect_options["sqlite"]["where"]
            if condition is not None:
                index.dialect_kwargs["postgresql_where"] = condition


def _revision(connection: sa.Connection) -> str | None:
    """The database's revision; None where no table of ours was ever made."""
    if not sa.inspect(connection).has_table(_versions.name):
        return None
    return connection.scalar(sa.select(_versions.c.version_num)) or _BASE


async def _take_turn(connection: AsyncConnection) -> None:
    """Hold, until the transaction ends, a lock that only one process can have."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
