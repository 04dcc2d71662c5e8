"""The words of a jam's mix: its form, its message, and the tags of its file."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from bot.card.markup import fitted, quoted
from bot.card.strings import card
from bot.card.strings.jam import CREDIT_MAX_CHARS, SOMEBODY, person
from bot.card.strings.takes import length_of
from bot.domain.mixes import FADE_MAX_S, Fit, Mixed, MixFormat
from bot.domain.plain_text import one_line, shortened
from bot.jam.jam import Section
from bot.locales import Text, _, number

_TITLE_MAX_CHARS = 256
TITLE = Text("Mix the whole piece")
FORMAT = Text("Format", "field")
FADE = Text("Fade at the end")
LOST = Text("The piece's audio is not there any more, so there is no mix of it.")
FAILED = Text("The mix could not be made this time. Please press **Mix** again.")
NOT_HEARD = Text(
    "The piece can't be played here at present. Please press **Listen** again, or **Mix**."
)
TOO_LARGE = Text("The mix is too large to be posted here, even as an MP3.")
MIXING = Text("The mix is being made; it comes below.")
_NO_SECTIONS = Text("Its sections as a zip are too large to be posted here.")
# Translators: a phone shows the first two dozen characters of each of these.
_OPTIONS = {
    (MixFormat.FLAC, Fit.SURE): Text("FLAC fits here, without loss"),
    (MixFormat.FLAC, Fit.UNSURE): Text("FLAC may be too large here, then it is an MP3"),
    (MixFormat.FLAC, Fit.NEVER): Text("FLAC is too large here, it will be an MP3"),
    (MixFormat.WAV, Fit.SURE): Text("WAV fits here, without loss, for every program"),
    (MixFormat.WAV, Fit.UNSURE): Text("WAV may be too large here, then it is FLAC or MP3"),
    (MixFormat.WAV, Fit.NEVER): Text("WAV is too large here, it will be FLAC or MP3"),
    (MixFormat.MP3, Fit.SURE): Text("MP3 fits here, and is the smallest"),
    (MixFormat.MP3, Fit.UNSURE): Text("MP3 may be too large here"),
    (MixFormat.MP3, Fit.NEVER): Text("MP3 is too large here, too"),
}


def fade_about() -> str:
    """How long a fade may be."""
    return _("0 to {most} seconds; 0 for none.", most=number(FADE_MAX_S))


def no_sections() -> str:
    """Why the sections are not there beside the mix."""
    return card.small([_NO_SECTIONS()])


def option(format_: MixFormat, fit: Fit) -> str:
    """A format to choose, and whether the mix will fit in it."""
    return _OPTIONS[format_, fit]()


def title(theme: str) -> str:
    """The heading of a mix; the title in its tags is the same without markdown."""
    return fitted(tag_title(theme), _TITLE_MAX_CHARS)


def tag_title(theme: str) -> str:
    """The title in a mix's tags."""
    return shortened(_("Mix of “{theme}”", theme=theme), _TITLE_MAX_CHARS)


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
        None
        if loudness.lufs is None
        # Translators: a loudness; LUFS is its unit.
        else _("{loudness} LUFS", loudness=_signed(loudness.lufs)),
        # What is silent has no peak.
        # Translators: {peak} is a number; dBTP is its unit.
        _("true peak {peak} dBTP", peak=_signed(loudness.peak_db))
        if isfinite(loudness.peak_db)
        else None,
        # Translators: the last seconds of the mix become silent little by little.
        _("its last {length} fade out", length=length_of(faded_s)) if faded_s else None,
    ]
    return card.small(parts)


def _signed(level: float) -> str:
    return number(level, 1).replace("-", "−")


def instead(wanted: MixFormat, made: MixFormat) -> str | None:
    """Why it is not in the format that was asked for."""
    if wanted is made:
        return None
    told = _(
        "As {wanted} it is too large to be posted here, so this is {made}.",
        wanted=wanted.upper(),
        made=made.upper(),
    )
    return card.small([told])


def chapter(one: Section, names: Mapping[int, str]) -> str:
    """What a section is called in the tags of a file."""
    return f"{one_line(one.words) or '…'} ({names.get(one.author_id, SOMEBODY())})"


def comment(at_s: float, chapter_title: str) -> str:
    """The same in a list of all of them."""
    return f"{_clock(at_s)} {chapter_title}"


def _clock(at_s: float) -> str:
    minutes, seconds = divmod(int(at_s), 60)
    return f"{minutes}:{seconds:02}"
