"""The words of a jam's mix: its form, its message, and the tags of its file."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from bot.card.markup import fitted, quoted
from bot.card.strings.jam import CREDIT_MAX_CHARS, person
from bot.card.strings.takes import length_of
from bot.domain.mixes import FADE_MAX_S, Fit, Mixed, MixFormat
from bot.jam.jam import Section

TITLE = "Mix the whole piece"
FORMAT = "Format"
FADE = "Fade at the end"
FADE_ABOUT = f"0 to {FADE_MAX_S} seconds; 0 for none."
LOST = "The piece's audio is not there any more, so there is no mix of it."
FAILED = "The mix could not be made this time. Please press **Mix** again."
NOT_HEARD = "The piece can't be played here at present. Please press **Listen** again, or **Mix**."
TOO_LARGE = "The mix is too large to be posted here, even as an MP3."
MIXING = "The mix is being made; it comes below."
NO_SECTIONS = "-# Its sections as a zip are too large to be posted here."
SOMEBODY = "somebody who left"
_OPTIONS = {
    (MixFormat.FLAC, Fit.SURE): "FLAC fits here, without loss",
    (MixFormat.FLAC, Fit.UNSURE): "FLAC may be too large here, then it is an MP3",
    (MixFormat.FLAC, Fit.NEVER): "FLAC is too large here, it will be an MP3",
    (MixFormat.WAV, Fit.SURE): "WAV fits here, without loss, for every program",
    (MixFormat.WAV, Fit.UNSURE): "WAV may be too large here, then it is FLAC or MP3",
    (MixFormat.WAV, Fit.NEVER): "WAV is too large here, it will be FLAC or MP3",
    (MixFormat.MP3, Fit.SURE): "MP3 fits here, and is the smallest",
    (MixFormat.MP3, Fit.UNSURE): "MP3 may be too large here",
    (MixFormat.MP3, Fit.NEVER): "MP3 is too large here, too",
}
"""A phone shows the first two dozen characters."""


def option(format_: MixFormat, fit: Fit) -> str:
    """A format to choose, and whether the mix will fit in it."""
    return _OPTIONS[format_, fit]


def title(theme: str) -> str:
    """The heading of a mix, and the title in its tags."""
    return fitted(f"Mix of “{theme}”", 256)


def credit(at_s: float, one: Section) -> str:
    """A line of a mix's credits: where a section begins, and who has made it."""
    words = quoted(one.words, CREDIT_MAX_CHARS) or "…"
    return f"`{_clock(at_s)}` {words} · {person(one.author_id)}"


def facts(mixed: Mixed, fade_s: int) -> str:
    """What was made, and what was measured of it."""
    loudness, faded_s = mixed.loudness, min(fade_s, mixed.duration_s)
    parts = [
        mixed.format.upper(),
        length_of(mixed.duration_s),
        None if loudness.lufs is None else f"{loudness.lufs:.1f} LUFS".replace("-", "−"),
        # What is silent has no peak.
        f"true peak {loudness.peak_db:.1f} dBTP".replace("-", "−")
        if isfinite(loudness.peak_db)
        else None,
        f"its last {length_of(faded_s)} fade out" if faded_s else None,
    ]
    return "-# " + " · ".join(part for part in parts if part)


def instead(wanted: MixFormat, made: MixFormat) -> str | None:
    """Why it is not in the format that was asked for."""
    if wanted is made:
        return None
    return f"-# As {wanted.upper()} it is too large to be posted here, so this is {made.upper()}."


def chapter(one: Section, names: Mapping[int, str]) -> str:
    """What a section is called in the tags of a file."""
    return f"{one.words or '…'} ({names.get(one.author_id, SOMEBODY)})"


def comment(at_s: float, chapter_title: str) -> str:
    """The same in a list of all of them."""
    return f"{_clock(at_s)} {chapter_title}"


def _clock(at_s: float) -> str:
    minutes, seconds = divmod(int(at_s), 60)
    return f"{minutes}:{seconds:02}"
