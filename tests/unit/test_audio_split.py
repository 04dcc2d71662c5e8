"""A WAV cut into parts sounds the same, whatever it is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from hypothesis import given
from hypothesis import strategies as st

from bot.audio.split import NotSplit, split_wav


def a_wav(
    path: Path, rate_hz: int = 8000, channels: int = 2, subtype: str = "PCM_16", frames: int = 4000
) -> Path:
    noise = np.random.default_rng(7).uniform(-0.9, 0.9, (frames, channels))
    soundfile.write(path, noise, rate_hz, subtype=subtype, format="WAV")
    return path


def heard(*paths: Path) -> npt.NDArray[np.generic]:
    read = [soundfile.read(path, dtype="float64")[0] for path in paths]
    return np.concatenate(read)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("rate_hz", [8000, 44_100, 1_000_000])
@pytest.mark.parametrize("channels", [1, 2, 12])
def test_no_sample_is_changed(tmp_path: Path, subtype: str, rate_hz: int, channels: int) -> None:
    path = a_wav(tmp_path / "track.wav", rate_hz, channels, subtype)
    limit_bytes = path.stat().st_size // 3
    parts = split_wav(path, limit_bytes, 9)
    assert [part.name for part in parts] == [
        f"track.part{n}of{len(parts)}.wav" for n in range(1, len(parts) + 1)
    ]
    assert all(part.stat().st_size <= limit_bytes for part in parts)
    assert all(soundfile.info(part).samplerate == rate_hz for part in parts)
    assert np.array_equal(heard(*parts), heard(path))


def test_a_file_that_does_not_know_its_length(tmp_path: Path) -> None:
    path = a_wav(tmp_path / "track.wav")
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    expected = heard(path)
    for size in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        data[place : place + 4] = size
        path.write_bytes(data)
        assert np.array_equal(heard(*split_wav(path, 6000, 9)), expected)


@pytest.mark.parametrize(
    ("content", "limit_bytes"),
    [
        (b"", 1000),
        (b"fLaC and so on", 1000),
        (b"RIFF\0\0\0\0WAVE", 1000),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", 1000),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data\4\0\0\0abcd", 1000),
    ],
)
def test_what_cannot_be_cut(tmp_path: Path, content: bytes, limit_bytes: int) -> None:
    path = tmp_path / "track.wav"
    path.write_bytes(content)
    with pytest.raises(NotSplit):
        split_wav(path, limit_bytes, 9)
    assert [file.name for file in tmp_path.iterdir()] == ["track.wav"]


@pytest.mark.parametrize(("limit_bytes", "most"), [(40, 9), (4000, 2)])
def test_what_would_take_too_many_parts(tmp_path: Path, limit_bytes: int, most: int) -> None:
    path = a_wav(tmp_path / "track.wav")
    with pytest.raises(NotSplit):
        split_wav(path, limit_bytes, most)


@given(tail=st.binary(max_size=200), limit_bytes=st.integers(0, 300))
def test_any_bytes_behind_a_header_do_no_harm(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes, limit_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "track.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + tail)
    try:
        parts = split_wav(path, limit_bytes, 9)
    except NotSplit:
        return
    assert all(part.stat().st_size <= limit_bytes for part in parts)
