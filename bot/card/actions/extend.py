"""Extend: more seconds of a track, or of the audio in any message; for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext, MenuEntry
from bot.card.actions.source import options_of, source_of
from bot.card.forms import (
    PROMPT,
    FormOption,
    SubmittedForm,
    add_field,
    add_options,
    new_form,
    number_field,
    prompt_field,
    send_form,
)
from bot.card.interactions import reading
from bot.domain.derive import extension
from bot.domain.extension import MORE_MAX_S
from bot.domain.inputs import InputTable
from bot.domain.request import GenerationRequest

_NAME = "extend"
_MORE = "more"
_MORE_USUAL_S = 10


def extend_form(
    about: str, old_prompt: str | None, options: Sequence[FormOption] = ()
) -> discord.ui.Modal:
    """How much more, and what it should sound like; `old_prompt` is None where there is none."""
    words = strings.forms
    form = new_form(_NAME, about, words.EXTEND_TITLE, from_card=old_prompt is not None)
    add_options(form, options, words.FILE if old_prompt is None else words.TAKE)
    add_field(form, words.MORE, number_field(_MORE, _MORE_USUAL_S), words.more_about(MORE_MAX_S))
    if old_prompt is None:
        add_field(form, words.PROMPT, prompt_field(), words.FILE_PROMPT_ABOUT)
    else:
        prompt = prompt_field(placeholder=old_prompt, required=False)
        add_field(form, words.NEW_PROMPT, prompt, words.NEW_PROMPT_ABOUT)
    return form


def _form_for_message(message_id: str, options: Sequence[FormOption]) -> discord.ui.Modal:
    return extend_form(message_id, None, options)


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
        options = await options_of(context, generation)
    form = extend_form(generation.id, generation.inputs.prompt, options)
    await send_form(context.interaction, form)


async def _request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    parent, audio = await source_of(context, form)
    more_s = form.number(_MORE)
    return extension(
        parent,
        audio,
        _MORE_USUAL_S if more_s is None else more_s,
        form.text(PROMPT) or (None if parent is not None else ""),
    )


def _offered(table: InputTable) -> bool:
    return "input_audio" in table and "continuation" in table


EXTEND = Action(
    _NAME,
    _press,
    strings.card.EXTEND,
    "⏩",
    offered=_offered,
    request=_request,
    menu=MenuEntry(strings.commands.MENU_EXTEND, _form_for_message),
)
