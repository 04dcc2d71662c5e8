"""Edit: a track's settings in a form, to be changed and made again; for whoever presses."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.source import remade
from bot.card.forms import (
    PROMPT,
    SubmittedForm,
    add_field,
    new_form,
    number_field,
    prompt_field,
    select_field,
    send_form,
)
from bot.card.interactions import reading
from bot.domain.extension import MORE_MAX_S
from bot.domain.generation import Generation, Relation
from bot.domain.inputs import InputTable
from bot.domain.plain_text import readable
from bot.domain.request import GenerationRequest

_NAME = "edit"
_DURATION, _MODEL, _SEED = "duration", "model", "seed"


def edit_form(generation: Generation, table: InputTable) -> discord.ui.Modal:
    """The settings people change most, as they were."""
    inputs, words = generation.inputs, strings.forms
    form = new_form(_NAME, generation.id, words.EDIT_TITLE, from_card=True)
    prompt = prompt_field(default=readable(inputs.prompt))
    add_field(form, words.PROMPT, prompt, words.PROMPT_ABOUT)
    if generation.more_s is not None:
        more = number_field(_DURATION, generation.more_s)
        add_field(form, words.MORE, more, words.more_about(MORE_MAX_S))
    elif "duration" in table:
        spec = table["duration"]
        length = number_field(_DURATION, table.duration_s(inputs))
        add_field(form, words.DURATION, length, words.length_about(spec.minimum, spec.maximum))
    if "model_version" in table and (choices := table["model_version"].choices):
        add_field(form, words.MODEL, select_field(_MODEL, choices, table.model(inputs)))
    if "seed" in table:
        add_field(form, words.SEED, number_field(_SEED, generation.seed), words.SEED_ABOUT)
    return form


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
    await send_form(context.interaction, edit_form(generation, context.service.table))


async def _request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    return await remade(
        context,
        await context.service.get(form.about),
        Relation.EDIT,
        prompt=form.text(PROMPT),
        model_version=form.text(_MODEL) or None,
        duration=form.number(_DURATION),
        seed=form.number(_SEED),
    )


EDIT = Action(_NAME, _press, strings.card.EDIT, "✏️", request=_request)
