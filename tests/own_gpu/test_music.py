"""The predictor, with models so tiny and untrained that all but the music can be judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.own_gpu.music import MusicModel, Wish
from bot.own_gpu.options import OwnGpu
from bot.own_gpu.predict import Predictor
from bot.own_gpu.sound import SAMPLE_RATE_HZ, Audio

A_WISH = Wish("a slow tango", 2, top_k=250, top_p=0.0, temperature=1.0, guidance=3, seed=7)

_REST: dict[str, Any] = {
    "duration": 1,
    "input_audio": None,
    "continuation": False,
    "continuation_start": None,
    "continuation_end": None,
    "normalization_strategy": "loudness",
    "top_k": 250,
    "top_p": 0.0,
    "temperature": 1.0,
    "classifier_free_guidance": 3,
    "output_format": "wav",
    "seed": 1,
}


def untold(_: int, __: int) -> None:
    """For whom progress does not matter."""


def tone(hertz: float, seconds: float, channels: int = 1) -> Audio:
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    sound = (0.3 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)
    return np.repeat(sound[None], channels, axis=0)


@pytest.fixture(scope="session")
def models(weights: Path) -> dict[str, MusicModel]:
    names = ("small", "stereo-small", "melody")
    return {name: MusicModel.load(str(weights / f"musicgen-{name}"), "cpu") for name in names}


@pytest.mark.parametrize(("name", "channels"), [("small", 1), ("stereo-small", 2), ("melody", 1)])
@pytest.mark.parametrize("duration_s", [1, 3])
def test_a_track_is_exactly_as_long_as_asked(
    models: dict[str, MusicModel], name: str, channels: int, duration_s: int
) -> None:
    made = models[name].make(replace(A_WISH, duration_s=duration_s), untold)
    assert made.shape == (channels, duration_s * SAMPLE_RATE_HZ)
    assert np.isfinite(made).all()


@pytest.mark.parametrize("name", ["small", "stereo-small", "melody"])
def test_the_same_seed_makes_the_same_and_another_another(
    models: dict[str, MusicModel], name: str
) -> None:
    first, again, other = (
        models[name].make(replace(A_WISH, seed=seed), untold) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": "loud drums"},
        {"temperature": 0.2},
        {"top_k": 1},
        {"top_p": 0.1},
        {"guidance": 10},
    ],
    ids=str,
)
def test_each_input_changes_what_is_made(
    models: dict[str, MusicModel], changed: dict[str, object]
) -> None:
    first = models["small"].make(A_WISH, untold)
    other = models["small"].make(replace(A_WISH, **changed), untold)  # type: ignore[arg-type]
    assert not np.array_equal(first, other)


def test_without_temperature_the_likeliest_is_taken_whatever_the_seed(
    models: dict[str, MusicModel],
) -> None:
    cold = replace(A_WISH, temperature=0.0)
    first, other = (models["small"].make(replace(cold, seed=seed), untold) for seed in (1, 2))
    assert np.array_equal(first, other)


def test_a_melody_changes_the_track(models: dict[str, MusicModel]) -> None:
    """transformers before 5.24 ignored it without a word."""
    plain, low, high = (
        models["melody"].make(replace(A_WISH, melody=melody), untold)
        for melody in (None, tone(220, 4), tone(330, 4))
    )
    assert not np.array_equal(plain, low)
    assert not np.array_equal(low, high)


@pytest.mark.parametrize("name", ["small", "stereo-small", "melody"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_continuation_begins_with_what_it_goes_on_from(
    models: dict[str, MusicModel], name: str, channels: int
) -> None:
    """As the codec has it: the same second alone, encoded and decoded, begins every track."""
    given = replace(A_WISH, beginning=tone(220, 1, channels))
    one, two = (models[name].make(replace(given, seed=seed), untold) for seed in (1, 2))
    assert one.shape[-1] == two.shape[-1] == 2 * SAMPLE_RATE_HZ
    # The codec's convolutions look a little ahead.
    sure = round(0.8 * SAMPLE_RATE_HZ)
    assert np.allclose(one[:, :sure], two[:, :sure], atol=1e-5)
    assert not np.allclose(one[:, SAMPLE_RATE_HZ:], two[:, SAMPLE_RATE_HZ:], atol=1e-5)
    alone = models[name].make(replace(given, beginning=None), untold)
    assert not np.allclose(alone[:, :sure], one[:, :sure], atol=1e-5)


def test_a_beginning_as_long_as_the_track_is_refused(models: dict[str, MusicModel]) -> None:
    with pytest.raises(ValueError, match="as long as the whole track"):
        models["small"].make(replace(A_WISH, beginning=tone(220, 2)), untold)


def test_progress_only_rises_and_ends_at_the_end(models: dict[str, MusicModel]) -> None:
    told = list[tuple[int, int]]()
    models["small"].make(A_WISH, lambda done, steps: told.append((done, steps)))
    [steps] = {steps for _, steps in told}
    assert [done for done, _ in told] == list(range(1, steps + 1))


def test_takes_of_one_wish_are_made_at_once_and_differ(models: dict[str, MusicModel]) -> None:
    heard = replace(A_WISH, duration_s=3, beginning=tone(220, 1, 2))
    for name in ("stereo-small", "melody"):
        takes = models[name].make_takes(heard, 3, untold)
        assert {take.shape[-1] for take in takes} == {3 * SAMPLE_RATE_HZ}
        assert len({take.tobytes() for take in takes}) == 3
    melody = models["melody"].make_takes(replace(A_WISH, melody=tone(220, 4)), 2, untold)
    assert len({take.tobytes() for take in melody}) == 2


def test_a_model_that_cannot_be_loaded_keeps_no_other_from_it(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, told in OwnGpu(("small", "large"), weights, "cpu").environment().items():
        monkeypatch.setenv(name, told)
    predictor = Predictor()
    predictor.setup()
    for _ in range(2):
        with pytest.raises(OSError, match="musicgen-large"):
            predictor.predict(prompt="a tango", model_version="large", **_REST)
    made = predictor.predict(prompt="a tango", model_version="small", **_REST)
    assert Path(made).stat().st_size > SAMPLE_RATE_HZ
