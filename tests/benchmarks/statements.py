"""What one generation asks of PostgreSQL: statements, transactions, and the bytes it leaves."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.journal.tables import metadata
from bot.playground.discord.actors import Used
from bot.playground.replicate.timings import Timings
from tests.contract.journal_kit import scalars
from tests.journey.rig import Rig, a_rig
from tests.postgres import a_postgres

AT_ONCE = (1, 50)
GENERATIONS = 100
LIMITS = {
    "LIMIT_PER_USER": "100000 tracks/day",
    "LIMIT_TOTAL": "100000 tracks/day",
    "MAX_WAITING_PER_USER": "100000",
    "MAX_RUNNING_PER_USER": "1000",
}
IDLE_S = 30.0
_WARM_UP = 3
_TIMINGS = Timings(cold_start_s=0.0, warm_start_s=0.0, step_rate_per_s=200, encode_s=0)
_PATIENCE_S = 60.0
_ALL_OPEN = "SELECT count(*) FROM generations WHERE open"


@dataclass
class Count:
    """What has been asked of the database since."""

    statements: Counter[str] = field(default_factory=Counter[str])
    """By their first word; without those of this benchmark."""
    transactions: int = 0
    began_s: float = 0.0

    def begin(self) -> None:
        self.statements.clear()
        self.transactions = 0
        self.began_s = time.monotonic()

    def note_statement(self, *given: object) -> None:
        if (statement := str(given[2])) != _ALL_OPEN:
            self.statements[statement.split(maxsplit=1)[0]] += 1

    def note_commit(self, _: object) -> None:
        self.transactions += 1

    def told(self, per: float) -> str:
        """A table's cells: seconds, statements and transactions, each divided by `per`."""
        took_s = time.monotonic() - self.began_s
        kinds = ", ".join(
            f"{number / per:.1f} {word}" for word, number in self.statements.most_common(4)
        )
        statements = f"{self.statements.total() / per:.1f} ({kinds})"
        return f"{took_s / per:.1f} | {statements} | {self.transactions / per:.1f}"


async def measure() -> AsyncGenerator[str]:
    """Generations one after another and many at once, and a bot that nobody uses."""
    count = Count()
    event.listen(Engine, "before_cursor_execute", count.note_statement)
    event.listen(Engine, "commit", count.note_commit)
    yield (
        f"{GENERATIONS} generations with limits, of a second of music each; a statement that is "
        "for several of them counts once, and the process's housekeeping meanwhile is counted too\n"
        "| | seconds | statements | transactions | bytes written ahead (WAL) | bytes of rows "
        "| bytes of tables and indexes |\n"
        "|---|---|---|---|---|---|---|"
    )
    with a_postgres() as url, tempfile.TemporaryDirectory() as folder:
        env = {"DATABASE_URL": url, **LIMITS}
        async with a_rig(Path(folder), env=env, speed=1, timings=_TIMINGS) as rig:
            await _make(rig, url, _WARM_UP, 1)
            for at_once in AT_ONCE:
                before = await _sizes(url)
                count.begin()
                await _make(rig, url, GENERATIONS, at_once)
                told = count.told(GENERATIONS)
                left = [
                    (now - then) / GENERATIONS
                    for now, then in zip(await _sizes(url), before, strict=True)
                ]
                cells = " | ".join(f"{size:,.0f}" for size in left)
                yield f"| each, {at_once} at once | {told} | {cells} |"
            before = await _sizes(url)
            count.begin()
            await asyncio.sleep(IDLE_S)
            told = count.told(IDLE_S)
            written = ((await _sizes(url))[0] - before[0]) / IDLE_S
            yield f"| a second of one idle process | {told} | {written:,.0f} | | |"


async def _make(rig: Rig, url: str, number: int, at_once: int) -> None:
    for _ in range(0, number, at_once):
        asked = [await _ask(rig) for _ in range(min(at_once, number))]
        for used in asked:
            await used.until(lambda reply: reply.attachments, _PATIENCE_S)
        async with asyncio.timeout(_PATIENCE_S):
            while await scalars(url, _ALL_OPEN) != [0]:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)


async def _ask(rig: Rig) -> Used:
    return await rig.ada.slash(
        rig.discord.world.jam, "musicgen", prompt="deep house bassline, 120 bpm", duration=1
    )


async def _sizes(url: str) -> tuple[int, int, int]:
    """Bytes so far: of the write-ahead log, of the rows, and of tables with their indexes."""
    [wal] = await scalars(url, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
    rows = tables = 0
    for table in metadata.tables:
        [of_rows] = await scalars(url, f"SELECT sum(pg_column_size(t.*)) FROM {table} t")  # noqa: S608 - our own tables
        [of_table] = await scalars(url, f"SELECT pg_total_relation_size('{table}')")
        rows += int(str(of_rows or 0))
        tables += int(str(of_table))
    return int(str(wal)), rows, tables
