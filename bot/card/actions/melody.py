"""Melody: new music on the tune of a track, or of the audio in any message; for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.card import strings
from bot.card.action import Action, ActionContext, MenuEntry, opens
from bot.card.actions.source import from_audio, options_of, source_of
from bot.card.forms import PROMPT, CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.derive import melody
from bot.domain.inputs import Inputs, InputTable
from bot.domain.musical_terms import NO_TERMS, MusicalTerms
from bot.domain.request import GenerationRequest
from bot.domain.validation import takes_melody

_NAME = "melody"


def melody_form(
    about: str,
    *,
    from_card: bool,
    options: Sequence[FormOption] = (),
    terms: MusicalTerms = NO_TERMS,
) -> CardForm:
    """What the tune should become; `terms` are those of its track."""
    form = CardForm(_NAME, about, strings.forms.MELODY_TITLE(), from_card=from_card)
    form.add_sources(strings.forms.TAKE() if from_card else strings.forms.FILE(), options)
    form.add_prompt(strings.forms.PROMPT(), strings.forms.PROMPT_ABOUT())
    form.add_terms(terms)
    return form


def _form_for_message(message_id: str, options: Sequence[FormOption]) -> CardForm:
    return melody_form(message_id, from_card=False, options=options)


async def _form(context: ActionContext, generation_id: str) -> CardForm:
    async with reading():
        generation = await context.service.get(generation_id)
        context.check_rules(card_of=generation.requester_id, audio_of=generation.requester_id)
        context.service.models.named(generation.fine_tune)
        options = await options_of(context, generation)
    terms = generation.terms
    if generation.more_s is not None:
        # Its bars are those of its end.
        terms = terms.without_bars
    return melody_form(generation.id, from_card=True, options=options, terms=terms)


async def _request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    parent, file = await source_of(context, form)
    request = melody(parent, file.source, form.text(PROMPT), form.terms())
    request = from_audio(request, file)
    table = context.service.models.named(request.fine_tune).table
    model = melody_model(table, request.inputs)
    return replace(request, inputs=replace(request.inputs, model_version=model))


def melody_model(table: InputTable, inputs: Inputs) -> str | None:
    """The model for a melody: the one that `inputs` name if it can, else its next of kin."""
    model = table.model(inputs)
    able = _melody_models(table)
    if takes_melody(model) or not able:
        return inputs.model_version
    kin = set((model or "").split("-"))

    def nearness(name: str) -> tuple[int, int]:
        parts = set(name.split("-"))
        return len(kin & parts), -len(parts - kin)

    return max(able, key=nearness)


def _offered(table: InputTable) -> bool:
    several = "model_version" in table and bool(table["model_version"].choices)
    return "input_audio" in table and (not several or bool(_melody_models(table)))


def _melody_models(table: InputTable) -> tuple[str, ...]:
    choices = table["model_version"].choices if "model_version" in table else ()
    return tuple(model for model in choices if takes_melody(model))


MELODY = Action(
    _NAME,
    opens(_form),
    strings.card.MELODY,
    makes=True,
    offered=_offered,
    form=_form,
    request=_request,
    menu=MenuEntry(strings.commands.MENU_MELODY, _form_for_message),
)
