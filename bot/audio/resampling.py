"""Another sample rate, block by block, by the SoX resampler; arrays as in `bot.audio.samples`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.audio.samples import Samples


def resampled(blocks: Iterable[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """The same audio at another rate in Hz, as long to the nearest frame (but at least one)."""
    if from_hz == to_hz:
        yield from blocks
        return
    import numpy as np
    import soxr  # pyright: ignore[reportMissingTypeStubs] - has none

    stream: soxr.ResampleStream | None = None
    last = np.zeros((0, 1), np.float32)
    frames_in = frames_out = 0
    for block in blocks:
        if stream is None:
            last = block[:0]
            stream = soxr.ResampleStream(
                from_hz, to_hz, block.shape[1], dtype="float32", quality="VHQ"
            )
        frames_in += len(block)
        made = stream.resample_chunk(block)
        frames_out += len(made)
        yield made
    if stream is None:
        return
    total = max(1, round(frames_in * to_hz / from_hz))
    rest = stream.resample_chunk(last, last=True)[: total - frames_out]
    yield np.concatenate(
        [rest, np.zeros((total - frames_out - len(rest), last.shape[1]), np.float32)]
    )
