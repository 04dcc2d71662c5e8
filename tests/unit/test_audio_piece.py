"""The piece of a jam: its joints are those that were heard, and it comes apart again."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from PIL import Image

from bot.audio.join import cut_context, join
from bot.audio.picture import draw_waveform
from bot.audio.piece import keep_lossless, splice, splice_end, split_sections
from bot.audio.seam_metrics import measure
from bot.playground.synth import Recording, SynthRequest, render
from tests.unit.audio_kit import samples_of

RATE = 32_000
TAIL_S = 5.0


def write(path: Path, samples: npt.NDArray[np.floating]) -> Path:
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return path


def evening(folder: Path, rounds: int) -> tuple[list[Path], list[float], Path]:
    """Takes that go on from one another as in a jam, and the piece as it was each time."""
    takes, given, piece = list[Path](), list[float](), folder / "piece.wav"
    for number in range(rounds):
        take = folder / f"take{number}.flac"
        whole = folder / f"track{number}.wav"
        wanted = SynthRequest("deep house 120 bpm", seed=number + 1, duration_s=6)
        if not takes:
            whole.write_bytes(render(wanted))
            given.append(0.0)
        else:
            tail, output = folder / "tail.wav", folder / "output.wav"
            length_s = splice_end(takes, given, TAIL_S, tail)
            heard = Recording.decode(tail.read_bytes())
            further = replace(wanted, duration_s=TAIL_S + 4, given=heard, continuation=True)
            output.write_bytes(render(further))
            join(tail, output, length_s, whole)
            given.append(length_s)
        keep_lossless(whole, take)
        takes.append(take)
        splice(takes, given, piece)
    return takes, given, piece


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[float], Path]:
    return evening(tmp_path_factory.mktemp("evening"), 4)


def test_a_piece_is_what_was_heard_sample_by_sample(
    made: tuple[list[Path], list[float], Path],
) -> None:
    takes, given, piece = made
    whole = samples_of(piece)
    assert len(whole) == (6 + 3 * 4) * RATE
    for number, (take, given_s) in enumerate(zip(takes, given, strict=True)):
        track = samples_of(take)
        end = (6 + number * 4) * RATE
        heard = whole[end - len(track) : end]
        if number + 1 < len(takes):
            # The next take fades in over the last quarter of a second.
            heard, track = heard[: -RATE // 4], track[: -RATE // 4]
        assert np.array_equal(heard, track)
        assert given_s in {0.0, TAIL_S}


def test_no_joint_can_be_measured_in_it(made: tuple[list[Path], list[float], Path]) -> None:
    whole = samples_of(made[2]).astype(np.float32)
    for number in range(3):
        end = (6 + number * 4) * RATE
        joint = measure(whole, RATE, end - RATE // 4, end)
        assert joint.step <= 1.5 * joint.step_around


def test_its_end_is_cut_without_loss(
    made: tuple[list[Path], list[float], Path], tmp_path: Path
) -> None:
    takes, given, piece = made
    assert splice_end(takes[2:], given[2:], 3.0, tmp_path / "end.wav") == 3.0
    cut_context(piece, 3.0, tmp_path / "same.wav")
    assert np.array_equal(samples_of(tmp_path / "end.wav"), samples_of(tmp_path / "same.wav"))


def test_sections_come_apart_again(
    made: tuple[list[Path], list[float], Path], tmp_path: Path
) -> None:
    assert split_sections(made[2], [0.0, 6.0, 10.0, 14.0], tmp_path / "sections.zip") == 4
    with zipfile.ZipFile(tmp_path / "sections.zip") as archive:
        archive.extractall(tmp_path)
    parts = [samples_of(tmp_path / f"section-{number:02}.flac") for number in range(1, 5)]
    assert np.array_equal(np.concatenate(parts), samples_of(made[2]))
    assert sorted(path.name for path in tmp_path.glob("*.wav")) == []


def test_each_section_has_its_authors_colour(
    made: tuple[list[Path], list[float], Path],
) -> None:
    red, green = (220, 60, 60), (60, 200, 90)
    parts = [(0.0, red), (6.0, green), (10.0, red), (14.0, red)]
    image = Image.open(BytesIO(draw_waveform(made[2], parts=parts).png)).convert("RGB")
    colours = {
        place: {image.getpixel((x, y)) for x in range(*place) for y in range(20, 188)}
        for place in ((30, 330), (345, 540))
    }
    assert red in colours[30, 330]
    assert green not in colours[30, 330]
    assert green in colours[345, 540]
    assert red not in colours[345, 540]
