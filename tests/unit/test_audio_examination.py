"""What goes in: every kind of file that people have is measured rightly, or refused by its name."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio.cut import cut_beginning
from bot.audio.examination import Examined, examine
from bot.domain.audio_formats import FORMATS
from bot.domain.errors import (
    AudioBeyondBounds,
    AudioEmpty,
    AudioUnreadable,
    FormatNotTaken,
    NotAudio,
    RequestRefused,
    SoundMissing,
)
from tests.examples import examples
from tests.unit.audio_kit import ENCODINGS, endless_atoms, make_sound
from tests.unit.encoded_audio import FRAGMENTS, KINDS, PADDING_S, encoded

S = 3.0


@cache
def sound(format_: str, *, seconds: float = S, channels: int = 1) -> bytes:
    """By libsndfile where it can."""
    if format_ not in ENCODINGS:
        return encoded(format_, seconds=seconds)
    with TemporaryDirectory() as folder:
        path = make_sound(Path(folder) / "a", format_, seconds=seconds, channels=channels)
        return path.read_bytes()


@cache
def vbr_without_header() -> bytes:
    """What begins quietly, at the lowest bit rate, and goes on with noise, at the highest."""
    noise = np.random.default_rng(1).normal(0, 0.2, 20 * 32_000)
    noise[: 10 * 32_000] *= 1e-5
    file = io.BytesIO()
    soundfile.write(
        file, noise, 32_000, format="MP3", bitrate_mode="VARIABLE", compression_level=0.3
    )
    content = file.getvalue()
    assert content.count(b"Xing") == 1
    return content.replace(b"Xing", bytes(4))


def with_sizes(data: bytes, *sizes: tuple[bytes | int, int]) -> bytes:
    """A WAV or AIFF with other sizes: of the whole at 4, else of the chunk of a name."""
    changed = bytearray(data)
    order = "little" if data.startswith(b"RIFF") else "big"
    for chunk, size in sizes:
        place = chunk if isinstance(chunk, int) else data.index(chunk) + 4
        changed[place : place + 4] = size.to_bytes(4, order)
    return bytes(changed)


def id3(length: int = 16) -> bytes:
    return b"ID3\x03\x00\x00\x00\x00" + bytes((length >> 7, length & 0x7F)) + bytes(length)


def ape(length: int = 2000) -> bytes:
    """A header, and items of so many bytes with the footer."""
    head = (2000).to_bytes(4, "little") + length.to_bytes(4, "little") + bytes(4)
    return b"APETAGEX" + head + b"\x00\x00\x00\xa0" + bytes(8) + b"\x01" * length


Kinds = dict[str, tuple[Callable[[], bytes], float]]

CLEAN: Kinds = {
    "wav": (lambda: sound("wav"), S),
    "wav, stereo": (lambda: sound("wav", channels=2), S),
    "wav with a chunk behind": (lambda: sound("wav") + b"LIST\x04\x00\x00\x00INFO", S),
    "wav with an ID3v1 tag behind": (lambda: sound("wav") + b"TAG" + bytes(125), S),
    "flac": (lambda: sound("flac"), S),
    "mp3": (lambda: sound("mp3"), S),
    "mp3 with tags before and behind": (lambda: id3() + sound("mp3") + b"TAG" + bytes(125), S),
    "mp3, one bit rate, no header": (lambda: encoded("mp3", options={"write_xing": "0"}), S),
}

DECODED: Kinds = {
    # A length that is too small.
    "mp3, variable, no header": (vbr_without_header, 20.0),
    "two mp3": (lambda: sound("mp3") * 2, 2 * S),
    "two mp3, tagged": (lambda: (id3() + sound("mp3")) * 2, 2 * S),
    "mp3, then stereo": (lambda: sound("mp3") + sound("mp3", channels=2), 2 * S),
    "two ogg": (lambda: sound("ogg") * 2, 2 * S),
    "ogg, then stereo": (lambda: sound("ogg") + sound("ogg", channels=2), 2 * S),
    "three opus": (lambda: sound("opus") * 3, 3 * S),
    "opus, then vorbis": (lambda: sound("opus") + sound("ogg"), 2 * S),
    "two flac": (lambda: sound("flac") * 2, 2 * S),
    "two wav": (lambda: sound("wav") * 2, 2 * S),
    "two aiff": (lambda: sound("aiff") * 2, 2 * S),
    "two m4a": (lambda: sound("m4a") * 2, 2 * S),
    "two amr": (lambda: sound("amr") * 2, 2 * S),
    "two aac": (lambda: sound("aac") * 2, 2 * S),
    "two webm": (lambda: sound("webm") * 2, 2 * S),
    # What stands before it.
    "zeros, mp3": (lambda: bytes(5000) + sound("mp3"), S),
    "ape, mp3": (lambda: ape() + sound("mp3"), S),
    "id3, ape, mp3": (lambda: id3() + ape() + sound("mp3"), S),
    "id3, zeros, mp3": (lambda: id3() + bytes(3000) + sound("mp3"), S),
    "id3 that is too long, mp3": (lambda: b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + sound("mp3"), S),
    "id3, flac": (lambda: id3() + sound("flac"), S),
    "id3, aac": (lambda: id3() + sound("aac"), S),
    "words, mp3": (lambda: b"hello world " * 300 + sound("mp3"), S),
    "zeros, flac": (lambda: bytes(50) + sound("flac"), S),
    "zeros, m4a": (lambda: bytes(50) + sound("m4a"), S),
    "mp3, cut out of a stream": (lambda: sound("mp3")[777:], S),
    "aac, cut out of a stream": (lambda: sound("aac")[177:], S),
    # Sizes that were never written.
    "wav, sizes 0": (lambda: with_sizes(sound("wav"), (4, 0), (b"data", 0)), S),
    "wav, sizes of the header": (lambda: with_sizes(sound("wav"), (4, 36), (b"data", 0)), S),
    "wav, all 0 but the sound": (lambda: with_sizes(sound("wav"), (4, 0)), S),
    "wav, sizes unknown": (
        lambda: with_sizes(sound("wav"), (4, 0xFFFFFFFF), (b"data", 0xFFFFFFFF)),
        S,
    ),
    "wav, size too small": (lambda: with_sizes(sound("wav"), (b"data", 32_000)), S),
    "wav, silence with size 0": (
        lambda: with_sizes(sound("wav", seconds=0) + bytes(64_000), (4, 0), (b"data", 0)),
        1.0,
    ),
    "wav, cut off": (lambda: sound("wav")[: 44 + 64_000], 1.0),
    "aiff, sizes 0": (lambda: with_sizes(sound("aiff"), (4, 0), (b"SSND", 0)), S),
    "aiff, size too small": (lambda: with_sizes(sound("aiff"), (b"SSND", 30_008)), S),
    "two mp3, the first cut off": (
        lambda: sound("mp3")[: len(sound("mp3")) // 2] + sound("mp3"),
        1.5 * S,
    ),
    # What people record, and what libsndfile reads that the model may read otherwise.
    **{
        name: (lambda name=name: sound(name), S)
        for name in (*KINDS, "ogg", "opus", "aiff")
        if name != "mp3"
    },
    "m4a in fragments": (lambda: encoded("m4a", options=FRAGMENTS), S),
    "mp4 in fragments, cut off": (
        lambda: encoded("mp4", options=FRAGMENTS)[: -len(encoded("mp4", options=FRAGMENTS)) // 3],
        2 * S / 3,
    ),
    "webm as browsers record it": (lambda: encoded("webm", options={"live": "1"}), S),
    **{
        f"{name} with pictures": (lambda name=name: encoded(name, with_video=True), S)
        for name in ("mp4", "mov", "webm")
    },
}


def examined(tmp_path: Path, content: bytes) -> tuple[Examined, Path]:
    path = tmp_path / "holiday.txt"
    path.write_bytes(content)
    return examine(path), path


@pytest.mark.parametrize("kind", CLEAN)
def test_what_reads_cleanly_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    make, seconds = CLEAN[kind]
    found, _ = examined(tmp_path, make())
    assert found.reads_cleanly
    assert found.facts.duration_s == pytest.approx(seconds, abs=PADDING_S)


@pytest.mark.parametrize("kind", DECODED)
def test_anything_else_is_decoded_and_nothing_of_it_is_lost(tmp_path: Path, kind: str) -> None:
    make, seconds = DECODED[kind]
    found, path = examined(tmp_path, make())
    assert not found.reads_cleanly
    assert found.facts.duration_s == pytest.approx(seconds, abs=2 * PADDING_S)
    target = tmp_path / "all.wav"
    length_s = cut_beginning(path, 3600.0, target, reads_cleanly=False)
    assert length_s == pytest.approx(found.facts.duration_s, abs=0.01)
    with soundfile.SoundFile(target) as whole:
        assert (whole.format, whole.subtype) == ("WAV", "PCM_16")
        assert whole.samplerate == found.facts.sample_rate_hz
        assert whole.frames / whole.samplerate == length_s


@pytest.mark.parametrize("format_", ["flac", "mp3"])
def test_what_is_broken_in_the_middle_does_not_read_cleanly(tmp_path: Path, format_: str) -> None:
    content = bytearray(sound(format_))
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    found, path = examined(tmp_path, bytes(content))
    assert not found.reads_cleanly
    assert found.facts.duration_s > 2.0
    length_s = cut_beginning(path, 60.0, tmp_path / "all.wav", reads_cleanly=False)
    assert length_s == pytest.approx(found.facts.duration_s, abs=0.01)


@pytest.mark.parametrize("kind", ["m4a", "webm", "amr", "two mp3", "ape, mp3", "wav, sizes 0"])
def test_it_sounds_as_it_did(tmp_path: Path, kind: str) -> None:
    _, path = examined(tmp_path, DECODED[kind][0]())
    cut_beginning(path, 2.0, tmp_path / "a.wav", reads_cleanly=False)
    decoded, rate_hz = soundfile.read(tmp_path / "a.wav")
    strongest = np.abs(np.fft.rfft(decoded)).argmax() * rate_hz / len(decoded)
    assert min(abs(strongest - pitch) for pitch in (220.0, 277.2, 329.6)) < 3
    assert 0.1 < np.abs(decoded).max() < 0.9


REFUSED: dict[str, tuple[Callable[[], bytes], type[RequestRefused]]] = {
    "empty": (lambda: b"", AudioEmpty),
    "a letter": (lambda: b"x", NotAudio),
    "text": (lambda: b"dear diary, no music today\n" * 40, NotAudio),
    "text of two bytes a letter": (lambda: "dear diary".encode("utf-16"), NotAudio),
    "zeros": (lambda: bytes(10_000), NotAudio),
    "a video without sound": (
        lambda: encoded("mp4", with_video=True, with_sound=False),
        SoundMissing,
    ),
    "a screen recording without sound": (
        lambda: encoded("webm", with_video=True, with_sound=False),
        SoundMissing,
    ),
    "a tag alone": (id3, AudioUnreadable),
    "an m4a without its index": (lambda: sound("m4a")[:9000], AudioUnreadable),
    "a wav without samples": (lambda: sound("wav", seconds=0), AudioUnreadable),
    "endless atoms": (lambda: endless_atoms("moov", 900_000), AudioUnreadable),
    "endless files in one": (lambda: b"\0\0\0\x10ftypM4A \0\0\0\0" * 100_000, AudioBeyondBounds),
    "endless streams in one": (lambda: b"#!AMR\n" * 100_000, AudioBeyondBounds),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_music_is_refused_by_its_right_name(tmp_path: Path, kind: str) -> None:
    make, error = REFUSED[kind]
    with pytest.raises(error) as caught:
        examined(tmp_path, make())
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(90), "WMA"),
        (b"MThd\x00\x00\x00\x06\x00\x01", "MIDI"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "AVI"),
        (b"caff\x00\x01\x00\x00desc", "CAF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (b"PK\x03\x04" + bytes(100), "ZIP"),
        (b"#EXTM3U\nhttp://127.0.0.1/secret.mp3\n", "playlists"),
    ],
)
def test_a_format_that_we_do_not_take_is_named(tmp_path: Path, content: bytes, label: str) -> None:
    with pytest.raises(FormatNotTaken) as caught:
        examined(tmp_path, content)
    assert caught.value.label == label


def test_every_format_of_the_list_can_be_met() -> None:
    met = {*ENCODINGS, *KINDS}
    assert met == set(FORMATS)


@given(
    riff_bytes=st.integers(0, 2**32 - 1),
    data_bytes=st.integers(0, 2**32 - 1) | st.integers(0, 50_000),
)
@settings(max_examples=examples(30), deadline=None)
def test_no_size_in_a_wav_hides_samples(riff_bytes: int, data_bytes: int) -> None:
    with TemporaryDirectory() as folder:
        content = with_sizes(sound("wav", seconds=1.0), (4, riff_bytes), (b"data", data_bytes))
        found, _ = examined(Path(folder), content)
    assert found.facts.duration_s == 1.0


@given(before=st.binary(max_size=300).filter(lambda data: b"\xff" not in data))
@settings(max_examples=examples(30), deadline=None)
def test_nothing_before_an_mp3_hides_it(before: bytes) -> None:
    with TemporaryDirectory() as folder:
        try:
            found, _ = examined(Path(folder), b"x" + before + sound("mp3", seconds=1.0))
        except FormatNotTaken:
            return
    assert found.facts.format == "mp3"
    assert found.facts.duration_s == pytest.approx(1.0, abs=PADDING_S)


def test_only_the_work_loads_the_decoders() -> None:
    script = (
        "import sys, bot.audio.jobs, bot.audio.files;"
        "print([name for name in ('numpy', 'soundfile', 'av') if name in sys.modules])"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert done.stdout == "[]\n"
