"""Tags go in, the audio stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import mutagen
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audio.probe import probe
from bot.audio.tags import TagsNotWritten, write_tags
from tests.examples import examples
from tests.unit.audio_kit import m4a, make_sound, samples_of

TAGGED = ["wav", "mp3", "flac", "ogg", "opus"]
TITLE = "Déjà vu 夜 – deep house"
COMMENT = "seed 417; model melody\nduration 8 s"
SOFTWARE = "MusicGen on Replicate"


def read_tags(path: Path) -> tuple[str, str, str]:
    with path.open("rb") as file:
        # mutagen declares its types halfway.
        tags: Any = cast("Any", mutagen).File(file).tags
    names = ("TIT2", "COMM::eng", "TSSE") if "TIT2" in tags else ("title", "comment", "encoder")
    title, comment, software = (str(tags[name][0]) for name in names)
    return title, comment, software


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format_", TAGGED)
def test_tags_are_there_and_the_audio_is_the_same(
    tmp_path: Path, format_: str, channels: int
) -> None:
    # An odd number of bytes of audio makes the WAV's next chunk need padding.
    path = make_sound(tmp_path / "track", format_, channels=channels, seconds=1.00003)
    before, facts = samples_of(path), probe(path)
    write_tags(path, title=TITLE, comment=COMMENT, software=SOFTWARE)
    assert read_tags(path) == (TITLE, COMMENT, SOFTWARE)
    np.testing.assert_array_equal(samples_of(path), before)
    assert probe(path) == facts
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format_", TAGGED)
def test_tags_are_replaced(tmp_path: Path, format_: str) -> None:
    path = make_sound(tmp_path / "track", format_)
    before = samples_of(path)
    write_tags(path, title="a much longer title " * 200, comment="b", software="c")
    write_tags(path, title=TITLE, comment=COMMENT, software=SOFTWARE)
    assert read_tags(path) == (TITLE, COMMENT, SOFTWARE)
    np.testing.assert_array_equal(samples_of(path), before)


@pytest.mark.parametrize(
    "content",
    [b"", b"no audio", m4a(), b"RIFF\x24\x00\x00\x00WAVE", b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f"],
)
def test_what_takes_no_tags_stays_as_it_was(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "track.wav"
    path.write_bytes(content)
    with pytest.raises(TagsNotWritten):
        write_tags(path, title=TITLE, comment=COMMENT, software=SOFTWARE)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format_", ["wav", "mp3"])
@given(text=st.text(max_size=200))
@settings(
    max_examples=examples(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_words_are_safe(tmp_path: Path, format_: str, text: str) -> None:
    path = make_sound(tmp_path / "track", format_, seconds=0.2)
    before = samples_of(path)
    write_tags(path, title=text, comment=text, software=SOFTWARE)
    np.testing.assert_array_equal(samples_of(path), before)


def test_a_wav_of_unknown_length_keeps_its_audio(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "streamed.wav", "wav")
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    before = samples_of(path)
    try:
        write_tags(path, title=TITLE, comment=COMMENT, software=SOFTWARE)
    except TagsNotWritten:
        assert path.read_bytes() == content
    np.testing.assert_array_equal(samples_of(path), before)
