"""What a file is, by its bytes: honest files, broken ones, and lies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audio.probe import AudioFacts, probe
from bot.audio.sniffing import find
from bot.domain.audio_formats import FORMATS
from bot.domain.errors import AudioBeyondBounds, AudioUnreadable, NotAudio
from tests.examples import examples
from tests.unit.audio_kit import ENCODINGS, SECONDS, m4a, make_sound, rate_hz


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format_", ENCODINGS)
def test_every_format_is_known_by_its_bytes(tmp_path: Path, format_: str, channels: int) -> None:
    facts = probe(make_sound(tmp_path / "holiday.txt", format_, channels=channels))
    assert facts == AudioFacts(format_, SECONDS, channels, rate_hz(format_))  # pyright: ignore[reportArgumentType] - the keys are formats


@pytest.mark.parametrize("format_", ["mp3", "flac"])
def test_a_tag_with_a_picture_in_front_hides_nothing(tmp_path: Path, format_: str) -> None:
    path = make_sound(tmp_path / "a", format_)
    # 0x00 0x01 0x48 0x20 is 25,632 bytes, seven bits to the byte.
    tag = b"ID3\x03\x00\x00\x00\x01\x48\x20" + bytes(25_632)
    path.write_bytes(tag + path.read_bytes())
    facts = probe(path)
    assert (facts.format, facts.channels) == (format_, 1)
    assert facts.duration_s == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"R",
        b"ID3",
        b"this is a song about a file that is none",
        "﻿UTF-16, which begins like MPEG audio".encode("utf-16"),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"RIFF\x24\x00\x00\x00WEBPVP8 ",
        b"<html><title>404</title></html>",
        b"\xff\xf1\x50\x80" + bytes(100),
        bytes(10_000),
    ],
)
def test_what_is_no_audio_is_not_made_to_be(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    with pytest.raises(NotAudio):
        probe(path)


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (b"RIFF\x24\x00\x00\x00WAVE", "wav"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff", "wav"),
        (b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f", "mp3"),
        (b"\xff\xfb\x90\x00", "mp3"),
        (b"fLaC\x00\x00\x00\x22", "flac"),
        (b"OggS\x00\x02", "ogg"),
        (b"FORM\x00\x00\x00\x04AIFF", "aiff"),
        (b"\x00\x00\x00\x10ftypM4A \x00\x00\x00\x00", "m4a"),
        (m4a(), "m4a"),
    ],
)
def test_a_beginning_alone_is_unreadable(tmp_path: Path, content: bytes, format_: str) -> None:
    path = tmp_path / "song"
    path.write_bytes(content)
    with pytest.raises(AudioUnreadable) as caught:
        probe(path)
    assert caught.value.format == format_


@pytest.mark.parametrize("format_", ["wav", "aiff", "ogg"])
def test_no_samples_is_unreadable(tmp_path: Path, format_: str) -> None:
    with pytest.raises(AudioUnreadable):
        probe(make_sound(tmp_path / "silence", format_, seconds=0))


@pytest.mark.parametrize("format_", ["wav", "aiff", "mp3", "flac", "ogg", "opus"])
def test_half_a_file_is_half_as_long(tmp_path: Path, format_: str) -> None:
    path = make_sound(tmp_path / "cut", format_, seconds=10)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert probe(path).duration_s == pytest.approx(5, abs=2)


def test_a_wav_that_claims_hours_has_what_it_has(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "streamed.wav", "wav")
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert probe(path).duration_s == pytest.approx(SECONDS)


def test_a_flac_that_claims_hours_has_what_it_has(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "lie.flac", "flac")
    content = bytearray(path.read_bytes())
    # The count of samples is the low 36 bits before the MD5 sum; RFC 9639, 8.2.
    content[8 + 14 : 8 + 18] = b"\xf0\x00\x00\x00"
    path.write_bytes(content)
    assert probe(path).duration_s == pytest.approx(SECONDS, abs=0.05)


_SEEDS = ["wav", "mp3", "flac", "ogg", "opus", "aiff", "m4a"]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("honest")
    made = {f: make_sound(folder / f, f, seconds=0.2).read_bytes() for f in ENCODINGS}
    return {**made, "m4a": m4a(0.2)}


def _never_surprised(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        facts = probe(path)
    except (NotAudio, AudioUnreadable, AudioBeyondBounds):
        return
    assert 0 < facts.duration_s < float("inf")
    assert facts.channels > 0
    assert facts.sample_rate_hz > 0


_examples = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(
    start=st.sampled_from(
        [
            b"",
            b"RIFF0000WAVE",
            b"ID3\x04\0\0",
            b"\xff\xfb\x90\x64",
            b"fLaC",
            b"OggS",
            b"FORM0000AIFC",
            b"\0\0\0\x18ftyp",
        ]
    ),
    rest=st.binary(max_size=600),
)
@_examples
def test_any_bytes_at_all(tmp_path: Path, start: bytes, rest: bytes) -> None:
    _never_surprised(tmp_path / "bytes", start + rest)


@given(
    seed=st.sampled_from(_SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=8)), max_size=6),
    keep=st.floats(0, 1),
)
@_examples
def test_any_damage_to_a_real_file(
    tmp_path: Path,
    honest: dict[str, bytes],
    seed: str,
    changes: list[tuple[int, bytes]],
    keep: float,
) -> None:
    content = bytearray(honest[seed])
    for position, data in changes:
        content[position : position + len(data)] = data
    _never_surprised(tmp_path / "damaged", bytes(content[: round(len(content) * keep)]))


@given(content=st.binary(max_size=40))
def test_sniffing_never_fails(content: bytes) -> None:
    try:
        found = find(content)
    except (NotAudio, AudioUnreadable):
        return
    assert found.format in FORMATS
    assert found.at < len(content)


def test_a_missing_file_is_not_called_broken_audio(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "nothing")


def test_waiting_for_work_holds_no_audio_library() -> None:
    script = (
        "import sys, bot.audio.probe, bot.audio.tags, bot.domain.track_names;"
        "print([name for name in ('numpy', 'soundfile', 'mutagen') if name in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert done.stdout == "[]\n"
