"""Tempo, key and bars: read from what a person types, joined to a prompt. No I/O."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from bot.domain.errors import BarsTooLong, TermOutOfBounds, TermsUnreadable
from bot.domain.inputs import Inputs

TEMPO_MIN_BPM, TEMPO_MAX_BPM = 30, 300
BARS_MAX = 64
_BEATS_A_BAR = 4

_SIGNS = {"": "", "#": "#", "♯": "#", "sharp": "#", "b": "b", "♭": "b", "flat": "b"}
_GAP = re.compile(r"(?:[\s,;|/·•+&]|\b(?:and|at|in|the)\b|\.(?!\d))+", re.IGNORECASE)
_NUMBER = r"(?P<number>\d{1,6}(?:\.\d{1,6})?)(?![\d.]*\d)"
_NAMED = r"\s*[:=]?\s*"
_TEMPO = re.compile(
    rf"(?:(?:tempo|bpm){_NAMED}{_NUMBER}(?:\s*(?:bpm\b|beats\s+per\s+minute\b))?"
    rf"|{_NUMBER.replace('number', 'first')}\s*(?:bpm\b|beats\s+per\s+minute\b))",
    re.IGNORECASE,
)
_BARS = re.compile(
    rf"(?:bars?{_NAMED}(?P<number>\d{{1,6}})(?![\d.]*\d)"
    r"|(?P<first>\d{1,6})[\s-]*(?:bars?|measures?)\b)",
    re.IGNORECASE,
)
_KEY = re.compile(
    rf"(?i:key(?:\s+of)?{_NAMED})?(?P<note>[A-Ga-g])"
    r"(?P<sign>[#♯♭]|b(?=[mM]|\W|$)|[\s-]?(?i:sharp|flat)\b)?"
    r"(?:[\s-]*(?P<mode>(?i:major|minor|maj|min)\b|[Mm]\b))?"
    r"(?![\w#♯♭])"
)
_ALONE = re.compile(_NUMBER)


@dataclass(frozen=True, slots=True)
class MusicalTerms:
    """What a musician turns: each may be left out."""

    tempo_bpm: float | None = None
    key: str | None = None
    """As it is written in full: `A minor`, `F# major`."""
    bars: int | None = None

    def __str__(self) -> str:
        """As it is joined to a prompt, and shown: always in this order."""
        parts: list[str] = []
        if self.tempo_bpm is not None:
            parts.append(f"{self.tempo_bpm:.10g} bpm")
        if self.key is not None:
            parts.append(self.key)
        if self.bars is not None:
            parts.append(f"{self.bars} bar" + "s" * (self.bars != 1))
        return ", ".join(parts)

    def __bool__(self) -> bool:
        return self != NO_TERMS

    @property
    def set_length(self) -> bool:
        """Whether a length follows from them."""
        return self.tempo_bpm is not None and self.bars is not None

    @property
    def without_bars(self) -> MusicalTerms:
        """What holds for another length as well."""
        return replace(self, bars=None)

    def joined_to(self, prompt: str) -> str:
        """The prompt as the model gets it."""
        if not self:
            return prompt
        return ", ".join(filter(None, [prompt.rstrip(" \t\n,;."), str(self)]))

    def joined_to_inputs(self, inputs: Inputs) -> Inputs:
        """The inputs as the model gets them."""
        return replace(inputs, prompt=self.joined_to(inputs.prompt)) if self else inputs

    def length_s(self, most_s: int) -> int | None:
        """The whole seconds that hold all bars, 4/4; None where tempo or bars are not given.

        Raises:
            BarsTooLong: they take more than `most_s` seconds.
        """
        if self.tempo_bpm is None or self.bars is None:
            return None
        exact_s = self.bars * _BEATS_A_BAR * 60 / self.tempo_bpm
        # A hair of a second too much is the float's and no bar's.
        whole_s = math.ceil(exact_s - 1e-6)
        if whole_s > most_s:
            raise BarsTooLong(str(self), exact_s, most_s)
        return whole_s


NO_TERMS = MusicalTerms()


def read_terms(text: str) -> MusicalTerms:
    """Read `120 bpm, A minor, 8 bars`: in any order, any of them, with or without commas.

    A number alone is a tempo; a note alone is its major key.

    Raises:
        TermsUnreadable: a part of it is none of these, or is said twice.
        TermOutOfBounds: a tempo or a number of bars that there is not.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        if (gap := _GAP.match(text, at)) is not None:
            at = gap.end()
            continue
        name, value, at = _next(text, at)
        if name in found:
            raise TermsUnreadable(text)
        found[name] = value
    tempo = _bounded("tempo", found.get("tempo"), TEMPO_MIN_BPM, TEMPO_MAX_BPM)
    bars = _bounded("bars", found.get("bars"), 1, BARS_MAX)
    return MusicalTerms(tempo, found.get("key"), None if bars is None else int(bars))


def _next(text: str, at: int) -> tuple[str, str, int]:
    """What stands there, its value, and where it ends."""
    for name, pattern in (("tempo", _TEMPO), ("bars", _BARS)):
        if (match := pattern.match(text, at)) is not None:
            return name, match["number"] or match["first"], match.end()
    if (match := _KEY.match(text, at)) is not None:
        return "key", _key(match), match.end()
    if (match := _ALONE.match(text, at)) is not None:
        return "tempo", match["number"], match.end()
    raise TermsUnreadable(text[at:])


def _key(match: re.Match[str]) -> str:
    sign = _SIGNS[(match["sign"] or "").strip(" -").casefold()]
    mode = match["mode"] or ""
    is_minor = mode == "m" or mode.casefold().startswith("min")
    return f"{match['note'].upper()}{sign} {'minor' if is_minor else 'major'}"


def _bounded(name: str, text: str | None, least: int, most: int) -> float | None:
    if text is None:
        return None
    value = float(text)
    if not least <= value <= most:
        raise TermOutOfBounds(name, value, least, most)
    return value
