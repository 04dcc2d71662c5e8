"""The words for what a track was made from: a line on its card, step by step in Info."""

from __future__ import annotations

from bot.domain.generation import Relation

FORGOTTEN = "a track that has been forgotten"
HIDDEN = "a track that is not shown here"
OUTSIDE = "audio that I know no more of"
"""Of somebody else, or of a track that has been forgotten."""

END_AGAIN = "The same piece with another end"

_LINES_WITH = {
    Relation.AGAIN: "Again: “{}”",
    Relation.VARIATION: "Variation of “{}”",
    Relation.EXTEND: "Extended from “{}”",
    Relation.MELODY: "On the melody of “{}”",
    Relation.EDIT: "Edited from “{}”",
    Relation.TAKE: "Proposed in a jam, after “{}”",
    Relation.RETRY: "Again: “{}”",
}
LINES = {
    Relation.AGAIN: "Again",
    Relation.VARIATION: "Variation",
    Relation.EXTEND: "Extended",
    Relation.MELODY: "On the melody of another track",
    Relation.EDIT: "Edited",
    Relation.TAKE: "Proposed in a jam",
    Relation.RETRY: "Again",
}
_CAME: dict[Relation, str] = {
    Relation.AGAIN: "Made again from",
    Relation.VARIATION: "Variation of",
    Relation.EXTEND: "Extended from",
    Relation.MELODY: "On the melody of",
    Relation.EDIT: "Changed from",
    Relation.TAKE: "Proposed in a jam, after",
    Relation.RETRY: "A second try of",
}


def line(relation: Relation, source: str) -> str:
    """What a card says it was made from."""
    return _LINES_WITH[relation].format(source)


def came_from(relation: Relation, source: str, user_id: int | None = None) -> str:
    """One step back."""
    by = "" if user_id is None else f" by <@{user_id}>"
    return f"{_CAME[relation]} {source}{by}"
