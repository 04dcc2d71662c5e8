"""Music of known tempo, and what has none: made here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 32_000
Samples = npt.NDArray[np.float32]
_PATTERNS: dict[str, dict[str, tuple[float, ...]]] = {
    # Beats of a bar of four on which each drum is struck.
    "rock": {"kick": (0, 2), "snare": (1, 3), "hat": tuple(n / 2 for n in range(8))},
    "march": {"kick": (0,), "snare": (1, 2, 3), "hat": tuple(n / 2 for n in range(8))},
    "house": {"kick": (0, 1, 2, 3), "snare": (1, 3), "hat": (0.5, 1.5, 2.5, 3.5)},
    "sixteenths": {"kick": (0, 2), "snare": (1, 3), "hat": tuple(n / 4 for n in range(16))},
}


def drums(bpm: float, seconds: float, pattern: str = "rock", *, first_s: float = 0.0) -> Samples:
    """A drum machine, no stroke quite like the other; the first bar begins at `first_s`."""
    rng = np.random.default_rng(1)
    audio = np.zeros(round((seconds + 1) * RATE))
    for drum, beats in _PATTERNS[pattern].items():
        for bar in range(round(seconds * bpm / 240) + 1):
            for beat in beats:
                at = first_s + (bar * 4 + beat) * 60 / bpm
                if at < seconds:
                    struck = _struck(drum, rng) * rng.uniform(0.85, 1)
                    audio[round(at * RATE) :][: len(struck)] += struck
    return _mono(audio[: round(seconds * RATE)] * 0.5)


def clicks(bpm: float, seconds: float) -> Samples:
    """A metronome."""
    time = np.arange(round(seconds * RATE)) / RATE
    since = np.mod(time - 0.13, 60 / bpm)
    return _mono(0.6 * np.sin(2 * np.pi * 1000 * since) * np.exp(-120 * since))


def noise(seconds: float, seed: int = 0) -> Samples:
    """All there is at once."""
    return _mono(0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE)))


def drone(seconds: float) -> Samples:
    """One chord that goes on."""
    time = np.arange(round(seconds * RATE)) / RATE
    return _mono(sum(0.15 * np.sin(2 * np.pi * hz * time) for hz in (110.0, 165.0, 220.3)))


def at_random(seconds: float, seed: int) -> Samples:
    """Strokes whenever it happens."""
    rng = np.random.default_rng(seed)
    audio = np.zeros(round((seconds + 1) * RATE))
    for at in rng.uniform(0, seconds, round(2 * seconds)):
        struck = _struck(("kick", "snare", "hat")[rng.integers(3)], rng)
        audio[round(at * RATE) :][: len(struck)] += struck
    return _mono(audio[: round(seconds * RATE)] * 0.5)


def _struck(drum: str, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    time = np.arange(round(0.25 * RATE)) / RATE
    hiss = rng.standard_normal(len(time))
    if drum == "kick":
        return 0.8 * np.sin(2 * np.pi * (50 * time - np.exp(-40 * time))) * np.exp(-14 * time)
    if drum == "snare":
        return 0.5 * hiss * np.exp(-22 * time)
    return 0.15 * np.diff(hiss, prepend=0.0) * np.exp(-60 * time)


def _mono(audio: npt.NDArray[np.float64] | float) -> Samples:
    return np.asarray(audio, np.float32)[:, None]
