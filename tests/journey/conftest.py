from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.journey.rig import Rig, a_rig
from tests.untranslated import untranslated


@pytest.fixture(autouse=True)
def bot_log() -> Generator[None]:
    """Has a failure's report show what the bot logged."""
    logger = logging.getLogger("bot")
    before = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(before)


@pytest.fixture(autouse=True)
def command_words() -> Generator[None]:
    """The bots of this process tell Discord of commands in English; others in every language."""
    with untranslated():
        yield


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[Rig, None]:
    """The bot between the stand-ins, everything as it comes."""
    async with a_rig(tmp_path) as rig:
        yield rig
