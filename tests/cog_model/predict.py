"""The playground's synthesizer as the model of a Cog server: `tests/cog_server.py` runs it.

It knows `predict`'s parameters and MusicGen's log lines. Files in `COG_TEST_FOLDER` tell it more:
`rate` is its steps a second; and `runs.txt` gets a line for each beginning and each end, `made` a
file for each seed.
"""

# Types that are read at run time, by Cog.
import json
import os
import sys
import tempfile
import time
from pathlib import Path as File

from cog import BasePredictor, Input, Path  # pyright: ignore[reportMissingTypeStubs] - it has none

from bot.playground.replicate.model import ModelInput
from bot.playground.synth import Recording, render

_FOLDER = File(os.environ["COG_TEST_FOLDER"])
_AT_ONCE = 25
"""Steps told in one go."""


class Predictor(BasePredictor):
    """Plays what is asked for."""

    def setup(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - Cog leaves weights out
        """Load nothing, and take as long as is said."""
        time.sleep(float(_said("setup", "0")))

    def predict(
        self,
        prompt: str = Input(default=None),
        model_version: str = Input(default="stereo-melody-large"),
        duration: int = Input(default=8),
        input_audio: Path | None = Input(default=None),  # noqa: B008 - as Cog has it
        continuation: bool = Input(default=False),
        continuation_start: int = Input(default=None),
        continuation_end: int = Input(default=None),
        multi_band_diffusion: bool = Input(default=False),
        normalization_strategy: str = Input(default="loudness"),
        top_k: int = Input(default=250),
        top_p: float = Input(default=0.0),
        temperature: float = Input(default=1.0),
        classifier_free_guidance: int = Input(default=3),
        output_format: str = Input(default="wav"),
        seed: int = Input(default=None),
    ) -> Path:
        """Play it, with a line for each step as MusicGen has them."""
        given = ModelInput.model_validate(
            {
                "prompt": prompt,
                "model_version": model_version,
                "duration": duration,
                "input_audio": None if input_audio is None else str(input_audio),
                "continuation": continuation,
                "continuation_start": continuation_start,
                "continuation_end": continuation_end,
                "multi_band_diffusion": multi_band_diffusion,
                "normalization_strategy": normalization_strategy,
                "top_k": top_k,
                "top_p": top_p,
                "temperature": temperature,
                "classifier_free_guidance": classifier_free_guidance,
                "output_format": output_format,
                "seed": seed,
            }
        )
        _note("began", given)
        ended = "failed"
        try:
            path = self._play(given)
            ended = "ended"
        finally:
            # A canceled one comes here too.
            _note(ended, given)
        return path

    def _play(self, given: ModelInput) -> Path:
        given.check()
        seed = given.chosen_seed()
        sys.stdout.write(f"Using seed {seed}\n")
        window = None
        if given.input_audio is not None:
            window = given.windowed(Recording.decode(File(given.input_audio).read_bytes()))
        steps = given.steps(window)
        for start in range(0, len(steps), _AT_ONCE):
            told = steps[start : start + _AT_ONCE]
            sys.stdout.write("".join(f"{done: 6d} / {total: 6d}\r" for done, total in told))
            sys.stdout.flush()
            time.sleep(len(told) / float(_said("rate", "5000")))
        audio = render(given.request(seed, window))
        path = File(tempfile.mkdtemp()) / f"out.{given.output_format}"
        path.write_bytes(audio)
        made = _FOLDER / "made"
        made.mkdir(exist_ok=True)
        (made / str(seed)).write_bytes(audio)
        return Path(path)


def _said(name: str, default: str) -> str:
    path = _FOLDER / name
    return path.read_text() if path.exists() else default


def _note(what: str, given: ModelInput) -> None:
    line = {"what": what, "seed": given.seed, "prompt": given.prompt, "worker": os.getpid()}
    with (_FOLDER / "runs.txt").open("a") as file:
        file.write(f"{json.dumps(line)}\n")
