"""Extend: more seconds of a track, or of the audio in any message; for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.card import strings
from bot.card.action import Action, ActionContext, MenuEntry, opens
from bot.card.actions.source import from_audio, options_of, source_of
from bot.card.forms import MORE, PROMPT, CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.derive import extension
from bot.domain.extension import MORE_MAX_S, Closeness, read_place
from bot.domain.inputs import InputTable
from bot.domain.musical_terms import NO_TERMS, MusicalTerms
from bot.domain.request import GenerationRequest

_NAME = "extend"
_FROM, _CLOSENESS = "from", "closeness"
_MORE_USUAL_S = 10
_PLACE_MAX_CHARS = 20


def extend_form(
    about: str,
    old_prompt: str | None,
    options: Sequence[FormOption] = (),
    terms: MusicalTerms = NO_TERMS,
) -> CardForm:
    """How much more, from where, and what it should sound like.

    `old_prompt` is None where there is none; `terms` are those of the track.
    """
    from_card = old_prompt is not None
    form = CardForm(_NAME, about, strings.forms.EXTEND_TITLE(), from_card=from_card)
    form.add_sources(strings.forms.TAKE() if from_card else strings.forms.FILE(), options)
    if len(options) > 1:
        # A form has five fields.
        more_about = strings.terms.more_and_place_about(MORE_MAX_S)
        form.add_number(MORE, strings.forms.MORE(), more_about, _MORE_USUAL_S)
    else:
        more_about = strings.forms.more_about(MORE_MAX_S)
        form.add_number(MORE, strings.forms.MORE(), more_about, _MORE_USUAL_S)
        form.add_text(
            _FROM,
            strings.terms.FROM(),
            strings.terms.FROM_ABOUT(),
            max_chars=_PLACE_MAX_CHARS,
            placeholder=strings.terms.FROM_EXAMPLE(),
        )
    levels = [FormOption(how, strings.terms.closeness_option(how)) for how in Closeness]
    form.add_select(_CLOSENESS, strings.terms.CLOSENESS(), levels, Closeness.FOLLOW, required=False)
    form.add_terms(terms.without_bars)
    if old_prompt is None:
        form.add_prompt(strings.forms.PROMPT(), strings.forms.FILE_PROMPT_ABOUT())
    else:
        words = strings.forms.NEW_PROMPT(), strings.forms.NEW_PROMPT_ABOUT()
        form.add_prompt(*words, placeholder=old_prompt, required=False)
    return form


def _form_for_message(message_id: str, options: Sequence[FormOption]) -> CardForm:
    return extend_form(message_id, None, options)


async def _form(context: ActionContext, generation_id: str) -> CardForm:
    async with reading():
        generation = await context.service.get(generation_id)
        context.check_rules(card_of=generation.requester_id, audio_of=generation.requester_id)
        context.service.models.named(generation.fine_tune)
        options = await options_of(context, generation)
    return extend_form(generation.id, generation.inputs.prompt, options, generation.terms)


async def _request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    parent, file = await source_of(context, form)
    form = _with_place_apart(form)
    more_s = form.number(MORE, strings.forms.MORE())
    request = extension(
        parent,
        file.source,
        _MORE_USUAL_S if more_s is None else more_s,
        form.text(PROMPT) or (None if parent is not None else ""),
        terms=form.terms(),
        cut_s=_cut_s(form.text(_FROM)),
        closeness=Closeness(form.text(_CLOSENESS) or Closeness.FOLLOW),
    )
    return from_audio(request, file)


def _cut_s(place: str) -> float | None:
    # The end may be typed as the field itself calls it.
    return None if place == strings.terms.FROM_EXAMPLE() else read_place(place)


def _with_place_apart(form: SubmittedForm) -> SubmittedForm:
    """A form where `10 from 0:42` stands in two fields."""
    more, _, place = form.text(MORE).partition("from")
    if not place:
        return form
    return replace(form, values={**form.values, MORE: more.strip(), _FROM: place})


def can_go_on(table: InputTable) -> bool:
    """Whether the model that runs here can go on from music."""
    return "input_audio" in table and "continuation" in table


EXTEND = Action(
    _NAME,
    opens(_form),
    strings.card.EXTEND,
    makes=True,
    offered=can_go_on,
    form=_form,
    request=_request,
    menu=MenuEntry(strings.commands.MENU_EXTEND, _form_for_message),
)
