"""The waveform, looked at pixel by pixel."""

from __future__ import annotations

import io
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.audio import picture
from bot.audio.picture import HEIGHT, WIDTH, Colour, draw_waveform
from bot.card.strings.waveform import describe
from bot.domain.errors import AudioUnreadable, NotAudio
from bot.domain.picture import Picture
from bot.playground.synth import SynthRequest, render
from tests.examples import examples
from tests.unit.audio_kit import ENCODINGS, m4a, make_sound

Pixels = npt.NDArray[np.uint8]
RATE = 32_000
LEFT, RIGHT = 25, 975
WAVE_ROWS = slice(20, 188)
TEXT_ROWS = slice(203, 228)
DISCORD_GROUNDS: list[Colour] = [(255, 255, 255), (49, 51, 56), (26, 26, 30), (0, 0, 0)]
"""Light, and three darks (ash, dark, onyx)."""


def write(path: Path, samples: npt.ArrayLike, rate: int = RATE) -> Path:
    soundfile.write(path, np.asarray(samples, np.float32), rate)
    return path


def pixels(path: Path, given_s: float = 0.0) -> Pixels:
    image = Image.open(io.BytesIO(draw_waveform(path, given_s=given_s).png))
    assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (WIDTH, HEIGHT))
    return np.asarray(image)


def luminance(colour: Colour) -> float:
    """WCAG 2's relative luminance."""
    parts = np.array(colour) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def heights(image: Pixels) -> npt.NDArray[np.intp]:
    """The pixels in each column of the wave that are not background."""
    wave = image[WAVE_ROWS, LEFT:RIGHT, :3].astype(int)
    return (np.abs(wave - picture.CARD).sum(axis=2) > 60).sum(axis=0)


def labels(image: Pixels) -> list[tuple[int, int]]:
    """Where each time stands, from left to right."""
    inked = (np.abs(image[TEXT_ROWS, :, :3].astype(int) - picture.CARD).sum(axis=2) > 90).any(
        axis=0
    )
    inked[:5] = inked[-5:] = False
    columns = np.flatnonzero(inked)
    breaks = np.flatnonzero(np.diff(columns) > 20)
    starts, ends = [0, *(breaks + 1)], [*breaks, len(columns) - 1]
    return [(int(columns[a]), int(columns[b])) for a, b in zip(starts, ends, strict=True)]


def tone(seconds: float, level: float = 0.5) -> npt.NDArray[np.float32]:
    time_s = np.arange(max(1, round(seconds * RATE))) / RATE
    return (level * np.sin(2 * np.pi * 300 * time_s)).astype(np.float32)


@pytest.mark.parametrize(
    "colour",
    [*picture.NEW_PEAK, *picture.NEW_BODY, picture.GIVEN_PEAK, picture.GIVEN_BODY],
)
def test_the_wave_stands_out_from_the_card(colour: Colour) -> None:
    # WCAG 2.2, 1.4.11: 3 to 1 for what must be seen to understand a picture.
    assert contrast(colour, picture.CARD) >= 3


def test_words_stand_out_from_the_card() -> None:
    # WCAG 2.2, 1.4.3: 4.5 to 1 for text; twice that for what is shown at half its size.
    assert contrast(picture.TEXT, picture.CARD) >= 8
    assert contrast(picture.BOUNDARY, picture.CARD) >= 8


def test_the_core_stands_out_from_the_peak() -> None:
    for peak, body in zip(picture.NEW_PEAK, picture.NEW_BODY, strict=True):
        assert contrast(peak, body) >= 2
    assert contrast(picture.GIVEN_PEAK, picture.GIVEN_BODY) >= 2


@pytest.mark.parametrize("ground", DISCORD_GROUNDS)
def test_the_picture_does_not_depend_on_discords_theme(tmp_path: Path, ground: Colour) -> None:
    image = Image.open(io.BytesIO(draw_waveform(write(tmp_path / "a.wav", tone(3))).png))
    seen = Image.new("RGBA", image.size, (*ground, 255))
    seen.alpha_composite(image)
    before, after = np.asarray(image), np.asarray(seen)
    inside = np.ones((HEIGHT, WIDTH), bool)
    for rows in (slice(0, 22), slice(-22, None)):
        for columns in (slice(0, 22), slice(-22, None)):
            inside[rows, columns] = False
    inside[[0, -1], :] = inside[:, [0, -1]] = False
    np.testing.assert_array_equal(before[inside], after[inside])
    assert tuple(after[0, 0]) == (*ground, 255)


