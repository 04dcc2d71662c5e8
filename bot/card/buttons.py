"""The buttons and selects of cards: a custom_id carries an action and what it is about.

What it is about is mostly a generation's id; state is in the journal. They are DynamicItems, so
they work for as long as the message exists, whatever restarts.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Any, Protocol, cast

import discord

from bot.card import strings
from bot.card.report import report
from bot.domain.errors import GenerationUnknown

Press = Callable[[discord.Interaction, str], Awaitable[None]]
"""Answers a pressed button, given what it is about; or a select, given what was chosen."""

_ROW = 5


class Action(StrEnum):
    """What a button of a card does to its generation."""

    CANCEL = "cancel"
    BRING = "bring"
    AGAIN = "again"
    SAME = "same"
    """Again with the same seed: a track whose audio is lost."""
    VARIATIONS = "variations"
    EXTEND = "extend"
    MELODY = "melody"
    EDIT = "edit"
    INFO = "info"
    DELETE = "delete"


CANCEL_ONLY = (Action.CANCEL,)
DROP, FORGET, KEEP, PAGE, SHOW = "drop", "forget", "keep", "page", "show"
"""What buttons and selects do that belong to no card."""

_SECONDARY = discord.ButtonStyle.secondary
_LOOKS: dict[str, tuple[str, str | None, discord.ButtonStyle]] = {
    Action.CANCEL: (strings.card.CANCEL, None, _SECONDARY),
    Action.BRING: (strings.card.BRING, None, discord.ButtonStyle.primary),
    Action.AGAIN: (strings.card.AGAIN, "🔁", _SECONDARY),
    Action.SAME: (strings.card.SAME, "🔁", discord.ButtonStyle.primary),
    Action.VARIATIONS: (strings.card.VARIATIONS, "🎲", _SECONDARY),
    Action.EXTEND: (strings.card.EXTEND, "⏩", _SECONDARY),
    Action.MELODY: (strings.card.MELODY, "🎼", _SECONDARY),
    Action.EDIT: (strings.card.EDIT, "✏️", _SECONDARY),
    Action.INFO: (strings.card.INFO, "🔎", _SECONDARY),
    Action.DELETE: (strings.card.DELETE, "🗑️", _SECONDARY),
    DROP: (strings.card.DELETE_YES, None, discord.ButtonStyle.danger),
    FORGET: (strings.tracks.FORGET_YES, None, discord.ButtonStyle.danger),
    KEEP: (strings.card.KEEP, None, _SECONDARY),
}
_GONE = ("?", None, _SECONDARY)
_BELOW = frozenset({Action.INFO, Action.DELETE})


class HasPresses(Protocol):
    """A client that knows what each action does."""

    presses: dict[str, Press]


class CardButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=re.compile(r"mg:1:(?P<action>[a-z]{1,20}):(?P<about>.{0,74})", re.DOTALL),
):
    """One button."""

    def __init__(
        self,
        action: str,
        about: str,
        *,
        label: str | None = None,
        disabled: bool = False,
        row: int | None = None,
    ) -> None:
        usual, emoji, style = _LOOKS.get(action, _GONE)
        button = discord.ui.Button[discord.ui.View](
            label=label or usual,
            emoji=emoji,
            style=style,
            disabled=disabled,
            custom_id=f"mg:1:{action}:{about}",
        )
        super().__init__(button, row=row)
        self._action = action
        self._about = about

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> CardButton:
        """The button behind a click, perhaps one of another release."""
        return cls(match["action"], match["about"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it."""
        await _answer(interaction, self._action, self._about)


class CardSelect(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=r"mg:1:pick-(?P<action>[a-z]{1,20})",
):
    """A select of which one entry is chosen."""

    def __init__(
        self, action: str, placeholder: str = "", options: Sequence[discord.SelectOption] = ()
    ) -> None:
        super().__init__(
            discord.ui.Select[discord.ui.View](
                custom_id=f"mg:1:pick-{action}", placeholder=placeholder, options=list(options)
            )
        )
        self._action = action

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> CardSelect:
        """The select behind a choice."""
        return cls(match["action"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it with what was chosen."""
        [chosen] = self.item.values
        await _answer(interaction, self._action, chosen)


async def _answer(interaction: discord.Interaction, action: str, about: str) -> None:
    """Whatever goes wrong ends in a sentence; discord.py would only log it."""
    client = cast("HasPresses", interaction.client)
    try:
        press = client.presses.get(action)
        if press is None:
            raise GenerationUnknown  # noqa: TRY301 - the handler below is the door for all
        await press(interaction, about)
    except Exception as error:  # noqa: BLE001 - one of the doors: everything is reported
        await report(interaction, error)


def card_view(actions: tuple[Action, ...], generation_id: str) -> discord.ui.View | None:
    """The buttons of one card; None for a card without any.

    A new View for every message: one that mixes or outlives its items unregisters them for the
    whole process (discord.py 2.7.1).
    """
    if not actions:
        return None
    two_rows = len(actions) > _ROW
    return view_of(
        *(
            CardButton(action, generation_id, row=int(action in _BELOW) if two_rows else None)
            for action in actions
        )
    )


def is_ours(custom_id: str) -> bool:
    """Whether a component is one of a card's."""
    return custom_id.startswith("mg:")


def is_about(custom_id: str, generation_id: str) -> bool:
    """Whether a component of a card is about this generation."""
    return custom_id.endswith(f":{generation_id}")


def names(message: discord.Message, generation_id: str) -> bool:
    """Whether a button of the message is about this generation."""
    return any(
        isinstance(item, discord.Button) and is_about(item.custom_id or "", generation_id)
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for item in row.children
    )


def view_of(*items: CardButton | CardSelect) -> discord.ui.View:
    """A message's components, for as long as it exists."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
