"""Where a track came from, in a line, and who may know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.card import strings
from bot.domain.generation import Generation, Relation
from bot.domain.plain_text import shortened

_QUOTE_MAX_CHARS = 100


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Who sees what is told of a track, and where."""

    channel_id: int
    user_id: int | None = None
    """None for whoever is in the channel."""

    def may_see(self, ancestor: Generation) -> bool:
        """Whether they can see its card, or asked for it themselves."""
        reply = ancestor.reply
        is_here = reply.channel_id == self.channel_id and not reply.private
        return is_here or ancestor.requester_id == self.user_id


def visible(ancestors: Sequence[Generation], onlooker: Onlooker) -> list[Generation]:
    """Those ancestors, nearest first, that the onlooker may see: none behind a hidden one."""
    return list(takewhile(onlooker.may_see, ancestors))


def at_card_of(generation: Generation) -> Onlooker:
    """Whoever sees its card: all of its channel, or its person alone."""
    reply = generation.reply
    return Onlooker(reply.channel_id, generation.requester_id if reply.private else None)


def lineage(generation: Generation, parent: Generation | None) -> str | None:
    """What its card says it was made from, without markdown; None where that is nothing.

    A parent may have been forgotten, or be none of the onlookers' business; audio that is not ours
    goes by its file's name. Words that its title has already are not said twice.
    """
    if generation.relation is None:
        return None
    name = None
    if parent is not None and at_card_of(generation).may_see(parent):
        name = parent.inputs.prompt
    if generation.parent_id is None and generation.source is not None:
        name = generation.source.filename
    if generation.more_s is not None and generation.relation is Relation.AGAIN:
        return strings.lineage.END_AGAIN()
    if name is None or name == generation.inputs.prompt:
        return strings.lineage.LINES[generation.relation]()
    if not (quote := shortened(name, _QUOTE_MAX_CHARS)):
        return strings.lineage.LINES[generation.relation]()
    return strings.lineage.line(generation.relation, quote)
