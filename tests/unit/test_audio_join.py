"""The joint of an extended piece, measured."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audio.join import cut_context, join
from bot.audio.probe import probe
from bot.audio.seam_metrics import Seam, measure
from bot.domain.errors import AudioUnreadable, NotAudio
from bot.playground.synth import Recording, SynthRequest, render
from tests.examples import examples
from tests.unit.audio_kit import m4a

Samples = npt.NDArray[np.float32]
RATE = 32_000
PIECE_S, CONTEXT_S, ADDED_S = 8, 5, 6
PROMPTS = [
    "deep house bassline 128 bpm",
    "lo-fi piano 80 bpm",
    "ambient strings, slow",
    "rock guitar 120 bpm",
]


def tone(hz: float, seconds: float, level: float = 0.3, rate: int = RATE) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)[:, None]


def noise(seconds: float, level: float = 0.1, seed: int = 1) -> Samples:
    rng = np.random.default_rng(seed)
    return level * rng.standard_normal((round(seconds * RATE), 1), dtype=np.float32)


def as_codec(
    samples: Samples, *, gain: float = 0.8, later: int = 7, hiss: float = 0.002
) -> Samples:
    """What an EnCodec and the levelling after it do to audio, in the large."""
    spectrum = np.fft.rfft(samples, axis=0)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE)[:, None]
    dull = np.fft.irfft(spectrum / np.sqrt(1 + (hz / 7000) ** 8), len(samples), axis=0)
    moved = np.roll(dull, later, axis=0)
    rng = np.random.default_rng(3)
    return (gain * moved + hiss * rng.standard_normal(samples.shape)).astype(np.float32)


def write(path: Path, samples: Samples, rate: int = RATE) -> Path:
    format_ = path.suffix[1:].upper()
    soundfile.write(path, samples, rate, format=format_)
    return path


def read(path: Path) -> Samples:
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(samples, np.float32)


def level_db(samples: Samples) -> float:
    return 10 * math.log10(float(np.mean(np.square(samples))))


@pytest.fixture(scope="module", params=PROMPTS)
def whole(request: pytest.FixtureRequest) -> Samples:
    """Music that goes on: the piece, and after it what a perfect model would add."""
    wanted = SynthRequest(request.param, seed=3, duration_s=PIECE_S + ADDED_S + 1, stereo=True)
    return Recording.decode(render(wanted)).samples[: (PIECE_S + ADDED_S) * RATE]


def extended(folder: Path, whole: Samples, output: Samples, piece_s: float = PIECE_S) -> Seam:
    piece = write(folder / "piece.wav", whole[: round(piece_s * RATE)])
    made = write(folder / "output.wav", output)
    return join(piece, made, CONTEXT_S, folder / "joined.wav")


@pytest.mark.parametrize("later", [7, -11, 0, 900])
def test_music_goes_on_without_a_seam(tmp_path: Path, whole: Samples, later: int) -> None:
    seam = extended(tmp_path, whole, as_codec(whole[3 * RATE :], later=later))
    assert seam.lag_s * RATE == later
    # The highs that the codec swallowed count towards the level.
    assert seam.gain_db == pytest.approx(-20 * math.log10(0.8), abs=0.7)
    assert seam.likeness > 0.9
    assert seam.at_s == PIECE_S
    assert seam.added_s == pytest.approx(ADDED_S, abs=0.03)
    assert seam.step <= seam.step_around
    # A beat may fall on the joint: what the music does there anyway is no fault of it.
    ideal = measure(whole, RATE, round((PIECE_S - 0.25) * RATE), PIECE_S * RATE)
    assert seam.loudness_jump_db == pytest.approx(ideal.loudness_jump_db, abs=0.25)
    assert seam.loudness_jump_in_output_db == pytest.approx(ideal.loudness_jump_db, abs=0.25)
    joined = read(tmp_path / "joined.wav")
    near = slice((PIECE_S - 1) * RATE, (PIECE_S + 1) * RATE)
    assert np.corrcoef(joined[near].ravel(), whole[near].ravel())[0, 1] > 0.95


def test_the_piece_keeps_its_samples(tmp_path: Path, whole: Samples) -> None:
    seam = extended(tmp_path, whole, as_codec(whole[3 * RATE :]))
    joined, _ = soundfile.read(tmp_path / "joined.wav", dtype="int16")
    piece, _ = soundfile.read(tmp_path / "piece.wav", dtype="int16")
    untouched = round((seam.at_s - seam.fade_s) * RATE)
    assert untouched == (PIECE_S - 0.25) * RATE
    np.testing.assert_array_equal(joined[:untouched], piece[:untouched])
    assert list(joined.shape) == [round((seam.at_s + seam.added_s) * RATE), 2]


def test_what_the_playground_continues_has_no_click(tmp_path: Path) -> None:
    wanted = SynthRequest(PROMPTS[0], seed=3, duration_s=PIECE_S, stereo=True)
    piece = tmp_path / "piece.wav"
    piece.write_bytes(render(wanted))
    context_s = cut_context(piece, CONTEXT_S, tmp_path / "context.wav")
    heard = Recording.decode((tmp_path / "context.wav").read_bytes())
    more = SynthRequest(
        PROMPTS[0], seed=4, duration_s=11, stereo=True, given=heard, continuation=True
    )
    (tmp_path / "output.wav").write_bytes(render(more))
    seam = join(piece, tmp_path / "output.wav", context_s, tmp_path / "joined.wav")
    assert (seam.at_s, seam.added_s, seam.lag_s) == (PIECE_S, 6, 0)
    assert seam.gain_db == pytest.approx(0, abs=0.01)
    assert seam.step <= seam.step_around
    assert seam.loudness_jump_db == pytest.approx(seam.loudness_jump_in_output_db, abs=0.01)


@pytest.mark.parametrize("hz", [50.0, 440.0, 3000.0])
def test_a_tone_goes_on_without_a_click(tmp_path: Path, hz: float) -> None:
    steady = tone(hz, 14)
    seam = extended(tmp_path, steady, 0.8 * np.roll(steady[3 * RATE :], 7, axis=0))
    assert seam.step <= seam.step_around
    joined = read(tmp_path / "joined.wav")[:, 0]
    # A click bends the wave; a tone bends evenly.
    bends = np.abs(np.diff(joined, 2))
    joint = slice((PIECE_S - 1) * RATE, (PIECE_S + 1) * RATE)
    assert bends[joint].max() <= 1.15 * bends[RATE : 6 * RATE].max() + 4 / 32768
    levels = [level_db(joined[n : n + 3200, None]) for n in range(7 * RATE, 9 * RATE, 800)]
    assert max(levels) - min(levels) < 0.5


def test_unlike_tones_change_without_a_click(tmp_path: Path) -> None:
    # Where the piece ends, this other tone is at its height.
    other = np.cos(2 * np.pi * 163 * (np.arange(11 * RATE) / RATE - CONTEXT_S))[:, None] * 0.3
    seam = extended(tmp_path, tone(110, 8), other.astype(np.float32))
    assert seam.likeness < 0.25
    assert seam.step <= seam.step_around


def test_a_bare_cut_shows_in_the_step() -> None:
    end, new = tone(440, 4), tone(440, 4)[18:]
    cut = measure(np.concatenate([end, -new]), RATE, len(end), len(end))
    assert cut.step > 3 * cut.step_around


def test_an_unmatched_level_shows_in_the_loudness() -> None:
    both = np.concatenate([noise(5), noise(5, level=0.04)])
    cut = measure(both, RATE, 5 * RATE, 5 * RATE)
    assert cut.loudness_jump_db == pytest.approx(8, abs=0.3)
    assert cut.loudness_jump_around_db < 0.5


def test_a_dip_in_the_fade_shows_in_the_loudness() -> None:
    dipped = noise(10)
    dipped[round(4.75 * RATE) : 5 * RATE] *= 0.2
    joint = measure(dipped, RATE, round(4.75 * RATE), 5 * RATE)
    assert joint.loudness_jump_db > 3 > joint.loudness_jump_around_db


@pytest.mark.parametrize("alike", [True, False])
def test_the_fade_keeps_the_power(tmp_path: Path, alike: bool) -> None:
    piece = noise(8)
    output = np.concatenate([piece[3 * RATE :] if alike else noise(5, seed=2), noise(6, seed=4)])
    seam = extended(tmp_path, piece, output)
    assert (seam.likeness > 0.99) is alike
    assert seam.loudness_jump_db <= seam.loudness_jump_around_db + 0.2
    joined = read(tmp_path / "joined.wav")
    around = level_db(joined[6 * RATE : 10 * RATE])
    middle = round((PIECE_S - 0.125) * RATE)
    assert level_db(joined[middle - 1600 : middle + 1600]) == pytest.approx(around, abs=0.4)


def test_unlike_audio_is_not_moved(tmp_path: Path) -> None:
    seam = extended(tmp_path, noise(8), noise(11, seed=2))
    assert seam.lag_s == 0
    assert seam.likeness < 0.25
    assert seam.step <= seam.step_around


@pytest.mark.parametrize(
    ("name", "rate", "piece_channels", "output_channels", "channels"),
    [
        ("piece.mp3", 44_100, 2, 1, 2),
        ("piece.wav", 48_000, 1, 2, 2),
        ("piece.flac", 22_050, 1, 1, 1),
        ("piece.ogg", 44_100, 2, 2, 2),
        ("piece.wav", 96_000, 6, 1, 2),
        ("piece.wav", 11_025, 2, 1, 2),
    ],
)
def test_pieces_of_every_kind(
    tmp_path: Path, name: str, rate: int, piece_channels: int, output_channels: int, channels: int
) -> None:
    chord = tone(220.0, 8, 0.15, rate) + tone(277.2, 8, 0.15, rate) + tone(329.6, 8, 0.15, rate)
    piece = write(tmp_path / name, np.repeat(chord, piece_channels, axis=1), rate)
    goes_on = tone(220.0, 14, 0.15) + tone(277.2, 14, 0.15) + tone(329.6, 14, 0.15)
    output = as_codec(np.repeat(goes_on, output_channels, axis=1)[3 * RATE :])
    seam = join(piece, write(tmp_path / "output.wav", output), 5.0, tmp_path / "joined.wav")
    facts = probe(tmp_path / "joined.wav")
    assert (facts.format, facts.sample_rate_hz, facts.channels) == ("wav", RATE, channels)
    assert seam.at_s == pytest.approx(probe(piece).duration_s, abs=1 / RATE)
    assert facts.duration_s == pytest.approx(seam.at_s + seam.added_s)
    assert seam.step <= seam.step_around
    assert seam.loudness_jump_db < 0.5
    joined = read(tmp_path / "joined.wav")[:, -1]
    expected = goes_on[RATE : 12 * RATE, 0]
    assert np.corrcoef(joined[RATE : 12 * RATE], expected)[0, 1] > 0.99


def test_an_mp3_output_is_found_in_its_place(tmp_path: Path, whole: Samples) -> None:
    piece = write(tmp_path / "piece.wav", whole[: PIECE_S * RATE])
    delayed = np.concatenate([np.zeros((1105, 2), np.float32), whole[3 * RATE :]])
    output = write(tmp_path / "output.mp3", delayed)
    seam = join(piece, output, CONTEXT_S, tmp_path / "joined.wav")
    assert seam.lag_s * RATE == pytest.approx(1105, abs=1)
    assert seam.step <= seam.step_around


@pytest.mark.parametrize(
    ("piece_level", "output_level", "gain_db"),
    [(0.1, 0.1, 0), (0.1, 0.001, 12), (0.02, 0.4, -12), (0.0, 0.1, 0), (0.1, 0.0, 0)],
)
def test_the_gain_has_bounds(
    tmp_path: Path, piece_level: float, output_level: float, gain_db: float
) -> None:
    same = noise(11, level=1)
    seam = extended(tmp_path, piece_level * same[: 8 * RATE], output_level * same[3 * RATE :])
    assert seam.gain_db == pytest.approx(gain_db, abs=0.1)


def test_raised_peaks_are_not_cut_off(tmp_path: Path) -> None:
    loud, soft = tone(330, 8, 0.98), tone(330, 11, 0.5)
    soft[6 * RATE :] *= 1.6
    extended(tmp_path, loud, soft)
    added = read(tmp_path / "joined.wav")[10 * RATE : 13 * RATE]
    assert 0.9 < added.max() < 0.9999


def test_an_output_without_anything_new_adds_nothing(tmp_path: Path) -> None:
    piece = noise(8)
    seam = extended(tmp_path, piece, piece[3 * RATE : 7 * RATE])
    assert (seam.at_s, seam.added_s, seam.fade_s) == (8, 0, 0)
    np.testing.assert_array_equal(read(tmp_path / "joined.wav"), read(tmp_path / "piece.wav"))


@given(
    piece=st.integers(1, 12_000),
    output=st.integers(1, 12_000),
    context=st.integers(1, 14_000),
    rate=st.sampled_from([8000, 16_000, RATE]),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 2)),
)
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_lengths_are_joined(
    tmp_path: Path, piece: int, output: int, context: int, rate: int, channels: tuple[int, int]
) -> None:
    rng = np.random.default_rng(piece)
    first = write(tmp_path / "a.wav", rng.uniform(-1, 1, (piece, channels[0])).astype("f4"), rate)
    second = write(tmp_path / "b.wav", rng.uniform(-1, 1, (output, channels[1])).astype("f4"))
    seam = join(first, second, context / RATE, tmp_path / "c.wav")
    joined = read(tmp_path / "c.wav")
    assert len(joined) == round((seam.at_s + seam.added_s) * RATE)
    assert abs(seam.at_s * RATE - piece * RATE / rate) <= 1
    assert 0 <= seam.added_s <= output / RATE
    assert all(math.isfinite(value) for value in (seam.gain_db, seam.likeness, seam.step))


@pytest.mark.parametrize("channels", [1, 2])
def test_the_context_is_the_end_of_the_piece(tmp_path: Path, channels: int) -> None:
    piece = write(tmp_path / "piece.wav", np.repeat(noise(8), channels, axis=1))
    assert cut_context(piece, 2.5, tmp_path / "context.wav") == 2.5
    np.testing.assert_array_equal(read(tmp_path / "context.wav"), read(piece)[-round(2.5 * RATE) :])
    assert probe(tmp_path / "context.wav").channels == channels


def test_a_short_piece_is_its_own_context(tmp_path: Path) -> None:
    piece = write(tmp_path / "piece.wav", noise(0.7))
    assert cut_context(piece, 2, tmp_path / "context.wav") == 0.7
    np.testing.assert_array_equal(read(tmp_path / "context.wav"), read(piece))


def test_the_context_keeps_rate_and_at_most_two_channels(tmp_path: Path) -> None:
    piece = write(tmp_path / "piece.flac", np.repeat(tone(200, 3, rate=44_100), 6, axis=1), 44_100)
    assert cut_context(piece, 1.5, tmp_path / "context.wav") == 1.5
    facts = probe(tmp_path / "context.wav")
    assert (facts.sample_rate_hz, facts.channels) == (44_100, 2)


@pytest.mark.parametrize(("content", "error"), [(m4a(), AudioUnreadable), (b"words", NotAudio)])
def test_what_cannot_be_decoded(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    broken, target = tmp_path / "broken", tmp_path / "target.wav"
    broken.write_bytes(content)
    sound = write(tmp_path / "sound.wav", noise(3))
    with pytest.raises(error):
        cut_context(broken, 2, target)
    with pytest.raises(error):
        join(broken, sound, 2, target)
    with pytest.raises(error):
        join(sound, broken, 2, target)
    assert sorted(tmp_path.iterdir()) == [broken, sound]


def test_an_extension_needs_a_context(tmp_path: Path) -> None:
    sound = write(tmp_path / "sound.wav", noise(3))
    with pytest.raises(ValueError, match="context"):
        join(sound, sound, 0.0, tmp_path / "target.wav")
