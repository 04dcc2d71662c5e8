"""Where a piece is cut so that what goes on from it begins on a beat. Blocks; see `probe`.

The model goes on from the very end of what it is given, in time with it; so a piece that ends
between two beats has its next section begin there. Cut before its last beat, or bar, it begins on
that. Which beat is the first of a bar is told by low sounds alone, and is less sure than the beat.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.beats import (
    BEATS_A_BAR,
    find_beats,
    find_downbeat,
    find_rises,
    is_sure_downbeat,
    mean_at,
    refined,
)
from bot.audio.samples import Tail, mixed, opened
from bot.audio.tempo import Onsets, find_onsets, tempo_of
from bot.domain.measures import EndCut

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.audio.samples import Samples

_HEARD_S = 16.0
"""How much of the end is listened to: a tempo may change."""
_REFINED_BEATS = 8
_ON_TIME_S = 0.02
"""What ends so near to a beat ends on it: nobody hears the difference."""
_OFF_BEAT_LEAST = 0.6
_SWING_FRAMES = 3
_BAR_SHARE = 1 / 8
"""So much of what a take has added may be cut off for a bar; for a beat, `_MOST`."""
_MOST = 1 / 2


def measure_end(track: Path, given_s: float, asked_bpm: float | None) -> EndCut:
    """Where the track is to be cut, of which all but the first `given_s` seconds are new.

    `asked_bpm` is the tempo that it was asked for with.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
    """
    with opened(track) as stream:
        heard = round(_HEARD_S * stream.rate_hz)
        tail, frames = Tail(heard), 0
        for block in stream.blocks():
            frames += len(block)
            for _ in tail.push(mixed(block, 1)):
                pass
        added_s = frames / stream.rate_hz - given_s
        return find_cut(tail.rest()[-heard:], stream.rate_hz, added_s, asked_bpm)


def find_cut(end: Samples, rate_hz: int, added_s: float, asked_bpm: float | None) -> EndCut:
    """The same of the end of a track, of shape (frames, channels)."""
    import numpy as np

    onsets = find_onsets(end, rate_hz)
    if onsets is None:
        return EndCut()
    tempo = tempo_of(onsets, asked_bpm)
    if not tempo.is_sure:
        return EndCut()
    per_s = onsets.frames_per_s
    beat = 60 / tempo.bpm * per_s
    rises = find_rises(end, rate_hz, per_s)
    beats = find_beats(onsets, rises, beat)
    last = refined(beats[-_REFINED_BEATS:], rises, per_s)
    beats = last[-1] - beat * np.arange(len(beats))[::-1]
    length_s = len(end) / rate_hz
    beats = _counted_from(onsets, beats, beat, (length_s - added_s) * per_s)
    # The envelope ends a little before the audio does.
    while (length_s + _ON_TIME_S) * per_s >= beats[-1] + beat:
        beats = np.append(beats, beats[-1] + beat)
    tails = np.round((length_s - beats / per_s) * rate_hz) / rate_hz
    tails[tails < _ON_TIME_S] = 0.0
    is_sure = is_sure_downbeat(onsets, beats)
    bars = np.arange(len(beats)) % BEATS_A_BAR == find_downbeat(onsets, beats)
    bar_s = float(tails[bars][-1]) if bars.any() else np.inf
    if is_sure and bar_s <= max(_BAR_SHARE * added_s, float(tails[-1])):
        return EndCut(bar_s, tempo.bpm, is_bar=True)
    if tails[-1] <= _MOST * added_s:
        return EndCut(float(tails[-1]), tempo.bpm)
    return EndCut(bpm=tempo.bpm)


def _counted_from(
    onsets: Onsets, beats: npt.NDArray[np.float64], beat: float, start: float
) -> npt.NDArray[np.float64]:
    """The same beats; or the off-beats, where these are nearly as strong and `start` is on them.

    What was new began on a beat, as the piece was cut there, or as most music does.
    """
    off_beats = beats - beat / 2
    apart = (start - beats[-1]) / beat
    is_on_beat = abs(apart - round(apart)) <= 1 / 4
    # An off-beat is not to the hundredth of a second in the middle.
    moves = range(-_SWING_FRAMES, _SWING_FRAMES + 1)
    on, off = (
        max(mean_at(onsets.strengths, places - 1 + move) for move in moves)
        for places in (beats, off_beats)
    )
    return beats if is_on_beat or off < _OFF_BEAT_LEAST * on else off_beats
