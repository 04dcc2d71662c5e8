"""The words of /tracks: the list, a track shown again, and what is forgotten."""

from __future__ import annotations

TITLE = "Your tracks"
PICK = "Bring one up again here"
NEWER = "◀"
OLDER = "▶"
NONE = "You have no tracks yet. `/musicgen` makes one."
FORGET_YES = "Forget all of it"


def none_with(words: str) -> str:
    """A search that found nothing; `words` are escaped."""
    return f"None of your tracks has “{words}” in its prompt."


def shown(first: int, last: int, total: int, *, by_stars: bool = False) -> str:
    """Which part of a list this is."""
    return f"{first} to {last} of {total}, {'most stars' if by_stars else 'newest'} first"


def elsewhere(url: str) -> str:
    """For a track that cannot be brought here."""
    return f"I can't bring its audio here; it is in [its own message]({url})."


def too_large_here(url: str) -> str:
    """For a track that is larger than what may be posted here."""
    return f"Its audio is too large for this place; it is in [its own message]({url})."


LOST = "Its audio was deleted with its message. The same seed and settings make it again."


def forget_ask(tracks: int) -> str:
    """Before everything of a person is forgotten."""
    return (
        f"Forget everything I know of you here: {_count(tracks, 'track')} with prompts, settings "
        "and history, your presets, and the stars you gave? The messages stay; their buttons will "
        "no longer know what they belong to. That cannot be undone."
    )


def forgotten(generations: int, still_open: int) -> str:
    """What became of it."""
    told = f"Forgotten: {_count(generations, 'request')}, with their files."
    if still_open:
        left = _count(still_open, "request")
        told += f" {left} of yours still under way; use this again once that is done."
    return told


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def seed(number: int) -> str:
    """Which seed a track has."""
    return f"seed {number}"
