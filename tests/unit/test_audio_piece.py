"""The piece of a jam: its joints are those that were heard, and it comes apart again."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from PIL import Image

from bot.audio.end_cut import measure_end
from bot.audio.join import cut_context, join
from bot.audio.picture import draw_waveform
from bot.audio.piece import keep_lossless, splice, splice_end, split_sections
from bot.audio.seam_beat import measure_beat
from bot.audio.seam_metrics import measure
from bot.playground.synth import Recording, SynthRequest, render
from tests.unit.audio_kit import samples_of

RATE = 32_000
TAIL_S = 5.0


def write(path: Path, samples: npt.NDArray[np.floating]) -> Path:
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return path


@dataclass(frozen=True)
class Evening:
    """Takes that go on from one another as in a jam, and the piece that they make."""

    takes: list[Path]
    given_s: list[float]
    over_s: list[float]
    tails_s: list[float]
    starts_s: list[float]
    piece: Path


def evening(folder: Path, rounds: int, bpm: int) -> Evening:
    """Six seconds, and four more each round."""
    takes, given, over, tails, piece = list[Path](), [0.0], [0.0], list[float](), folder / "a.wav"
    starts = [0.0]
    for number in range(rounds):
        take = folder / f"take{number}.flac"
        whole = folder / f"track{number}.wav"
        wanted = SynthRequest(f"techno {bpm} bpm", seed=number + 1, duration_s=6)
        if not takes:
            whole.write_bytes(render(wanted))
        else:
            tail, output = folder / "tail.wav", folder / "output.wav"
            length_s = splice_end(takes, over, TAIL_S, tails[-1], tail)
            heard = Recording.decode(tail.read_bytes())
            further = replace(wanted, duration_s=TAIL_S + 4, given=heard, continuation=True)
            output.write_bytes(render(further))
            join(tail, output, length_s, whole)
            given.append(length_s)
            over.append(length_s + tails[-1])
        keep_lossless(whole, take)
        takes.append(take)
        tails.append(measure_end(take, given[-1], bpm).tail_s)
        starts.append(splice(takes, over, piece) - tails[-1])
    return Evening(takes, given, over, tails, starts[:-1], piece)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    return evening(tmp_path_factory.mktemp("evening"), 4, bpm=112)


def test_a_piece_is_what_was_heard_sample_by_sample(made: Evening) -> None:
    whole = samples_of(made.piece)
    assert len(whole) == (6 + 3 * 4 - sum(made.tails_s[:-1])) * RATE
    for number, (take, start_s) in enumerate(zip(made.takes, made.starts_s, strict=True)):
        track = samples_of(take)
        begin = round((start_s - made.given_s[number]) * RATE)
        if number + 1 < len(made.takes):
            # The next take fades in over the last quarter of a second before it begins.
            track = track[: round((made.starts_s[number + 1] - 0.25) * RATE) - begin]
        assert np.array_equal(whole[begin : begin + len(track)], track)


def test_no_joint_can_be_measured_in_it(made: Evening) -> None:
    whole = samples_of(made.piece).astype(np.float32)
    assert all(0 < tail_s < 60 / 112 for tail_s in made.tails_s[:-1])
    for start_s in made.starts_s[1:]:
        at = round(start_s * RATE)
        joint = measure(whole, RATE, at - RATE // 4, at)
        assert joint.step <= 1.5 * joint.step_around
        beat = measure_beat(whole, RATE, at, 112)
        assert beat is not None
        assert beat.sureness > 0.5
        assert beat.after_bpm == pytest.approx(beat.before_bpm, rel=0.01)
        assert abs(beat.off_s) < 0.025
        beats = start_s * 112 / 60
        assert abs(beats - round(beats)) * 60 / 112 < 0.02, "each section begins on a beat"


def test_its_end_is_cut_without_loss(made: Evening, tmp_path: Path) -> None:
    end = splice_end(made.takes[2:], made.over_s[2:], 3.0, 0.0, tmp_path / "end.wav")
    assert end == 3.0
    cut_context(made.piece, 3.0, tmp_path / "same.wav")
    assert np.array_equal(samples_of(tmp_path / "end.wav"), samples_of(tmp_path / "same.wav"))
    splice_end(made.takes[2:], made.over_s[2:], 3.0, 0.5, tmp_path / "before.wav")
    whole = samples_of(made.piece)
    assert np.array_equal(samples_of(tmp_path / "before.wav"), whole[-RATE * 7 // 2 : -RATE // 2])


def test_sections_come_apart_again(made: Evening, tmp_path: Path) -> None:
    assert split_sections(made.piece, made.starts_s, tmp_path / "sections.zip") == 4
    with zipfile.ZipFile(tmp_path / "sections.zip") as archive:
        archive.extractall(tmp_path)
    parts = [samples_of(tmp_path / f"section-{number:02}.flac") for number in range(1, 5)]
    assert np.array_equal(np.concatenate(parts), samples_of(made.piece))
    assert sorted(path.name for path in tmp_path.glob("*.wav")) == []


def test_each_section_has_its_authors_colour(made: Evening) -> None:
    red, green = (220, 60, 60), (60, 200, 90)
    parts = [(0.0, red), (6.0, green), (10.0, red), (14.0, red)]
    image = Image.open(BytesIO(draw_waveform(made.piece, parts=parts).png)).convert("RGB")
    colours = {
        place: {image.getpixel((x, y)) for x in range(*place) for y in range(20, 188)}
        for place in ((30, 330), (360, 510))
    }
    assert red in colours[30, 330]
    assert green not in colours[30, 330]
    assert green in colours[360, 510]
    assert red not in colours[360, 510]


@pytest.mark.parametrize(
    ("rate_hz", "kept_hz"), [(65_537, 48_000), (176_399, 48_000), (88_200, 88_200)]
)
def test_a_rate_that_flac_does_not_take_becomes_a_usual_one(
    tmp_path: Path, rate_hz: int, kept_hz: int
) -> None:
    """As the fuzzer has found."""
    odd, kept = tmp_path / "odd.wav", tmp_path / "kept.flac"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (rate_hz // 2, 2))
    soundfile.write(odd, noise, rate_hz, subtype="PCM_16")
    assert keep_lossless(odd, kept) == pytest.approx(0.5, abs=0.001)
    assert soundfile.info(kept).samplerate == kept_hz
