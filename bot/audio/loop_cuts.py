"""Where a loop might begin and end: at bars, or where the music is most like itself. Blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.audio.beats import BEATS_A_BAR, find_beats, find_downbeat, find_rises
from bot.audio.tempo import Onsets
from bot.domain.measures import Tempo

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.audio.samples import Samples

    Floats = npt.NDArray[np.float32]

AROUND_S = 0.4
"""What is compared at both ends of a loop, before and behind the cut."""
NEARLY = 0.08
"""What meets worse than the best by no more is as good, and may be longer."""
_BARS = (16, 8, 4, 2, 1)
_LEAST_S = 1.0
_SHARE = 0.25
"""Of the track, at least, without bars."""
_GRID_S, _PLACES_MAX = 0.05, 600
_DRIFT_S = 0.08
"""A bar may be so much longer or shorter than the tempo says."""
_AT_DOWNBEAT = 0.05
_LATER = 0.05


@dataclass(frozen=True, slots=True)
class Cut:
    """A loop's first frame, the one behind its last, and how alike (to 1) both places are."""

    start: int
    end: int
    bars: int | None
    alike: float

    @property
    def frames(self) -> int:
        """Its length in frames."""
        return self.end - self.start


class Places:
    """What stands around each moment of a track, to be compared with another one."""

    def __init__(self, onsets: Onsets, samples: Samples, rate_hz: int) -> None:

        self.frames_per_s = onsets.frames_per_s
        self.count = len(onsets.levels_db)
        self.samples_per_frame = rate_hz / onsets.frames_per_s
        self.last_sample = len(samples)
        self.rises = find_rises(samples, rate_hz, onsets.frames_per_s)
        self._levels = onsets.levels_db - onsets.levels_db.mean(axis=0)
        self._reach = round(AROUND_S * onsets.frames_per_s)

    def around(self, frames: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """A row for each moment, of length 1."""
        import numpy as np

        reach = self._reach
        padded = np.pad(self._levels, ((reach, reach), (0, 0)))
        offsets = np.arange(2 * reach)
        rows = padded[frames[:, None] + offsets].reshape(len(frames), -1)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)

    def sample(self, frame: float) -> int:
        """The sample where a frame has its middle."""
        return min(self.last_sample, round(frame * self.samples_per_frame))


def at_bars(places: Places, onsets: Onsets, tempo: Tempo) -> Iterator[Cut]:
    """Loops of whole bars that begin on a beat."""
    import numpy as np

    beat = 60 / tempo.bpm * places.frames_per_s
    beats = find_beats(onsets, places.rises, beat)
    first_beat = find_downbeat(onsets, beats)
    drift = round(_DRIFT_S * places.frames_per_s)
    offsets = np.arange(-drift, drift + 1)
    for number, start in enumerate(beats):
        own = places.around(np.array([round(start)]))[0]
        bonus = _AT_DOWNBEAT * (number % BEATS_A_BAR == first_beat)
        for bars in _BARS:
            length = bars * BEATS_A_BAR * beat
            if start + length > places.count:
                continue
            ends = round(start + length) + offsets
            ends = ends[ends <= places.count]
            alike = places.around(ends) @ own
            # Where a moment is as like as the next, the tempo decides.
            at = int(np.argmax(alike - 0.02 * np.abs(ends - start - length) / drift))
            is_on_grid = abs(float(alike[at]) - float(alike.min())) < NEARLY
            end = start + length if is_on_grid else float(ends[at]) + start - round(start)
            yield Cut(places.sample(start), places.sample(end), bars, float(alike[at]) + bonus)


def anywhere(places: Places) -> list[Cut]:
    """Loops between any two places, the best of each beginning."""
    import numpy as np

    step = max(round(_GRID_S * places.frames_per_s), -(-places.count // _PLACES_MAX))
    frames = np.arange(0, places.count, step)
    rows = places.around(frames)
    alike = rows @ rows.T
    least = max(_LEAST_S * places.frames_per_s, _SHARE * places.count)
    alike[frames[None, :] - frames[:, None] < least] = -1
    # Of ends that are as good, the later one.
    ends = np.argmax(alike + _LATER * frames / places.count, axis=1)
    return [
        Cut(
            places.sample(float(start)),
            places.sample(float(frames[end])),
            None,
            float(alike[place, end]),
        )
        for place, (start, end) in enumerate(zip(frames, ends, strict=True))
        if alike[place, end] > -1
    ]
