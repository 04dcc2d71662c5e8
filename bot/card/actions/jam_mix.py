"""Mix: the whole piece of a jam as one file, in the format and with the fade that are asked for.

For everybody, and of a jam that is closed too.
"""

from __future__ import annotations

from bot.card import strings
from bot.card.action import Action, ActionContext, opens
from bot.card.forms import CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.errors import NothingToMix, OutOfBounds
from bot.domain.mixes import FADE_MAX_S, FADE_USUAL_S, MixFormat, MixTerms, fit_of
from bot.jam import rules
from bot.jam.jam import Jam

_NAME = "jammix"
_FORMAT, _FADE = "format", "fade"


def _form_of(jam: Jam, limit_bytes: int) -> CardForm:
    form = CardForm(_NAME, jam.id, strings.jam_mix.TITLE(), from_card=True)
    # A piece of one section may be somebody's audio as it was.
    by_model = any(section.round_number for section in jam.sections)
    options = [
        FormOption(
            format_,
            strings.jam_mix.option(
                format_, fit_of(format_, jam.length_s, limit_bytes, by_model=by_model)
            ),
        )
        for format_ in MixFormat
    ]
    form.add_select(_FORMAT, strings.jam_mix.FORMAT(), options, MixTerms().format)
    form.add_number(_FADE, strings.jam_mix.FADE(), strings.jam_mix.fade_about(), FADE_USUAL_S)
    return form


async def _form(context: ActionContext, jam_id: str) -> CardForm:
    context.check_block()
    async with reading():
        jam = await context.jams.get(jam_id)
    if not jam.sections:
        raise NothingToMix
    return _form_of(jam, context.interaction.filesize_limit)


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    context.check_block()
    fade_s = form.number(_FADE, strings.jam_mix.FADE())
    if fade_s is None:
        fade_s = FADE_USUAL_S
    if not 0 <= fade_s <= FADE_MAX_S:
        raise OutOfBounds(strings.jam_mix.FADE(), fade_s, 0, FADE_MAX_S)
    terms = MixTerms(MixFormat(form.text(_FORMAT)), fade_s)
    async with reading():
        await context.jams.change(form.about, rules.mix, terms)
    await context.interaction.response.send_message(strings.jam_mix.MIXING(), ephemeral=True)


MIX = Action(_NAME, opens(_form), strings.jam.MIX, submit=_submit, form=_form)
