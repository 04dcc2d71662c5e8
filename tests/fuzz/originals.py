"""Valid files of every format that we take, to begin with: short, and of many kinds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from mutagen.id3 import APIC, ID3, TIT2

from bot.audio.sniffing import find
from tests.unit.audio_kit import m4a
from tests.unit.encoded_audio import FRAGMENTS, KINDS, encoded

FIXTURES = Path(__file__).parents[1] / "fixtures" / "audio"
_LENGTH_S = 0.4


@dataclass(frozen=True, slots=True)
class Original:
    """A whole file, and what `find` takes it for."""

    name: str
    format: str
    data: bytes


# Format, subtype, rates, channels.
_KINDS: tuple[tuple[str, str, str, tuple[int, ...], tuple[int, ...]], ...] = (
    ("wav", "WAV", "PCM_16", (32_000, 192_000), (1, 2, 8)),
    ("wav", "WAV", "PCM_24", (48_000,), (2,)),
    ("wav", "WAV", "PCM_U8", (8000,), (1,)),
    ("wav", "WAV", "FLOAT", (44_100,), (2,)),
    ("wav", "WAV", "DOUBLE", (44_100,), (1,)),
    ("wav", "WAV", "ULAW", (8000,), (1,)),
    ("wav", "WAV", "ALAW", (8000,), (1,)),
    ("wav", "WAV", "IMA_ADPCM", (22_050,), (1, 2)),
    ("wav", "WAV", "MS_ADPCM", (22_050,), (1, 2)),
    ("wav", "WAV", "GSM610", (8000,), (1,)),
    ("wav", "WAVEX", "PCM_24", (96_000,), (6,)),
    ("wav", "RF64", "PCM_16", (48_000,), (2,)),
    ("mp3", "MP3", "MPEG_LAYER_III", (44_100, 22_050, 8000), (1, 2)),
    ("flac", "FLAC", "PCM_16", (32_000, 44_100), (1, 2)),
    ("flac", "FLAC", "PCM_24", (96_000,), (8,)),
    ("flac", "FLAC", "PCM_S8", (16_000,), (1,)),
    ("ogg", "OGG", "VORBIS", (32_000, 44_100), (1, 2)),
    ("ogg", "OGG", "VORBIS", (48_000,), (6,)),
    ("opus", "OGG", "OPUS", (48_000, 16_000), (1, 2)),
    ("opus", "OGG", "OPUS", (48_000,), (6,)),
    ("aiff", "AIFF", "PCM_16", (44_100,), (1, 2)),
    ("aiff", "AIFF", "PCM_24", (48_000,), (2,)),
    ("aiff", "AIFF", "FLOAT", (44_100,), (1,)),
    ("aiff", "AIFF", "ULAW", (8000,), (1,)),
    ("aiff", "AIFF", "IMA_ADPCM", (22_050,), (1,)),
)


def originals(folder: Path) -> list[Original]:
    """Make all of them in a folder, and read those that are kept for what they did before."""
    made: list[Original] = []
    for format_, container, subtype, rates, channels in _KINDS:
        for rate in rates:
            for count in channels:
                name = f"{container}-{subtype}-{rate}-{count}.{format_}"
                path = folder / name
                soundfile.write(path, _sound(rate, count), rate, subtype, format=container)
                made.append(Original(name, format_, path.read_bytes()))
    made += _tagged(next(original for original in made if original.format == "mp3"), folder)
    made.append(Original("plain.m4a", "m4a", m4a(_LENGTH_S)))
    made += [Original(f"encoded.{kind}", kind, encoded(kind, seconds=_LENGTH_S)) for kind in KINDS]
    for kind in ("mp4", "mov", "webm"):
        film = encoded(kind, seconds=_LENGTH_S, with_video=True)
        made.append(Original(f"film.{kind}", kind, film))
    for kind in ("m4a", "mp4"):
        fragments = encoded(kind, seconds=_LENGTH_S, options=FRAGMENTS)
        made.append(Original(f"fragments.{kind}", kind, fragments))
    # What crashes as it is would crash all the same with something else changed.
    for path in sorted(path for path in FIXTURES.iterdir() if "crashes" not in path.name):
        data = path.read_bytes()
        if len(data) < 200_000:
            made.append(Original(path.name, find(data).format, data))
    return made


def _sound(rate: int, channels: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    time = np.arange(round(_LENGTH_S * rate)) / rate
    noise = np.random.default_rng(7).normal(0, 0.01, (len(time), channels))
    return noise + 0.3 * np.sin(2 * np.pi * 330 * time)[:, None]


def _tagged(mp3: Original, folder: Path) -> list[Original]:
    path = folder / "tagged.mp3"
    path.write_bytes(mp3.data)
    tags: Any = ID3()
    tags.add(TIT2(text="Deep house"))
    tags.add(APIC(data=bytes(range(256)) * 4))
    tags.save(path)
    return [Original(path.name, "mp3", path.read_bytes())]
