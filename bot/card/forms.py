"""The forms (modals) that lead on from a card or a message, and what comes back from them.

A form's custom_id says all that has to be known when it is sent, so a form that was opened before a
restart still works after it. discord.py keeps nothing of it (`send_form`): cogs.forms answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import discord

from bot.card import strings
from bot.domain.errors import NotANumber
from bot.domain.extension import MORE_MAX_S
from bot.domain.generation import Generation
from bot.domain.inputs import PROMPT_MAX_CHARS, InputTable
from bot.domain.plain_text import readable, shortened

PROMPT, MORE, DURATION, MODEL, SEED, PICK = "prompt", "more", "duration", "model", "seed", "pick"
"""The custom_ids of fields."""

MORE_USUAL_S = 10
_PLACEHOLDER_MAX_CHARS = 100
_OPTION_MAX_CHARS = 100
_OPTIONS_MAX = 25
_NUMBER_MAX_CHARS = 12
_FORM = re.compile(r"mg:1:(?P<from>[mf])-(?P<action>[a-z]{1,20}):(?P<about>[A-Za-z0-9_-]{1,40})")


class FormAction(StrEnum):
    """What a form is for."""

    EXTEND = "extend"
    MELODY = "melody"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as a person sent it."""

    action: str
    about: str
    """A generation's id, or for audio in any message, that message's id."""
    from_card: bool
    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """A field's text as it can be read, without spaces around it; empty where there is none."""
        return readable(self.values.get(name, "")).strip()

    def number(self, name: str) -> int | None:
        """A field's whole number; None where it was left empty.

        Raises:
            NotANumber: it holds something else.
        """
        text = self.text(name)
        if not text:
            return None
        # Not `isdecimal`, which is true of digits in other scripts that people mean as well.
        digits = re.fullmatch(r"(-?\d{1,18})\s*(?:s|sec|seconds)?", text)
        if digits is None:
            raise NotANumber(name, text)
        return int(digits[1])


@dataclass(frozen=True, slots=True)
class Pick:
    """One entry of a form's select."""

    value: str
    label: str


def read_form(data: Mapping[str, Any]) -> Filled | None:
    """An interaction's data -> what was sent; None for a form that is none of ours."""
    match = _FORM.fullmatch(str(data.get("custom_id", "")))
    if match is None:
        return None
    values = dict(_fields(data.get("components") or ()))
    return Filled(match["action"], match["about"], match["from"] == "m", values)


def _fields(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for part in components:
        inner = part.get("components") or ([part["component"]] if "component" in part else ())
        yield from _fields(inner)
        if "value" in part:
            yield str(part["custom_id"]), str(part["value"] or "")
        elif part.get("values"):
            yield str(part["custom_id"]), str(part["values"][0])


async def send_form(interaction: discord.Interaction, form: discord.ui.Modal) -> None:
    """Open a form, as the first answer."""
    # A modal that discord.py waits for is kept until somebody sends it, and most are dismissed.
    form.stop()
    await interaction.response.send_modal(form)


# ------------------------------------------------------------------ one for each action


def extend_form(about: str, old_prompt: str | None, picks: Sequence[Pick] = ()) -> discord.ui.Modal:
    """How much more, and what it should sound like; `old_prompt` is None where there is none."""
    form = _form(
        FormAction.EXTEND, about, strings.forms.EXTEND_TITLE, from_card=old_prompt is not None
    )
    _add_picks(form, picks, strings.forms.FILE if old_prompt is None else strings.forms.TAKE)
    _add(
        form, strings.forms.MORE, _number(MORE, MORE_USUAL_S), strings.forms.more_about(MORE_MAX_S)
    )
    if old_prompt is None:
        _add(form, strings.forms.PROMPT, _prompt(), strings.forms.FILE_PROMPT_ABOUT)
    else:
        prompt = _prompt(placeholder=old_prompt, required=False)
        _add(form, strings.forms.NEW_PROMPT, prompt, strings.forms.NEW_PROMPT_ABOUT)
    return form


def melody_form(about: str, *, from_card: bool, picks: Sequence[Pick] = ()) -> discord.ui.Modal:
    """What the tune should become."""
    form = _form(FormAction.MELODY, about, strings.forms.MELODY_TITLE, from_card=from_card)
    _add_picks(form, picks, strings.forms.TAKE if from_card else strings.forms.FILE)
    _add(form, strings.forms.PROMPT, _prompt(), strings.forms.PROMPT_ABOUT)
    return form


def edit_form(generation: Generation, table: InputTable) -> discord.ui.Modal:
    """The settings people change most, as they were."""
    inputs = generation.inputs
    form = _form(FormAction.EDIT, generation.id, strings.forms.EDIT_TITLE, from_card=True)
    _add(
        form,
        strings.forms.PROMPT,
        _prompt(default=readable(inputs.prompt)),
        strings.forms.PROMPT_ABOUT,
    )
    if generation.more_s is not None:
        more = _number(DURATION, generation.more_s)
        _add(form, strings.forms.MORE, more, strings.forms.more_about(MORE_MAX_S))
    elif "duration" in table:
        spec = table["duration"]
        length = _number(DURATION, table.duration_s(inputs))
        _add(
            form,
            strings.forms.DURATION,
            length,
            strings.forms.length_about(spec.minimum, spec.maximum),
        )
    if "model_version" in table and (choices := table["model_version"].choices):
        current = table.model(inputs)
        options = [
            discord.SelectOption(label=name, value=name, default=name == current)
            for name in choices[:_OPTIONS_MAX]
        ]
        select = discord.ui.Select[discord.ui.Modal](
            custom_id=MODEL, options=options, required=True
        )
        _add(form, strings.forms.MODEL, select)
    if "seed" in table:
        _add(form, strings.forms.SEED, _number(SEED, generation.seed), strings.forms.SEED_ABOUT)
    return form


def _form(action: FormAction, about: str, title: str, *, from_card: bool) -> discord.ui.Modal:
    custom_id = f"mg:1:{'m' if from_card else 'f'}-{action}:{about}"
    return discord.ui.Modal(title=title, custom_id=custom_id)


def _prompt(
    *, default: str | None = None, placeholder: str | None = None, required: bool = True
) -> discord.ui.TextInput[discord.ui.Modal]:
    hint = shortened(placeholder or "", _PLACEHOLDER_MAX_CHARS) or None
    return discord.ui.TextInput(
        custom_id=PROMPT,
        style=discord.TextStyle.paragraph,
        default=default,
        placeholder=hint,
        required=required,
        max_length=PROMPT_MAX_CHARS,
    )


def _number(name: str, default: int) -> discord.ui.TextInput[discord.ui.Modal]:
    return discord.ui.TextInput(
        custom_id=name, default=str(default), required=False, max_length=_NUMBER_MAX_CHARS
    )


def _add_picks(form: discord.ui.Modal, picks: Sequence[Pick], label: str) -> None:
    if len(picks) < 2:
        return
    options = [
        discord.SelectOption(
            label=shortened(pick.label, _OPTION_MAX_CHARS) or "…",
            value=pick.value,
            default=index == 0,
        )
        for index, pick in enumerate(picks[:_OPTIONS_MAX])
    ]
    select = discord.ui.Select[discord.ui.Modal](custom_id=PICK, options=options, required=True)
    _add(form, label, select)


def _add(
    form: discord.ui.Modal,
    label: str,
    item: discord.ui.Item[discord.ui.Modal],
    about: str | None = None,
) -> None:
    form.add_item(
        cast(
            "discord.ui.Item[Any]",
            discord.ui.Label(text=label, component=item, description=about),
        )
    )
