"""The words for a track's picture, for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from bot.domain.picture import Picture

_DESCRIPTION_MAX_CHARS = 1024
_SILENT_DB = -60.0
_QUIETER_DB = 4.0


def describe(picture: Picture) -> str:
    """The picture in a sentence."""
    given_s, duration_s = picture.given_s, picture.duration_s
    given = f", given up to {_spoken(given_s)} and new from there" if given_s > 0 else ""
    if given_s >= duration_s:
        given = ""
    return f"Waveform of {_spoken(duration_s)} of audio: {_course(picture.thirds_db)}{given}."


def describe_takes(pictures: Mapping[int, Picture]) -> str:
    """The pictures of several takes in a sentence each, as many as Discord takes."""
    words = " ".join(f"{n}: {describe(pictures[n])}" for n in sorted(pictures))
    return words[:_DESCRIPTION_MAX_CHARS]


def _spoken(time_s: float) -> str:
    if time_s < 0.1:
        return "less than 0.1 seconds"
    if time_s < 59.95:
        seconds = round(time_s, 1)
        return f"{seconds:g} second{'s' * (seconds != 1)}"
    minutes, seconds = divmod(round(time_s), 60)
    words = f"{minutes} minute{'s' * (minutes != 1)}"
    return f"{words} {seconds} second{'s' * (seconds != 1)}" if seconds else words


def _course(thirds_db: tuple[float, float, float]) -> str:
    """How loud it is at its beginning, middle and end, compared with its loudest third."""
    loudest = max(thirds_db)
    words = [
        "silent" if db < _SILENT_DB else "loud" if db >= loudest - _QUIETER_DB else "quieter"
        for db in thirds_db
    ]
    match [(word, len(list(group))) for word, group in groupby(words)]:
        case [("silent", _)]:
            return "silent throughout"
        case [(word, _)]:
            return f"evenly {word}"
        case [(first, 1), (then, _)]:
            return f"{first} at first, then {then}"
        case [(most, _), (last, _)]:
            return f"{most} for the most part, {last} at the end"
        case _:
            return f"{words[0]} at first, {words[1]} in the middle, {words[2]} at the end"
