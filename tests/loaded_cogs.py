"""Cogs whose modules are run once, however many bots a process has.

discord.py runs a module anew for each bot that loads it, and looks through all modules when the bot
closes: a third of what a bot takes to start and stop. `python -m bot` does so (tests/journey).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from unittest.mock import patch

from discord.ext import commands


async def _load(bot: Any, _: ModuleSpec, key: str) -> None:
    cog: Any = import_module(key)
    await cog.setup(bot)
    bot._BotBase__extensions[key] = cog


async def _forget(bot: Any, _: ModuleType, key: str) -> None:
    bot._BotBase__extensions.pop(key, None)


@contextmanager
def loaded_once() -> Generator[None]:
    """Have bots share the modules."""
    with (
        patch.object(commands.AutoShardedBot, "_load_from_module_spec", _load),
        patch.object(commands.AutoShardedBot, "_call_module_finalizers", _forget),
    ):
        yield
