"""The mix of a piece: what may be asked for, what it tells of itself, what was made. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

FADE_USUAL_S = 3
FADE_MAX_S = 10

_LEAST_BYTES_PER_S = 32_000 * 2
"""A WAV of the model's with one channel; it makes two at most."""
_MOST_BYTES_PER_S = 32_000 * 2 * 2
_ANY_BYTES_PER_S = 96_000 * 2 * 2
"""Of audio that is not the model's."""
_MP3_LEAST_BYTES_PER_S = 64_000 // 8


class MixFormat(StrEnum):
    """What a mix can be had as."""

    FLAC = "flac"
    WAV = "wav"
    MP3 = "mp3"

    @property
    def tried(self) -> tuple[MixFormat, ...]:
        """This one, and what is made where it does not fit, in order."""
        return _TRIED[self]


_TRIED = {
    MixFormat.WAV: (MixFormat.WAV, MixFormat.FLAC, MixFormat.MP3),
    MixFormat.FLAC: (MixFormat.FLAC, MixFormat.MP3),
    MixFormat.MP3: (MixFormat.MP3,),
}


@dataclass(frozen=True, slots=True)
class MixTerms:
    """What somebody wants of a mix."""

    format: MixFormat = MixFormat.WAV
    fade_s: int = FADE_USUAL_S


class Fit(StrEnum):
    """Whether a file will be small enough, as far as can be known before it is made."""

    SURE = "sure"
    UNSURE = "unsure"
    NEVER = "never"


def fit_of(format_: MixFormat, length_s: float, limit_bytes: int, *, by_model: bool) -> Fit:
    """Whether a mix of so many seconds fits, in a format; `by_model` where the model has made it.

    How many channels there are, and how well FLAC packs the music, shows only when it is made.
    """
    most = _MOST_BYTES_PER_S if by_model else _ANY_BYTES_PER_S
    match format_:
        case MixFormat.WAV:
            least = _LEAST_BYTES_PER_S
        case MixFormat.FLAC:
            # Music seldom packs to less than a third.
            least = _LEAST_BYTES_PER_S // 3
        case MixFormat.MP3:
            least = most = _MP3_LEAST_BYTES_PER_S
    if length_s * most <= limit_bytes:
        return Fit.SURE
    return Fit.UNSURE if length_s * least <= limit_bytes else Fit.NEVER


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a file: where it begins, in seconds, and what it is called."""

    start_s: float
    title: str


@dataclass(frozen=True, slots=True)
class Credits:
    """Who has made a file, its chapters in order, and its picture."""

    artists: Sequence[str] = ()
    chapters: Sequence[Chapter] = ()
    cover_png: bytes | None = field(default=None, repr=False)


NO_CREDITS = Credits()


@dataclass(frozen=True, slots=True)
class MixLabels:
    """What stands in the tags of a mix."""

    title: str
    comment: str
    software: str
    credits: Credits


@dataclass(frozen=True, slots=True)
class Loudness:
    """Of a whole file: integrated, None where it cannot be measured, and its true peak."""

    lufs: float | None
    peak_db: float


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mix: its file, its format, and what was measured of that."""

    path: Path
    format: MixFormat
    duration_s: float
    loudness: Loudness
