"""Audio as voice channels take it: Ogg Opus of 48 kHz in stereo, a packet each 20 ms.

Everything here blocks; see `probe`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.resampling import resampled
from bot.audio.samples import mixed, opened
from bot.domain.errors import AudioUnreadable
from bot.host.whole_files import whole_file

if TYPE_CHECKING:
    from bot.audio.samples import Samples

RATE_HZ = 48_000
PACKET_FRAMES = 960
_DELAY_FRAMES = 312
"""By which Opus is late (RFC 7845, 4.2): the last packet holds what is left of it."""


def encode_voice(parts: Sequence[Path], volume: int, target: Path) -> float:
    """Write audio in one or more files, at a volume in percent; returns its length in seconds.

    libsndfile makes about 120 kb/s of it. The end is filled with silence to a whole packet.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
    """
    import numpy as np
    from soundfile import SoundFile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    with opened(parts[0]) as stream:
        rate_hz = stream.rate_hz
    frames = 0
    gain = np.float32(volume / 100)
    with (
        whole_file(target) as draft,
        SoundFile(draft, "w", RATE_HZ, 2, "OPUS", format="OGG") as sound,
    ):
        for block in resampled(_blocks(parts, rate_hz), rate_hz, RATE_HZ):
            sound.write((block * gain).clip(-1.0, 1.0))
            frames += len(block)
        silence = -(frames + _DELAY_FRAMES) % PACKET_FRAMES
        sound.write(np.zeros((silence, 2), np.float32))
    return frames / RATE_HZ


def _blocks(parts: Sequence[Path], rate_hz: int) -> Iterator[Samples]:
    """What comes in parts is one stream, which has no seams."""
    for part in parts:
        with opened(part) as stream:
            if stream.rate_hz != rate_hz:
                raise AudioUnreadable(stream.format)
            for block in stream.blocks():
                yield mixed(block, 2)
