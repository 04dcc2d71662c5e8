"""The table of inputs <-> the options of a slash command."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.card import strings
from bot.card.actions.change import draft_of_command
from bot.card.drafts import Draft
from bot.card.given_audio import given_audio
from bot.domain.generation import AudioSource
from bot.domain.inputs import (
    CHOICES_MAX,
    INPUT_NAMES,
    Inputs,
    InputSpec,
    InputTable,
)
from bot.domain.plain_text import readable
from bot.domain.request import GenerationRequest
from bot.locales import Text

AUDIO = "input_audio"
AUDIO_URL = "input_audio_url"
_TYPED = tuple(name for name in INPUT_NAMES if name not in {"prompt", AUDIO})

Callback = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class OtherOption:
    """An option that is no input of the model."""

    name: str
    annotation: Any
    description: str
    required: bool = False


def describe(
    callback: Callback,
    table: InputTable,
    *,
    before: Sequence[OtherOption] = (),
    after: Sequence[OtherOption] = (),
    without: Collection[str] = (),
) -> Callback:
    """Give `callback(interaction, **options)` the options of `table`, bounds and all.

    discord.py reads options from a signature; this one is made from the table, so that Discord
    itself enforces every type, choice and bound. Other options stand before and after those. A
    translator of the descriptions finds an input in its string's `extras`, as `spec`.
    """
    interaction = inspect.Parameter(
        "interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction
    )
    parameters = [interaction]
    parameters += [_parameter(o.name, o.annotation, required=o.required) for o in before]
    descriptions: dict[str, str | locale_str] = {
        option.name: option.description for option in (*before, *after)
    }
    choices: dict[str, list[app_commands.Choice[str]]] = {}
    for spec in table:
        if spec.name in without:
            continue
        parameters.append(_parameter(spec.name, _annotation(spec), required=spec.required))
        descriptions[spec.name] = locale_str(spec.description, spec=spec)
        if spec.choices:
            offered = spec.choices[:CHOICES_MAX]
            choices[spec.name] = [app_commands.Choice(name=c, value=c) for c in offered]
        if spec.name == AUDIO:
            parameters.append(_parameter(AUDIO_URL, str, required=False))
            descriptions[AUDIO_URL] = strings.commands.INPUT_AUDIO_URL.message
    parameters += [_parameter(o.name, o.annotation, required=o.required) for o in after]
    vars(callback)["__signature__"] = inspect.Signature(parameters)
    callback = app_commands.describe(**descriptions)(callback)
    return app_commands.choices(**choices)(callback)


def choice(words: Text, value: str) -> app_commands.Choice[str]:
    """A choice that is words; a translator finds them in its name's `extras`, as `text`."""
    return app_commands.Choice(name=locale_str(words.message, text=words), value=value)


def _parameter(name: str, annotation: Any, *, required: bool) -> inspect.Parameter:
    if required:
        return inspect.Parameter(
            name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation
        )
    return inspect.Parameter(
        name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        annotation=Optional[annotation],  # noqa: UP045 - built at run time, where `|` fails
        default=None,
    )


def _annotation(spec: InputSpec) -> Any:
    low, high = spec.minimum, spec.maximum
    match spec.kind:
        case "audio":
            return discord.Attachment
        case "boolean":
            return bool
        case "string" if spec.choices or (low is None and high is None):
            return str
        case "string":
            return app_commands.Range[str, _whole(low), _whole(high)]
        case "integer" if low is None and high is None:
            return int
        case "integer":
            return app_commands.Range[int, _whole(low), _whole(high)]
        case "number" if low is None and high is None:
            return float
        case "number":
            return app_commands.Range[float, low, high]


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def parse(options: Mapping[str, Any]) -> GenerationRequest:
    """Options as discord.py hands them over -> a request.

    Raises:
        TwoInputAudios, AudioAddressBad, AudioTooLarge: the audio cannot be taken as it was given.
    """
    # What is sent is what is shown, and copied from there.
    prompt = readable(options["prompt"])
    inputs = Inputs(prompt, **typed_values(options))
    source = given_audio(_upload(options.get(AUDIO)), options.get(AUDIO_URL))
    return GenerationRequest(inputs, source)


def typed_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that were given as options, but for prompt and audio."""
    return {name: options[name] for name in _TYPED if name in options}


def draft_of(options: Mapping[str, Any]) -> Draft:
    """Options as they were given, to be changed if they are refused."""
    inputs = Inputs(readable(options["prompt"]), **typed_values(options))
    upload, address = _upload(options.get(AUDIO)), options.get(AUDIO_URL)
    return draft_of_command(inputs, upload, address, options.get("preset"))


def _upload(attachment: discord.Attachment | None) -> AudioSource | None:
    if attachment is None:
        return None
    return AudioSource(attachment.url, attachment.filename, True, attachment.size)
