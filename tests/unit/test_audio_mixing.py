"""The mix of a piece, read back: loudness, peaks, fade, chapters, credits, and what fits."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, cast

import av
import mutagen
import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

from bot.audio.loudness import loudness_of
from bot.audio.mixing import LOUDNESS_LUFS, measure_loudness, mix
from bot.domain.errors import OutputTooLarge
from bot.domain.mixes import Chapter, Credits, Fit, Mixed, MixFormat, MixLabels, fit_of
from bot.playground.synth import SynthRequest, render
from tests.unit.audio_kit import samples_of

RATE = 32_000
PLENTY = 1 << 30
PNG = b"\x89PNG of a piece"
CHAPTERS = [Chapter(0.0, "soft piano (Bo)"), Chapter(3.25, "Trommeln ♪ (Ada)")]
CREDITS = Credits(["Bo", "Ada"], CHAPTERS, PNG)
LABELS = MixLabels("Mix of “rain”", "0:00 soft piano", "MusicGen", CREDITS)


def write(path: Path, samples: npt.NDArray[np.floating]) -> Path:
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return path


def tone(seconds: float, level: float) -> npt.NDArray[np.float64]:
    time = np.arange(round(seconds * RATE)) / RATE
    wave = level * np.sin(2 * np.pi * 440 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * time))
    return np.column_stack([wave, wave])


def mixed(piece: Path, format_: MixFormat, fade_s: float = 0.0, limit: int = PLENTY) -> Mixed:
    return mix(piece, format_.tried, fade_s=fade_s, limit_bytes=limit, labels=LABELS)


@pytest.mark.parametrize("level", [0.02, 0.9])
@pytest.mark.parametrize("format_", MixFormat)
def test_it_is_as_loud_as_others_and_within_its_peaks(
    tmp_path: Path, format_: MixFormat, level: float
) -> None:
    made = mixed(write(tmp_path / "piece.wav", tone(6, level)), format_)
    assert made.format is format_
    again = measure_loudness(made.path)
    assert again == made.loudness
    assert again.lufs == pytest.approx(LOUDNESS_LUFS, abs=0.5)
    assert again.peak_db <= -1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["piece.wav", made.path.name])


@pytest.mark.parametrize(
    ("format_", "limit_bytes"),
    [(MixFormat.WAV, PLENTY), (MixFormat.FLAC, PLENTY), (MixFormat.MP3, 120_000)],
)
def test_high_peaks_keep_it_quieter_and_stay_below_the_limit(
    tmp_path: Path, format_: MixFormat, limit_bytes: int
) -> None:
    """Bursts: what a small MP3 makes of them is higher by 2 dB than they were."""
    rng = np.random.default_rng(3)
    samples = 0.01 * rng.standard_normal((6 * RATE, 2))
    for at in range(0, len(samples), 24_000):
        samples[at : at + 800] = (90 * samples[at : at + 800]).clip(-0.9, 0.9)
    made = mixed(write(tmp_path / "piece.wav", samples), format_, limit=limit_bytes)
    assert made.loudness.lufs is not None
    assert made.loudness.lufs < LOUDNESS_LUFS - 0.5
    assert -3 < measure_loudness(made.path).peak_db <= -1


@pytest.mark.parametrize(("channels", "lufs"), [(2, -23.0), (1, -26.0)])
def test_loudness_is_that_of_the_standard(channels: int, lufs: float) -> None:
    """EBU Tech 3341, first case: a stereo tone of 1 kHz at -23 dBFS; one channel has half of it."""
    wave = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(20 * RATE) / RATE)
    tone = np.column_stack([wave] * channels).astype(np.float32)
    found = loudness_of([tone[at : at + 777] for at in range(0, len(tone), 777)], RATE, channels)
    assert found.lufs == pytest.approx(lufs, abs=0.1)
    assert found.peak_db == pytest.approx(-23, abs=0.1)


def test_a_peak_between_the_samples_is_one_to_the_very_end() -> None:
    """Every sample of such a tone is 3 dB below what a converter makes of it."""
    wave = np.zeros(2 * RATE + 1000)
    wave[-900:] = 0.5 * np.sin(np.pi / 2 * np.arange(900) + np.pi / 4)
    found = loudness_of([wave.astype(np.float32)[:, None]], RATE, 1)
    assert found.peak_db == pytest.approx(20 * np.log10(0.5), abs=0.6)
    assert np.abs(wave).max() < 0.36


def test_it_fades_only_where_that_is_asked_for(tmp_path: Path) -> None:
    piece = write(tmp_path / "piece.wav", tone(6, 0.5))
    plain = samples_of(mixed(piece, MixFormat.FLAC).path)
    faded = samples_of(mixed(piece, MixFormat.WAV, fade_s=2.0).path)
    assert np.array_equal(faded[: 4 * RATE], plain[: 4 * RATE])
    assert abs(faded[-8:]).max() < 1e-3 < abs(plain[-80:]).max()


@pytest.mark.parametrize("seconds", [0.1, 3.0])
def test_silence_stays_silence(tmp_path: Path, seconds: float) -> None:
    piece = write(tmp_path / "piece.wav", np.zeros((round(seconds * RATE), 1)))
    made = mixed(piece, MixFormat.WAV, fade_s=2)
    assert made.loudness.lufs is None
    assert not samples_of(made.path).any()


def opened(path: Path) -> Any:
    """mutagen declares its types halfway."""
    return cast("Any", mutagen).File(path)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    piece = tmp_path_factory.mktemp("music") / "piece.wav"
    piece.write_bytes(render(SynthRequest("deep house 120 bpm", 7, 6.5, stereo=True)))
    return piece


@pytest.mark.parametrize("format_", [MixFormat.MP3, MixFormat.FLAC])
def test_others_find_its_chapters(music: Path, format_: MixFormat) -> None:
    """FFmpeg reads them as its own."""
    with av.open(mixed(music, format_).path) as file:
        found = [
            (float(one["start"] * (one["time_base"] or 0)), one["metadata"]["title"])
            for one in file.chapters()
        ]
        assert file.metadata["title"] == LABELS.title
    assert found == [(one.start_s, one.title) for one in CHAPTERS]


def test_an_mp3_has_contents_credits_and_picture(music: Path) -> None:
    tags: Any = opened(mixed(music, MixFormat.MP3).path).tags
    assert "/".join(tags["TPE1"].text) == "Bo/Ada"
    assert tags.getall("APIC")[0].data == PNG
    [contents] = tags.getall("CTOC")
    assert contents.child_element_ids == ["chapter1", "chapter2"]
    assert [tags[f"CHAP:{one}"].end_time for one in contents.child_element_ids] == [3250, 6500]


def test_a_flac_has_credits_and_picture(music: Path) -> None:
    audio: Any = opened(mixed(music, MixFormat.FLAC).path)
    assert audio["artist"] == ["Bo", "Ada"]
    assert [picture.data for picture in audio.pictures] == [PNG]
    assert (audio["chapter002"], audio["chapter002name"]) == (["00:00:03.250"], [CHAPTERS[1].title])


def test_a_wav_has_cue_points_as_well(music: Path) -> None:
    path = mixed(music, MixFormat.WAV).path
    tags: Any = opened(path).tags
    assert [one.sub_frames["TIT2"].text for one in tags.getall("CHAP")] == [
        [one.title] for one in CHAPTERS
    ]
    chunks = dict(_chunks(path.read_bytes()))
    count, *points = struct.unpack("<I" + "II4sIII" * 2, chunks[b"cue "])
    assert (count, points[1], points[7]) == (2, 0, 3.25 * RATE)
    assert chunks[b"LIST"].startswith(b"adtl")
    for chapter in CHAPTERS:
        assert chapter.title.encode() + b"\0" in chunks[b"LIST"]


def _chunks(riff: bytes) -> list[tuple[bytes, bytes]]:
    assert struct.unpack("<I", riff[4:8]) == (len(riff) - 8,)
    found, at = list[tuple[bytes, bytes]](), 12
    while at < len(riff):
        name, size = struct.unpack("<4sI", riff[at : at + 8])
        found.append((name, riff[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def test_what_does_not_fit_comes_as_the_next_best(music: Path) -> None:
    flac = mixed(music, MixFormat.WAV, limit=music.stat().st_size)
    assert flac.format is MixFormat.FLAC
    mp3 = mixed(music, MixFormat.WAV, limit=flac.path.stat().st_size)
    assert mp3.format is MixFormat.MP3
    assert mp3.path.stat().st_size <= flac.path.stat().st_size
    with pytest.raises(OutputTooLarge):
        mixed(music, MixFormat.FLAC, limit=70_000)


@pytest.mark.parametrize(
    ("format_", "length_s", "fit"),
    [
        (MixFormat.WAV, 60, Fit.SURE),
        (MixFormat.WAV, 120, Fit.UNSURE),
        (MixFormat.WAV, 180, Fit.NEVER),
        (MixFormat.FLAC, 180, Fit.UNSURE),
        (MixFormat.MP3, 300, Fit.SURE),
    ],
)
def test_what_will_fit_is_told_as_far_as_it_is_known(
    format_: MixFormat, length_s: float, fit: Fit
) -> None:
    assert fit_of(format_, length_s, 10 << 20, by_model=True) is fit
    assert fit_of(format_, length_s, 10 << 20, by_model=False) is not Fit.SURE or fit is Fit.SURE
