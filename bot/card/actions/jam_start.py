"""Start a jam from this: in the Apps menu of any message with audio, for everybody."""

from __future__ import annotations

from collections.abc import Sequence

from bot.card import strings
from bot.card.action import Action, ActionContext, MenuEntry
from bot.card.actions.source import source_of
from bot.card.forms import CardForm, FormOption, SubmittedForm
from bot.domain.errors import GenerationUnknown
from bot.jam.jam import Terms

_NAME = "jamstart"
_THEME = "theme"
THEME_MAX_CHARS = 100


def _form(message_id: str, options: Sequence[FormOption]) -> CardForm:
    form = CardForm(_NAME, message_id, strings.jam.START_TITLE(), from_card=False)
    form.add_sources(strings.forms.FILE(), options)
    words = strings.jam.THEME_LABEL(), strings.jam.START_THEME_ABOUT()
    form.add_text(_THEME, *words, max_chars=THEME_MAX_CHARS, required=True)
    return form


async def _press(context: ActionContext, about: str) -> None:
    raise GenerationUnknown


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    track, file = await source_of(context, form)
    await context.begin_jam(Terms(form.text(_THEME)), file, track)


JAM_START = Action(
    _NAME,
    _press,
    makes=True,
    submit=_submit,
    menu=MenuEntry(strings.jam.MENU, _form),
)
