"""A server's default settings, chosen from its presets; for those who manage it."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.buttons import CardButton, CardPicker, CardSelect, card_button, card_select, view_of
from bot.card.interactions import check_manager, reading
from bot.community.settings import NO_INPUTS, ServerSettings
from bot.domain.errors import DefaultsNameFineTune
from bot.domain.inputs import Inputs, InputTable
from bot.domain.presets import Preset

_OPTIONS_MAX = 25
"""Of one select, which is Discord's limit; a server has twice as many presets at most."""


def defaults_message(
    settings: ServerSettings, presets: list[Preset], table: InputTable
) -> tuple[discord.Embed, discord.ui.View]:
    """What they are, and the server's presets to take others from."""
    unfit = table.unfit(settings.defaults)
    text = strings.settings.defaults(settings.defaults, unfit)
    embed = discord.Embed(title=strings.settings.DEFAULTS(), description=text)
    about = strings.settings.DEFAULTS_ABOUT() if presets else strings.settings.DEFAULTS_NO_PRESET()
    embed.set_footer(text=about)
    options = [discord.SelectOption(label=one.name, value=one.name) for one in presets]
    items: list[CardButton | CardSelect | CardPicker] = [
        card_select(action, strings.settings.PICK_PRESET(), part)
        for action, part in (
            (TAKE_PRESET, options[:_OPTIONS_MAX]),
            (TAKE_MORE, options[_OPTIONS_MAX : 2 * _OPTIONS_MAX]),
        )
        if part
    ]
    if settings.defaults != NO_INPUTS:
        items.append(card_button(NO_DEFAULTS, "none"))
    return embed, view_of(*items)


async def _presets(context: ActionContext, guild_id: int) -> list[Preset]:
    async with reading():
        found = await context.presets.all_of(context.interaction.user.id, guild_id)
    return [one for one in found if one.owner.is_server and one.fine_tune is None]


async def _open(context: ActionContext, _: str) -> None:
    guild_id = check_manager(context.interaction)
    settings = context.server_rules.settings_of(guild_id)
    presets = await _presets(context, guild_id)
    embed, view = defaults_message(settings, presets, context.service.models.main.table)
    await context.interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def _take(context: ActionContext, name: str) -> None:
    guild_id = check_manager(context.interaction)
    async with reading():
        preset = await context.presets.of_server(name, guild_id)
    if preset.fine_tune is not None:
        raise DefaultsNameFineTune
    await _set(context, guild_id, preset.inputs)


async def _clear(context: ActionContext, _: str) -> None:
    await _set(context, check_manager(context.interaction), NO_INPUTS)


async def _set(context: ActionContext, guild_id: int, inputs: Inputs) -> None:
    interaction = context.interaction
    await interaction.response.defer()
    rules = context.server_rules
    logged = await rules.change(guild_id, interaction.user.id, defaults=inputs)
    presets = await _presets(context, guild_id)
    settings = rules.settings_of(guild_id)
    embed, view = defaults_message(settings, presets, context.service.models.main.table)
    await interaction.edit_original_response(embed=embed, view=view)
    await context.announce(logged)


DEFAULTS = Action("defaults", _open, strings.settings.DEFAULTS, "🎛️")
TAKE_PRESET = Action("defaultsfrom", _take)
TAKE_MORE = Action("defaultsfrommore", _take)
NO_DEFAULTS = Action("nodefaults", _clear, strings.settings.NO_DEFAULTS, "🧹")
