"""Where a track came from, in a line."""

from __future__ import annotations

from bot.card.markup import in_one_line
from bot.generation import Generation, Relation

_QUOTE_MAX_CHARS = 100

_FROM = {
    Relation.AGAIN: "Again: “{}”",
    Relation.VARIATION: "Variation of “{}”",
    Relation.EXTEND: "Extended from “{}”",
    Relation.MELODY: "On the melody of “{}”",
    Relation.EDIT: "Edited from “{}”",
    Relation.RETRY: "Again: “{}”",
}
_FROM_SOMETHING = {
    Relation.AGAIN: "Again",
    Relation.VARIATION: "Variation",
    Relation.EXTEND: "Extended",
    Relation.MELODY: "On the melody of another track",
    Relation.EDIT: "Edited",
    Relation.RETRY: "Again",
}


def lineage(generation: Generation, parent_prompt: str | None) -> str | None:
    """What it was made from, without markdown; None for what was made from nothing.

    A parent may have been forgotten; audio that is not ours goes by its file's name.
    """
    if generation.relation is None:
        return None
    name = parent_prompt
    if generation.parent_id is None and generation.source is not None:
        name = generation.source.filename
    if not name or not name.strip():
        return _FROM_SOMETHING[generation.relation]
    return _FROM[generation.relation].format(in_one_line(name, _QUOTE_MAX_CHARS))
