"""What the server for one's own card is, as far as that can be seen without PyTorch."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - has none
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.inputs import TABLE
from bot.own_gpu import serve
from bot.own_gpu.options import MODELS, OwnGpu
from bot.own_gpu.sound import SAMPLE_RATE_HZ, normalized, read_part, with_channels, write
from bot.replicate.schema import narrow


def noise(level: float, channels: int = 2, seconds: float = 2.0) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(1)
    shape = (channels, round(seconds * SAMPLE_RATE_HZ))
    return (level * random.standard_normal(shape)).astype(np.float32)


@given(
    st.lists(st.sampled_from(MODELS), min_size=1, unique=True),
    st.sampled_from([None, Path("/weights of mine")]),
    st.sampled_from(["", "cuda:1"]),
)
def test_the_worker_is_told_what_the_command_was(
    models: list[str], weights: Path | None, device: str
) -> None:
    told = OwnGpu(tuple(models), weights, device)
    assert OwnGpu.from_environment(told.environment()) == told


@given(st.lists(st.sampled_from(MODELS), min_size=1, unique=True))
def test_the_bot_offers_what_is_served(models: list[str]) -> None:
    table, _ = narrow(TABLE, OwnGpu(tuple(models)).schema())
    assert table["model_version"].choices == tuple(models)
    assert table["model_version"].default == models[0]
    offered = {spec.name for spec in table}
    assert offered == {spec.name for spec in TABLE} - {"multi_band_diffusion"}


def test_the_folder_for_cog_has_the_predictor_and_its_schema() -> None:
    own_gpu = OwnGpu(("melody",))
    folder = serve.prepared(own_gpu)
    assert "class Predictor" in (folder / "predict.py").read_text()
    assert json.loads((folder / ".cog/openapi_schema.json").read_text()) == own_gpu.schema()


def test_cog_finds_this_python_and_this_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    told = serve.environment(OwnGpu(("melody",)), 5001)
    assert told["PATH"].split(":") == [str(Path(sys.executable).parent), "/usr/bin"]
    assert told["PYTHONPATH"].split(":") == [str(Path(serve.__file__).parents[2]), "/elsewhere"]
    assert told["PORT"] == "5001"


@pytest.mark.parametrize(
    ("installed", "said"),
    [
        ({"cog": "0.23.1", "transformers": "5.24.0"}, "torch must be installed"),
        ({}, "cog and torch and transformers must be installed"),
        ({"cog": "1", "torch": "2", "transformers": "5.23.0"}, "5.23.0 ignores melodies"),
        ({"cog": "1", "torch": "2", "transformers": "4.57.6"}, "4.57.6 ignores melodies"),
    ],
)
def test_what_is_not_installed_is_named(
    installed: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def version(name: str) -> str:
        if name not in installed:
            raise serve.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(serve, "version", version)
    assert serve.serve(OwnGpu(("melody",)), "127.0.0.1", 5000) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("level", [0.001, 0.05, 0.5])
def test_levels_are_what_their_strategies_say(level: float) -> None:
    loud = noise(level)
    assert np.abs(normalized(loud, "peak")).max() == pytest.approx(10 ** (-1 / 20), rel=1e-4)
    mono = normalized(loud, "rms").mean(axis=0)
    assert np.sqrt(np.square(mono).mean()) == pytest.approx(10 ** (-18 / 20), rel=0.02)
    assert np.abs(normalized(loud * 9, "clip")).max() <= 10 ** (-1 / 20) + 1e-6
    assert normalized(loud, "loudness").dtype == np.float32


def test_loudness_is_the_same_for_loud_and_quiet_and_leaves_silence_alone() -> None:
    loud, quiet = (normalized(noise(level), "loudness") for level in (0.2, 0.02))
    assert np.allclose(loud, quiet, rtol=1e-3, atol=1e-4)
    assert not np.array_equal(normalized(noise(0.02), "loudness"), noise(0.02))
    silence = np.zeros((1, SAMPLE_RATE_HZ), np.float32)
    for strategy in ("loudness", "peak", "rms", "clip"):
        assert np.array_equal(normalized(silence, strategy), silence)


@pytest.mark.parametrize("rate_hz", [32_000, 44_100, 48_000])
@pytest.mark.parametrize(("start_s", "end_s", "length_s"), [(None, None, 4), (1, 3, 2), (0, 9, 4)])
def test_a_part_is_read_at_the_models_rate(
    tmp_path: Path, rate_hz: int, start_s: int | None, end_s: int | None, length_s: int
) -> None:
    path = tmp_path / "audio.flac"
    soundfile.write(path, np.zeros((4 * rate_hz, 2)), rate_hz)
    part = read_part(path, start_s, end_s)
    assert part.shape == (2, length_s * SAMPLE_RATE_HZ)
    assert with_channels(part, 1).shape == (1, length_s * SAMPLE_RATE_HZ)


def test_what_is_no_audio_or_has_nothing_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    text = tmp_path / "audio.wav"
    text.write_text("no audio")
    with pytest.raises(ValueError, match="cannot be read"):
        read_part(text, None, None)
    soundfile.write(text, np.zeros((8000, 1)), 8000)
    with pytest.raises(ValueError, match="nothing between"):
        read_part(text, 5, 9)


@pytest.mark.parametrize(("ending", "format_"), [("wav", "WAV"), ("mp3", "MP3")])
def test_both_formats_are_written(tmp_path: Path, ending: str, format_: str) -> None:
    path = tmp_path / f"out.{ending}"
    write(noise(0.1), path)
    facts = soundfile.info(path)
    assert (facts.format, facts.channels, facts.samplerate) == (format_, 2, SAMPLE_RATE_HZ)
