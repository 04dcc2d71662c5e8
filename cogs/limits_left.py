"""What limits leave to somebody, here and now."""

from __future__ import annotations

from collections.abc import Collection

import discord

from bot.card import strings
from bot.card.interactions import asked_by
from bot.client import MusicGenBot
from bot.community.limits import Asked, Hold, Scope, holds, left_of
from bot.domain.charges import Sums

OWN = (Scope.PERSON, Scope.MEMBER)
"""The scopes of one person's limits."""


async def limits_left(
    bot: MusicGenBot, interaction: discord.Interaction, told: Collection[Scope]
) -> list[str]:
    """A line for each limit of these scopes, and what is left of it."""
    return [
        strings.limits.limit(hold, left_of(hold.amount, await _counted(bot, hold)))
        for hold in _holds(bot, interaction)
        if hold.key[0] in told
    ]


def limits_of_all(bot: MusicGenBot, interaction: discord.Interaction) -> list[str]:
    """A line for each limit that one shares with others, whose use is not told to everybody."""
    shared = (hold for hold in _holds(bot, interaction) if hold.key[0] not in OWN)
    return [strings.limits.limit(hold, None) for hold in shared]


def _holds(bot: MusicGenBot, interaction: discord.Interaction) -> list[Hold]:
    """What a request of theirs would be held against now."""
    now, own = bot.clock.now(), bot.server_rules.limits_of(asked_by(interaction))
    asked = Asked(interaction.user.id, interaction.guild_id, now, 1, Sums(), own)
    return list(holds(bot.limits, asked))


async def _counted(bot: MusicGenBot, hold: Hold) -> Sums:
    _, person, server, counted, _ = hold.key
    since, until = counted.begins_at, counted.ends_at
    found = await bot.service.journal.spent(since, until, requester_id=person, guild_id=server)
    return found.sums
