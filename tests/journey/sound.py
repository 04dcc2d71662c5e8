"""Audio as bytes: made here, and looked into."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from mutagen.id3 import ID3
from mutagen.wave import WAVE

from tests.unit.audio_kit import make_sound

RATE_HZ = 32_000
_SYNCHSAFE_BITS = 7

Samples = npt.NDArray[np.int16]


def wav(seconds: float, *, channels: int = 1) -> bytes:
    """A chord as a WAV file."""
    with TemporaryDirectory() as folder:
        path = make_sound(Path(folder) / "chord.wav", "wav", channels=channels, seconds=seconds)
        return path.read_bytes()


def samples(data: bytes) -> Samples:
    """The decoded audio: 16 bits at 32 kHz, as MusicGen makes it."""
    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        assert sound.samplerate == RATE_HZ
        return np.asarray(sound.read(dtype="int16"), dtype=np.int16)


def same_samples(one: bytes, other: bytes) -> bool:
    """Whether two files sound the same, to the last bit."""
    return np.array_equal(samples(one), samples(other))


def frames(data: bytes) -> bytes:
    """An MP3 file without its tag in front."""
    if not data.startswith(b"ID3"):
        return data
    size = 0
    for byte in data[6:10]:
        size = size << _SYNCHSAFE_BITS | byte
    return data[10 + size :]


def tags(data: bytes) -> tuple[str, str]:
    """Title and comment inside a WAV or MP3 file."""
    # mutagen declares its types halfway.
    found: Any = WAVE(io.BytesIO(data)).tags if data.startswith(b"RIFF") else ID3(io.BytesIO(data))
    return str(found["TIT2"]), str(found["COMM::eng"])
