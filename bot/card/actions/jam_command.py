"""Change it, below a refused `/jam start` or `/jam branch`: the same as a form, as it was left.

For who has typed it alone. `/jam start` itself is read as that form is, so what is typed there
means the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.card import strings
from bot.card.action import Action, ActionContext, opens
from bot.card.actions.jam_start import THEME_MAX_CHARS
from bot.card.drafts import COMMAND, FROM, PRESET, SECTION_S, SECTIONS, Draft
from bot.card.forms import FIELDS_MAX, PROMPT, TERMS, CardForm, FormOption, SubmittedForm
from bot.card.input_fields import OFF, ON, on_off
from bot.community.presets import NAME_MAX_CHARS
from bot.domain.errors import DraftGone, OutOfBounds
from bot.domain.extension import MORE_MAX_S
from bot.domain.inputs import InputTable
from bot.domain.musical_terms import NO_TERMS
from bot.jam.request import JamRequest
from bot.jam.take_limits import TAKES_MAX

_NAME, _BRANCH = "jambegin", "jambranch"
ROUND_MINUTES_MAX = 24 * 60
_MODEL, _USUAL_MODEL = "model_version", "usual"
_FROM_MAX_CHARS = 200
_NUMBERS = {
    SECTION_S: (1, MORE_MAX_S),
    "round_minutes": (0, ROUND_MINUTES_MAX),
    "takes_per_person": (1, TAKES_MAX),
    "takes_per_round": (1, TAKES_MAX),
}
"""The least and the most of each."""
_JAM = "jam"
_SWITCHES = ("blind", "members_vote")
_USUAL = (TERMS, SECTION_S, PRESET, _MODEL)
"""What is asked for where there is room, given before or not."""


def draft_of_jam(options: Mapping[str, object]) -> Draft:
    """`/jam start` as it was typed, by its options; whatever may be wrong with it."""
    given = {name: value for name, value in options.items() if value not in {None, False}}
    bpm, key, bars = (given.pop(name, None) for name in ("bpm", "key", "bars"))
    music = (
        None if bpm is None else f"{bpm} bpm",
        key,
        None if bars is None else f"{bars} bars",
    )
    values = {name: ON if value is True else str(value) for name, value in given.items()}
    if text := ", ".join(str(one) for one in music if one is not None):
        values[TERMS] = text
    return Draft(_NAME, COMMAND, True, values)


def request_in(draft: Draft, form: SubmittedForm | None = None) -> JamRequest:
    """What a command asks for, with what a form has changed of it.

    Raises:
        RequestRefused: it cannot be read, or is out of its bounds.
    """
    form = form or SubmittedForm(_NAME, COMMAND, True, {})
    form = form.over(draft.values)
    numbers = {name: _number(form, name) for name in _NUMBERS}
    model = form.text(_MODEL)
    return JamRequest(
        theme=form.text(PROMPT),
        music=form.terms(),
        section_s=numbers[SECTION_S],
        model_version=None if model in {"", _USUAL_MODEL} else model,
        round_minutes=numbers["round_minutes"] or 0,
        blind=form.text("blind") == ON,
        members_vote=form.text("members_vote") == ON,
        takes_per_person=numbers["takes_per_person"],
        takes_per_round=numbers["takes_per_round"],
        preset=form.text(PRESET) or None,
        track=form.text(FROM) or None,
    )


def _number(form: SubmittedForm, name: str) -> int | None:
    number = form.number(name, strings.forms.LABELS[name]())
    least, most = _NUMBERS[name]
    if number is not None and not least <= number <= most:
        raise OutOfBounds(name, number, least, most)
    return number


async def _form(context: ActionContext, about: str) -> CardForm:
    draft = context.draft
    if draft is None:
        raise DraftGone
    form = CardForm(_NAME, about, strings.forms.CHANGE_TITLE(), from_card=True)
    words = strings.jam.THEME_LABEL(), strings.jam.START_THEME_ABOUT()
    form.add_text(PROMPT, *words, max_chars=THEME_MAX_CHARS, required=True)
    table = context.service.models.main.table
    there = {TERMS, PRESET, FROM, *_NUMBERS, *_SWITCHES}
    if _MODEL in table:
        there.add(_MODEL)
    wanted = dict.fromkeys([*draft.fields, *_USUAL])
    for name in [name for name in wanted if name in there][: FIELDS_MAX - 1]:
        _add(form, name, draft, table)
    return form


def _add(form: CardForm, name: str, draft: Draft, table: InputTable) -> None:
    label = strings.forms.LABELS[name]() if name in strings.forms.LABELS else ""
    if name == TERMS:
        form.add_terms(NO_TERMS)
    elif name == _MODEL:
        options = [FormOption(choice, choice) for choice in table[name].choices]
        form.add_select(
            name,
            label,
            [FormOption(_USUAL_MODEL, strings.jam.USUAL_MODEL()), *options],
            _USUAL_MODEL,
        )
    elif name in _SWITCHES:
        form.add_select(name, label, on_off(), OFF)
    elif name in _NUMBERS:
        least, most = _NUMBERS[name]
        form.add_number(name, label, strings.jam.number_about(least, most), None)
    else:
        most = NAME_MAX_CHARS if name == PRESET else _FROM_MAX_CHARS
        form.add_text(name, label, None, max_chars=most)


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    if context.draft is None:
        raise DraftGone
    await context.start_jam(request_in(context.draft, form))


def draft_of_branch(jam_id: str, theme: str | None, sections: int | None) -> Draft:
    """`/jam branch` as it was typed."""
    values = {_JAM: jam_id, PROMPT: theme, SECTIONS: None if sections is None else str(sections)}
    given = {name: value for name, value in values.items() if value is not None}
    return Draft(_BRANCH, COMMAND, True, given)


async def _branch_form(context: ActionContext, about: str) -> CardForm:
    form = CardForm(_BRANCH, about, strings.forms.CHANGE_TITLE(), from_card=True)
    form.add_text(
        PROMPT, strings.jam.THEME_LABEL(), strings.jam.THEME_KEPT(), max_chars=THEME_MAX_CHARS
    )
    form.add_number(SECTIONS, strings.forms.LABELS[SECTIONS](), strings.jam.BRANCH_SECTIONS(), None)
    return form


async def _submit_branch(context: ActionContext, form: SubmittedForm) -> None:
    if context.draft is None:
        raise DraftGone
    form = form.over(context.draft.values)
    sections = form.number(SECTIONS, strings.forms.LABELS[SECTIONS]())
    await context.branch_jam(form.text(_JAM), form.text(PROMPT) or None, sections)


JAM_COMMAND = Action(_NAME, opens(_form), submit=_submit, form=_form, makes=True)
JAM_BRANCH = Action(
    _BRANCH, opens(_branch_form), submit=_submit_branch, form=_branch_form, makes=True
)
