"""Turns at IDENTIFY, of which Discord allows one token one in 5 s."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.client import MusicGenBot
from bot.domain.errors import JournalFault
from bot.engine.service import EngineConfig
from bot.parts import Parts, Shards
from tests.fakes import (
    MUSICGEN,
    FakeClock,
    FakeJournal,
    FakePieceSound,
    FakePredictions,
    FakeSound,
    FakeTrackStore,
)


async def test_a_journal_in_trouble_delays_a_turn_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """discord.py ends the process at an error that it does not know there."""
    journal, clock = FakeJournal(), FakeClock()
    answers: list[bool | JournalFault] = [JournalFault("no database"), False, True]

    async def take_turn(name: str, ttl_s: float) -> bool:
        assert name == "identify"
        assert ttl_s > 5
        answer = answers.pop(0)
        if isinstance(answer, JournalFault):
            raise answer
        return answer

    monkeypatch.setattr(journal, "take_turn", take_turn)
    parts = Parts(
        EngineConfig(MUSICGEN, 1500, tmp_path),
        journal,
        FakePredictions(),
        FakeSound(),
        FakeTrackStore(),
        FakePieceSound(),
        clock,
        Shards((0, 1), 2),
    )
    began_at = clock.now()
    await MusicGenBot(parts).before_identify_hook(0, initial=True)
    assert answers == []
    assert (clock.now() - began_at).total_seconds() == 1.0
    assert "shards cannot take turns now: no database" in caplog.text
