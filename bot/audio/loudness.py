"""How loud audio is, and how high its true peaks are: EBU R128 (ITU-R BS.1770), by FFmpeg.

Its filter `ebur128` comes with PyAV, which reads input audio anyway. PyAV is imported where it is
used, in processes of their own, as in `decoding`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from bot.domain.mixes import Loudness

if TYPE_CHECKING:
    from bot.audio.samples import Samples

_MOMENT_S = 0.4
"""Of less the loudness cannot be measured (ITU-R BS.1770)."""
_STEP_S = 0.1
"""The filter tells what it has found after each whole step, and nothing of one that is not full."""
_SILENCE_LUFS = -70.0
"""The absolute gate of EBU R128: the filter names it where all is below it."""


def loudness_of(blocks: Iterable[Samples], rate_hz: int, channels: int) -> Loudness:
    """Measure audio of one or two channels, which comes block by block: (frames, channels)."""
    import numpy as np
    from av import AudioFrame
    from av.error import BlockingIOError as NothingYet
    from av.error import EOFError as NothingMore
    from av.filter import Graph

    layout = "mono" if channels == 1 else "stereo"
    graph, step = Graph(), Fraction(1, rate_hz)
    source = graph.add_abuffer(sample_rate=rate_hz, format="flt", layout=layout, time_base=step)
    meter = graph.add("ebur128", "peak=true:metadata=1:framelog=quiet")
    graph.link_nodes(source, meter, graph.add("abuffersink")).configure()
    frames, found = 0, dict[str, str]()

    def hear(block: Samples) -> None:
        nonlocal frames, found
        packed = np.ascontiguousarray(block, dtype=np.float32).reshape(1, -1)
        frame = AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate_hz, step, frames
        frames += len(block)
        graph.push(frame)
        while True:
            try:
                told = graph.pull().metadata
            except (NothingYet, NothingMore):
                return
            found = told or found

    for block in blocks:
        if len(block):
            hear(block)
    is_measured = frames >= _MOMENT_S * rate_hz
    lufs = float(found.get("lavfi.r128.I", _SILENCE_LUFS))
    # The last peaks come with a whole step; what is silent in it does not count as music.
    hear(np.zeros((math.ceil(_STEP_S * rate_hz), channels), np.float32))
    peak = float(found.get("lavfi.r128.true_peak", 0.0))
    peak_db = 20 * math.log10(peak) if peak > 0 else -math.inf
    return Loudness(lufs if is_measured and lufs > _SILENCE_LUFS else None, peak_db)
