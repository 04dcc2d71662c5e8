"""The owner is told once of what is wrong, and can read it at any time."""

from __future__ import annotations

import logging

import pytest

from bot.domain.waits import Obstacle
from bot.engine.troubles import Task, Trouble, Troubles
from tests.fakes import NOON, FakeClock


def test_a_change_is_logged_and_a_repetition_is_not(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    troubles = Troubles(clock)
    caplog.set_level(logging.INFO)
    for _ in range(100):
        troubles.met(Task.FOLLOW, Obstacle.TOKEN_REFUSED)
        clock.pass_s(5)
    [line] = caplog.records
    assert line.levelno == logging.ERROR
    assert "REPLICATE_API_TOKEN" in line.getMessage()
    assert troubles.current == (Trouble(Task.FOLLOW, Obstacle.TOKEN_REFUSED, NOON),)
    troubles.met(Task.FOLLOW, Obstacle.CREDIT_MISSING)
    troubles.over(Task.FOLLOW)
    troubles.over(Task.FOLLOW)
    assert [record.levelno for record in caplog.records] == [40, 40, 20]
    assert troubles.current == ()


def test_what_works_says_nothing_of_what_does_not() -> None:
    troubles = Troubles(FakeClock())
    troubles.met(Task.CREATE, Obstacle.CREDIT_MISSING)
    troubles.over(Task.FOLLOW)
    assert [trouble.task for trouble in troubles.current] == [Task.CREATE]


@pytest.mark.parametrize("obstacle", Obstacle)
def test_every_obstacle_has_plain_words(
    obstacle: Obstacle, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = Troubles(FakeClock()).met(Task.CREATE, obstacle)
    [line] = caplog.records
    assert line.levelno == (logging.ERROR if trouble.needs_owner else logging.WARNING)
    assert len(line.getMessage()) > 40
