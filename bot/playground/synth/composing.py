"""A piece of music from a feel and a seed: chords, bass, drums and a melody, as timed notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bot.playground.synth.feel import Feel
from bot.playground.synth.sampling import Chooser

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)

_MAJOR_PROGRESSIONS = ((0, 4, 5, 3), (0, 3, 0, 4), (0, 5, 0, 4), (0, 1, 4, 0), (0, 3, 4, 0))
_MINOR_PROGRESSIONS = ((0, 5, 0, 6), (0, 3, 0, 4), (0, 2, 3, 0), (0, 0, 5, 6), (0, 3, 6, 0))
_RHYTHMS = ("x.x.x.x.", "x..x..x.", "x...x.x.", "x.xxx.x.", "x..xx...", "..x.x.xx", "x.......")


class Note(NamedTuple):
    """One note of one voice."""

    start_s: float
    length_s: float
    pitch: int
    """MIDI number, 69 = 440 Hz."""
    velocity: float
    voice: str


class Hit(NamedTuple):
    """One stroke of one drum."""

    start_s: float
    velocity: float
    drum: str


@dataclass(frozen=True, slots=True)
class Score:
    """What is to be played, in seconds from the start of the new music."""

    tempo_bpm: float
    tonic: int
    minor: bool
    notes: tuple[Note, ...]
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """What given audio asks of the piece; the prompt's own tempo and key go first."""

    tempo_bpm: float | None = None
    tonic: int | None = None
    minor: bool | None = None
    beat_offset_s: float = 0.0
    """How long before the start of the new music its last beat fell."""
    melody: tuple[tuple[float, float, int], ...] = ()
    """(start_s, length_s, MIDI pitch) for the lead to follow."""


def compose(feel: Feel, chooser: Chooser, length_s: float, guide: Guide | None = None) -> Score:
    """A piece of at least `length_s` seconds; notes that begin later are left out."""
    return _Composer(feel, chooser, length_s, guide or Guide()).score()


