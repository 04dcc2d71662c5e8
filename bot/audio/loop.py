"""The part of a track that plays round and round best, found by measuring.

Where the track has a sure tempo, the loop has 1, 2, 4, 8 or 16 whole bars of four beats; else it
begins and ends where the music is most like itself. Of what meets about as well as the best, the
longest is taken. Then its end is faded into what stands before its beginning in the track, as the
joints of extensions are, so that it goes on there as the track does. Everything here blocks; see
`probe`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.correlation import find_lag
from bot.audio.join import crossfade
from bot.audio.loop_cuts import AROUND_S, NEARLY, Cut, Places, anywhere, at_bars
from bot.audio.samples import mixed, opened, pcm_file
from bot.audio.seam_metrics import measure
from bot.audio.tempo import find_onsets, tempo_of
from bot.domain.errors import NoLoop
from bot.domain.measures import Joint, Loop

if TYPE_CHECKING:
    from bot.audio.samples import Samples

_READ_MAX_FRAMES = 120 * 48_000
"""The beginning of a longer track is what is looked at: two minutes at a usual rate."""
_ALIGNED_S = 0.015
_ALIKE_LEAST = 0.25
_TRIED = 4
"""Cuts of each length are faded and measured."""
_EQUAL = 0.02
_FADES_S = (0.25, 0.05, 0.01)
_CLICK, _JUMP_PER_DB = 0.5, 0.03
_MEASURED_S = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A cut, and how it is faded: `edge` stands in place of the loop's last frames, or first."""

    cut: Cut
    edge: Samples
    is_at_end: bool
    joint: Joint

    @property
    def worth(self) -> float:
        """The better it meets, the greater."""
        joint = self.joint
        jump_db = max(0.0, joint.loudness_jump_db - joint.loudness_jump_around_db)
        return self.cut.alike - _CLICK * joint.clicks - _JUMP_PER_DB * jump_db


def make_loop(parts: Sequence[Path], target: Path) -> Loop:
    """Write the best loop of a track, which may be in several files, as 16-bit WAV.

    Sample rate and channels are the track's; more than two channels are mixed to two.

    Raises:
        NoLoop: it is too short for one.
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
    """
    samples, rate_hz = _read(parts)
    way = best_way(samples, rate_hz)
    cut = way.cut
    with pcm_file(target, rate_hz, samples.shape[1]) as file:
        file.write(looped(samples, way))
    return Loop(
        from_s=cut.start / rate_hz,
        length_s=cut.frames / rate_hz,
        fade_s=len(way.edge) / rate_hz,
        bars=cut.bars,
        joint=way.joint,
    )


def looped(samples: Samples, way: _Way) -> Samples:
    """The loop that is cut and faded this way."""
    import numpy as np

    cut, fade = way.cut, len(way.edge)
    if way.is_at_end:
        return np.concatenate([samples[cut.start : cut.end - fade], way.edge])
    return np.concatenate([way.edge, samples[cut.start + fade : cut.end]])


def _read(parts: Sequence[Path]) -> tuple[Samples, int]:
    import numpy as np

    blocks: list[Samples] = []
    frames, rate_hz, channels = 0, 0, 0
    for path in parts:
        with opened(path) as stream:
            # Parts were cut out of one file.
            rate_hz, channels = stream.rate_hz, min(2, stream.channels)
            for block in stream.blocks():
                blocks.append(mixed(block, channels))
                frames += len(block)
                if frames >= _READ_MAX_FRAMES:
                    return np.concatenate(blocks), rate_hz
    return np.concatenate(blocks), rate_hz


def best_way(samples: Samples, rate_hz: int) -> _Way:
    """The best loop of a track, of shape (frames, channels). Raises `NoLoop`."""
    onsets = find_onsets(samples, rate_hz)
    if onsets is None:
        raise NoLoop(len(samples) / rate_hz)
    places = Places(onsets, samples, rate_hz)
    tempo = tempo_of(onsets)
    cuts = [*at_bars(places, onsets, tempo)] if tempo.is_sure else []
    cuts = cuts or anywhere(places)
    if not cuts:
        raise NoLoop(len(samples) / rate_hz)
    best = max(cut.alike for cut in cuts)
    tried: Counter[int | None] = Counter()
    ways: list[_Way] = []
    for cut in sorted(cuts, key=lambda cut: (-round(cut.alike / _EQUAL), -cut.frames)):
        if cut.alike >= best - 3 * NEARLY and tried[cut.bars] < _TRIED:
            tried[cut.bars] += 1
            ways.append(_faded_best(samples, rate_hz, _aligned(samples, rate_hz, cut)))
    most = max(way.worth for way in ways)
    # Those of as many bars differ by a few samples only.
    good = [way for way in ways if way.worth >= most - NEARLY]
    longest = max(good, key=lambda way: (way.cut.bars or 0, way.cut.frames))
    same = [way for way in good if longest.cut.bars and way.cut.bars == longest.cut.bars]
    return max(same, key=lambda way: way.worth) if same else longest


def _aligned(samples: Samples, rate_hz: int, cut: Cut) -> Cut:
    """The cut with its end where the waves themselves fit best, if they do at all."""
    most, half = round(_ALIGNED_S * rate_hz), round(AROUND_S * rate_hz / 2)
    # Around the cut; where there is nothing before the beginning, behind it.
    back = min(half, cut.start, cut.end - most)
    front = min(half, len(samples) - cut.end - most)
    if back < 0 or front < 0 or back + front < half:
        return cut
    own = samples[cut.start - back : cut.start + front]
    there = samples[cut.end - back - most : cut.end + front + most]
    lag, likeness = find_lag(own, there, most)
    if likeness < _ALIKE_LEAST:
        return cut
    return Cut(cut.start, cut.end + lag, cut.bars, cut.alike)


def _faded_best(samples: Samples, rate_hz: int, cut: Cut) -> _Way:
    """The cut with the fade by which it meets best."""
    beside = max(cut.start, len(samples) - cut.end)
    fades = [round(fade_s * rate_hz) for fade_s in _FADES_S]
    fitting = [fade for fade in fades if fade <= min(beside, cut.frames // 4)]
    ways = [_faded(samples, rate_hz, cut, fade) for fade in fitting or [fades[-1] // 2]]
    return max(ways, key=lambda way: way.worth)


def _faded(samples: Samples, rate_hz: int, cut: Cut, fade: int) -> _Way:
    import numpy as np

    reach = min(cut.frames, round(_MEASURED_S * rate_hz))
    first = samples[cut.start : cut.start + reach]
    last = samples[cut.end - reach : cut.end]
    is_at_end = fade <= cut.start or fade > len(samples) - cut.end
    if not is_at_end:
        edge = crossfade(samples[cut.end : cut.end + fade], first[:fade]).clip(-1, 1)
        around = np.concatenate([last, edge, first[fade:]])
        return _Way(cut, edge, is_at_end, measure(around, rate_hz, reach, reach + fade))
    if fade <= cut.start:
        edge = crossfade(last[-fade:], samples[cut.start - fade : cut.start]).clip(-1, 1)
    else:
        # Nothing stands before it, nor behind it: the end is let go in a moment.
        edge = last[-fade:] * np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    around = np.concatenate([last[:-fade], edge, first])
    return _Way(cut, edge, is_at_end, measure(around, rate_hz, reach - fade, reach))
