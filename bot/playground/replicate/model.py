"""The model's behaviour without the model: cog-musicgen's checks, its log lines, its sound.

The checks, their order, words and log lines are those of meta/musicgen 671ac645 (`predict.py` in
replicate/cog-musicgen and its vendored audiocraft); the music is the playground's synthesizer's.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.playground.synth import Recording, Sampling, SynthRequest

STEPS_PER_S = 50
WINDOW_S = 30
STRIDE_S = 18
_DELAY_STEPS = 3
"""The last codebook ends three steps after the first: audiocraft's delay pattern."""
_MOST_S = 120
_SEED_LIMIT = 2**32 - 1


class ModelError(Exception):
    """The run ends as failed with this text; "" for a bare assert."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind, self.text = kind, text

    @property
    def traceback(self) -> str:
        """What Cog leaves in the logs."""
        said = f"{self.kind}: {self.text}" if self.text else self.kind
        return (
            "Traceback (most recent call last):\n"
            'File "/src/predict.py", line 118, in predict\n'
            f"{said}\n"
        )


class ModelInput(BaseModel):
    """`predict`'s parameters: the validated input over the version's defaults."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    prompt: str | None = None
    model_version: str = "melody"
    duration: int = 8
    input_audio: str | None = None
    continuation: bool = False
    continuation_start: int | None = None
    continuation_end: int | None = None
    multi_band_diffusion: bool = False
    normalization_strategy: Literal["loudness", "clip", "peak", "rms"] = "loudness"
    top_k: int = 250
    top_p: float = 0.0
    temperature: float = 1.0
    classifier_free_guidance: float = 3
    output_format: Literal["wav", "mp3"] = "wav"
    seed: int | None = None

    @property
    def stereo(self) -> bool:
        """Whether the model has two channels."""
        return "stereo" in self.model_version

    def check(self) -> None:
        """What `predict` refuses before it loads anything.

        Raises:
            ModelError: with the model's own words.
        """
        if self.prompt is None and self.input_audio is None:
            raise ModelError("ValueError", "Must provide either prompt or input_audio")
        if self.continuation and not self.input_audio:
            raise ModelError("ValueError", "Must provide `input_audio` if continuation is `True`.")
        if "melody" not in self.model_version and self.input_audio and not self.continuation:
            raise ModelError(
                "ValueError",
                "`stereo-large` and `large` model does not support melody input. Set "
                "`model_version='stereo-melody-large'` or `model_version='melody-large'` to "
                "condition on audio input.",
            )
        if self.stereo and self.multi_band_diffusion:
            raise ModelError(
                "ValueError", "Multi-Band Diffusion is only available with non-stereo models."
            )

    def chosen_seed(self) -> int:
        """The seed, or one drawn where it is absent, 0 or -1.

        Raises:
            ModelError: numpy takes no such seed.
        """
        if self.seed is None or self.seed in {0, -1}:
            return random.randint(1, _SEED_LIMIT)
        if not 0 < self.seed <= _SEED_LIMIT:
            raise ModelError("ValueError", "Seed must be between 0 and 2**32 - 1")
        return self.seed

    def windowed(self, recording: Recording) -> Recording:
        """The part of the audio that is used.

        Raises:
            ModelError: reversed, or nothing is left.
        """
        start_s = self.continuation_start or 0
        end_s = self.continuation_end
        if start_s > (recording.length_s if end_s is None else end_s):
            raise ModelError(
                "ValueError",
                "`continuation_start` must be less than or equal to `continuation_end`",
            )
        window = recording.window(start_s, end_s)
        if not len(window.samples):
            raise ModelError(
                "RuntimeError",
                "Calculated padded input size per channel: (6). Kernel size: (7). "
                "Kernel size can't be greater than actual input size",
            )
        return window

    def steps(self, window: Recording | None) -> tuple[tuple[int, int], ...]:
        """(n, total) of every line of progress.

        Raises:
            ModelError: the audio prompt leaves nothing to generate, or a number is impossible.
        """
        prompt = 0
        if window is not None and self.continuation:
            prompt = math.ceil(window.length_s * STEPS_PER_S - 1e-6)
        room = min(self.duration, WINDOW_S) * STEPS_PER_S
        if prompt > room:
            raise ModelError("AssertionError", "Prompt is longer than audio to generate")
        if prompt == room or room < 0:
            raise ModelError("AssertionError", "")
        if self.top_k > 2048 and not self.top_p:
            raise ModelError("RuntimeError", "selected index k out of range")
        if self.duration > _MOST_S:
            raise ModelError("RuntimeError", "CUDA out of memory (E1001)")
        return tuple(_steps(self.duration, prompt))

    def request(self, seed: int, window: Recording | None) -> SynthRequest:
        """What the synthesizer is to play."""
        return SynthRequest(
            prompt=self.prompt or "",
            seed=seed,
            duration_s=self.duration,
            stereo=self.stereo,
            given=window,
            continuation=self.continuation,
            normalization=self.normalization_strategy,
            sampling=Sampling(
                self.temperature, self.top_k, self.top_p, self.classifier_free_guidance
            ),
            multi_band_diffusion=self.multi_band_diffusion,
            output_format=self.output_format,
        )


def _steps(duration_s: int, prompt: int) -> Iterator[tuple[int, int]]:
    """Audiocraft's `_generate_tokens`: beyond 30 s, windows that slide by 18 s."""
    total = duration_s * STEPS_PER_S
    offset = 0
    while offset + prompt < total:
        length = min(total - offset, WINDOW_S * STEPS_PER_S)
        for step in range(1, length - prompt + _DELAY_STEPS + 1):
            yield offset + step, total
        if length == total - offset:
            return
        prompt = length - STRIDE_S * STEPS_PER_S
        offset += STRIDE_S * STEPS_PER_S


def step_line(step: int, total: int) -> str:
    r"""One line of progress as Replicate logs it: printed with \r, which Cog turns into \n.

    Cog strips a line that it reads whole and keeps the leading blanks of one that it reads in two
    parts, so blanks come and go.
    """
    line = f"{step: 6d} / {total: 6d}\n"
    return line if step % 17 == 5 else line.lstrip()
