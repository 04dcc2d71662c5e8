"""The course of a track's loudness, measured once for its picture and its description."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.samples import opened

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_GRAINS_PER_S = 1000
_GRAINS_PER_READ = 256
_FLOOR_DB = -90.0


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Peak and mean power of each grain of a track, about 1 ms long, over all its channels.

    Both arrays have shape (grains,), at least one; a sample at full scale is 1.
    """

    duration_s: float
    peaks: Floats
    powers: Floats

    def columns(self, count: int) -> tuple[Floats, Floats]:
        """Peak and RMS of so many equal parts; a part shorter than a grain shows that grain."""
        import numpy as np

        edges = np.linspace(0, len(self.peaks), count + 1)[:-1].astype(np.intp)
        widths = np.diff(edges, append=len(self.peaks)).clip(min=1)
        powers = np.add.reduceat(self.powers, edges) / widths
        return np.maximum.reduceat(self.peaks, edges), np.sqrt(powers, dtype=np.float32)

    def thirds_db(self) -> tuple[float, float, float]:
        """The level of the track's three thirds in dB below full scale, -90 for silence."""
        import numpy as np

        _, rms = self.columns(3)
        first, second, third = 20 * np.log10(np.maximum(rms, 10 ** (_FLOOR_DB / 20)))
        return float(first), float(second), float(third)


def measure_waveform(path: Path) -> Waveform:
    """Decode and measure a track. Blocks.

    Raises:
        AudioUnreadable, NotAudio: it cannot be decoded.
    """
    import numpy as np

    with opened(path) as stream:
        grain = max(1, stream.rate_hz // _GRAINS_PER_S)
        peaks: list[Floats] = []
        powers: list[Floats] = []
        frames = 0
        for block in stream.blocks(grain * _GRAINS_PER_READ):
            frames += len(block)
            # The channels of a frame lie side by side: a grain is one run of numbers.
            whole = len(block) // grain * grain
            for part in (
                block[:whole].reshape(-1, grain * stream.channels),
                block[whole:].reshape(1, -1),
            ):
                if part.size:
                    peaks.append(np.maximum(part.max(axis=1), -part.min(axis=1)))
                    powers.append(np.einsum("ij,ij->i", part, part) / part.shape[1])
        return Waveform(frames / stream.rate_hz, np.concatenate(peaks), np.concatenate(powers))
