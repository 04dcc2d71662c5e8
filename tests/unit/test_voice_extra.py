"""The extra `voice`: found or not, and what an operator is told."""

from __future__ import annotations

import sys

import pytest

from bot.delivery.voice_speaker import is_installed
from bot.invite import invite_permissions
from bot.operations.check import Verdict, probe_voice


async def test_with_it_the_check_is_well() -> None:
    assert is_installed()
    [finding] = await probe_voice()
    assert finding.verdict is Verdict.OK


@pytest.mark.parametrize("library", ["davey", "nacl.secret"])
async def test_without_it_the_check_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert not is_installed()
    [finding] = await probe_voice()
    assert finding.verdict is Verdict.NOTE, "the bot does without"
    assert "pip install -r bot/voice/requirements.txt" in finding.words


def test_an_invitation_asks_for_what_voice_takes_where_it_is_there() -> None:
    more = invite_permissions(with_voice=True).value & ~invite_permissions(with_voice=False).value
    assert more == 1 << 20 | 1 << 21, "Connect and Speak"
