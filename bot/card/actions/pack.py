"""ZIPs below Info: all takes of a card, or a track with what led to it; for whoever presses."""

from __future__ import annotations

from collections.abc import Sequence

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.buttons import CardButton, card_button
from bot.card.interactions import reading
from bot.card.lineage import Onlooker, visible
from bot.domain.errors import GenerationUnknown
from bot.domain.generation import Generation, State

_TAKES, _LINE = "t", "l"
_MADE = frozenset({State.DELIVERING, State.DELIVERED})
"""A track is in its message a moment before its row says so."""


def pack_buttons(
    message_id: int, takes: Sequence[Generation], ancestors: Sequence[Generation]
) -> list[CardButton]:
    """Those that have several tracks to give; `ancestors` are those that may be seen."""
    about = f"{message_id}.{takes[0].id}"
    buttons: list[CardButton] = []
    if len(takes) > 1:
        buttons.append(card_button(PACK, f"{_TAKES}.{about}", label=strings.files.PACK_TAKES()))
    if any(ancestor.state in _MADE for ancestor in ancestors):
        buttons.append(card_button(PACK, f"{_LINE}.{about}", label=strings.files.PACK_LINE()))
    return buttons


async def _press(context: ActionContext, about: str) -> None:
    """Put the tracks into one file, for their eyes only: they may see more than others here."""
    kind, message_id, generation_id = (*about.split(".", 2), "", "")[:3]
    if kind not in {_TAKES, _LINE} or not message_id.isdecimal():
        raise GenerationUnknown
    interaction, ancestors = context.interaction, list[Generation]()
    async with reading():
        generation = await context.service.get(generation_id)
        takes = await context.service.takes(generation)
        if kind == _LINE:
            line = await context.service.journal.ancestry(generation.id)
            onlooker = Onlooker(interaction.channel_id or 0, interaction.user.id)
            ancestors = visible(line, onlooker)
    tracks = [track for track in (*reversed(ancestors), *takes) if track.state in _MADE]
    async with context.thinking(ephemeral=True):
        await context.pack(tracks, context.memory.cards.get(int(message_id)))


PACK = Action("pack", _press)
