"""The words for what a track was made from: a line on its card, step by step in Info."""

from __future__ import annotations

from bot.card.markup import mention
from bot.domain.generation import Relation
from bot.locales import Text, _

# Translators: follows such as "Variation of: ".
FORGOTTEN = Text("a track that has been forgotten")
# Translators: follows such as "Variation of: ".
HIDDEN = Text("a track that is not shown here")
# Translators: follows such as "Variation of: ".
OUTSIDE = Text("audio that I know no more of")
"""Of somebody else, or of a track that has been forgotten."""

END_AGAIN = Text("The same piece with another end")

LINES = {
    Relation.AGAIN: Text("Again", "title"),
    Relation.VARIATION: Text("Variation", "title"),
    Relation.EXTEND: Text("Extended", "title"),
    Relation.MELODY: Text("On the melody of another track"),
    Relation.EDIT: Text("Edited", "title"),
    Relation.TAKE: Text("Proposed in a jam"),
    Relation.RETRY: Text("Again", "title"),
}


def line(relation: Relation, source: str) -> str:
    """What a card says it was made from."""
    match relation:
        case Relation.AGAIN | Relation.RETRY:
            # Translators: {track} is what another track is called; it was made once more.
            return _("Again: “{track}”", track=source)
        case Relation.VARIATION:
            return _("Variation of “{track}”", track=source)
        case Relation.EXTEND:
            return _("Extended from “{track}”", track=source)
        case Relation.MELODY:
            return _("On the melody of “{track}”", track=source)
        case Relation.EDIT:
            return _("Edited from “{track}”", track=source)
        case Relation.TAKE:
            return _("Proposed in a jam, after “{track}”", track=source)


def made_by(source: str, user_id: int) -> str:
    """A track, and who asked for it."""
    # Translators: {track} is what a track is called.
    return _("{track} by {user}", track=source, user=mention(user_id))


def came_from(relation: Relation, source: str) -> str:
    """One step back."""
    match relation:
        case Relation.AGAIN:
            # Translators: {source} is a track, or such as "a track that has been forgotten".
            return _("Made again from: {source}", source=source)
        case Relation.VARIATION:
            # Translators: {source} is a track, or such as "a track that has been forgotten".
            return _("Variation of: {source}", source=source)
        case Relation.EXTEND:
            # Translators: {source} is a track, or such as "a track that has been forgotten".
            return _("Extended from: {source}", source=source)
        case Relation.MELODY:
            # Translators: {source} is a track, or such as "a track that has been forgotten".
            return _("On the melody of: {source}", source=source)
        case Relation.EDIT:
            # Translators: {source} is a track, or such as "a track that has been forgotten".
            return _("Changed from: {source}", source=source)
        case Relation.TAKE:
            # Translators: {source} is a track, or such as "a track that has been forgotten".
            return _("Proposed in a jam, after: {source}", source=source)
        case Relation.RETRY:
            # Translators: {source} is a track, or such as "a track that has been forgotten".
            return _("A second try of: {source}", source=source)
