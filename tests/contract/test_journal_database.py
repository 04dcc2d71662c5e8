"""Opening the journal's database: addresses, tables, migrations, and deaths."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from bot.domain.generation import AudioSource, Relation, State
from bot.journal import JournalError, JournalTooNew, SqlJournal, async_url, database
from bot.journal.database import create_engine
from bot.journal.schema import MIGRATIONS, upgrade
from bot.journal.tables import HEAD
from tests import unsynced
from tests.contract.journal_kit import OpenJournal, a_generation, execute, open_generations, scalars

_ADD_AND_DIE = """
import asyncio, os, pickle, signal, sys
from bot.journal import SqlJournal

async def main():
    journal = await SqlJournal.open(sys.argv[1])
    await journal.add(pickle.load(sys.stdin.buffer))
    print("alembic" in sys.modules, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""

_MANY_ROWS = """
INSERT INTO generations (
    id, requester_id, application_id, channel_id, message_id, token_expires_at, batch_id,
    prediction_id, filesize_limit_bytes, inputs, version, created_at, state, cancel_requested,
    told, open, words
)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000)
SELECT 'g' || n, n % 9, 1, n % 7, n, 0, 'b' || n, 'p' || n, 0, '{}', '', n, 'delivered', false,
    n % 20 <> 0, n % 20 = 0, '' FROM numbers
"""


_WITHOUT_0007 = (
    "ALTER TABLE generations DROP COLUMN fine_tune",
    "DROP TABLE presses",
    "DROP TABLE drafts",
    "ALTER TABLE generations DROP COLUMN measures",
    "DROP INDEX ix_generations_draft",
    "DROP INDEX ix_generations_ended_at",
    "DROP INDEX ix_generations_parent_id",
    "ALTER TABLE generations DROP COLUMN draft",
    "ALTER TABLE generations DROP COLUMN language",
    "DROP INDEX ix_generations_guild_id",
    "DROP INDEX ix_charges_jam_id",
    "ALTER TABLE charges DROP COLUMN jam_id",
    "DROP TABLE jam_takes",
    "DROP TABLE jams",
    "DROP TABLE pushes",
    "DROP TABLE answers",
    "DROP INDEX ix_generations_canceled_by",
    "ALTER TABLE generations DROP COLUMN canceled_by",
    "ALTER TABLE generations DROP COLUMN closeness",
    "ALTER TABLE generations DROP COLUMN terms",
    "ALTER TABLE generations DROP COLUMN gone",
    "DROP TABLE chart_posts",
    "DROP TABLE servers",
    "DROP TABLE blocks",
    "DROP TABLE server_changes",
)
_WITHOUT_0005 = (
    *_WITHOUT_0007,
    "DROP TABLE presets",
    "DROP TABLE stars",
    "DROP TABLE charges",
)
_WITHOUT_0004 = (
    *_WITHOUT_0005,
    "ALTER TABLE generations DROP COLUMN attempts",
)
_WITHOUT_0003 = (
    *_WITHOUT_0004,
    "DROP INDEX ix_generations_stored_at",
    "ALTER TABLE generations DROP COLUMN private",
    "ALTER TABLE generations DROP COLUMN has_audio",
)


async def test_what_was_confirmed_outlives_a_kill(url: str) -> None:
    for _ in range(2):
        generation = a_generation()
        process = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", _ADD_AND_DIE, url],
            input=pickle.dumps(generation),
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        # An empty database and one at head both do without Alembic.
        assert (process.stdout, process.returncode) == (b"False\n", -9), process.stderr
        async with await SqlJournal.open(url) as journal:
            assert await journal.get(generation.id) == generation


async def test_processes_that_start_together_make_the_tables_once(url: str) -> None:
    journals = await asyncio.gather(*(SqlJournal.open(url) for _ in range(4)))
    for journal in journals:
        await journal.add(a_generation())
    assert len(await open_generations(journals[0])) == 4
    await asyncio.gather(*(journal.close() for journal in journals))
    assert await scalars(url, "SELECT version_num FROM alembic_version") == [HEAD]


async def test_a_file_whose_mode_cannot_be_changed_now_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_LOCK_WAIT_S", 0.1)
    url = f"sqlite:///{tmp_path}/journal.sqlite3"
    await (await SqlJournal.open(url)).close()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN")
        other.execute("SELECT * FROM alembic_version").fetchall()
        journal = await SqlJournal.open(url)
        other.execute("ROLLBACK")
        async with journal:
            await journal.add(a_generation())


async def test_the_migrations_lead_to_the_tables_a_new_database_gets(url: str) -> None:
    await asyncio.to_thread(upgrade, async_url(_folder_made(url)))
    migrated = await _schema(url)
    tables = [
        "jam_takes",
        "jams",
        "pushes",
        "answers",
        "presets",
        "presses",
        "drafts",
        "stars",
        "servers",
        "blocks",
        "chart_posts",
        "server_changes",
        "generation_events",
        "generations",
        "charges",
        "facts",
        "members",
        "locks",
        "alembic_version",
    ]
    await execute(url, *(f"DROP TABLE {table}" for table in tables))
    await (await SqlJournal.open(url)).close()
    assert await _schema(url) == migrated
    assert set(migrated) == set(tables)


async def test_an_older_database_is_upgraded(url: str) -> None:
    await execute(_folder_made(url), "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    async with await SqlJournal.open(url) as journal:
        await journal.add(a_generation())
    assert await scalars(url, "SELECT version_num FROM alembic_version") == [HEAD]


async def test_what_the_first_release_wrote_is_kept(url: str) -> None:
    generation = a_generation()
    async with await SqlJournal.open(url) as journal:
        await journal.add(generation)
    await execute(
        url,
        *_WITHOUT_0003,
        "DROP INDEX ix_generations_waiting",
        "ALTER TABLE generations DROP COLUMN wanted_reply",
        "ALTER TABLE generations DROP COLUMN wanted_until",
        "UPDATE alembic_version SET version_num = '0001'",
    )
    async with await SqlJournal.open(url) as journal:
        assert await journal.get(generation.id) == generation
        assert await journal.request_bring(generation.id, generation.reply)


async def test_what_an_earlier_release_kept_for_too_long_is_forgotten(url: str) -> None:
    audio = '{"prompt": "x", "input_audio": "https://secret/x"}'
    source = json.dumps(asdict(AudioSource("https://secret/x", "x", True)))
    made = [
        a_generation(state=State.DELIVERED, told=True, relation=relation, audio_s=4.0)
        for relation in (None, Relation.AGAIN, Relation.MELODY, Relation.EXTEND)
    ]
    broken = a_generation(state=State.FAILED, told=True, relation=Relation.AGAIN)
    running = a_generation(state=State.RUNNING, relation=Relation.AGAIN, parent_id=made[0].id)
    async with await SqlJournal.open(url) as journal:
        for one in (*made, broken, running):
            await journal.add(one)
    await execute(
        url,
        "UPDATE generations SET source = :source, inputs = :audio, stored_at = 1",
        "UPDATE generations SET more_s = 5 WHERE relation = 'extend'",
        "UPDATE generations SET parent_id = 'gone' WHERE parent_id IS NULL",
        "UPDATE generations SET inputs = '[1]' WHERE id = :broken",
        *_WITHOUT_0003,
        "UPDATE alembic_version SET version_num = '0002'",
        audio=audio,
        source=source,
        broken=broken.id,
    )
    async with await SqlJournal.open(url) as journal:
        rows = [await journal.get(one.id) for one in made]
        assert [row and row.inputs.input_audio for row in rows] == [
            "https://secret/x", None, "https://secret/x", None
        ]  # fmt: skip
        assert all(row and row.source is None and row.has_audio for row in rows)
        assert all(row and row.parent_id is None for row in rows)
        still = await journal.get(running.id)
        assert still is not None
        assert still.parent_id == made[0].id
        assert still.source is not None, "what it needs on its way it keeps"
        assert still.inputs.input_audio == "https://secret/x"


async def test_a_database_of_a_later_release_is_left_alone(url: str) -> None:
    await (await SqlJournal.open(url)).close()
    await execute(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(JournalTooNew, match="9999"):
        await SqlJournal.open(url)


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


@pytest.mark.parametrize(
    ("index", "query"),
    [
        # Either holds what is open and nothing else.
        ("open|waiting", "SELECT * FROM generations WHERE open ORDER BY created_at, id"),
        (
            "waiting",
            "SELECT * FROM generations WHERE open AND requester_id = 1 AND channel_id = 2"
            " ORDER BY created_at, id",
        ),
        ("prediction_id", "SELECT id FROM generations WHERE prediction_id = 'p'"),
        ("message_id", "SELECT * FROM generations WHERE message_id = 1 AND channel_id = 2"),
        ("batch_id", "SELECT * FROM generations WHERE batch_id = 'b'"),
        (
            "stored_at",
            "SELECT id FROM generations WHERE stored_at IS NOT NULL AND stored_at <= 1"
            " AND NOT open",
        ),
        (
            "requester_id",
            "SELECT * FROM generations WHERE requester_id = 1 AND (created_at, id) < (2, 'x')"
            " ORDER BY created_at DESC, id DESC",
        ),
    ],
)
async def test_generations_are_found_by_an_index(
    journal: OpenJournal, url: str, index: str, query: str
) -> None:
    engine = create_engine(async_url(url))
    async with engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN" if url.startswith("sqlite") else "EXPLAIN"
        if not url.startswith("sqlite"):
            # With few rows there, every way to them costs the same.
            for statement in (_MANY_ROWS, "ANALYZE generations", "SET enable_seqscan = off"):
                await connection.execute(sa.text(statement))
        plan = str((await connection.execute(sa.text(f"{explain} {query}"))).all())
    await engine.dispose()
    assert re.search(rf"ix_generations_({index})\b", plan), plan
    if index == "requester_id":
        # Its order is the order of the pages: nothing is sorted.
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


async def test_errors_of_the_driver_hold_no_values(journal: OpenJournal, url: str) -> None:
    await execute(url, "ALTER TABLE generations RENAME COLUMN told TO was_told")
    with pytest.raises(JournalError) as caught:
        await journal.add(a_generation())
    assert "interaction-token" not in f"{caught.value} {caught.value.__cause__}"
    await execute(url, "ALTER TABLE generations RENAME COLUMN was_told TO told")
    await journal.add(a_generation())


async def test_sqlite_waits_for_no_reader_and_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_set_pragmas", unsynced.AS_EVER)
    url = f"sqlite:///{tmp_path}/journal.db"
    await (await SqlJournal.open(url)).close()
    assert await scalars(url, "PRAGMA journal_mode") == ["wal"]
    assert await scalars(url, "PRAGMA synchronous") == [2]
    assert await scalars(url, "PRAGMA foreign_keys") == [1]


def _folder_made(url: str) -> str:
    path = sa.make_url(url).database
    if url.startswith("sqlite") and path:
        Path(path).parent.mkdir(parents=True)
    return url


async def _schema(url: str) -> dict[str, str]:
    """Everything the database itself knows of its tables, in words."""
    engine = create_engine(async_url(url))
    async with engine.connect() as connection:
        described = await connection.run_sync(_describe)
    await engine.dispose()
    return described


def _describe(connection: sa.Connection) -> dict[str, str]:
    inspector = sa.inspect(connection)
    described: dict[str, str] = {}
    for table in inspector.get_table_names():
        parts: list[object] = [*inspector.get_columns(table), inspector.get_pk_constraint(table)]
        for index in inspector.get_indexes(table):
            # A partial index's condition is an object; its words are what counts.
            options = {key: str(value) for key, value in index.pop("dialect_options", {}).items()}
            parts += [index, options]
        described[table] = "\n".join(map(str, [*parts, *inspector.get_foreign_keys(table)]))
    return described
