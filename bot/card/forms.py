"""Forms (modals): what they are made of, and what comes back from them.

A form's custom_id says all that has to be known when it is sent, so a form that was opened before a
restart still works after it. discord.py keeps nothing of it: cogs.actions answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.card import strings
from bot.domain.errors import NotANumber
from bot.domain.generation import AudioSource
from bot.domain.inputs import PROMPT_MAX_CHARS
from bot.domain.musical_terms import MusicalTerms, read_terms
from bot.domain.plain_text import readable, shortened

PROMPT, TERMS, OPTION, MORE = "prompt", "terms", "pick", "more"
"""The custom_ids of fields that several forms have."""

_PLACEHOLDER_MAX_CHARS = 100
_OPTION_MAX_CHARS = 100
FIELDS_MAX = 5
_OPTIONS_MAX = 25
_NUMBER_MAX_CHARS = 30
_TERMS_MAX_CHARS = 100
_FILE_UPLOAD = discord.ComponentType.file_upload.value
_FORM = re.compile(
    r"mg:1:(?P<from>[mf])-(?P<action>[a-z]{1,20}):(?P<about>[A-Za-z0-9_-]{1,40})"
    r"(?::(?P<draft>[A-Za-z0-9_-]{1,40}))?"
)


@dataclass(frozen=True, slots=True)
class SubmittedForm:
    """A form as a person sent it."""

    action: str
    about: str
    """A generation's id, or for audio in any message, that message's id."""
    from_card: bool
    values: Mapping[str, str]
    draft_id: str | None = None
    """Of a form that was opened again: what it was refused with before."""
    upload: AudioSource | None = None
    """The file that was given with it."""

    def over(self, before: Mapping[str, str]) -> SubmittedForm:
        """With what stood in fields before that this form has not."""
        return replace(self, values={**before, **self.values})

    def text(self, name: str) -> str:
        """A field's text as it can be read, without spaces around it; empty where there is none."""
        return readable(self.values.get(name, "")).strip()

    def number(self, name: str, label: str) -> int | None:
        """A field's whole number; None where it was left empty. A refusal names it by its label.

        Raises:
            NotANumber: it holds something else.
        """
        text = self.text(name)
        if not text:
            return None
        # Not `isdecimal`, which is true of digits in other scripts that people mean as well.
        digits = re.fullmatch(r"(-?\d{1,18})\s*(?:s|sec|seconds)?", text)
        if digits is None:
            raise NotANumber(label, text)
        return int(digits[1])

    def terms(self) -> MusicalTerms:
        """Tempo, key and bars.

        Raises:
            TermsUnreadable, TermOutOfBounds: they are none.
        """
        return read_terms(self.text(TERMS))

    def decimal(self, name: str, label: str) -> float | None:
        """The same for a number with a fraction; a comma may stand for the point.

        Raises:
            NotANumber: it holds something else.
        """
        text = self.text(name)
        if not text:
            return None
        digits = re.fullmatch(r"-?\d{1,18}(?:[.,]\d{1,18})?", text)
        if digits is None:
            raise NotANumber(label, text, is_whole=False)
        return float(text.replace(",", "."))


@dataclass(frozen=True, slots=True)
class FormOption:
    """One entry of a form's select."""

    value: str
    label: str


def read_form(data: Mapping[str, Any]) -> SubmittedForm | None:
    """An interaction's data -> what was sent; None for a form that is none of ours."""
    match = _FORM.fullmatch(str(data.get("custom_id", "")))
    if match is None:
        return None
    values = dict(_fields(data.get("components") or ()))
    return SubmittedForm(
        match["action"], match["about"], match["from"] == "m", values, match["draft"], _upload(data)
    )


def _upload(data: Mapping[str, Any]) -> AudioSource | None:
    """A form's file: Discord names it in a field, and describes it beside the fields."""
    resolved: Mapping[str, Any] = data.get("resolved") or {}
    files: Mapping[str, Mapping[str, Any]] = resolved.get("attachments") or {}
    file = next(iter(files.values()), None)
    if file is None:
        return None
    return AudioSource(str(file["url"]), str(file["filename"]), True, int(file["size"]))


