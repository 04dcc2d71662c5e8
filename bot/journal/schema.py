"""Bringing a database to the newest schema.

Importing Alembic takes 0.2 s and 11 MB that the bot would keep, so it is imported only where a
database has to be changed. One at head needs nothing; an empty one gets the tables as they are now
and is stamped. A test holds the tables, the migrations and `HEAD` against each other.
"""

from __future__ import annotations

import asyncio
import os
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bot.journal.addresses import async_url
from bot.journal.database import create_engine
from bot.journal.errors import JournalError, JournalTooNew, JournalTooOld
from bot.journal.health import check_writable
from bot.journal.sqlalchemy_asyncio import AsyncConnection, AsyncEngine
from bot.journal.tables import HEAD, metadata
from bot.journal.writes import wrapped

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


class JournalForm(StrEnum):
    """How a database stands to this release."""

    EMPTY = "empty"
    """It gets its tables at the first start."""
    NEWEST = "newest"
    OTHER = "other"
    """Another release's: an earlier one's is migrated, a later one's is refused."""


async def form_of(url: str) -> JournalForm:
    """See how a database stands, and that it can be written, without changing anything.

    Raises:
        JournalError: it cannot be used.
    """
    with wrapped("opened"):
        address = make_url(async_url(url))
        if address.get_backend_name() == "sqlite":
            file = Path(str(address.database))
            if not await asyncio.to_thread(file.exists):
                await asyncio.to_thread(_check_place, file.parent)
                return JournalForm.EMPTY
        engine = create_engine(async_url(url))
        try:
            async with engine.connect() as connection:
                revision = await connection.run_sync(_revision)
            if revision is None:
                return JournalForm.EMPTY
            await check_writable(engine)
        finally:
            await engine.dispose()
    return JournalForm.NEWEST if revision == HEAD else JournalForm.OTHER


def _check_place(folder: Path) -> None:
    """Whether a file, and the folders that lead to it, can be made there."""
    while not folder.exists():
        folder = folder.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise JournalError(f"no file can be made in {folder}")


async def bring_to_head(engine: AsyncEngine, *, migrate: bool = True) -> None:
    """Create or upgrade the tables; processes that start together take turns.

    Raises:
        JournalTooOld: they are to be upgraded, and `migrate` is false.
        JournalTooNew: a later release of the bot has upgraded the database.
    """
    async with engine.connect() as connection:
        revision = await connection.run_sync(_revision)
    if revision is None:
        revision = await _create(engine)
    if revision != HEAD:
        if not migrate:
            raise JournalTooOld
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
