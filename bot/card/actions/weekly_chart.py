"""Where each week's chart is posted, if anywhere; for those who manage the server."""

from __future__ import annotations

from datetime import datetime

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.buttons import card_picker, view_of
from bot.card.interactions import check_manager
from bot.community.weekly import ChartOutcome, next_week

_TYPES = [discord.ChannelType.text, discord.ChannelType.news]
_NEEDED = ("view_channel", "send_messages", "embed_links", "read_message_history")
"""The last one: it looks for its own post before it posts again."""


def chart_fault(guild: discord.Guild | None, channel_id: int | None) -> ChartOutcome | None:
    """Why it cannot be posted there, as far as the bot knows its servers; None where it can."""
    if guild is None or guild.unavailable or channel_id is None:
        return None
    channel = guild.get_channel(channel_id)
    if channel is None:
        return ChartOutcome.CHANNEL_GONE
    may = channel.permissions_for(guild.me)
    return None if all(getattr(may, name) for name in _NEEDED) else ChartOutcome.REFUSED


def weekly_message(
    channel_id: int | None, guild: discord.Guild | None, now: datetime
) -> tuple[discord.Embed, discord.ui.View]:
    """Where it is posted, and the select of another channel."""
    fault = chart_fault(guild, channel_id)
    lines = [strings.weekly.ABOUT(), strings.weekly.place(channel_id, fault)]
    if channel_id is not None and fault is None:
        lines.append(strings.weekly.next_one(next_week(now)))
    chosen = [] if channel_id is None or fault is ChartOutcome.CHANNEL_GONE else [channel_id]
    select = discord.ui.ChannelSelect[discord.ui.View](
        channel_types=_TYPES,
        placeholder=strings.weekly.PICK(),
        min_values=0,
        max_values=1,
        default_values=[
            discord.SelectDefaultValue(id=one, type=discord.SelectDefaultValueType.channel)
            for one in chosen
        ],
    )
    embed = discord.Embed(title=strings.weekly.NAME(), description="\n\n".join(lines))
    return embed, view_of(card_picker(CHART_CHANNEL, select))


async def _open(context: ActionContext, _: str) -> None:
    interaction = context.interaction
    settings = context.server_rules.settings_of(check_manager(interaction))
    embed, view = weekly_message(settings.chart_channel, interaction.guild, context.clock.now())
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def _choose(context: ActionContext, about: str) -> None:
    interaction, rules = context.interaction, context.server_rules
    guild_id = check_manager(interaction)
    channel_id = int(about) if about.isdecimal() else None
    await interaction.response.defer()
    logged = await rules.change(guild_id, interaction.user.id, chart_channel=channel_id)
    chosen = rules.settings_of(guild_id).chart_channel
    embed, view = weekly_message(chosen, interaction.guild, context.clock.now())
    await interaction.edit_original_response(embed=embed, view=view)
    await context.announce(logged)


WEEKLY = Action("weekly", _open, strings.weekly.NAME, "🏆")
CHART_CHANNEL = Action("chartchannel", _choose)
