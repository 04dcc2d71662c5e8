"""simcord, made quick, a little more like Discord, and able to break connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
import simcord
import simcord.env
import simcord.http.router
import simcord.interactions

from tests.discord.voice_kit import Studio
from tests.discord.world import World
from tests.untranslated import untranslated

_DM_PERMISSIONS = discord.Permissions(attach_files=True, embed_links=True, mention_everyone=True)


@pytest.fixture
def studio() -> Studio | None:
    """Most bots play in no voice channel; `test_voice` has one that does."""
    return None


@pytest.fixture
def command_words() -> Generator[None]:
    """What Discord is told of commands; the tests of languages have it told in all of them."""
    with untranslated():
        yield


@pytest.fixture
async def world(
    tmp_path: Path,
    command_words: None,
    studio: Studio | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> AsyncGenerator[World, None]:
    """The bot at work in a fresh Discord; a test that leaves an error in the log fails."""
    caplog.set_level(logging.INFO)
    _be_quick(monkeypatch)
    # There is no other process that this one would have to let go first.
    monkeypatch.setattr("bot.card.report._GIVE_WAY_S", 0.0)
    _allow_files_in_dms(monkeypatch)
    world = World(tmp_path, studio)
    _let_connections_break(monkeypatch, world)
    await world.start()
    yield world
    await world.env.shutdown()
    records = [r for when in ("setup", "call") for r in caplog.get_records(when)]
    complaints = [record.getMessage() for record in records if record.levelno >= logging.ERROR]
    assert world.bug_expected or complaints == []


@pytest.fixture(autouse=True)
def env(world: World) -> simcord.Env:
    """Lets simcord's plugin print what the bot did when a test fails."""
    return world.env


def _be_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again after 1 ms, not 50, whether the bot is through with its files.

    Nor does a start have to be over in 5 s: others have the processor as well.
    """
    original = simcord.Env._settle_internal  # pyright: ignore[reportPrivateUsage] - no public setting
    defaults = original.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "idle", 0.001)

    async def settle(env: simcord.Env, **options: Any) -> None:
        options.pop("timeout", None)
        await original(env, **options)

    monkeypatch.setattr(simcord.Env, "_settle_internal", settle)
    _look_for_no_timers_in_vain(monkeypatch)


def _look_for_no_timers_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare each task with each timer only where one still runs by the real clock.

    Those are what is looked for, several times each time that simcord waits for the bot.
    """
    original = simcord.env._virtualize_recognized_waits  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage] - no public way

    def virtualize(state: Any, pending: list[asyncio.Task[Any]]) -> None:
        real = (record.real_handle for record in state.work.callbacks)
        if any(handle is not None and not handle.cancelled() for handle in real):
            original(state, pending)

    monkeypatch.setattr("simcord.env._virtualize_recognized_waits", virtualize)


def _allow_files_in_dms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord gives these permissions in every DM; simcord 3.2.1 gives none.

    (discord.com developers/interactions/receiving-and-responding, app_permissions)
    """
    original = simcord.interactions.base_payload

    def base_payload(*args: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        record, payload = original(*args, **kwargs)
        if kwargs["guild_id"] is None:
            payload["app_permissions"] = str(_DM_PERMISSIONS.value)
        return record, payload

    monkeypatch.setattr(simcord.interactions, "base_payload", base_payload)


def _let_connections_break(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """What `inject_error` cannot do: no answer at all, as aiohttp tells it."""
    original = simcord.http.router.dispatch

    def breaks(connections: list[tuple[str, str]], method: str, path: str) -> bool:
        for one in connections:
            if fnmatch(method, one[0]) and fnmatch(path, one[1]):
                connections.remove(one)
                return True
        return False

    def dispatch(backend: Any, method: str, path: str, **kwargs: Any) -> Any:
        if breaks(world.cuts, method, path):
            raise aiohttp.ServerDisconnectedError
        answer = original(backend, method, path, **kwargs)
        if breaks(world.lost, method, path):
            raise aiohttp.ServerDisconnectedError
        return answer

    monkeypatch.setattr(simcord.http.router, "dispatch", dispatch)
