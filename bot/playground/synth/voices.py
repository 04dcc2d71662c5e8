"""The voices: band-limited single cycles with simple envelopes, and a small drum kit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.playground.synth.recording import SAMPLE_RATE_HZ as RATE

Wave = npt.NDArray[np.float32]

_CYCLE = 4096
_HIGHEST_HARMONIC_HZ = 13_000.0


@dataclass(frozen=True, slots=True)
class Patch:
    """One instrument. Harmonic k has the level k ** -slope; `glow` fades from bright to dark."""

    dark: float
    bright: float
    attack_s: float
    decay_s: float
    """Time constant of the fall to `sustain` (0 to 1)."""
    sustain: float
    release_s: float
    glow_s: float
    level: float
    pan: float = 0.0
    odd_only: bool = False
    vibrato_cents: float = 0.0
    detune_cents: float = 0.0
    partials: tuple[tuple[float, float], ...] = ()
    """(ratio, level) of a bell's partials instead of harmonics."""
    octave: int = 0


_BELL = ((1.0, 1.0), (2.76, 0.45), (5.4, 0.2), (8.9, 0.06))

# fmt: off
PATCHES: dict[str, Patch] = {
    "bass":    Patch(2.2, 1.2, 0.004, 0.30, 0.60, 0.04, 0.10, 0.28),
    "pad":     Patch(2.0, 1.4, 0.180, 2.00, 0.80, 0.35, 1.50, 0.16, detune_cents=7),
    "strings": Patch(1.5, 1.1, 0.140, 2.00, 0.85, 0.30, 2.00, 0.15, 0.10, vibrato_cents=9,
                     detune_cents=5),
    "piano":   Patch(2.4, 1.2, 0.003, 0.70, 0.10, 0.18, 0.15, 0.30, -0.12),
    "rhodes":  Patch(3.2, 1.8, 0.004, 0.90, 0.15, 0.15, 0.12, 0.30, -0.15),
    "organ":   Patch(1.6, 1.6, 0.008, 1.00, 0.95, 0.03, 1.00, 0.17, -0.10),
    "pluck":   Patch(2.2, 0.8, 0.002, 0.35, 0.02, 0.08, 0.09, 0.34, 0.18),
    "lead":    Patch(1.6, 1.0, 0.010, 0.60, 0.65, 0.08, 0.35, 0.18, 0.10, vibrato_cents=8,
                     detune_cents=4),
    "flute":   Patch(3.4, 2.6, 0.050, 1.00, 0.85, 0.09, 0.20, 0.28, 0.15, vibrato_cents=14,
                     octave=1),
    "brass":   Patch(1.3, 0.8, 0.035, 0.50, 0.75, 0.07, 0.30, 0.18, 0.12, vibrato_cents=6),
    "bells":   Patch(0.0, 0.0, 0.002, 0.80, 0.00, 0.50, 1.00, 0.24, 0.20, partials=_BELL,
                     octave=1),
    "violin":  Patch(1.2, 1.0, 0.070, 1.50, 0.85, 0.12, 1.00, 0.15, 0.15, vibrato_cents=18),
    "square":  Patch(1.0, 1.0, 0.002, 0.30, 0.55, 0.02, 1.00, 0.15, 0.08, odd_only=True),
}
# fmt: on

DRUM_PAN = {"hat": 0.2, "shaker": -0.25, "ride": 0.3, "rim": -0.15, "tom": -0.1}


def tone(patch: Patch, pitch: int, length_s: float, brightness: float, detune: float = 0.0) -> Wave:
    """One note, mono, at velocity 1; `brightness` 0 to 1, `detune` in the patch's own measure."""
    hz = 440.0 * 2.0 ** ((pitch + 12 * patch.octave - 69) / 12 + detune * patch.detune_cents / 1200)
    frames = max(64, round((length_s + patch.release_s) * RATE))
    t = np.arange(frames, dtype=np.float32) / np.float32(RATE)
    if patch.partials:
        wave = _bell(patch, hz, t)
    else:
        phase = np.arange(frames, dtype=np.float64) * (hz / RATE)
        if patch.vibrato_cents:
            depth = hz * (2 ** (patch.vibrato_cents / 1200) - 1) / (2 * np.pi * 5.2)
            swell = np.minimum(t / 0.4, 1.0)
            phase += depth * swell * np.sin(2 * np.pi * 5.2 * t)
        index = (phase * _CYCLE).astype(np.int64) & (_CYCLE - 1)
        softer = 0.8 * (0.5 - brightness) - 0.15
        dark = _cycle(patch.dark + softer, hz, patch.odd_only)
        bright = _cycle(patch.bright + softer, hz, patch.odd_only)
        wave = dark[index] + np.exp(-t / patch.glow_s) * (bright - dark)[index]
    return wave * _envelope(patch, t, length_s) * np.float32(patch.level)


