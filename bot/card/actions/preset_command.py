"""Change it, below a refused `/preset save`: the same as a form, as it was left; for them alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.card import strings
from bot.card.action import Action, ActionContext, opens
from bot.card.actions.preset import save_preset
from bot.card.drafts import COMMAND, FINE_TUNE, NAME, OF_SERVER, Draft
from bot.card.forms import FIELDS_MAX, CardForm, FormOption, SubmittedForm
from bot.card.input_fields import OFF, ON, add_input, typed_input
from bot.community.presets import NAME_MAX_CHARS, NOT_KEPT
from bot.domain.errors import DraftGone
from bot.domain.inputs import Inputs

_NAME = "presetsave"
_FINE_TUNE_MAX_CHARS = 100


def draft_of_saving(options: Mapping[str, Any], inputs: Inputs) -> Draft:
    """`/preset save` as it was typed, whatever may be wrong with it."""
    values = {NAME: options[NAME]}
    if options.get(OF_SERVER):
        values[OF_SERVER] = ON
    if fine_tune := options.get(FINE_TUNE):
        values[FINE_TUNE] = fine_tune
    return Draft(_NAME, COMMAND, True, values, inputs=inputs)


async def _form(context: ActionContext, about: str) -> CardForm:
    draft = context.draft
    if draft is None or draft.inputs is None:
        raise DraftGone
    table = context.service.models.widest
    form = CardForm(_NAME, about, strings.forms.CHANGE_TITLE(), from_card=True)
    others = {OF_SERVER, FINE_TUNE, *(spec.name for spec in table)} - NOT_KEPT
    words = strings.presets.FORM_NAME(), strings.presets.FORM_NAME_ABOUT()
    form.add_text(NAME, *words, max_chars=NAME_MAX_CHARS, required=True)
    for name in [name for name in draft.fields if name in others][: FIELDS_MAX - 1]:
        if name == OF_SERVER:
            whose = [
                FormOption(OFF, strings.presets.FOR_ME()),
                FormOption(ON, strings.presets.FOR_SERVER()),
            ]
            form.add_select(OF_SERVER, strings.presets.FORM_OWNER(), whose, OFF)
        elif name == FINE_TUNE:
            words = strings.forms.LABELS[FINE_TUNE](), strings.presets.FINE_TUNE()
            form.add_text(FINE_TUNE, *words, max_chars=_FINE_TUNE_MAX_CHARS)
        else:
            add_input(form, name, table, draft.inputs)
    return form


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    draft = context.draft
    if draft is None or draft.inputs is None:
        raise DraftGone
    form, inputs = form.over(draft.values), draft.inputs
    for spec in context.service.models.widest:
        if spec.name in form.values:
            inputs = replace(inputs, **{spec.name: typed_input(form, spec, inputs)})
    await save_preset(
        context.presets,
        context.interaction,
        form.text(NAME),
        inputs,
        form.text(FINE_TUNE) or None,
        of_server=form.text(OF_SERVER) == ON,
    )


PRESET_COMMAND = Action(_NAME, opens(_form), submit=_submit, form=_form)
