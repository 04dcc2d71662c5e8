"""Save as preset: a card's settings under a name, by a form below Info; for whoever presses."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext, opens
from bot.card.forms import CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.card.markup import quoted
from bot.community.presets import NAME_MAX_CHARS, Presets, settings_of
from bot.domain.errors import NoServerHere, PresetsOfManagers
from bot.domain.inputs import Inputs
from bot.domain.presets import PresetOwner

_NAME = "preset"
_CALLED, _SEED, _OWNER = "name", "seed", "owner"
_YES, _NO = "yes", "no"


def preset_form(generation_id: str, *, for_server: bool) -> CardForm:
    """Its name, whether the seed is kept, and for those who manage a server, for whom it is."""
    form = CardForm(_NAME, generation_id, strings.presets.FORM_TITLE(), from_card=True)
    words = strings.presets.FORM_NAME(), strings.presets.FORM_NAME_ABOUT()
    form.add_text(_CALLED, *words, max_chars=NAME_MAX_CHARS, required=True)
    seeds = [
        FormOption(_NO, strings.presets.WITHOUT_SEED()),
        FormOption(_YES, strings.presets.WITH_SEED()),
    ]
    form.add_select(_SEED, strings.presets.FORM_SEED(), seeds, _NO)
    if for_server:
        owners = [
            FormOption("person", strings.presets.FOR_ME()),
            FormOption("server", strings.presets.FOR_SERVER()),
        ]
        form.add_select(_OWNER, strings.presets.FORM_OWNER(), owners, "person")
    return form


def preset_owner(interaction: discord.Interaction, *, of_server: bool) -> PresetOwner:
    """Whose presets somebody wants to change.

    Raises:
        NoServerHere, PresetsOfManagers: not the server's, or not this person.
    """
    if not of_server:
        return PresetOwner.person(interaction.user.id)
    if interaction.guild_id is None:
        raise NoServerHere
    if not interaction.permissions.manage_guild:
        raise PresetsOfManagers
    return PresetOwner.server(interaction.guild_id)


def settings_line(inputs: Inputs, fine_tune: str | None) -> str:
    """A preset's fine-tune and settings, as markdown."""
    parts = [] if fine_tune is None else [strings.presets.fine_tune(quoted(fine_tune, 32))]
    parts += [
        strings.presets.setting(name, strings.commands.value(value))
        for name, value in inputs.set_values().items()
        if name != "prompt"
    ]
    return " · ".join(parts) or strings.presets.PLAIN()


async def _form(context: ActionContext, generation_id: str) -> CardForm:
    interaction = context.interaction
    may = interaction.guild_id is not None and interaction.permissions.manage_guild
    return preset_form(generation_id, for_server=may)


async def save_preset(
    presets: Presets,
    interaction: discord.Interaction,
    name: str,
    inputs: Inputs,
    fine_tune: str | None,
    *,
    of_server: bool,
) -> None:
    """Save what somebody wants to have saved, and tell them.

    Raises:
        RequestRefused: it cannot be saved so, or not by them.
    """
    owner = preset_owner(interaction, of_server=of_server)
    async with reading():
        is_new = await presets.save(owner, name, inputs, fine_tune)
    line = settings_line(inputs, fine_tune)
    told = strings.presets.saved(name, line, is_new=is_new, of_server=of_server)
    await interaction.response.send_message(told, ephemeral=True)


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    async with reading():
        generation = await context.service.get(form.about)
    context.service.models.named(generation.fine_tune)
    await save_preset(
        context.presets,
        context.interaction,
        form.text(_CALLED),
        settings_of(generation, with_seed=form.text(_SEED) == _YES),
        generation.fine_tune,
        of_server=form.text(_OWNER) == "server",
    )


SAVE_PRESET = Action(_NAME, opens(_form), strings.presets.BUTTON, "💾", submit=_submit, form=_form)
