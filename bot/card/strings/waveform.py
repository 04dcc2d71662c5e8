"""The words for a track's picture, for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.picture import Picture
from bot.locales import Text, _, spoken_length, together

_DESCRIPTION_MAX_CHARS = 1024
_SILENT_DB = -60.0
_QUIETER_DB = 4.0
_LEAST_S = 0.1
_SILENT = Text("silent", "state")
_QUIETER = Text("quieter", "state")
_LOUD = Text("loud", "state")


def describe(picture: Picture) -> str:
    """The picture in two or three short sentences."""
    given_s, duration_s = picture.given_s, picture.duration_s
    # Translators: what a picture of a track shows, for those who don't see it; {length} is such
    # as "1 minute, 5 seconds".
    said = [_("Waveform of {length} of audio.", length=_spoken(duration_s))]
    said.append(_course(picture.thirds_db))
    if 0 < given_s < duration_s:
        # Translators: {time} is such as "5 seconds": what comes after was made by the model.
        said.append(_("Up to {time} it was given; from there it is new.", time=_spoken(given_s)))
    return together(*said)


def describe_takes(pictures: Mapping[int, Picture]) -> str:
    """The pictures of several takes, one after the other, as many as Discord takes."""
    words = together(*(f"{n}: {describe(pictures[n])}" for n in sorted(pictures)))
    return words[:_DESCRIPTION_MAX_CHARS]


def _spoken(time_s: float) -> str:
    if time_s < _LEAST_S:
        # Translators: {length} is such as "0.1 seconds".
        return _("less than {length}", length=spoken_length(_LEAST_S))
    return spoken_length(time_s)


def _course(thirds_db: tuple[float, float, float]) -> str:
    """How loud it is at its beginning, middle and end, compared with its loudest third."""
    loudest = max(thirds_db)
    words = [
        _SILENT if db < _SILENT_DB else _LOUD if db >= loudest - _QUIETER_DB else _QUIETER
        for db in thirds_db
    ]
    if all(word is _SILENT for word in words):
        return _("It is silent throughout.")
    if all(word is _LOUD for word in words):
        return _("It is evenly loud.")
    first, middle, last = words
    # Translators: how loud a track is; each is "loud", "quieter" or "silent".
    return _(
        "At first: {first}; in the middle: {middle}; at the end: {last}.",
        first=first(),
        middle=middle(),
        last=last(),
    )
