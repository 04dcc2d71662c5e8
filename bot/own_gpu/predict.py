"""The predictor: what Cog runs for each prediction. `bot.own_gpu.serve` gives it to a server."""

# Cog reads the types of `predict` when it runs.
import random
import sys
import tempfile
from pathlib import Path as File

from cog import BasePredictor, Input, Path  # pyright: ignore[reportMissingTypeStubs] - it has none

from bot.domain.inputs import SEED_MAX
from bot.own_gpu.music import MusicModel, Wish, best_device
from bot.own_gpu.options import OwnGpu
from bot.own_gpu.sound import normalized, read_part, write

_TELL_EVERY = 10
"""Steps; a fifth of a second of music."""


class Predictor(BasePredictor):
    """Makes music with one model at a time; another one that is asked for takes its place."""

    def setup(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - Cog leaves weights out
        """Load the default model."""
        self._options = OwnGpu.from_environment()
        # One track at a time: the next takes its place, once Cog has sent it.
        self._folder = File(tempfile.mkdtemp(prefix="musicgen-track-"))
        self._device = self._options.device or best_device()
        self._model: MusicModel | None = None
        self._name = ""
        self._loaded(self._options.models[0])

    def predict(
        self,
        prompt: str | None = Input(default=None),
        model_version: str | None = Input(default=None),
        duration: int = Input(default=8),
        input_audio: Path | None = Input(default=None),  # noqa: B008 - as Cog has it
        continuation: bool = Input(default=False),
        continuation_start: int | None = Input(default=None),
        continuation_end: int | None = Input(default=None),
        normalization_strategy: str = Input(default="loudness"),
        top_k: int = Input(default=250),
        top_p: float = Input(default=0.0),
        temperature: float = Input(default=1.0),
        classifier_free_guidance: int = Input(default=3),
        output_format: str = Input(default="wav"),
        seed: int | None = Input(default=None),
    ) -> Path:
        """Make a track; its progress is told in lines as MusicGen's own."""
        model = self._loaded(model_version or self._options.models[0])
        if seed is None:
            seed = random.randint(1, SEED_MAX)
        sys.stdout.write(f"Using seed {seed}\n")
        heard = None
        if input_audio is not None:
            heard = read_part(File(input_audio), continuation_start, continuation_end)
        elif continuation:
            raise ValueError("There is no input audio to go on from.")
        if heard is not None and not continuation and not model.follows_melodies:
            raise ValueError(f"The model {self._name} follows no melody; a melody model does.")
        wish = Wish(
            prompt=prompt or "",
            duration_s=duration,
            top_k=top_k,
            top_p=top_p,
            temperature=temperature,
            guidance=classifier_free_guidance,
            seed=seed,
            beginning=heard if continuation else None,
            melody=None if continuation else heard,
        )
        audio = normalized(model.make(wish, _tell), normalization_strategy)
        path = self._folder / f"out.{output_format}"
        write(audio, path)
        return Path(path)

    def _loaded(self, name: str) -> MusicModel:
        if self._model is None or name != self._name:
            sys.stdout.write(f"Loading {name}\n")
            # Two do not fit on most cards. Where this one cannot be loaded there is none.
            self._model = None
            self._model = MusicModel.load(self._options.source(name), self._device)
            self._name = name
        return self._model


def _tell(done: int, steps: int) -> None:
    if done % _TELL_EVERY == 0 or done == steps:
        sys.stdout.write(f"{done: 6d} / {steps: 6d}\r")
        sys.stdout.flush()
