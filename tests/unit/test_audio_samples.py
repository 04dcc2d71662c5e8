"""Audio block by block is the audio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.audio.samples import Tail, mixed, opened, pcm_file
from bot.domain.errors import AudioBeyondBounds, AudioUnreadable, NotAudio
from bot.host.whole_files import whole_file
from tests.unit.audio_kit import ENCODINGS, m4a, make_sound, rate_hz, samples_of


@pytest.mark.parametrize("frames", [999, 4096, 50_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format_", list(ENCODINGS))
def test_blocks_are_the_whole(tmp_path: Path, format_: str, channels: int, frames: int) -> None:
    path = make_sound(tmp_path / "sound", format_, channels=channels)
    with opened(path) as stream:
        assert (stream.format, stream.channels) == (format_, channels)
        assert stream.rate_hz == rate_hz(format_)
        blocks = list(stream.blocks(frames))
    assert {len(block) for block in blocks[:-1]} <= {frames}
    np.testing.assert_allclose(np.concatenate(blocks), samples_of(path), atol=1e-6)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", NotAudio),
        (b"no audio at all", NotAudio),
        (m4a(), AudioUnreadable),
        (b"RIFF\x24\x00\x00\x00WAVE", AudioUnreadable),
        (b"fLaC" + bytes(50), AudioUnreadable),
    ],
)
def test_what_cannot_be_opened(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    path = tmp_path / "sound"
    path.write_bytes(content)
    with pytest.raises(error), opened(path):
        pass


def test_a_sound_without_samples_is_unreadable(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "sound", "wav", seconds=0)
    with opened(path) as stream, pytest.raises(AudioUnreadable):
        list(stream.blocks())


def test_absurd_rates_are_refused(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "sound", "wav")
    content = bytearray(path.read_bytes())
    content[24:28] = (2_000_000_000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(AudioBeyondBounds), opened(path):
        pass


def test_what_is_broken_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "sound", "flac")
    whole = samples_of(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with opened(path) as stream:
        part = np.concatenate(list(stream.blocks()))
    assert len(whole) * 0.3 < len(part) < len(whole) * 0.7
    np.testing.assert_allclose(part, whole[: len(part)], atol=1e-6)


def test_not_a_number_is_silence(tmp_path: Path) -> None:
    import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    path = tmp_path / "sound.wav"
    samples = np.array([np.nan, np.inf, -np.inf, 0.5], np.float32)
    soundfile.write(path, samples, 32_000, subtype="FLOAT")
    with opened(path) as stream:
        assert np.concatenate(list(stream.blocks())).ravel().tolist() == [0.0, 1.0, -1.0, 0.5]


@pytest.mark.parametrize(
    ("channels", "wanted", "expected"),
    [
        (1, 1, [[0.0], [3.0]]),
        (1, 2, [[0.0, 0.0], [3.0, 3.0]]),
        (2, 2, [[0.0, 1.0], [3.0, 4.0]]),
        (2, 1, [[0.5], [3.5]]),
        (3, 2, [[1.0, 1.0], [4.0, 4.0]]),
    ],
)
def test_channels(channels: int, wanted: int, expected: list[list[float]]) -> None:
    block = np.arange(6, dtype=np.float32).reshape(2, 3)[:, :channels]
    assert mixed(block, wanted).tolist() == expected


@pytest.mark.parametrize("held", [1, 10, 25, 100])
def test_a_tail_holds_back_the_last_frames(held: int) -> None:
    whole = np.arange(60, dtype=np.float32)[:, None]
    tail = Tail(held)
    given = [part for start in range(0, 60, 7) for part in tail.push(whole[start : start + 7])]
    rest = tail.rest()
    assert min(held, 60) <= len(rest) < held + 7
    np.testing.assert_array_equal(np.concatenate([*given, rest]), whole)


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(b"old")
    with pytest.raises(IndexError), pcm_file(path, 32_000, 1) as file:
        file.write(np.zeros((10, 1), np.float32)[:, 5])
    assert path.read_bytes() == b"old"
    with whole_file(path) as draft:
        draft.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_sixteen_bits_stay_what_they_are(tmp_path: Path) -> None:
    numbers = [-32_768, -32_767, -1, 0, 1, 12_345, 32_767]
    values = np.array([[number / 32_768] for number in numbers], np.float32)
    with pcm_file(tmp_path / "sound.wav", 32_000, 1) as file:
        file.write(values)
        file.write(np.array([[1.5], [-1.5]], np.float32))
    written = samples_of(tmp_path / "sound.wav").ravel() * 32768
    assert written.tolist() == [*numbers, 32_767, -32_768]
