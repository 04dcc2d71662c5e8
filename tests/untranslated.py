"""Commands that Discord is told in English alone: most bots of tests meet no other language.

Telling it each text in each language is a third of what a bot's start takes where no earlier start
has told it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from discord import app_commands


async def _translates_none(tree: object, translator: app_commands.Translator | None) -> None:
    pass


@contextmanager
def untranslated() -> Generator[None]:
    """Have bots of this process translate no command."""
    with patch.object(app_commands.CommandTree, "set_translator", _translates_none):
        yield
