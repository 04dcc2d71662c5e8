"""Making a piece longer: the context that the model hears, and what it answers put behind it.

The model's output begins with the context, but as its codec heard it: a little later or earlier,
louder or softer, duller. So it is laid over the end of the piece, brought to its place and level,
and faded in there. Everything here blocks; see `probe`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.bounds import check_amount
from bot.audio.correlation import find_lag
from bot.audio.probe import probe
from bot.audio.resampling import resampled
from bot.audio.samples import Tail, mixed, opened, pcm_file
from bot.audio.seam_beat import measure_beat
from bot.audio.seam_metrics import Seam, measure

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.audio.samples import Samples

_FADE_S = 0.25
_LAG_MAX_S = 0.05
_COMPARED_S = 5.0
"""How much of the context, at its end, is compared with the output."""
_LIKENESS_MIN = 0.25
"""Where the output's beginning resembles the context less, it stays where it is."""
_GAIN_MAX = 4.0
"""12 dB: more would not be the same music."""
_SILENT_RMS = 1e-4
_MEASURED_S = 5.0
_KNEE = 0.8
"""Where the new audio's peaks begin to be rounded, should they not fit into full scale."""


def cut_context(piece: Path, context_s: float, target: Path) -> float:
    """Write the last `context_s` seconds of a piece as 16-bit WAV; returns their exact length.

    Sample rate and channels are the piece's; more than two channels are mixed to two. A piece that
    is shorter is written whole.

    Raises:
        AudioUnreadable, NotAudio: the piece cannot be decoded.
        AudioBeyondBounds: there is too much of it.
    """
    _check_amount(piece)
    with opened(piece) as stream:
        frames = max(1, round(context_s * stream.rate_hz))
        tail = Tail(frames)
        channels = min(2, stream.channels)
        for block in stream.blocks():
            for _ in tail.push(mixed(block, channels)):
                pass
        context = tail.rest()[-frames:]
        with pcm_file(target, stream.rate_hz, channels) as file:
            file.write(context)
        return len(context) / stream.rate_hz


def join(piece: Path, output: Path, context_s: float, target: Path) -> Seam:
    """Write the piece, and behind it what the model added, as 16-bit WAV.

    `output` is what the model made of the last `context_s` seconds. The whole has its sample rate,
    and as many channels as the one of the two that has more, at most 2. The piece itself keeps its
    samples where it has that rate and 16 bits; what is adapted is the new audio. An output that is
    not longer than the context adds nothing: then the whole is the piece.

    Raises:
        AudioUnreadable, NotAudio: one of them cannot be decoded.
        AudioBeyondBounds: there is too much of one of them.
        ValueError: `context_s` is not positive.
    """
    import numpy as np

    if not context_s > 0:
        raise ValueError(f"a context of {context_s} s")
    _check_amount(piece)
    _check_amount(output)
    with opened(piece) as given, opened(output) as made:
        rate_hz = made.rate_hz
        channels = min(2, max(given.channels, made.channels))
        new = np.concatenate([mixed(block, channels) for block in made.blocks()])
        context = max(1, round(context_s * rate_hz))
        tail = Tail(max(context, round(_MEASURED_S * rate_hz)))
        with pcm_file(target, rate_hz, channels) as file:
            blocks = (mixed(block, channels) for block in given.blocks())
            for block in resampled(blocks, given.rate_hz, rate_hz):
                for settled in tail.push(block):
                    file.write(settled)
            settled_frames = file.frames
            joined = _joined(tail.rest(), new, context, rate_hz)
            file.write(joined.samples)
    joint = measure(joined.samples, rate_hz, joined.fade_start, joined.fade_end)
    fade = joined.fade_end - joined.fade_start
    in_output = measure(new, rate_hz, joined.output_end - fade, joined.output_end)
    return Seam(
        at_s=(settled_frames + joined.fade_end) / rate_hz,
        fade_s=fade / rate_hz,
        added_s=(len(joined.samples) - joined.fade_end) / rate_hz,
        lag_s=joined.lag / rate_hz,
        gain_db=20 * math.log10(joined.gain),
        likeness=joined.likeness,
        loudness_jump_in_output_db=in_output.loudness_jump_db,
        beat=measure_beat(joined.samples, rate_hz, joined.fade_end),
        **asdict(joint),
    )