def _fields(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for part in components:
        inner = part.get("components") or ([part["component"]] if "component" in part else ())
        yield from _fields(inner)
        if "value" in part:
            yield str(part["custom_id"]), str(part["value"] or "")
        elif part.get("values") and part.get("type") != _FILE_UPLOAD:
            yield str(part["custom_id"]), str(part["values"][0])


class CardForm(discord.ui.Modal):
    """A form of an action, about a card or about any message; fields stand as they are added."""

    def __init__(self, action: str, about: str, title: str, *, from_card: bool) -> None:
        custom_id = f"mg:1:{'m' if from_card else 'f'}-{action}:{about}"
        super().__init__(title=title, custom_id=custom_id)

    def reopened(self, draft_id: str, values: Mapping[str, str]) -> None:
        """Have it hold what was sent before, and go by what is kept of that."""
        self.custom_id = f"{self.custom_id}:{draft_id}"
        for part in self.walk_children():
            if isinstance(part, discord.ui.TextInput) and part.custom_id in values:
                part.default = values[part.custom_id][: part.max_length]
            elif isinstance(part, discord.ui.Select) and part.custom_id in values:
                for option in part.options:
                    option.default = option.value == values[part.custom_id]

    async def send(self, interaction: discord.Interaction) -> None:
        """Open it, as the first answer."""
        # A modal that discord.py waits for is kept until somebody sends it, and most are dismissed.
        self.stop()
        await interaction.response.send_modal(self)

    def add_prompt(
        self,
        label: str,
        about: str,
        *,
        default: str | None = None,
        placeholder: str | None = None,
        required: bool = True,
    ) -> None:
        """Several lines, for a prompt."""
        hint = shortened(placeholder or "", _PLACEHOLDER_MAX_CHARS) or None
        field = discord.ui.TextInput[Any](
            custom_id=PROMPT,
            style=discord.TextStyle.paragraph,
            default=default,
            placeholder=hint,
            required=required,
            max_length=PROMPT_MAX_CHARS,
        )
        self._add(label, field, about)

    def add_text(
        self,
        name: str,
        label: str,
        about: str | None,
        *,
        max_chars: int,
        default: str | None = None,
        placeholder: str | None = None,
        required: bool = False,
        several_lines: bool = False,
    ) -> None:
        """A line of text, or several."""
        field = discord.ui.TextInput[Any](
            custom_id=name,
            style=discord.TextStyle.paragraph if several_lines else discord.TextStyle.short,
            default=default,
            placeholder=placeholder,
            required=required,
            max_length=max_chars,
        )
        self._add(label, field, about)

    def add_terms(self, terms: MusicalTerms) -> None:
        """A line for tempo, key and bars; see `SubmittedForm.terms`."""
        self.add_text(
            TERMS,
            strings.terms.TERMS(),
            strings.terms.TERMS_ABOUT(),
            max_chars=_TERMS_MAX_CHARS,
            default=str(terms) or None,
            placeholder=strings.terms.TERMS_EXAMPLE,
        )

    def add_number(self, name: str, label: str, about: str, default: int | None) -> None:
        """A line for a whole number, which may be left empty."""
        self.add_line(name, label, about, None if default is None else str(default))

    def add_line(self, name: str, label: str, about: str, default: str | None) -> None:
        """A line for a number of any kind, which may be left empty."""
        field = discord.ui.TextInput[Any](
            custom_id=name, default=default, required=False, max_length=_NUMBER_MAX_CHARS
        )
        self._add(label, field, about)

    def add_select(
        self,
        name: str,
        label: str,
        options: Sequence[FormOption],
        default: str | None,
        *,
        required: bool = True,
    ) -> None:
        """One of several, of which `default` is chosen at first."""
        entries = [
            discord.SelectOption(
                label=shortened(option.label, _OPTION_MAX_CHARS) or "…",
                value=option.value,
                default=option.value == default,
            )
            for option in options[:_OPTIONS_MAX]
        ]
        field = discord.ui.Select[Any](
            custom_id=name, options=entries, required=required, min_values=int(required)
        )
        self._add(label, field)

    def add_file(self, name: str, label: str) -> None:
        """A place for one file, which may be left empty."""
        self._add(label, discord.ui.FileUpload[Any](custom_id=name, required=False, min_values=0))

    def add_sources(self, label: str, options: Sequence[FormOption]) -> None:
        """What the form is about, where there is a choice."""
        if len(options) > 1:
            self.add_select(OPTION, label, options, options[0].value)

    def _add(self, label: str, field: discord.ui.Item[Any], about: str | None = None) -> None:
        self.add_item(discord.ui.Label[Any](text=label, component=field, description=about))
