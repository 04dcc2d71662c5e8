"""Whatever goes wrong inside, a person gets a sentence and the log gets the rest."""

from __future__ import annotations

import re
from typing import NoReturn

import pytest

from bot.card import strings
from bot.domain.errors import InternalFault
from bot.domain.generation import State
from bot.host.log_context import AddSubject
from bot.logs import JsonFormatter
from tests.discord.world import World

REFERENCE = re.compile(r"the reference `([0-9a-f]{6})`\.$")


class Bug(Exception):
    """Something nobody thought of."""


def buggy(*_: object, **__: object) -> NoReturn:
    raise Bug("token=hunter2 at line 7")


async def abuggy(*_: object, **__: object) -> NoReturn:
    buggy()


def told_of_a_bug(words: str, log: str) -> bool:
    """Whether `words` hold a reference and nothing else, and the log all the rest under it."""
    found = REFERENCE.search(words)
    assert found is not None, words
    assert "hunter2" not in words
    assert "Bug" not in words
    assert found[1] in log
    assert "Traceback" in log
    return "hunter2" in log


async def test_a_command_with_a_bug(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.bug_expected = True
    monkeypatch.setattr(world.bot.service, "check", buggy)
    asked = await world.musicgen()
    assert told_of_a_bug(asked.refusal, caplog.text)


async def test_a_journal_that_fails_before_the_acknowledgement(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.bug_expected = True
    monkeypatch.setattr(world.journal, "add", abuggy)
    asked = await world.musicgen()
    assert told_of_a_bug(asked.refusal, caplog.text)
    assert world.predictions.created == []


async def test_a_button_with_a_bug(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.bug_expected = True
    asked = await world.musicgen()
    monkeypatch.setattr(world.bot.service, "cancel", abuggy)
    caplog.handler.addFilter(AddSubject())
    [words] = (await asked.press(world.ada)).told
    assert told_of_a_bug(words, caplog.text)
    [fault] = [record for record in caplog.records if record.exc_info]
    assert JsonFormatter(()).subject_of(fault) == {
        "reference": words.split("`")[-2],
        "generation": world.generation.id,
        "server": str(world.guild.id),
    }
    await world.done()
    assert len(asked.reply.attachments) == 1


async def test_a_button_whose_journal_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.bug_expected = True
    asked = await world.musicgen()
    monkeypatch.setattr(world.journal, "save", abuggy)
    [words] = (await asked.press(world.ada)).told
    assert told_of_a_bug(words, caplog.text)


async def test_a_run_with_a_bug(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.bug_expected = True
    monkeypatch.setattr(world.predictions, "create", abuggy)
    asked = await world.musicgen()
    await world.pass_s(5)
    assert strings.errors.sentence(InternalFault()) in asked.text
    assert "hunter2" not in asked.text
    assert "hunter2" in caplog.text
    assert world.generation.state is State.FAILED


async def test_a_bug_after_payment_costs_no_track(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.bug_expected = True
    monkeypatch.setattr(world.sound, "label", abuggy)
    asked = await world.musicgen()
    await world.done()
    assert "hunter2" not in asked.text
    assert "hunter2" in caplog.text
    assert world.generation.state is State.DELIVERED


# ------------------------------------------------------------------ the acknowledgement


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060)])
async def test_a_command_that_cannot_be_acknowledged_starts_nothing(
    world: World, status: int, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Delivered too late, or delivered twice and the other one was first."""
    world.fail("POST", "/interactions/*", status, code, times=None)
    asked = await world.musicgen()
    assert asked.result.response is None
    await world.pass_s(5)
    [row] = world.journal.rows.values()
    assert not row.open
    assert world.predictions.created == []
    assert "could not be acknowledged" in caplog.text


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060), (500, 0)])
async def test_a_refusal_that_cannot_be_said_is_only_logged(
    world: World, status: int, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    world.fail("POST", "/interactions/*", status, code, times=None)
    asked = await world.musicgen(continuation=True)
    assert asked.result.response is None
    assert "could not be answered" in caplog.text


async def test_a_refused_press_that_cannot_be_said_is_only_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    asked = await world.musicgen()
    world.fail("POST", "/webhooks/*", 500)
    assert (await asked.press(world.bo)).told == []
    assert "could not be answered" in caplog.text
    assert world.generation.state is State.RUNNING


async def test_no_interaction_token_is_shown_or_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.fail("PATCH", "*", 500, times=3)
    await world.musicgen()
    token = world.generation.reply.token
    await world.done(5)
    assert token not in caplog.text
    assert all(token not in str(message.embeds) for message in world.messages)