def _check_amount(path: Path) -> None:
    """Hold a file against what is decoded, before any of it is."""
    facts = probe(path)
    check_amount(facts.channels, facts.duration_s * facts.sample_rate_hz)


@dataclass(frozen=True, slots=True)
class _Joined:
    """The samples, where they fade, and which frame of the output stands at the fade's end."""

    samples: Samples
    fade_start: int
    fade_end: int
    output_end: int
    lag: int
    gain: float
    likeness: float


def _joined(end: Samples, new: Samples, context: int, rate_hz: int) -> _Joined:
    """The piece's end with the new audio behind it; `new` begins with the end's last frames."""
    import numpy as np

    context = min(context, len(end))
    if len(new) <= context:
        return _Joined(end, len(end), len(end), len(new), lag=0, gain=1.0, likeness=0.0)
    compared = min(context, round(_COMPARED_S * rate_hz))
    most = min(round(_LAG_MAX_S * rate_hz), context // 2)
    lag, likeness = _lag(end[-compared:], new, context, most)
    stop = min(context + lag, len(new))
    gain = _gain(end[-compared:], new[max(0, stop - compared) : stop])
    fade = min(round(_FADE_S * rate_hz), stop, len(end))
    added = _within_full_scale(new[stop - fade :] * np.float32(gain))
    start = len(end) - fade
    mix = crossfade(end[start:], added[:fade])
    samples = np.concatenate([end[:start], mix, added[fade:]])
    return _Joined(samples, start, len(end), stop, lag, gain, likeness)


def _lag(end: Samples, new: Samples, context: int, most: int) -> tuple[int, float]:
    """How many frames later than at `context` the piece's end stands in `new`, and how surely."""
    import numpy as np

    first, last = context - len(end) - most, context + most
    there = new[max(0, first) : last]
    before = max(0, -first)
    searched = np.pad(there, ((before, last - first - before - len(there)), (0, 0)))
    lag, likeness = find_lag(end, searched, most)
    return (0 if likeness < _LIKENESS_MIN else lag), min(1.0, max(0.0, likeness))


def _gain(end: Samples, new: Samples) -> float:
    """What brings the new audio to the piece's level, where both have one."""
    wanted, found = _rms(end), _rms(new)
    if wanted < _SILENT_RMS or found < _SILENT_RMS:
        return 1.0
    return min(max(wanted / found, 1 / _GAIN_MAX), _GAIN_MAX)


def _rms(samples: Samples) -> float:
    import numpy as np

    return math.sqrt(float(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def crossfade(old: Samples, new: Samples) -> Samples:
    """From one to the other at equal power, whatever the two have in common.

    For unlike signals these are the sine and cosine of the usual equal-power fade; for like ones,
    which add up as they are, the two gains sum to 1.
    """
    import numpy as np

    angle = (np.arange(len(old)) + 0.5) / max(1, len(old)) * np.pi / 2
    out, in_ = np.cos(angle), np.sin(angle)
    power = float(np.sum(np.square(old)) * np.sum(np.square(new)))
    like = float(np.sum(old * new)) / math.sqrt(power) if power > 0 else 0.0
    level = np.sqrt(1 + 2 * max(0.0, like) * out * in_)
    mix: npt.NDArray[np.float64] = old * (out / level)[:, None] + new * (in_ / level)[:, None]
    return mix.astype(np.float32)


def _within_full_scale(samples: Samples) -> Samples:
    """Peaks that would be cut off are rounded instead, which nobody hears."""
    import numpy as np

    size = np.abs(samples)
    if size.max(initial=0.0) <= 1.0:
        return samples
    room = 1 - _KNEE
    rounded = _KNEE + room * np.tanh((size - _KNEE) / room)
    return np.where(size > _KNEE, np.sign(samples) * rounded, samples).astype(np.float32)
