"""Whoever is cancelled while the journal writes leaves no lock behind."""

from __future__ import annotations

import asyncio
import gc

import pytest

from bot.domain.generation import State
from bot.journal import SqlJournal
from tests.contract.journal_kit import LEASE_S, OpenJournal, added

_TURNS = 60
_AT_ONCE_S = 3.0


async def test_a_cancelled_renewal_keeps_nobody_from_writing(journal: OpenJournal) -> None:
    """Cancelled after one turn of the event loop, after two, and so on."""
    [generation] = await added(journal)
    cancelled: list[asyncio.Task[object]] = []
    for turns in range(_TURNS):
        renewal = asyncio.create_task(journal.renew(LEASE_S, (generation.id,)))
        saved = asyncio.create_task(journal.save(generation.evolve(State.ACCEPTED)))
        for _ in range(turns):
            await asyncio.sleep(0)
        renewal.cancel()
        await asyncio.wait({renewal})
        # The traceback of a cancellation holds on to whatever was under way.
        cancelled.append(renewal)
        async with asyncio.timeout(_AT_ONCE_S):
            await saved
            await journal.remember("turns", str(turns))
    assert any(task.cancelled() for task in cancelled)


async def test_closing_lets_reads_come_to_their_end(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long a busy machine takes.
    monkeypatch.setattr("bot.journal.journal._CLOSE_LIMIT_S", 60.0)
    """A connection that somebody forgets to close warns when it is collected."""
    for turns in range(0, _TURNS, 2):
        journal = await SqlJournal.open(url)
        reads = [asyncio.create_task(journal.get("unknown-gene")) for _ in range(2)]
        for _ in range(turns):
            await asyncio.sleep(0)
        await journal.close()
        await asyncio.gather(*reads, return_exceptions=True)
    gc.collect()
