"""The words of /tracks: the list, a track shown again, and what is forgotten."""

from __future__ import annotations

from bot.card.strings.numbers import count, listed
from bot.domain.journal_values import Kept

TITLE = "Your tracks"
PICK = "Bring one up again here"
PICK_TO_FORGET = "Forget one"
GONE = "its message was deleted"
NEWER = "◀"
OLDER = "▶"
NONE = "You have no tracks yet. `/musicgen` makes one."
FORGET_YES = "Forget all of it"
FORGET_ONE_YES = "Forget it"
STILL_OPEN = "That one is still under way. Cancel it, or wait for its end, and forget it then."
NOTHING_KEPT = "There is nothing to forget: I keep nothing of you."


def none_with(words: str) -> str:
    """A search that found nothing; `words` are escaped."""
    return f"None of your tracks has “{words}” in its prompt."


def shown(first: int, last: int, total: int, *, by_stars: bool = False) -> str:
    """Which part of a list this is."""
    which = f"{first}" if first == last else f"{first} to {last}"
    return f"{which} of {total:,}, {'most stars' if by_stars else 'newest'} first"


def elsewhere(url: str) -> str:
    """For a track that cannot be brought here."""
    return f"I can't bring its audio here; it is in [its own message]({url})."


def too_large_here(url: str) -> str:
    """For a track that is larger than what may be posted here."""
    return f"Its audio is too large for this place; it is in [its own message]({url})."


LOST = "Its audio was deleted with its message. The same seed and settings make it again."


def forget_ask(kept: Kept) -> str:
    """Before everything of a person is forgotten."""
    return (
        f"Forget all I keep of you: {_things(kept)}? The messages stay; their buttons will no "
        f"longer know what they belong to. That cannot be undone.{_left(kept)}"
    )


def forgotten(kept: Kept) -> str:
    """What became of it."""
    return f"Forgotten: {_things(kept)}.{_left(kept)}" if kept else nothing_to_forget(kept)


def nothing_to_forget(kept: Kept) -> str:
    """Where there is nothing, or not yet."""
    return _left(kept).strip() if kept.still_open else NOTHING_KEPT


def forget_one_ask(prompt: str, seed: int) -> str:
    """Before one track is forgotten; its prompt is escaped."""
    return (
        f"Forget “{prompt}” (seed {seed}), with its settings and stars? Its message stays, if it "
        "is still there; its buttons will no longer know what they belong to. "
        "That cannot be undone."
    )


def forgotten_one(prompt: str) -> str:
    """What became of it."""
    return f"Forgotten: “{prompt}”."


def _things(kept: Kept) -> str:
    """What is stored of somebody, as far as there is any."""
    counted = {
        "track": kept.tracks,
        "request without a track": kept.others,
        "preset": kept.presets,
        "star you gave": kept.stars,
        "request of others that you canceled": kept.cancels,
        "request that was refused": kept.drafts,
        "jam with your name": kept.jams,
    }
    return listed([count(number, thing) for thing, number in counted.items() if number])


def _left(kept: Kept) -> str:
    if not kept.still_open:
        return ""
    are = "is" if kept.still_open == 1 else "are"
    return (
        f" {count(kept.still_open, 'request')} of yours {are} still under way; "
        "use this again once that is done."
    )


def seed(number: int) -> str:
    """Which seed a track has."""
    return f"seed {number}"
