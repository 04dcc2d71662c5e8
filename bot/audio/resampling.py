"""Another sample rate, block by block.

Each block's spectrum is cut or extended to the new rate, with so much of its neighbours around it
that the blocks join without a trace. Arrays are as in `bot.audio.samples`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.audio.samples import Samples

_BODY_FRAMES = 16_384
_PAD_FRAMES = 2048
"""The filter's reach to each side at the lower rate; beyond it is weaker than 16 bits show."""
_SLOPE = 0.06
"""The share of the lower rate's band in which the filter falls to nothing."""


def resampled(blocks: Iterable[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """The same audio at another rate in Hz, as long to the nearest frame (but at least one)."""
    if from_hz == to_hz:
        yield from blocks
        return
    resampler = _Resampler(from_hz, to_hz)
    for block in blocks:
        yield from resampler.push(block)
    yield from resampler.finish()


class _Resampler:
    def __init__(self, from_hz: int, to_hz: int) -> None:
        shared = math.gcd(from_hz, to_hz)
        self._down, self._up = from_hz // shared, to_hz // shared
        # Whole periods of both rates together, so that a block begins on a frame of each.
        self._body = math.ceil(_BODY_FRAMES / self._down)
        self._pad = math.ceil(_PAD_FRAMES * max(1.0, self._down / self._up) / self._down)
        periods = self._body + 2 * self._pad
        self._size, self._size_out = periods * self._down, periods * self._up
        self._filter = _low_pass(self._size, self._size_out)
        self._waiting: Samples | None = None
        self._frames_in = self._frames_out = 0

    def push(self, block: Samples) -> Iterator[Samples]:
        """Take a block; give what can be given."""
        import numpy as np

        if self._waiting is None:
            self._waiting = _silence(self._pad * self._down, block)
        self._waiting = np.concatenate([self._waiting, block])
        self._frames_in += len(block)
        while len(self._waiting) >= self._size:
            yield self._next(self._waiting)
            self._waiting = self._waiting[self._body * self._down :]

    def finish(self) -> Iterator[Samples]:
        """Give the rest, as if silence followed."""
        import numpy as np

        if self._waiting is None:
            return
        total = max(1, round(self._frames_in * self._up / self._down))
        while self._frames_out < total:
            lacking = max(0, self._size - len(self._waiting))
            whole = np.concatenate([self._waiting, _silence(lacking, self._waiting)])
            wanted = total - self._frames_out
            yield self._next(whole)[:wanted]
            self._waiting = whole[self._body * self._down :]

    def _next(self, waiting: Samples) -> Samples:
        import numpy as np

        spectrum = np.fft.rfft(waiting[: self._size], axis=0)[: len(self._filter)]
        wave = np.fft.irfft(spectrum * self._filter, self._size_out, axis=0)
        start = self._pad * self._up
        body = wave[start : start + self._body * self._up]
        self._frames_out += len(body)
        return body.astype(np.float32, copy=False)


def _silence(frames: int, like: Samples) -> Samples:
    import numpy as np

    return np.zeros((frames, like.shape[1]), np.float32)


def _low_pass(size: int, size_out: int) -> npt.NDArray[np.float32]:
    """The gain of each frequency that both rates have: 1, falling to 0 as the lower one ends."""
    import numpy as np

    bins = min(size, size_out) // 2 + 1
    place = np.arange(bins) / (min(size, size_out) / 2)
    falling = np.clip((1 - place) / _SLOPE, 0.0, 1.0)
    gain = (1 - np.cos(np.pi * falling)) / 2
    return (gain * (size_out / size)).astype(np.float32)[:, None]
