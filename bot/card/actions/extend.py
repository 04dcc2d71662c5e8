"""Extend: more seconds of a track, or of the audio in any message; for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

from bot.card import strings
from bot.card.action import Action, ActionContext, MenuEntry
from bot.card.actions.source import from_audio, options_of, source_of
from bot.card.forms import PROMPT, CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.derive import extension
from bot.domain.extension import MORE_MAX_S
from bot.domain.inputs import InputTable
from bot.domain.request import GenerationRequest

_NAME = "extend"
_MORE = "more"
_MORE_USUAL_S = 10


def extend_form(about: str, old_prompt: str | None, options: Sequence[FormOption] = ()) -> CardForm:
    """How much more, and what it should sound like; `old_prompt` is None where there is none."""
    from_card, more_about = old_prompt is not None, strings.forms.more_about(MORE_MAX_S)
    form = CardForm(_NAME, about, strings.forms.EXTEND_TITLE, from_card=from_card)
    form.add_sources(strings.forms.TAKE if from_card else strings.forms.FILE, options)
    form.add_number(_MORE, strings.forms.MORE, more_about, _MORE_USUAL_S)
    if old_prompt is None:
        form.add_prompt(strings.forms.PROMPT, strings.forms.FILE_PROMPT_ABOUT)
    else:
        words = strings.forms.NEW_PROMPT, strings.forms.NEW_PROMPT_ABOUT
        form.add_prompt(*words, placeholder=old_prompt, required=False)
    return form


def _form_for_message(message_id: str, options: Sequence[FormOption]) -> CardForm:
    return extend_form(message_id, None, options)


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
        context.check_rules(card_of=generation.requester_id, audio_of=generation.requester_id)
        context.service.models.named(generation.fine_tune)
        options = await options_of(context, generation)
    form = extend_form(generation.id, generation.inputs.prompt, options)
    await form.send(context.interaction)


async def _request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    parent, file = await source_of(context, form)
    more_s = form.number(_MORE)
    request = extension(
        parent,
        file.source,
        _MORE_USUAL_S if more_s is None else more_s,
        form.text(PROMPT) or (None if parent is not None else ""),
    )
    return from_audio(request, file)


def _offered(table: InputTable) -> bool:
    return "input_audio" in table and "continuation" in table


EXTEND = Action(
    _NAME,
    _press,
    strings.card.EXTEND,
    makes=True,
    offered=_offered,
    request=_request,
    menu=MenuEntry(strings.commands.MENU_EXTEND, _form_for_message),
)
