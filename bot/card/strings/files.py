"""The words of files that are made of tracks: a loop, and several in one ZIP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.card.markup import size
from bot.card.strings import card, measures
from bot.card.strings.numbers import first_of, seconds
from bot.domain import errors
from bot.domain.errors import UserError
from bot.domain.measures import Loop
from bot.locales import Text, _, ngettext, number, together

LOOP_OF = Text("A loop of this track")
PACK_TAKES = Text("All takes (ZIP)", "button")
PACK_LINE = Text("With what led to it (ZIP)", "button")
_BEGUN_S = 0.05
_LISTED_MAX_CHARS = 700


def loop(made: Loop) -> str:
    """What a loop is."""
    return (
        f"{together(_cut(made), _place(made))}\n{measures.played_again(made.joint)}\n"
        f"-# {together(_faded(made.fade_s), card.NO_CHARGE())}"
    )


def _cut(made: Loop) -> str:
    length = seconds(round(made.length_s, 3))
    if made.bars is None or made.bpm is None:
        return _("**A loop of {length}**, cut where the track is most like itself.", length=length)
    return ngettext(
        # Translators: {tempo} is a number of beats a minute, {length} a length such as "4 s".
        "**A loop of {number} bar** at {tempo} bpm, four beats to the bar, {length}.",
        "**A loop of {number} bars** at {tempo} bpm, four beats to the bar, {length}.",
        made.bars,
        tempo=number(made.bpm, 1),
        length=length,
    )


def _place(made: Loop) -> str:
    if made.from_s < _BEGUN_S:
        return _("It starts where the track does.")
    # Translators: {time} is how far into the track, such as "0.50 s".
    return _("It starts {time} into the track.", time=seconds(made.from_s, 2))


def _faded(fade_s: float) -> str:
    return _(
        # Translators: the end of a loop is faded into its beginning for so many milliseconds.
        "{milliseconds} ms are faded over.",
        milliseconds=number(fade_s * 1000, 0),
    )


def loop_name(made: Loop, prompt: str) -> str:
    """What its file is called, tempo first: that is what one looks for among many."""
    if made.bpm is None:
        # Translators: the name of a file; {prompt} is what was asked for.
        return _("loop {prompt}", prompt=prompt)
    return _(
        # Translators: the name of a file, the tempo first; {prompt} is what was asked for.
        "loop {tempo} bpm {prompt}",
        tempo=f"{made.bpm:.0f}",
        prompt=prompt,
    )


def loop_format(format_: str, was: str, *, is_lossless: bool) -> str:
    """Why it is in no other format."""
    why = _(
        # Translators: {format} is the name of a file format, such as WAV.
        "Its format is {format}: it plays round and round without a gap. An MP3 can't, for it has "
        "silence at its ends.",
        format=format_.upper(),
    )
    if is_lossless:
        return f"-# {why}"
    lossy = _(
        # Translators: {format} is the name of a file format, such as MP3.
        "What I have of the track is in {format}, so this sounds like that.",
        format=was.upper(),
    )
    return f"-# {together(why, lossy)}"


def packed(tracks: int, size: str) -> str:
    """What is in a ZIP."""
    return ngettext(
        "{number} track in one ZIP of {size}.", "{number} tracks in one ZIP of {size}.",
        tracks, size=size,
    )  # fmt: skip


def left_out(too_large: Sequence[str], missing: Sequence[str], limit: str) -> str:
    """What is not in it, as links, and why."""
    lines: list[str] = []
    if too_large:
        lines.append(
            _(
                # Translators: {limit} is a size such as "10 MiB", {tracks} a list of links.
                "With these it would be larger than {limit}: {tracks}.",
                limit=limit,
                tracks=_listed(too_large),
            )
        )
    if missing:
        # Translators: {tracks} is a list of links.
        lines.append(_("I can't get these any more: {tracks}.", tracks=_listed(missing)))
    return "\n".join(lines)


def _listed(links: Sequence[str]) -> str:
    """As many as there is room for."""
    fitting = 0
    chars = 0
    for link in links:
        chars += len(link) + 2
        if chars > _LISTED_MAX_CHARS:
            break
        fitting += 1
    return first_of(links, fitting)


FILE_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.NoLoop: lambda e: _(
        "There is no loop in {length} of audio: it takes about three seconds at least.",
        length=seconds(e.track_s, 1),
    ),
    errors.TrackNotHere: lambda e: _(
        "I can't get this track's audio any more. Bring it up again with `/tracks list`, and press "
        "the button there."
    ),
    errors.TrackNotRead: lambda e: _(
        "I could not work on this track's audio: it can't be decoded, or takes too much. "
        "Nothing was changed."
    ),
    errors.FileTooLarge: lambda e: _(
        "What comes of it is larger than the {limit} that Discord takes here. "
        "Its tracks are in their own messages.",
        limit=size(e.limit_bytes),
    ),
}
