"""File names for tracks."""

from __future__ import annotations

import re
import unicodedata

_LIMIT_CHARS = 60
_NAMELESS = "track"
_SEED = re.compile(r"-(\d{1,10})\.[a-z0-9]+$")
# The Latin letters that Unicode does not take apart into a plain one and an accent.
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"})


def track_filename(prompt: str, seed: int, extension: str, take: int | None = None) -> str:
    """A name like `deep-house-bassline-128-bpm-417.wav`, at most 60 characters.

    Of one of several takes it begins with its number: `2-deep-house-bassline-128-bpm-417.wav`.

    It holds lower-case ASCII letters, digits, hyphens and one dot, whatever the prompt holds; a
    prompt without Latin letters or digits makes it `track-417.wav`.
    """
    ending = f"-{seed}.{''.join(_words(extension))}"
    words = _words(prompt)
    start = "" if take is None else f"{take}-"
    room = _LIMIT_CHARS - len(start) - len(ending)
    name = ""
    for word in words or [_NAMELESS]:
        longer = f"{name}-{word}" if name else word[:room]
        if len(longer) > room:
            break
        name = longer
    return start + name + ending


def seed_in(filename: str) -> int | None:
    """The seed in a name that `track_filename` made; None in any other."""
    found = _SEED.search(filename)
    return None if found is None else int(found[1])


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return re.findall(r"[a-z0-9]+", folded.encode("ascii", "ignore").decode().replace("'", ""))
