"""The words of /tracks: the list, a track shown again, and what is forgotten."""

from __future__ import annotations

from bot.card.strings import limits
from bot.domain.journal_values import Kept
from bot.locales import Text, _, listed, ngettext, number, together

TITLE = Text("Your tracks", "title")
PICK = Text("Bring one up again here")
PICK_TO_FORGET = Text("Forget one")
# Translators: of a track, in a list.
GONE = Text("its message was deleted")
NEWER = "◀"
OLDER = "▶"
NONE = Text("You have no tracks yet. `/musicgen` makes one.")
FORGET_YES = Text("Forget all of it", "button")
FORGET_ONE_YES = Text("Forget it", "button")
STILL_OPEN = Text(
    "That one is still under way. Cancel it, or wait for its end, and forget it then."
)
NOTHING_KEPT = Text("There is nothing to forget: I keep nothing of you.")


def none_with(words: str) -> str:
    """A search that found nothing; `words` are escaped."""
    return _("None of your tracks has “{words}” in its prompt.", words=words)


def shown(first: int, last: int, total: int, *, by_stars: bool = False) -> str:
    """Which part of a list this is."""
    at, until, of = number(first), number(last), number(total)
    match first == last, by_stars:
        case True, True:
            # Translators: which place of a list is shown: "3 of 3".
            return _("{place} of {total}, most stars first", place=at, total=of)
        case True, False:
            # Translators: which place of a list is shown: "3 of 3".
            return _("{place} of {total}, newest first", place=at, total=of)
        case False, True:
            # Translators: which part of a list is shown: "11 to 20 of 25".
            return _(
                "{first} to {last} of {total}, most stars first", first=at, last=until, total=of
            )
        case _:
            # Translators: which part of a list is shown: "11 to 20 of 25".
            return _("{first} to {last} of {total}, newest first", first=at, last=until, total=of)


def elsewhere(url: str) -> str:
    """For a track that cannot be brought here."""
    return _("I can't bring its audio here; it is in [its own message]({url}).", url=url)


def too_large_here(url: str) -> str:
    """For a track that is larger than what may be posted here."""
    return _("Its audio is too large for this place; it is in [its own message]({url}).", url=url)


LOST = Text("Its audio was deleted with its message. The same seed and settings make it again.")


def forget_ask(kept: Kept) -> str:
    """Before everything of a person is forgotten."""
    # Translators: {things} is a list such as "3 tracks, 1 preset, and 2 stars you gave".
    words = _(
        "Forget all I keep of you: {things}? The messages stay; their buttons will no longer know "
        "what they belong to. That cannot be undone.",
        things=_things(kept),
    )
    return together(words, _left(kept))


def forgotten(kept: Kept) -> str:
    """What became of it."""
    if not kept:
        return nothing_to_forget(kept)
    # Translators: {things} is a list such as "3 tracks, 1 preset, and 2 stars you gave".
    words = _("Forgotten: {things}.", things=_things(kept))
    return together(words, _left(kept))


def nothing_to_forget(kept: Kept) -> str:
    """Where there is nothing, or not yet."""
    return _left(kept) if kept.still_open else NOTHING_KEPT()


def forget_one_ask(prompt: str, seed: int) -> str:
    """Before one track is forgotten; its prompt is escaped."""
    return _(
        "Forget “{prompt}” (seed {seed}), with its settings and stars? Its message stays, if it is "
        "still there; its buttons will no longer know what they belong to. That cannot be undone.",
        prompt=prompt,
        seed=seed,
    )


def forgotten_one(prompt: str) -> str:
    """What became of it."""
    return _("Forgotten: “{prompt}”.", prompt=prompt)


def _things(kept: Kept) -> str:
    """What is stored of somebody, as far as there is any."""
    counted = (
        (kept.tracks, limits.tracks),
        (kept.others, _others),
        (kept.presets, _presets),
        (kept.stars, _stars),
        (kept.cancels, _cancels),
        (kept.drafts, _drafts),
        (kept.jams, _jams),
    )
    return listed([say(so_many) for so_many, say in counted if so_many])


def _others(so_many: int) -> str:
    return ngettext(
        "{number} request without a track", "{number} requests without a track", so_many
    )


def _presets(so_many: int) -> str:
    return ngettext("{number} preset", "{number} presets", so_many)


def _stars(so_many: int) -> str:
    return ngettext("{number} star you gave", "{number} stars you gave", so_many)


def _cancels(so_many: int) -> str:
    return ngettext(
        "{number} request of others that you canceled",
        "{number} requests of others that you canceled",
        so_many,
    )


def _drafts(so_many: int) -> str:
    return ngettext(
        "{number} request that was refused", "{number} requests that were refused", so_many
    )


def _jams(so_many: int) -> str:
    return ngettext("{number} jam with your name", "{number} jams with your name", so_many)


def _left(kept: Kept) -> str:
    if not kept.still_open:
        return ""
    return ngettext(
        "{number} request of yours is still under way; use this again once that is done.",
        "{number} requests of yours are still under way; use this again once they are done.",
        kept.still_open,
    )


def seed(value: int) -> str:
    """Which seed a track has."""
    return _("seed {seed}", seed=value)