class _Composer:
    def __init__(self, feel: Feel, chooser: Chooser, length_s: float, guide: Guide) -> None:
        self.feel, self.style, self.chooser, self.guide = feel, feel.style, chooser, guide
        rng = chooser.rng
        low, high = feel.style.tempo_bpm
        own_tempo = float(rng.integers(low, high + 1)) * feel.tempo_factor
        own_tonic, own_minor = int(rng.integers(12)), feel.style.minor
        self.tempo_bpm = feel.tempo_bpm or guide.tempo_bpm or own_tempo
        self.tonic = _first(feel.tonic, guide.tonic, own_tonic)
        self.minor = bool(_first(feel.minor, guide.minor, own_minor))
        self.scale = MINOR if self.minor else MAJOR
        self.step_s = 60.0 / self.tempo_bpm / 4
        self.bar_steps = self.style.beats_per_bar * 4
        self.origin_s = -guide.beat_offset_s
        self.length_s = length_s
        self.bars = int((length_s - self.origin_s) / (self.bar_steps * self.step_s)) + 1
        progressions = _MINOR_PROGRESSIONS if self.minor else _MAJOR_PROGRESSIONS
        self.progression = progressions[chooser.pick([1.3, 1.2, 1.1, 1.0, 1.0])]
        self.voicing = 48 + int(rng.integers(0, 6))
        self.notes: list[Note] = []
        self.hits: list[Hit] = []

    def score(self) -> Score:
        for bar in range(self.bars):
            degree = self._degree(bar)
            self._comp(bar, degree)
            if self.feel.bass:
                self._bass(bar, degree)
            if self.feel.drums:
                self._drums(bar)
        if self.guide.melody:
            self._follow()
        else:
            self._melody()
        notes = tuple(note for note in self.notes if note.start_s < self.length_s)
        hits = tuple(hit for hit in self.hits if 0.0 <= hit.start_s < self.length_s)
        return Score(self.tempo_bpm, self.tonic, self.minor, notes, hits)

    def _time(self, bar: int, step: float) -> float:
        late = self.style.swing if int(step) % 4 == 2 and step == int(step) else 0.0
        return self.origin_s + (bar * self.bar_steps + step + late) * self.step_s

    def _degree(self, bar: int) -> int:
        if bar % 4 == 3 and bar % 8 != 7 and self.chooser.pick([3.0, 1.0]):
            return int(self.chooser.rng.choice([3, 4, 6 if self.minor else 1]))
        return self.progression[bar % 4]

    def _pitch(self, degree: int, base: int) -> int:
        """The scale's `degree` (0 = tonic, any octave) in the octave that starts near `base`."""
        octave, index = divmod(degree, 7)
        return base + (self.tonic - base) % 12 + self.scale[index] + 12 * octave

    def _chord(self, degree: int) -> list[int]:
        steps = (0, 2, 4, 6) if self.style.sevenths else (0, 2, 4)
        classes = [self._pitch(degree + step, 0) % 12 for step in steps]
        return sorted(self.voicing + (pitch - self.voicing) % 12 for pitch in classes)

    def _add(self, bar: int, step: float, steps: float, pitch: int, vel: float, voice: str) -> None:
        self.notes.append(Note(self._time(bar, step), steps * self.step_s, pitch, vel, voice))

    def _comp(self, bar: int, degree: int) -> None:
        voice = self.feel.harmony or self.style.harmony
        chord, size, comping = self._chord(degree), self.bar_steps, self.style.comping
        if voice in {"pad", "strings"} and comping in {"stab", "strum"} and size == 16:
            comping = "sustain"
        level = 0.5 + 0.2 * self.feel.energy
        if comping == "sustain":
            for pitch in chord:
                self._add(bar, 0, size, pitch, level, voice)
        elif comping == "arpeggio":
            order = [*chord, chord[0] + 12, *chord[:0:-1]]
            stride = 1 if self.feel.energy > 0.7 else 2
            for index, step in enumerate(range(0, size, stride)):
                self._add(bar, step, stride * 1.6, order[index % len(order)], level, voice)
        else:
            strokes = {
                "stab": ((0, 3), (6, 2), (11, 3)),
                "offbeat": tuple((step, 1.6) for step in range(2, size, 4)),
                "strum": tuple((step, 3.6) for step in range(0, size, 4)),
            }[comping]
            for step, steps in strokes:
                for order_in_chord, pitch in enumerate(chord):
                    self._add(bar, step + 0.08 * order_in_chord, steps, pitch, level, voice)

    def _bass(self, bar: int, degree: int) -> None:
        pattern = self.style.bass
        fold = {"r": 0, "5": 7, "8": 12}
        root = self._pitch(degree, 0) % 12
        low = 31 + (root - 31) % 12
        for step, mark in enumerate(pattern):
            if mark in fold:
                held = len(pattern[step + 1 :]) - len(pattern[step + 1 :].lstrip("-"))
                self._add(bar, step, 0.9 + held, low + fold[mark], 0.9, "bass")

    def _drums(self, bar: int) -> None:
        fill = bar % 4 == 3 and self.bars > 4
        for drum, pattern in self.style.drums:
            for step, mark in enumerate(pattern[: self.bar_steps]):
                if mark == "." or (fill and drum == "hat" and step >= self.bar_steps - 4):
                    continue
                level = (1.0 if mark == "x" else 0.45) * (0.7 + 0.3 * self.feel.energy)
                self.hits.append(Hit(self._time(bar, step), level, drum))
        if fill and self.feel.energy > 0.3 and self.style.drums:
            drum = "snare" if self.feel.energy > 0.45 else "rim"
            for step in range(self.bar_steps - 4, self.bar_steps):
                if self.chooser.pick([1.0, 1.2]):
                    self.hits.append(Hit(self._time(bar, step), 0.5, drum))

    def _melody(self) -> None:
        """Two-bar motifs, answered and varied: A A' B A'."""
        voice = self.feel.lead or self.style.lead
        slots = self.bar_steps // 2
        motifs = {name: self._motif(slots) for name in "AB"}
        rests = 1 if self.bars > 4 else 0
        for bar in range(rests, self.bars):
            name = "B" if (bar // 2) % 4 == 2 else "A"
            chord = [self.progression[bar % 4] + step for step in (0, 2, 4)]
            for slot, length, degree in motifs[name][bar % 2]:
                place = self._settle(degree, chord, strong=slot % 4 == 0)
                pitch = self._pitch(place, 60) + self._stray()
                self._add(bar, slot * 2, length * 1.9, pitch, 0.8 - 0.1 * (slot % 2), voice)

    def _motif(self, slots: int) -> list[list[tuple[int, int, int]]]:
        """Two bars of (slot, slots long, scale degree) that come home to the tonic."""
        busy = 0.5 + self.feel.energy
        bars: list[list[tuple[int, int, int]]] = []
        degree = (0, 2, 4)[self.chooser.pick([1.0, 1.1, 1.0])]
        for _ in range(2):
            weights = [busy ** (rhythm.count("x") - 3) for rhythm in _RHYTHMS]
            rhythm = _RHYTHMS[self.chooser.pick(weights)][:slots]
            starts = [slot for slot, mark in enumerate(rhythm) if mark == "x"]
            bar: list[tuple[int, int, int]] = []
            for start, end in zip(starts, [*starts[1:], slots], strict=True):
                degree += self._leap(degree)
                bar.append((start, min(end - start, 4), degree))
            bars.append(bar)
        start, length, degree = bars[-1][-1]
        bars[-1][-1] = (start, length, 7 if degree > 3 else 0)
        return bars

    def _leap(self, degree: int) -> int:
        leaps = (0, 1, -1, 2, -2, 3, -3, 4, -4, 7, -7)
        nature = (0.7, 1.6, 1.6, 0.9, 0.9, 0.3, 0.3, 0.2, 0.2, 0.05, 0.05)
        home = [
            weight * (0.15 if not -3 <= degree + leap <= 9 else 1.0)
            for leap, weight in zip(leaps, nature, strict=True)
        ]
        return leaps[self.chooser.pick(home)]

    def _settle(self, degree: int, chord: list[int], *, strong: bool) -> int:
        """On strong beats the nearest note of the chord."""
        if not strong:
            return degree
        tones = [tone + 7 * octave for tone in chord for octave in (-2, -1, 0, 1)]
        return min(tones, key=lambda tone: (abs(tone - degree), tone))

    def _stray(self) -> int:
        """Rarely a semitone off the scale; the hotter, the likelier."""
        return (0, 1, -1)[self.chooser.pick([1.0, 0.012, 0.012])]

    def _follow(self) -> None:
        voice = self.feel.lead or self.style.lead
        self.notes.extend(
            Note(start_s, length_s, pitch, 0.95, voice)
            for start_s, length_s, pitch in self.guide.melody
        )


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)


def rng_for(prompt: str, seed: int) -> np.random.Generator:
    """The randomness of one request: the same prompt and seed draw the same."""
    return np.random.default_rng([seed, *prompt.encode()])
