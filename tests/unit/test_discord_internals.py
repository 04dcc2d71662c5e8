"""What the bot counts on inside discord.py, held against the release that is installed."""

from __future__ import annotations

import discord
import pytest
from discord.http import HTTPClient, Route

from bot.discord_internals import verify


def test_this_release_has_all_that_is_touched() -> None:
    assert verify() == []


def test_a_release_that_moves_something_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    async def static_login(self: HTTPClient, token: str, session: object) -> None:
        raise NotImplementedError

    monkeypatch.delattr(Route, "BASE")
    monkeypatch.delattr(discord.Webhook, "from_state")
    monkeypatch.setattr(HTTPClient, "static_login", static_login)
    release = f"discord.py {discord.__version__}: "
    assert {
        f"{release}Route has no `BASE`",
        f"{release}Webhook has no `from_state`",
    } <= set(verify())
    assert any("takes self, token, session" in problem for problem in verify())
