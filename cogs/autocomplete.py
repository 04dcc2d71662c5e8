"""What is offered while somebody types a prompt."""

from __future__ import annotations

import asyncio
import logging

from discord import app_commands

from bot.domain.prompt_ideas import suggest
from bot.engine.ports import Journal

log = logging.getLogger(__name__)

_WITHIN_S = 0.25
"""For one's own prompts; then the ideas go out alone."""
_CHOICES_MAX = 25
_CHOICE_MAX_CHARS = 100
"""Discord's limits (developers/interactions/application-commands, 2026-08)."""


async def prompts_for(journal: Journal, user_id: int, typed: str) -> list[app_commands.Choice[str]]:
    """One's own earlier prompts, then ideas; always something, and never late."""
    own: list[str] = []
    try:
        async with asyncio.timeout(_WITHIN_S):
            own = await journal.prompts_of(user_id, typed, _CHOICES_MAX)
    except Exception as error:  # noqa: BLE001 - nobody can be told, and the ideas are as good
        log.warning("no earlier prompts to suggest: %r", error)
    found = suggest(typed, own, _CHOICES_MAX, _CHOICE_MAX_CHARS)
    return [app_commands.Choice(name=prompt, value=prompt) for prompt in found]
