"""Another sample rate, block by block.

Each block's spectrum is cut or extended to the new rate, with so much of its neighbours around it
that the blocks join without a trace. Arrays are as in `bot.audio.samples`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.audio.samples import Samples

_BODY_FRAMES = 16_384
_PAD_FRAMES = 2048
"""The filter's reach to each side at the lower rate; beyond it is weaker than 16 bits show."""
_PERIOD_MAX_FRAMES = 100_000
"""Two rates that share no factor have a period of a second, which takes hundreds of MB to transform
at 384 kHz. The nearest ratio with a shorter one is off by 10 millionths at most, as the clocks of
sound cards are."""
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
        ratio = Fraction(to_hz, from_hz).limit_denominator(_PERIOD_MAX_FRAMES)
        self._down, self._up = ratio.denominator, ratio.numerator
        self._from_hz, self._to_hz = from_hz, to_hz
        # Whole periods of both rates together, so that a block begins on a frame of each.
        self._pad = math.ceil(_PAD_FRAMES * max(1.0, self._down / self._up) / self._down)
        least = math.ceil(_BODY_FRAMES / self._down) + 2 * self._pad
        # A power of two: a length with a large prime factor takes several times as long.
        periods = 1 << (least - 1).bit_length()
        self._body = periods - 2 * self._pad
        self._size, self._size_out = periods * self._down, periods * self._up
        self._filter = _low_pass(self._size, self._size_out)
        self._waiting: list[Samples] = []
        self._frames_waiting = self._frames_in = self._frames_out = 0

    def push(self, block: Samples) -> Iterator[Samples]:
        """Take a block; give what can be given."""
        if not self._frames_in:
            self._hold(_silence(self._pad * self._down, block))
        self._hold(block)
        self._frames_in += len(block)
        if self._frames_waiting < self._size:
            return
        waiting = self._take()
        while len(waiting) >= self._size:
            yield self._next(waiting)
            waiting = waiting[self._body * self._down :]
        self._hold(waiting)

    def finish(self) -> Iterator[Samples]:
        """Give the rest, as if silence followed."""
        import numpy as np

        if not self._frames_in:
            return
        waiting = self._take()
        total = max(1, round(self._frames_in * self._to_hz / self._from_hz))
        while self._frames_out < total:
            lacking = max(0, self._size - len(waiting))
            whole = np.concatenate([waiting, _silence(lacking, waiting)])
            wanted = total - self._frames_out
            yield self._next(whole)[:wanted]
            waiting = whole[self._body * self._down :]

    def _hold(self, block: Samples) -> None:
        # Put together once there are enough: a high rate takes hundreds of blocks for one.
        self._waiting.append(block)
        self._frames_waiting += len(block)

    def _take(self) -> Samples:
        import numpy as np

        whole = np.concatenate(self._waiting)
        self._waiting, self._frames_waiting = [], 0
        return whole

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
