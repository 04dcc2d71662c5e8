"""The words of files that are made of tracks: a loop, and several in one ZIP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.card.markup import size
from bot.card.strings import card, measures
from bot.domain import errors
from bot.domain.errors import UserError
from bot.domain.measures import Loop

LOOP_FORMAT = (
    "-# It is {}, and plays round and round without a gap; an MP3 can't, for it has silence at its "
    "ends."
)
LOOP_FROM_LOSSY = " What I have of the track is {}, so this sounds like that."
LOOP_OF = "A loop of this track"
PACK_TAKES = "All takes (ZIP)"
PACK_LINE = "With what led to it (ZIP)"
_BEGUN_S = 0.05
_LISTED_MAX_CHARS = 700


def loop(made: Loop) -> str:
    """What a loop is."""
    length = f"{made.length_s:.3f}".rstrip("0").rstrip(".") + " s"
    if made.bars is None or made.bpm is None:
        what = f"**A loop of {length}**, cut where the track is most like itself"
    else:
        bars = f"{made.bars} bar{'s' * (made.bars != 1)}"
        what = f"**A loop of {bars}** at {made.bpm:.1f} bpm, four beats to the bar, {length}"
    start = "its beginning" if made.from_s < _BEGUN_S else f"{made.from_s:.2f} s"
    return (
        f"{what}, from {start} of the track on.\n{measures.played_again(made.joint)}\n"
        f"-# {made.fade_s * 1000:.0f} ms are faded over. {card.NO_CHARGE}"
    )


def loop_name(made: Loop, prompt: str) -> str:
    """What its file is called, tempo first: that is what one looks for among many."""
    tempo = "" if made.bpm is None else f"{made.bpm:.0f} bpm "
    return f"loop {tempo}{prompt}"


def loop_format(format_: str, was: str, *, is_lossless: bool) -> str:
    """Why it is in no other format."""
    lossy = "" if is_lossless else LOOP_FROM_LOSSY.format(f"an {was.upper()}")
    return LOOP_FORMAT.format(f"a {format_.upper()}") + lossy


def packed(number: int, size: str) -> str:
    """What is in a ZIP."""
    return f"{number} track{'s' * (number != 1)} in one ZIP of {size}."


def left_out(too_large: Sequence[str], missing: Sequence[str], limit: str) -> str:
    """What is not in it, as links, and why."""
    lines: list[str] = []
    if too_large:
        lines.append(f"With these it would be larger than {limit}: {_listed(too_large)}.")
    if missing:
        lines.append(f"I can't get these any more: {_listed(missing)}.")
    return "\n".join(lines)


def _listed(links: Sequence[str]) -> str:
    """As many as there is room for."""
    shown = ""
    for number, entry in enumerate(links):
        longer = f"{shown}, {entry}" if shown else entry
        if len(longer) > _LISTED_MAX_CHARS:
            return f"{shown} and {len(links) - number} more"
        shown = longer
    return shown


FILE_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.NoLoop: lambda e: (
        f"There is no loop in {e.track_s:.1f} s of audio: it takes about three seconds at least."
    ),
    errors.TrackNotHere: lambda e: (
        "I can't get this track's audio any more. Bring it up again with `/tracks list`, and press "
        "the button there."
    ),
    errors.TrackNotRead: lambda e: (
        "I could not work on this track's audio: it can't be decoded, or takes too much. "
        "Nothing was changed."
    ),
    errors.FileTooLarge: lambda e: (
        f"What comes of it is larger than the {size(e.limit_bytes)} that Discord takes here. "
        "Its tracks are in their own messages."
    ),
}