def _cycle(slope: float, hz: float, odd_only: bool) -> Wave:
    count = int(max(1, min(64, _HIGHEST_HARMONIC_HZ / hz)))
    harmonics = np.arange(1, count + 1, dtype=np.float64)
    levels = harmonics ** -max(slope, 0.7)
    if odd_only:
        levels[1::2] = 0.0
    spectrum = np.zeros(_CYCLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : count + 1] = -1j * levels
    cycle = np.fft.irfft(spectrum, _CYCLE)
    return (cycle / np.sqrt(np.mean(cycle**2)) * 0.6).astype(np.float32)


def _bell(patch: Patch, hz: float, t: Wave) -> Wave:
    wave = np.zeros_like(t)
    for ratio, level in patch.partials:
        if hz * ratio < _HIGHEST_HARMONIC_HZ:
            wave += level * np.exp(-t * ratio * 0.7) * np.sin(2 * np.pi * hz * ratio * t)
    return wave.astype(np.float32)


def _envelope(patch: Patch, t: Wave, length_s: float) -> Wave:
    held_s = max(length_s, patch.attack_s)
    rise = np.minimum(t / patch.attack_s, 1.0)
    fall = patch.sustain + (1 - patch.sustain) * np.exp(-t / patch.decay_s)
    release = np.clip(1.0 - (t - held_s) / patch.release_s, 0.0, 1.0) ** 2
    return (rise * fall * release).astype(np.float32)


def drum(name: str, rng: np.random.Generator) -> Wave:
    """One stroke of a drum at velocity 1, mono."""
    length_s = {"kick": 0.32, "tom": 0.45, "ride": 0.5, "snare": 0.22, "clap": 0.2}.get(name, 0.09)
    t = np.arange(round(length_s * RATE), dtype=np.float64) / RATE
    noise = rng.standard_normal(len(t))
    hiss = np.diff(noise, n=2, prepend=[0.0, 0.0]) * 0.4
    match name:
        case "kick":
            wave = np.sin(2 * np.pi * (48 * t + 5.0 * (1 - np.exp(-t * 34)))) * np.exp(-t * 11)
            wave += 0.12 * noise * np.exp(-t * 400)
        case "tom":
            wave = np.sin(2 * np.pi * (82 * t + 2.5 * (1 - np.exp(-t * 20)))) * np.exp(-t * 8) * 0.7
        case "snare":
            wave = (
                0.45 * np.sin(2 * np.pi * (185 * t + 1.2 * (1 - np.exp(-t * 60)))) * np.exp(-t * 26)
            )
            wave += 0.32 * (noise + hiss) * np.exp(-t * 22)
        case "clap":
            burst = np.exp(-(t % 0.011) * 260) * (t < 0.033) + np.exp(-np.abs(t - 0.033) * 30) * (
                t >= 0.033
            )
            wave = 0.32 * np.diff(noise, prepend=0.0) * burst
        case "rim":
            wave = np.sin(2 * np.pi * 840 * t) * np.exp(-t * 120) * 0.5 + 0.1 * noise * np.exp(
                -t * 300
            )
        case "ride":
            metal = sum(np.sin(2 * np.pi * hz * t) for hz in (3170.0, 4289.0, 5411.0, 7013.0))
            wave = 0.05 * metal * np.exp(-t * 9) + 0.05 * hiss * np.exp(-t * 40)
        case "shaker":
            wave = 0.09 * hiss * np.minimum(t / 0.02, 1) * np.exp(-t * 45)
        case _:
            wave = 0.17 * hiss * np.exp(-t * 60)
    rise = np.minimum(t / 0.0008, 1.0)
    fall = np.minimum((t[-1] - t) / 0.01, 1.0)
    return (wave * rise * fall).astype(np.float32)
