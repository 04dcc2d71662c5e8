"""Another sample rate, the same sound."""

from __future__ import annotations

import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio.resampling import resampled
from tests.examples import examples

RATES = [8000, 11_025, 22_050, 24_000, 32_000, 44_099, 44_100, 48_000, 96_000]


def wave(hz: float, frames: int, rate: int) -> npt.NDArray[np.float32]:
    time = np.arange(frames)[:, None] / rate
    return (0.5 * np.sin(2 * np.pi * hz * time + [0.3, 1.0])).astype(np.float32)


def converted(
    samples: npt.NDArray[np.float32], from_hz: int, to_hz: int, block: int = 4096
) -> npt.NDArray[np.float32]:
    blocks = (samples[start : start + block] for start in range(0, len(samples), block))
    return np.concatenate(list(resampled(blocks, from_hz, to_hz)))


@pytest.mark.parametrize("to_hz", [32_000, 44_100])
@pytest.mark.parametrize("from_hz", RATES)
@pytest.mark.parametrize("hz", [100.0, 3100.0])
def test_a_tone_is_the_same_tone(from_hz: int, to_hz: int, hz: float) -> None:
    result = converted(wave(hz, 3 * from_hz + 17, from_hz), from_hz, to_hz)
    expected = wave(hz, len(result), to_hz)
    inner = slice(to_hz // 4, -to_hz // 4)
    # Within two steps of 16 bits.
    assert np.abs(result[inner] - expected[inner]).max() < 2 / 32768


@pytest.mark.parametrize("from_hz", [44_100, 48_000, 96_000])
def test_what_the_new_rate_cannot_hold_is_gone(from_hz: int) -> None:
    result = converted(wave(18_000, 2 * from_hz, from_hz), from_hz, 32_000)
    assert np.abs(result[8000:-8000]).max() < 1e-4


@given(
    frames=st.integers(1, 60_000),
    block=st.integers(100, 20_000),
    from_hz=st.sampled_from([*RATES, 228_607, 383_999]),
    to_hz=st.sampled_from(RATES),
)
@settings(max_examples=examples(40), deadline=None)
def test_length_and_sound_do_not_depend_on_the_blocks(
    frames: int, block: int, from_hz: int, to_hz: int
) -> None:
    samples = wave(200, frames, from_hz)
    result = converted(samples, from_hz, to_hz, block)
    assert len(result) == max(1, round(frames * to_hz / from_hz))
    np.testing.assert_allclose(result, converted(samples, from_hz, to_hz), atol=1e-5)


def test_nothing_stays_nothing() -> None:
    assert list(resampled([], 44_100, 32_000)) == []


@pytest.mark.parametrize("from_hz", [96_001, 228_607, 383_999])
def test_rates_that_share_no_factor_take_no_more_memory(from_hz: int) -> None:
    blocks = (np.zeros((4096, 2), np.float32) for _ in range(4 * from_hz // 4096))
    tracemalloc.start()
    try:
        for _ in resampled(blocks, from_hz, 32_000):
            pass
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 100e6


@pytest.mark.parametrize("from_hz", [96_001, 228_607, 383_999])
def test_the_ratio_of_such_rates_is_as_good_as_a_clock(from_hz: int) -> None:
    result = converted(wave(100.0, 3 * from_hz, from_hz), from_hz, 32_000)
    expected = wave(100.0, len(result), 32_000)
    inner = slice(8000, -8000)
    assert np.abs(result[inner] - expected[inner]).max() < 0.01
