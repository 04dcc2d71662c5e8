"""The checks before any money moves, beyond each input's own bounds (`InputTable.check`)."""

from __future__ import annotations

import math

from bot.domain.errors import (
    AudioPromptTooLong,
    ContinuationWithoutAudio,
    DiffusionNeedsMono,
    InputsNotTaken,
    MelodyNotSupported,
    OutOfBounds,
    WindowBeyondAudio,
    WindowReversed,
    WindowWithoutAudio,
)
from bot.domain.extension import MORE_MIN_S, more_max_s
from bot.domain.inputs import MODEL_WINDOW_S, Inputs, InputTable


def takes_melody(model: str | None) -> bool:
    """Whether a model follows input audio; one without a name is a fine-tune, and may."""
    return model is None or "melody" in model


def check_request(
    table: InputTable, inputs: Inputs, *, has_audio: bool, more_s: int | None = None
) -> None:
    """Hold a request against its bounds and against what MusicGen can do, without its audio.

    `more_s` is how much new music an extension is to add.

    Raises:
        RequestRefused: its subtype says what does not fit.
    """
    table.check(inputs)
    _check_heard(table, inputs, has_audio=has_audio)
    if more_s is not None and more_s > (limit_s := more_max_s(table.window_s)):
        raise OutOfBounds("more", more_s, MORE_MIN_S, limit_s)
    model = table.model(table.supported(inputs))
    if inputs.continuation and not has_audio:
        raise ContinuationWithoutAudio
    _check_window(inputs, has_audio=has_audio)
    if has_audio and not inputs.continuation and not takes_melody(model):
        raise MelodyNotSupported(model or "", _models(table, melody=True))
    if inputs.multi_band_diffusion and model is not None and "stereo" in model:
        raise DiffusionNeedsMono(model, _models(table, stereo=False))


def _check_heard(table: InputTable, inputs: Inputs, *, has_audio: bool) -> None:
    """What is about audio is not left out silently: the music would be another one."""
    asked = {"input_audio": has_audio, "continuation": bool(inputs.continuation)}
    lacking = tuple(name for name, is_asked in asked.items() if is_asked and name not in table)
    if lacking:
        raise InputsNotTaken(lacking)


def check_audio(table: InputTable, inputs: Inputs, audio_s: float) -> None:
    """Hold a request against the length of its input audio, in seconds.

    An end in the audio's last, incomplete second counts as the end.

    Raises:
        WindowBeyondAudio, AudioPromptTooLong: it does not fit.
    """
    start_s, end_s = inputs.continuation_start, inputs.continuation_end
    if start_s is not None and start_s >= audio_s:
        raise WindowBeyondAudio(start_s, audio_s)
    if end_s is not None and end_s > math.ceil(audio_s):
        raise WindowBeyondAudio(end_s, audio_s)
    if inputs.continuation:
        duration_s = min(table.duration_s(inputs), MODEL_WINDOW_S)
        given_s = audio_prompt_s(inputs, audio_s)
        if given_s >= duration_s:
            raise AudioPromptTooLong(given_s, duration_s, MODEL_WINDOW_S)


def audio_prompt_s(inputs: Inputs, audio_s: float | None) -> float:
    """The seconds of audio that a continuation begins with; 0 where nothing is continued."""
    if not inputs.continuation or audio_s is None:
        return 0.0
    end_s = audio_s if inputs.continuation_end is None else min(inputs.continuation_end, audio_s)
    return max(0.0, end_s - (inputs.continuation_start or 0))


def _check_window(inputs: Inputs, *, has_audio: bool) -> None:
    start_s, end_s = inputs.continuation_start, inputs.continuation_end
    if (start_s is not None or end_s is not None) and not has_audio:
        raise WindowWithoutAudio
    if end_s is not None and end_s <= (start_s or 0):
        raise WindowReversed(start_s or 0, end_s)


def _models(
    table: InputTable, *, melody: bool | None = None, stereo: bool | None = None
) -> tuple[str, ...]:
    names = table["model_version"].choices if "model_version" in table else ()
    return tuple(
        name
        for name in names
        if (melody is None or takes_melody(name) is melody)
        and (stereo is None or ("stereo" in name) is stereo)
    )
