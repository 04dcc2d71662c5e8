"""What is offered while somebody types a prompt, or the name of a preset or a fine-tune."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import discord
from discord import app_commands

from bot.card import strings
from bot.community.presets import Presets, key_of
from bot.domain.models import Models, fine_tune_key
from bot.domain.presets import Preset
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


async def presets_for(
    presets: Presets,
    interaction: discord.Interaction,
    typed: str,
    *,
    with_servers: bool = True,
) -> list[app_commands.Choice[str]]:
    """The presets whose names have what is typed: one's own, and then this server's others."""
    found: Sequence[Preset] = ()
    guild_id = interaction.guild_id if with_servers else None
    try:
        async with asyncio.timeout(_WITHIN_S):
            found = await presets.all_of(interaction.user.id, guild_id)
    except Exception as error:  # noqa: BLE001 - nobody can be told
        log.warning("no presets to suggest: %r", error)
    offered: dict[str, app_commands.Choice[str]] = {}
    for preset in found:
        name = preset.name
        label = strings.presets.server_choice(name) if preset.owner.is_server else name
        if key_of(typed) in key_of(name):
            offered.setdefault(key_of(name), app_commands.Choice(name=label, value=name))
    return list(offered.values())[:_CHOICES_MAX]


def fine_tunes_for(models: Models, typed: str) -> list[app_commands.Choice[str]]:
    """The fine-tunes whose names have what is typed."""
    names = [name for name in models.fine_tunes if fine_tune_key(typed) in fine_tune_key(name)]
    return [app_commands.Choice(name=name, value=name) for name in names[:_CHOICES_MAX]]
