"""What is measured of a finished track. Blocks; see `probe`."""

from __future__ import annotations

from pathlib import Path

from bot.audio.samples import Tail, mixed, opened
from bot.audio.seam_metrics import measure
from bot.audio.tempo import measure_tempo
from bot.domain.measures import Measures

_HEARD_S = 60.0
"""A longer track's tempo is that of its end: of an extension, that is what is new."""
_MET_S = 5.0


def measure_track(path: Path) -> Measures:
    """The tempo of a track, and how its end meets its beginning when it is played again at once.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
    """
    import numpy as np

    with opened(path) as stream:
        rate_hz, channels = stream.rate_hz, min(2, stream.channels)
        met, heard = round(_MET_S * rate_hz), round(_HEARD_S * rate_hz)
        beginning: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []
        begun, tail = 0, Tail(heard)
        for block in stream.blocks():
            block = mixed(block, channels)
            if begun < met:
                beginning.append(block[: met - begun])
                begun += len(block)
            for _ in tail.push(block):
                pass
    end = tail.rest()[-heard:]
    around = np.concatenate([end[-met:], *beginning])
    at = min(met, len(end))
    return Measures(measure_tempo(end, rate_hz), measure(around, rate_hz, at, at))