def test_loud_is_high_and_quiet_is_low(tmp_path: Path) -> None:
    music = np.concatenate([tone(2, 0.1), tone(2, 0.8), tone(2, 0.4)])
    columns = heights(pixels(write(tmp_path / "a.wav", music)))
    thirds = [int(columns[edge - 250 : edge].max()) for edge in (280, 590, 930)]
    assert thirds == pytest.approx([168 / 8, 168, 84], abs=3)


def test_a_core_shows_the_rms_level(tmp_path: Path) -> None:
    image = pixels(write(tmp_path / "a.wav", tone(3)))
    column = LEFT + 2 + 5 * 40
    wave = image[WAVE_ROWS, column, :3]
    light = int((wave.sum(axis=1) > 520).sum())
    assert light == pytest.approx(168 / np.sqrt(2), abs=4)


@pytest.mark.parametrize("given_s", [1.0, 3.7, 9.0])
def test_the_given_part_is_marked(tmp_path: Path, given_s: float) -> None:
    image = pixels(write(tmp_path / "a.wav", tone(10)), given_s)
    boundary = LEFT + 950 * given_s / 10
    white = np.flatnonzero((image[WAVE_ROWS, :, :3] > 250).all(axis=(0, 2)))
    assert white.mean() + 0.5 == pytest.approx(boundary, abs=1)
    # Grey before it, a colour after it.
    spread = np.ptp(image[WAVE_ROWS, :, :3].astype(int), axis=2).max(axis=0)
    assert spread[LEFT : int(boundary) - 2].max() < 30
    bars = spread[int(boundary) + 8 : RIGHT]
    assert np.median(bars[bars > 12]) > 100


@pytest.mark.parametrize("given_s", [0.0, -1.0])
def test_without_a_given_part_all_is_new(tmp_path: Path, given_s: float) -> None:
    image = pixels(write(tmp_path / "a.wav", tone(3)), given_s)
    assert not (image[WAVE_ROWS, :, :3] > 250).all(axis=(0, 2)).any()
    assert np.ptp(image[100, LEFT + 2, :3].astype(int)) > 50


@pytest.mark.parametrize(
    ("seconds", "marks_s"),
    [
        (30.0, [0, 10, 20, 30]),
        (8.0, [0, 2, 4, 6, 8]),
        (22.0, [0, 5, 10, 15, 22]),
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (75.0, [0, 15, 30, 45, 60, 75]),
        (240.0, [0, 60, 120, 180, 240]),
    ],
)
def test_time_marks(tmp_path: Path, seconds: float, marks_s: list[float]) -> None:
    found = labels(pixels(write(tmp_path / "a.wav", tone(seconds))))
    places = [LEFT + 950 * mark / seconds for mark in marks_s]
    assert len(found) == len(places)
    for (start, end), place in zip(found[1:-1], places[1:-1], strict=True):
        assert (start + end) / 2 == pytest.approx(place, abs=2)
    assert found[0][0] == pytest.approx(LEFT, abs=3)
    assert found[-1][1] == pytest.approx(RIGHT, abs=3)


@given(seconds=st.floats(0.00003, 150), given_share=st.floats(0, 1.2), level=st.floats(0, 1))
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_length_is_drawn(
    tmp_path: Path, seconds: float, given_share: float, level: float
) -> None:
    path = write(tmp_path / "a.wav", tone(seconds, level))
    drawn = draw_waveform(path, given_s=seconds * given_share)
    assert len(drawn.png) < 60_000
    assert drawn.duration_s == pytest.approx(max(1, round(seconds * RATE)) / RATE)
    found = labels(np.asarray(Image.open(io.BytesIO(drawn.png))))
    assert found[0][0] >= LEFT - 3
    assert found[-1][1] <= RIGHT + 3
    assert all(after[0] - before[1] > 20 for before, after in pairwise(found))


@pytest.mark.parametrize("frames", [1, 2, 31, 32, 33, 1000])
@pytest.mark.parametrize("channels", [1, 2])
def test_moments_are_drawn(tmp_path: Path, frames: int, channels: int) -> None:
    columns = heights(pixels(write(tmp_path / "a.wav", np.full((frames, channels), 0.5))))
    # Full height in every bar; between them there is nothing.
    assert columns.reshape(-1, 5).max(axis=1).min() >= 166


