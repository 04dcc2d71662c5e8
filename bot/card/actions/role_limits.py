"""The limits of roles, in a message below the panel of /settings; for those who manage a server."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext, opens
from bot.card.buttons import card_button, card_picker, view_of
from bot.card.forms import CardForm, SubmittedForm
from bot.card.interactions import check_manager
from bot.community.settings import Amounts, ServerSettings
from bot.community.written_amounts import amounts_text, typed_amounts

_FORM = "rolelimit"
_AMOUNTS = "amounts"
_MAX_CHARS = 200
_LISTED_MAX_CHARS = 4000
"""Of an embed's description, which Discord limits to 4096."""
_FREE = "none"
"""Typed for a role that no limit of the server's holds for."""


def role_limits(
    settings: ServerSettings, guild: discord.Guild | None
) -> tuple[discord.Embed, discord.ui.View]:
    """What every role may, and what changes it."""
    present = {role.id for role in guild.roles} if guild is not None else set[int]()
    text = strings.settings.role_limits(settings.of_roles, present, _LISTED_MAX_CHARS)
    embed = discord.Embed(title=strings.settings.ROLE_LIMITS(), description=text)
    embed.set_footer(text=strings.settings.ROLE_LIMITS_ABOUT())
    pick = discord.ui.RoleSelect[discord.ui.View](placeholder=strings.settings.PICK_ROLE())
    items = [card_picker(PICK_ROLE, pick)]
    if not settings.of_roles.keys() <= present:
        return embed, view_of(*items, card_button(DROP_ROLES, "gone"))
    return embed, view_of(*items)


async def _open(context: ActionContext, _: str) -> None:
    interaction = context.interaction
    settings = context.server_rules.settings_of(check_manager(interaction))
    embed, view = role_limits(settings, interaction.guild)
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def _form(context: ActionContext, role_id: str) -> CardForm:
    settings = context.server_rules.settings_of(check_manager(context.interaction))
    amounts = settings.of_roles.get(int(role_id))
    form = CardForm(_FORM, role_id, strings.settings.ROLE_LIMIT(), from_card=True)
    form.add_text(
        _AMOUNTS,
        strings.settings.PER_PERSON(),
        strings.settings.ROLE_LIMIT_ABOUT(),
        max_chars=_MAX_CHARS,
        default=None if amounts is None else amounts_text(amounts) or _FREE,
    )
    return form


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    text = form.text(_AMOUNTS)
    is_free = text.casefold() == _FREE
    amounts = None if not text else () if is_free else typed_amounts(text)
    await _set(context, {int(form.about): amounts})


async def _drop(context: ActionContext, _: str) -> None:
    guild = context.interaction.guild
    settings = context.server_rules.settings_of(check_manager(context.interaction))
    present = {role.id for role in guild.roles} if guild is not None else settings.of_roles.keys()
    await _set(context, dict.fromkeys(settings.of_roles.keys() - present))


async def _set(context: ActionContext, limits: dict[int, Amounts | None]) -> None:
    interaction = context.interaction
    guild_id = check_manager(interaction)
    await interaction.response.defer()
    logged = await context.server_rules.limit_roles(guild_id, interaction.user.id, limits)
    settings = context.server_rules.settings_of(guild_id)
    embed, view = role_limits(settings, interaction.guild)
    await interaction.edit_original_response(content=None, embed=embed, view=view)
    await context.announce(logged)


ROLE_LIMITS = Action("rolelimits", _open, strings.settings.ROLE_LIMITS, "🎚️")
PICK_ROLE = Action(_FORM, opens(_form), submit=_submit, form=_form)
DROP_ROLES = Action("droproles", _drop, strings.settings.DROP_ROLES, "🧹")
