"""What the fuzzer has found so far: each file ends in a refusal, and the next one is taken."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.audio.files import AudioFiles
from bot.card import strings
from bot.domain.errors import (
    AudioUnreadable,
    InternalFault,
    RequestRefused,
)
from bot.domain.generation import AudioSource
from tests.fuzz.originals import FIXTURES
from tests.unit.audio_kit import make_sound

LIMIT_BYTES = 1_000_000


@pytest.fixture
async def audio_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[AudioFiles]:
    """A desk whose addresses are paths of files."""

    async def fetch(_: object, source: AudioSource, __: int) -> Path:
        shutil.copyfile(source.url, tmp_path / "fetched")
        return tmp_path / "fetched"

    monkeypatch.setattr("bot.audio.intake.AudioIntake.fetch", fetch)
    async with AudioFiles(tmp_path / "intake") as audio_files:
        yield audio_files


def source(path: Path) -> AudioSource:
    return AudioSource(str(path), path.name, uploaded=True)


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        # libsndfile, which crashes over these two, is not what reads them any more.
        ("mp3_crashes_decoder.mp3", AudioUnreadable),
        ("vorbis_setup_byte_crashes.ogg", AudioUnreadable),
        ("m4a_claims_gigabytes.m4a", AudioUnreadable),
        ("m4a_claims_a_year.m4a", AudioUnreadable),
    ],
)
async def test_it_is_refused_and_the_next_is_taken(
    audio_files: AudioFiles, tmp_path: Path, name: str, refusal: type[RequestRefused]
) -> None:
    for _ in range(2):
        with pytest.raises(refusal) as caught:
            await audio_files.take_in(source(FIXTURES / name), LIMIT_BYTES)
        assert strings.errors.sentence(caught.value) != strings.errors.sentence(InternalFault())
    whole = make_sound(tmp_path / "whole.wav", "wav")
    audio = await audio_files.take_in(source(whole), LIMIT_BYTES)
    assert audio.duration_s == pytest.approx(2.0)
    await audio_files.discard(audio.path)
