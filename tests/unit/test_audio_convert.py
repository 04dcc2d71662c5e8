"""A track that Discord takes, with as little loss as that needs."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audio.convert import Fitted, fit
from bot.audio.probe import probe
from bot.audio.tags import write_tags
from bot.domain.errors import NotAudio, OutputTooLarge
from bot.playground.synth import SynthRequest, render
from tests.examples import examples
from tests.unit.audio_kit import ENCODINGS, m4a, make_sound, rate_hz, samples_of
from tests.unit.test_audio_tags import COMMENT, SOFTWARE, TITLE, read_tags

Samples = npt.NDArray[np.float64]
SECONDS = 3


@pytest.fixture(scope="module", params=[False, True], ids=["mono", "stereo"])
def music(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("music") / "track.wav"
    wanted = SynthRequest("lo-fi piano 80 bpm", seed=2, duration_s=SECONDS, stereo=request.param)
    path.write_bytes(render(wanted))
    write_tags(path, title=TITLE, comment=COMMENT, software=SOFTWARE)
    return path


@pytest.fixture
def track(music: Path, tmp_path: Path) -> Path:
    path = tmp_path / "track.wav"
    path.write_bytes(music.read_bytes())
    return path


def likeness(first: Samples, second: Samples) -> float:
    """The smallest correlation of any channel, in step with each other."""
    frames = min(len(first), len(second))
    pairs = zip(first[:frames].T, second[:frames].T, strict=True)
    return min(float(np.corrcoef(one, other)[0, 1]) for one, other in pairs)


def test_what_fits_stays(track: Path) -> None:
    size = track.stat().st_size
    assert fit(track, size) == Fitted(track, "wav", "as it was")
    assert list(track.parent.iterdir()) == [track]


def test_flac_comes_first_and_loses_nothing(track: Path) -> None:
    limit = track.stat().st_size - 1
    content = track.read_bytes()
    fitted = fit(track, limit)
    assert (fitted.format, fitted.note) == ("flac", "flac")
    assert probe(fitted.path).format == "flac"
    assert fitted.path.stat().st_size <= limit
    np.testing.assert_array_equal(samples_of(fitted.path), samples_of(track))
    assert read_tags(fitted.path) == (TITLE, COMMENT, SOFTWARE)
    assert track.read_bytes() == content
    assert sorted(track.parent.iterdir()) == [fitted.path, track]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24"])
def test_flac_keeps_every_bit(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "track.wav"
    time_s = np.arange(64_000) / 32_000
    soundfile.write(path, 0.9 * np.sin(2000 * time_s) * np.exp(-time_s), 32_000, subtype=subtype)
    fitted = fit(path, path.stat().st_size - 1)
    assert fitted.note == "flac"
    np.testing.assert_array_equal(samples_of(fitted.path), samples_of(path))


def test_what_flac_cannot_hold_becomes_mp3(tmp_path: Path) -> None:
    path = tmp_path / "track.wav"
    soundfile.write(path, 0.5 * np.sin(np.arange(64_000) / 9), 32_000, subtype="FLOAT")
    assert fit(path, path.stat().st_size - 1).note == "mp3"


@pytest.mark.parametrize("kbps", [320, 192, 128, 96, 64])
def test_mp3_is_the_same_music_at_the_best_rate_that_fits(track: Path, kbps: int) -> None:
    limit = SECONDS * kbps * 125 + 8000
    fitted = fit(track, limit)
    if fitted.note == "flac":
        assert kbps >= 192
        return
    assert (fitted.format, fitted.note) == ("mp3", "mp3")
    size = fitted.path.stat().st_size
    assert SECONDS * kbps * 125 * 0.98 < size <= limit
    facts = probe(fitted.path)
    assert facts.format == "mp3"
    assert facts.channels == probe(track).channels
    assert facts.duration_s == pytest.approx(SECONDS, abs=0.1)
    assert read_tags(fitted.path) == (TITLE, COMMENT, SOFTWARE)
    assert likeness(samples_of(track), samples_of(fitted.path)) > 0.97
    assert sorted(track.parent.iterdir()) == [fitted.path, track]


def test_what_cannot_fit_says_so(track: Path) -> None:
    with pytest.raises(OutputTooLarge) as caught:
        fit(track, 20_000)
    assert caught.value.limit_bytes == 20_000
    assert list(track.parent.iterdir()) == [track]


@given(limit=st.integers(15_000, 400_000))
@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_made_fits(track: Path, limit: int) -> None:
    try:
        fitted = fit(track, limit)
    except OutputTooLarge:
        assert limit < SECONDS * 64 * 125 + 8000
    else:
        assert fitted.path.stat().st_size <= limit


@pytest.mark.parametrize("format_", [name for name in ENCODINGS if name != "wav"])
def test_other_formats(tmp_path: Path, format_: str) -> None:
    path = tmp_path / f"track.{format_}"
    container, subtype = ENCODINGS[format_]
    time_s = np.arange(rate_hz(format_) * 4)[:, None] / rate_hz(format_)
    hiss = np.random.default_rng(1).normal(0, 0.03, (len(time_s), 2))
    samples = 0.4 * np.sin(2 * np.pi * 330 * time_s) + hiss
    soundfile.write(path, samples, rate_hz(format_), format=container, subtype=subtype)
    fitted = fit(path, 40_000)
    assert fitted.format == "mp3"
    assert fitted.path != path
    assert probe(fitted.path).duration_s == pytest.approx(4, abs=0.1)
    assert likeness(samples_of(path), samples_of(fitted.path)) > 0.9


def test_aiff_becomes_flac(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "track.aiff", "aiff", seconds=10)
    fitted = fit(path, path.stat().st_size - 1)
    assert fitted.note == "flac"
    np.testing.assert_array_equal(samples_of(fitted.path), samples_of(path))


@pytest.mark.parametrize(("rate", "mp3_rate"), [(8000, 32_000), (44_100, 44_100), (96_000, 48_000)])
@pytest.mark.parametrize("channels", [1, 6])
def test_rates_and_channels_that_mp3_lacks(
    tmp_path: Path, rate: int, mp3_rate: int, channels: int
) -> None:
    path = tmp_path / "track.wav"
    time_s = np.arange(rate * 3)[:, None] / rate
    hiss = np.random.default_rng(1).normal(0, 0.05, (len(time_s), channels))
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 440 * time_s) + hiss, rate)
    fitted = fit(path, 36_000)
    facts = probe(fitted.path)
    assert (fitted.note, facts.sample_rate_hz, facts.channels) == (
        "mp3",
        mp3_rate,
        min(2, channels),
    )
    heard = samples_of(fitted.path)[mp3_rate : 2 * mp3_rate, 0]
    assert np.argmax(np.abs(np.fft.rfft(heard))) == 440


def test_a_track_without_tags_gets_none(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "track.wav", "wav")
    fitted = fit(path, path.stat().st_size - 1)
    assert fitted.path.read_bytes().count(b"encoder=") == 0


@pytest.mark.parametrize("error", [MemoryError, ValueError, KeyError])
def test_tags_that_cannot_be_read_keep_no_music_back(
    track: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("mutagen.File", fails)
    assert fit(track, track.stat().st_size - 1).format == "flac"


def test_what_cannot_be_decoded_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "track.m4a"
    path.write_bytes(m4a())
    assert fit(path, 10_000).note == "as it was"
    with pytest.raises(OutputTooLarge):
        fit(path, 1000)
    path.write_bytes(b"words")
    with pytest.raises(NotAudio):
        fit(path, 10_000)


def test_half_a_minute_takes_little_time(tmp_path: Path) -> None:
    path = tmp_path / "track.wav"
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, (30 * 32_000, 2)), 32_000)
    start = time.process_time()
    assert fit(path, 600_000).note == "mp3"
    assert time.process_time() - start < 4


@pytest.mark.parametrize("rate", [66_001, 131_074, 383_999])
def test_a_rate_that_flac_cannot_hold_becomes_an_mp3(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "track.wav"
    soundfile.write(path, np.zeros((rate, 2)), rate, "PCM_16")
    fitted = fit(path, 200_000)
    assert fitted.format == "mp3"
    assert probe(fitted.path).duration_s == pytest.approx(1.0, abs=0.1)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["track.fitted.mp3", "track.wav"]
