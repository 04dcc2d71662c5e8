"""Who the bot is: the first that is asked of Discord."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import discord

from bot.discord_errors import DiscordAway

_UNAUTHORIZED = 401


async def who_am_i(session: aiohttp.ClientSession, address: str, headers: Mapping[str, str]) -> Any:
    """The bot's own user, as the API gives it.

    Raises:
        LoginFailure: Discord does not accept the token.
        DiscordAway: it gives no user, for whatever reason.
    """
    async with session.get(address, headers=headers) as response:
        text = await response.text(errors="replace")
    user = _object(text)
    if response.status == _UNAUTHORIZED and user is not None:
        raise discord.LoginFailure("Improper token has been passed.")
    if response.status != 200 or user is None or not str(user.get("id")).isdecimal():
        asked = response.headers.get("Retry-After", "")
        raise DiscordAway(response.status, text, float(asked) if asked.isdigit() else 0.0)
    return user


def _object(text: str) -> dict[str, Any] | None:
    try:
        value: Any = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType] - JSON
