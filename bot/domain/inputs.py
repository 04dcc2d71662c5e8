"""The one table of MusicGen inputs.

Slash options, validation, the request body, the README's table, the playground's schema and the
card are all made from `TABLE`; the schema of the version that really runs may narrow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Literal, TypeAlias

from bot.domain.errors import (
    OutOfBounds,
    PromptBlank,
    PromptTooLong,
    RequestRefused,
    UnknownChoice,
)
from bot.domain.plain_text import one_line

Kind = Literal["string", "integer", "number", "boolean", "audio"]
InputValue: TypeAlias = str | int | float | bool

PROMPT_MAX_CHARS = 1000
"""Well past what MusicGen's text encoder reads, well within an embed."""
DESCRIPTION_MAX_CHARS = 100
CHOICES_MAX = 25
"""Discord's limits (developers/interactions/application-commands, 2026-08)."""
INPUT_AUDIO_MAX_BYTES = 50 * 1024 * 1024
"""Half of what Replicate's files take; five minutes of CD-quality WAV."""
SEED_MAX = 2**32 - 1
"""numpy, which MusicGen seeds, takes no more."""
MODEL_WINDOW_S = 30
"""MusicGen composes at most 30 s at once; beyond, quality decays."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input: its type, bounds and words.

    `minimum` and `maximum` bound a number's value, or a string's length in characters.
    `meaning` is what the input does, without the default.
    """

    name: str
    kind: Kind
    meaning: str
    default: InputValue | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def description(self) -> str:
        """What the input does, its range and its default, cut to Discord's 100 characters."""
        default = "none" if self.default is None else plain(self.default)
        ends = " Required." if self.required else f"{self._range} Default: {default}."
        return f"{self.meaning}{ends}"[:DESCRIPTION_MAX_CHARS]

    @property
    def _range(self) -> str:
        if self.kind == "string" or self.minimum is None or self.maximum is None:
            return ""
        return f" {self.minimum:.10g} to {self.maximum:.10g}."


