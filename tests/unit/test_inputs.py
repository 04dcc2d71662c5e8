from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, cast

import discord
import pytest
from discord import app_commands
from hypothesis import given
from hypothesis import strategies as st

from bot.card import strings
from bot.domain.errors import OutOfBounds, PromptBlank, PromptTooLong, RequestRefused, UnknownChoice
from bot.domain.inputs import PROMPT_MAX_CHARS, TABLE, Inputs, InputSpec, InputTable
from bot.domain.plain_text import one_line
from cogs.options import describe

SPECIFIED = {
    "prompt": ("string", None, None, None),
    "model_version": ("string", "melody", None, None),
    "duration": ("integer", 8, 1, 30),
    "input_audio": ("audio", None, None, None),
    "continuation": ("boolean", False, None, None),
    "continuation_start": ("integer", None, 0, None),
    "continuation_end": ("integer", None, 0, None),
    "multi_band_diffusion": ("boolean", False, None, None),
    "normalization_strategy": ("string", "loudness", None, None),
    "top_k": ("integer", 250, 0, 1000),
    "top_p": ("number", 0.0, 0, 1),
    "temperature": ("number", 1.0, 0, 2),
    "classifier_free_guidance": ("integer", 3, 1, 10),
    "output_format": ("string", "wav", None, None),
    "seed": ("integer", None, 0, 2**32 - 1),
}


def test_the_table_is_the_specification() -> None:
    assert [spec.name for spec in TABLE] == list(SPECIFIED)
    for spec in TABLE[1:]:
        assert (spec.kind, spec.default, spec.minimum, spec.maximum) == SPECIFIED[spec.name]
    assert TABLE[0].required
    assert InputTable()["model_version"].choices == ("melody", "large", "medium", "small")
    assert InputTable()["normalization_strategy"].choices == ("loudness", "clip", "peak", "rms")
    assert InputTable()["output_format"].choices == ("wav", "mp3")


def test_inputs_and_table_name_the_same_things() -> None:
    assert [field.name for field in fields(Inputs)] == [spec.name for spec in TABLE]


def test_forms_have_a_label_for_each_input() -> None:
    assert {spec.name for spec in TABLE} <= set(strings.forms.LABELS)


@pytest.mark.parametrize("spec", TABLE, ids=lambda spec: spec.name)
def test_descriptions_fit_discord_and_tell_the_default(spec: object) -> None:
    table = InputTable()
    described = table[getattr(spec, "name")]  # noqa: B009 - parametrised by the table itself
    assert 1 <= len(described.description) <= 100
    if described.default is not None:
        assert re.search(r"Default: \S+", described.description)


@pytest.mark.parametrize(
    "spec",
    [*TABLE, InputSpec("top_p", "number", "A sum.", 0.7, 0.25, 12.5)],
    ids=lambda spec: spec.name,
)
def test_forms_describe_an_input_as_the_command_does(spec: InputSpec) -> None:
    assert strings.commands.option(spec) == spec.description


def test_a_translator_finds_the_input_that_an_option_stands_for() -> None:
    async def callback(interaction: discord.Interaction, **options: object) -> None:
        raise AssertionError

    described = describe(callback, InputTable())
    command = app_commands.Command[Any, Any, None](
        name="musicgen", description="Makes music.", callback=cast("Any", described)
    )
    for spec in TABLE:
        parameter = command.get_parameter(spec.name)
        assert parameter is not None
        words = parameter.locale_description
        assert words is not None
        assert words.extras["spec"] is spec
        assert str(words) == spec.description


def test_zero_is_a_value() -> None:
    values = Inputs(prompt="x", top_p=0.0, seed=0, top_k=0, continuation=False).set_values()
    assert values == {"prompt": "x", "continuation": False, "top_k": 0, "top_p": 0.0, "seed": 0}


def test_unset_inputs_are_not_sent() -> None:
    assert Inputs(prompt="x").set_values() == {"prompt": "x"}


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        (Inputs(prompt=""), PromptBlank),
        (Inputs(prompt=" \n\t "), PromptBlank),
        (Inputs(prompt="x" * (PROMPT_MAX_CHARS + 1)), PromptTooLong),
        (Inputs(prompt="x", model_version="stereo"), UnknownChoice),
        (Inputs(prompt="x", duration=0), OutOfBounds),
        (Inputs(prompt="x", duration=31), OutOfBounds),
        (Inputs(prompt="x", continuation_start=-1), OutOfBounds),
        (Inputs(prompt="x", top_k=-1), OutOfBounds),
        (Inputs(prompt="x", top_k=1001), OutOfBounds),
        (Inputs(prompt="x", top_p=1.01), OutOfBounds),
        (Inputs(prompt="x", top_p=float("nan")), OutOfBounds),
        (Inputs(prompt="x", temperature=2.1), OutOfBounds),
        (Inputs(prompt="x", classifier_free_guidance=0), OutOfBounds),
        (Inputs(prompt="x", seed=2**32), OutOfBounds),
    ],
)
def test_check_refuses(inputs: Inputs, error: type[RequestRefused]) -> None:
    with pytest.raises(error):
        InputTable().check(inputs)


@given(
    st.builds(
        Inputs,
        prompt=st.text(min_size=1, max_size=PROMPT_MAX_CHARS).filter(one_line),
        duration=st.none() | st.integers(1, 30),
        top_k=st.none() | st.integers(0, 1000),
        top_p=st.none() | st.floats(0, 1),
        temperature=st.none() | st.floats(0, 2),
        seed=st.none() | st.integers(0, 2**32 - 1),
    )
)
def test_check_accepts_what_is_inside_the_bounds(inputs: Inputs) -> None:
    InputTable().check(inputs)


def test_inputs_that_a_version_lacks_are_left_out() -> None:
    table = InputTable(tuple(spec for spec in TABLE if spec.name != "model_version"))
    inputs = Inputs(prompt="x", model_version="large", top_k=0)
    assert table.supported(inputs) == Inputs(prompt="x", top_k=0)
    assert table.model(inputs) == "large"
    assert table.model(Inputs(prompt="x")) is None
