"""What given audio sounds like: its tempo and beat, its key, the line of its melody."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from bot.playground.synth.recording import SAMPLE_RATE_HZ as RATE

Mono = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_HOP = 256
_WINDOW = 1024
_HEARD_AT = 5 / 8
"""How far into a window a sound begins when it is heard to, as measured."""
_FINE = 16_384
"""Samples in a spectrum that tells the semitones of a bass apart."""
_MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Krumhansl and Kessler's probe-tone ratings."""


def _spectra(mono: Mono, size: int, hop: int) -> Floats:
    """Magnitudes of shape (frames, size // 2 + 1)."""
    padded = np.pad(mono, (0, max(0, size - len(mono))))
    frames = sliding_window_view(padded, size)[::hop]
    return np.abs(np.fft.rfft(frames * np.hanning(size).astype(np.float32), axis=1)).astype(
        np.float64
    )


def onset_strength(mono: Mono) -> Floats:
    """How much new sound begins at each hop of 8 ms."""
    loud = np.log1p(10 * _spectra(mono, _WINDOW, _HOP))
    rise = np.maximum(np.diff(loud, axis=0, prepend=loud[:1]), 0.0).sum(axis=1)
    return rise - rise.mean()


def tempo_and_beat(mono: Mono) -> tuple[float, float] | None:
    """(beats a minute, seconds from the last beat to the end), or None for beatless audio."""
    onsets = onset_strength(mono)
    if len(onsets) < 1.5 * RATE / _HOP or not onsets.any():
        return None
    size = 2 * len(onsets)
    match = np.fft.irfft(np.abs(np.fft.rfft(onsets, size)) ** 2)[: len(onsets)]
    tempos = np.arange(60.0, 200.0, 0.5)
    lags = 60.0 / tempos * RATE / _HOP
    support = np.zeros_like(tempos)
    for multiple in (1, 2, 4):
        support += np.interp(lags * multiple, np.arange(len(match)), match, right=0.0)
    support *= np.exp(-0.5 * (np.log2(tempos / 118.0) / 0.6) ** 2)
    best = int(np.argmax(support))
    if support[best] <= 0.05 * match[0]:
        return None
    return float(tempos[best]), _since_beat_s(onsets, float(lags[best]))


def _since_beat_s(onsets: Floats, lag: float) -> float:
    count = int((len(onsets) - 1) / lag)
    shifts = np.arange(0.0, lag, 1.0)
    back = len(onsets) - 1 - shifts[:, None] - lag * np.arange(count)[None, :]
    strength = np.interp(back, np.arange(len(onsets)), onsets).sum(axis=1)
    since = float(shifts[int(np.argmax(strength))]) * _HOP + _WINDOW * (1 - _HEARD_AT)
    return since / RATE


def chroma(mono: Mono) -> Floats:
    """Energy of the twelve pitch classes, C first, summing to 1 (or all 0 for silence)."""
    spectrum = _spectra(mono, _FINE, _FINE // 2).mean(axis=0)
    floor = np.convolve(spectrum, np.full(33, 1 / 33), mode="same")
    peaks = np.maximum(spectrum - 1.5 * floor, 0.0)
    hz = np.fft.rfftfreq(_FINE, 1 / RATE)
    inside = (hz > 60) & (hz < 1100)
    classes = np.round(12 * np.log2(hz[inside] / 440.0) + 69).astype(np.intp) % 12
    energy = np.zeros(12)
    np.add.at(energy, classes, np.sqrt(peaks[inside]))
    total = float(energy.sum())
    return energy / total if total > 0 else energy


def key(mono: Mono) -> tuple[int, bool] | None:
    """(tonic's pitch class, minor), or None for silence and noise without a key."""
    heard = chroma(mono)
    if not heard.any() or heard.max() < 1.2 / 12:
        return None
    fits = [
        (float(np.corrcoef(np.roll(profile, tonic), heard)[0, 1]), tonic, minor)
        for minor, profile in ((False, _MAJOR_PROFILE), (True, _MINOR_PROFILE))
        for tonic in range(12)
    ]
    _, tonic, minor = max(fits)
    return tonic, minor


def melody(mono: Mono, slot_s: float) -> tuple[tuple[float, float, int], ...]:
    """The dominant pitch of each slot as (start_s, length_s, MIDI pitch); silence is left out.

    Pitches lie in 55..84; equal neighbours are one note.
    """
    size, hop = 4096, max(512, round(slot_s * RATE))
    spectra = _spectra(mono, size, hop)
    pitches = np.arange(48, 91)
    hz = 440.0 * 2.0 ** ((pitches - 69) / 12)
    bins = [np.rint(hz * harmonic * size / RATE).astype(np.intp) for harmonic in (1, 2, 3)]
    loudness = spectra.sum(axis=1)
    gate = 0.08 * float(np.median(loudness)) + 1e-3
    notes: list[tuple[float, float, int]] = []
    for index, spectrum in enumerate(spectra):
        if loudness[index] < gate:
            continue
        salience = spectrum[bins[0]] + spectrum[bins[1]] / 2 + spectrum[bins[2]] / 3
        pitch = _into_range(int(pitches[int(np.argmax(salience))]))
        start_s = index * hop / RATE
        if notes and notes[-1][2] == pitch and abs(sum(notes[-1][:2]) - start_s) < slot_s / 2:
            notes[-1] = (notes[-1][0], notes[-1][1] + hop / RATE, pitch)
        else:
            notes.append((start_s, hop / RATE, pitch))
    return tuple(notes)


def _into_range(pitch: int) -> int:
    while pitch < 55:
        pitch += 12
    while pitch > 84:
        pitch -= 12
    return pitch