TABLE: tuple[InputSpec, ...] = (
    InputSpec(
        "prompt",
        "string",
        "The music you want, in words: genre, mood, instruments, tempo.",
        minimum=1,
        maximum=PROMPT_MAX_CHARS,
        required=True,
    ),
    InputSpec(
        "model_version",
        "string",
        "The model. Melody models follow the tune of input_audio.",
        default="melody",
        choices=("melody", "large", "medium", "small"),
    ),
    InputSpec(
        "duration",
        "integer",
        "Length of the track in seconds.",
        default=8,
        minimum=1,
        maximum=MODEL_WINDOW_S,
    ),
    InputSpec(
        "input_audio", "audio", "Audio to take the melody from, or to continue (an audio file)."
    ),
    InputSpec(
        "continuation",
        "boolean",
        "Go on from input_audio instead of borrowing its melody.",
        default=False,
    ),
    InputSpec(
        "continuation_start",
        "integer",
        "Where the part of input_audio to use begins, in seconds.",
        minimum=0,
    ),
    InputSpec(
        "continuation_end",
        "integer",
        "Where the part of input_audio to use ends, in seconds.",
        minimum=0,
    ),
    InputSpec(
        "multi_band_diffusion",
        "boolean",
        "Decode with MultiBand Diffusion: better quality, slower.",
        default=False,
    ),
    InputSpec(
        "normalization_strategy",
        "string",
        "How the loudness of the track is leveled.",
        default="loudness",
        choices=("loudness", "clip", "peak", "rms"),
    ),
    InputSpec(
        "top_k",
        "integer",
        "Choose among the k likeliest next sounds.",
        default=250,
        minimum=0,
        maximum=1000,
    ),
    InputSpec(
        "top_p",
        "number",
        "Choose among sounds of this total likelihood; 0 = use top_k.",
        default=0.0,
        minimum=0,
        maximum=1,
    ),
    InputSpec(
        "temperature",
        "number",
        "How adventurous: low plays safe, high is wild.",
        default=1.0,
        minimum=0,
        maximum=2,
    ),
    InputSpec(
        "classifier_free_guidance",
        "integer",
        "How strictly to follow the prompt.",
        default=3,
        minimum=1,
        maximum=10,
    ),
    InputSpec(
        "output_format",
        "string",
        "The file type of the track.",
        default="wav",
        choices=("wav", "mp3"),
    ),
    InputSpec(
        "seed",
        "integer",
        "Same seed and settings, same track. Drawn for you if unset.",
        minimum=0,
        maximum=SEED_MAX,
    ),
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one generation asks of MusicGen; None is "not set", every other value is sent.

    `input_audio` is the address the model reads from. It is filled in by the bot alone, once the
    audio is where the model can reach it.
    """

    prompt: str
    model_version: str | None = None
    duration: int | None = None
    input_audio: str | None = None
    continuation: bool | None = None
    continuation_start: int | None = None
    continuation_end: int | None = None
    multi_band_diffusion: bool | None = None
    normalization_strategy: str | None = None
    top_k: int | None = None
    top_p: float | None = None
    temperature: float | None = None
    classifier_free_guidance: int | None = None
    output_format: str | None = None
    seed: int | None = None

    def set_values(self) -> dict[str, InputValue]:
        """The inputs that are set, in the table's order: the `input` of the request body.

        Unset ones are left out: Replicate answers a null with 422, and defaults are the model's.
        """
        named = zip(INPUT_NAMES, _values(self), strict=True)
        return {name: value for name, value in named if value is not None}

    def value(self, name: str) -> InputValue | None:
        """One input by its name."""
        value: InputValue | None = getattr(self, name)
        return value


INPUT_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Inputs))
"""In the table's order; worked out once, for each acknowledgement needs them several times."""
_values: Callable[[Inputs], tuple[InputValue | None, ...]] = attrgetter(*INPUT_NAMES)


class InputTable:
    """The inputs of the version that runs: `TABLE`, narrowed by its schema where one is known."""

    def __init__(self, specs: tuple[InputSpec, ...] = TABLE) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._unknown = tuple(name for name in INPUT_NAMES if name not in self._specs)

    def __iter__(self) -> Iterator[InputSpec]:
        return iter(self._specs.values())

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InputTable) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __getitem__(self, name: str) -> InputSpec:
        return self._specs[name]

    def effective(self, inputs: Inputs, name: str) -> InputValue | None:
        """What the model will use for an input: the value set, else its default."""
        value = inputs.value(name)
        if value is None and name in self._specs:
            return self._specs[name].default
        return value

    def model(self, inputs: Inputs) -> str | None:
        """The name of the model that will run; None where the version has just one."""
        model = self.effective(inputs, "model_version")
        return None if model is None else str(model)

    def duration_s(self, inputs: Inputs) -> int:
        """The length the track will have, in seconds."""
        return int(self.effective(inputs, "duration") or MODEL_WINDOW_S)

    @property
    def window_s(self) -> int:
        """The longest that the model makes at once, in seconds."""
        spec = self._specs.get("duration")
        maximum = None if spec is None else spec.maximum
        return MODEL_WINDOW_S if maximum is None else min(MODEL_WINDOW_S, int(maximum))

    def supported(self, inputs: Inputs) -> Inputs:
        """The inputs without those this version does not know."""
        if all(inputs.value(name) is None for name in self._unknown):
            return inputs
        return replace(inputs, **dict.fromkeys(self._unknown))

    def unfit(self, inputs: Inputs) -> tuple[str, ...]:
        """The inputs that this version does not know, or not with these values; but the prompt."""
        return tuple(
            name
            for name, value in inputs.set_values().items()
            if name != "prompt" and not self._fits(name, value)
        )

    def _fits(self, name: str, value: InputValue) -> bool:
        if name not in self._specs:
            return False
        try:
            _check_value(self._specs[name], value)
        except RequestRefused:
            return False
        return True

    def check(self, inputs: Inputs) -> None:
        """Hold every set value against its bounds and choices.

        Raises:
            PromptBlank, PromptTooLong, OutOfBounds, UnknownChoice: the first that fails.
        """
        for name, value in inputs.set_values().items():
            if name in self._specs:
                _check_value(self._specs[name], value)
        if not one_line(inputs.prompt):
            raise PromptBlank


def plain(value: InputValue) -> str:
    """A value as people write it: `on` and `off`, no trailing zeros."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _check_value(spec: InputSpec, value: InputValue) -> None:
    if spec.kind == "string":
        text = str(value)
        if spec.choices and text not in spec.choices:
            raise UnknownChoice(spec.name, text, spec.choices)
        if spec.maximum is not None and len(text) > spec.maximum:
            raise PromptTooLong(len(text), int(spec.maximum))
    elif spec.kind in {"integer", "number"}:
        number = float(value)
        low, high = spec.minimum, spec.maximum
        inside = (low is None or number >= low) and (high is None or number <= high)
        # Written so that a NaN, which compares false with everything, is outside too.
        if not inside or number != number:
            raise OutOfBounds(spec.name, number, low, high)
