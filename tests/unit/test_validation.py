from __future__ import annotations

from dataclasses import replace

import pytest

from bot.card import strings
from bot.domain.errors import (
    AudioPromptTooLong,
    ContinuationWithoutAudio,
    DiffusionNeedsMono,
    MelodyNotSupported,
    OutOfBounds,
    RequestRefused,
    WindowBeyondAudio,
    WindowReversed,
    WindowWithoutAudio,
)
from bot.domain.inputs import TABLE, Inputs, InputTable
from bot.domain.validation import audio_prompt_s, check_audio, check_request

REAL_MODELS = ("stereo-melody-large", "stereo-large", "melody-large", "large")
REAL = InputTable(
    tuple(
        replace(spec, choices=REAL_MODELS, default=REAL_MODELS[0])
        if spec.name == "model_version"
        else spec
        for spec in TABLE
    )
)


def inputs(**values: object) -> Inputs:
    return Inputs(prompt="x", **values)  # pyright: ignore[reportArgumentType] - inputs by name


@pytest.mark.parametrize(
    ("asked", "has_audio", "error"),
    [
        (inputs(model_version="large"), True, MelodyNotSupported),
        (inputs(model_version="small"), True, MelodyNotSupported),
        (inputs(continuation=True), False, ContinuationWithoutAudio),
        (inputs(continuation_start=1), False, WindowWithoutAudio),
        (inputs(continuation_end=0), False, WindowWithoutAudio),
        (inputs(continuation_start=4, continuation_end=2), True, WindowReversed),
        (inputs(continuation_start=4, continuation_end=4), True, WindowReversed),
        (inputs(continuation_end=0), True, WindowReversed),
        (inputs(continuation_start=-1), True, OutOfBounds),
    ],
)
def test_refused_by_the_specified_models(
    asked: Inputs, has_audio: bool, error: type[RequestRefused]
) -> None:
    with pytest.raises(error):
        check_request(InputTable(), asked, has_audio=has_audio)


@pytest.mark.parametrize(
    ("asked", "has_audio"),
    [
        (inputs(), False),
        (inputs(), True),
        (inputs(model_version="large", continuation=True), True),
        (inputs(model_version="melody"), True),
        (inputs(continuation=True, continuation_start=0, continuation_end=1), True),
        (inputs(multi_band_diffusion=True), False),
    ],
)
def test_accepted_by_the_specified_models(asked: Inputs, has_audio: bool) -> None:
    check_request(InputTable(), asked, has_audio=has_audio)


def test_the_default_model_counts_where_none_is_chosen() -> None:
    with pytest.raises(DiffusionNeedsMono) as caught:
        check_request(REAL, inputs(multi_band_diffusion=True), has_audio=False)
    assert caught.value.model == "stereo-melody-large"
    assert caught.value.able == ("melody-large", "large")
    check_request(REAL, inputs(multi_band_diffusion=True, model_version="large"), has_audio=False)


def test_a_refusal_names_models_that_can() -> None:
    with pytest.raises(MelodyNotSupported) as caught:
        check_request(REAL, inputs(model_version="stereo-large"), has_audio=True)
    assert caught.value.able == ("stereo-melody-large", "melody-large")


def test_a_version_without_models_may_take_melodies() -> None:
    table = InputTable(tuple(spec for spec in TABLE if spec.name != "model_version"))
    check_request(table, inputs(), has_audio=True)


@pytest.mark.parametrize(
    ("asked", "audio_s", "error"),
    [
        (inputs(continuation=True), 8.0, AudioPromptTooLong),
        (inputs(continuation=True), 12.5, AudioPromptTooLong),
        (inputs(continuation=True, duration=30), 30.0, AudioPromptTooLong),
        (inputs(continuation=True, continuation_start=1), 9.0, AudioPromptTooLong),
        (inputs(continuation_start=5), 5.0, WindowBeyondAudio),
        (inputs(continuation_end=6), 4.9, WindowBeyondAudio),
        (inputs(continuation=True, continuation_end=9), 4.0, WindowBeyondAudio),
    ],
)
def test_refused_for_its_audio(asked: Inputs, audio_s: float, error: type[RequestRefused]) -> None:
    with pytest.raises(error):
        check_audio(InputTable(), asked, audio_s)


@pytest.mark.parametrize(
    ("asked", "audio_s"),
    [
        (inputs(), 200.0),
        (inputs(continuation=True), 7.9),
        (inputs(continuation=True, continuation_end=5), 60.0),
        (inputs(continuation=True, continuation_start=56), 60.0),
        (inputs(continuation=True, continuation_end=5), 4.2),
    ],
)
def test_accepted_with_its_audio(asked: Inputs, audio_s: float) -> None:
    check_audio(InputTable(), asked, audio_s)


def test_the_length_of_an_audio_prompt() -> None:
    assert audio_prompt_s(inputs(), 10.0) == 0
    assert audio_prompt_s(inputs(continuation=True), None) == 0
    assert audio_prompt_s(inputs(continuation=True), 10.0) == 10
    assert audio_prompt_s(inputs(continuation=True, continuation_start=4), 10.0) == 6
    assert audio_prompt_s(inputs(continuation=True, continuation_end=4), 10.0) == 4
    assert audio_prompt_s(inputs(continuation=True, continuation_end=11), 10.5) == 10.5


def test_a_form_calls_by_its_label_what_is_too_much_for_an_extension() -> None:
    with pytest.raises(OutOfBounds) as caught:
        check_request(InputTable(), inputs(), has_audio=False, more_s=26)
    told = strings.forms.in_form(strings.errors.sentence(caught.value), is_extension=True)
    assert told.startswith("**Seconds more** must be")