def test_silence_is_a_line(tmp_path: Path) -> None:
    columns = heights(pixels(write(tmp_path / "a.wav", np.zeros(RATE))))
    assert set(columns.reshape(-1, 5).max(axis=1)) <= {3, 4}


def test_stereo_looks_as_loud_as_its_louder_side(tmp_path: Path) -> None:
    mono = write(tmp_path / "mono.wav", tone(3))
    stereo = write(tmp_path / "stereo.wav", np.column_stack([tone(3), tone(3, 0.1)]))
    np.testing.assert_array_equal(heights(pixels(mono)), heights(pixels(stereo)))


@pytest.mark.parametrize("format_", list(ENCODINGS))
def test_every_format_has_a_picture(tmp_path: Path, format_: str) -> None:
    columns = heights(pixels(make_sound(tmp_path / "a", format_, channels=2, seconds=3)))
    assert np.median(columns.reshape(-1, 5).max(axis=1)) > 130


def test_noise_fits_in_sixty_kilobytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    samples = rng.standard_normal(RATE * 30) * np.repeat(rng.uniform(0, 0.3, 960), 1000)
    assert len(draw_waveform(write(tmp_path / "a.wav", samples), given_s=12).png) < 60_000


@pytest.mark.parametrize("format_", ["wav", "mp3"])
def test_half_a_minute_is_drawn_in_a_tenth_of_a_second(tmp_path: Path, format_: str) -> None:
    path = tmp_path / f"track.{format_}"
    path.write_bytes(render(SynthRequest("house", 1, 30, stereo=True, output_format=format_)))  # pyright: ignore[reportArgumentType] - one of its two
    taken_s: list[float] = []
    for _ in range(5):
        start = time.process_time()
        draw_waveform(path, given_s=12)
        taken_s.append(time.process_time() - start)
    assert min(taken_s) < 0.1


@pytest.mark.parametrize(("content", "error"), [(m4a(), AudioUnreadable), (b"words", NotAudio)])
def test_what_cannot_be_drawn(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(error):
        draw_waveform(path)


@pytest.mark.parametrize(
    ("duration_s", "given_s", "thirds_db", "sentence"),
    [
        (30, 0, (-14, -15, -14), "Waveform of 30 seconds of audio. It is evenly loud."),
        (1, 0, (-90, -90, -90), "Waveform of 1 second of audio. It is silent throughout."),
        (
            22.04,
            12,
            (-30, -14, -14),
            "Waveform of 22 seconds of audio. At first: quieter; in the middle: loud; at the end: "
            "loud. Up to 12 seconds it was given; from there it is new.",
        ),
        (
            65,
            0.5,
            (-14, -14, -70),
            "Waveform of 1 minute, 5 seconds of audio. At first: loud; in the middle: loud; at "
            "the end: silent. Up to 0.5 seconds it was given; from there it is new.",
        ),
        (
            120,
            120,
            (-20, -14, -30),
            "Waveform of 2 minutes of audio. At first: quieter; in the middle: loud; at the end: "
            "quieter.",
        ),
        (
            0.01,
            0,
            (-14, -14, -14),
            "Waveform of less than 0.1 seconds of audio. It is evenly loud.",
        ),
        (59.99, 0, (-14, -14, -14), "Waveform of 1 minute of audio. It is evenly loud."),
    ],
)
def test_descriptions(
    duration_s: float, given_s: float, thirds_db: tuple[float, float, float], sentence: str
) -> None:
    assert describe(Picture(b"", duration_s, given_s, thirds_db)) == sentence


def test_the_description_is_of_the_picture(tmp_path: Path) -> None:
    music = np.concatenate([tone(2, 0.1), tone(2, 0.8), tone(2, 0.0)])
    drawn = draw_waveform(write(tmp_path / "a.wav", music), given_s=2)
    assert describe(drawn) == (
        "Waveform of 6 seconds of audio. At first: quieter; in the middle: loud; at the end: "
        "silent. Up to 2 seconds it was given; from there it is new."
    )


@given(
    st.floats(0.001, 4000),
    st.floats(0, 4000),
    st.tuples(*[st.floats(-90, 0)] * 3),
)
def test_a_description_is_short(
    duration_s: float, given_s: float, thirds_db: tuple[float, float, float]
) -> None:
    sentence = describe(Picture(b"", duration_s, given_s, thirds_db))
    assert sentence.endswith(".")
    assert len(sentence) < 200
