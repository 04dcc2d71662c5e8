"""How fast the bot asks Discord with its own token."""

from __future__ import annotations

import discord
from aiolimiter import AsyncLimiter

from bot.discord_internals import before_each_request

_AT_ONCE, _WITHIN_S = 5, 0.125
"""Discord refuses more than 50 requests in a second (topics/rate-limits, 2026-08). Five at once and
forty a second after them are 45 at the most in any second."""


def keep_pace(client: discord.Client) -> None:
    """Have each request with the bot's own token wait until Discord will not refuse it as too many.

    discord.py (2.7.1) learns of that limit by being refused; then all that waits is sent at once,
    and is refused again. Answers to interactions have no such limit, and wait for nothing.
    """
    before_each_request(client, AsyncLimiter(_AT_ONCE, _WITHIN_S).acquire)
