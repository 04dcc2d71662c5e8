"""The buttons and selects of cards: a custom_id carries an action and what it is about.

What it is about is mostly a generation's id; state is in the journal. They are DynamicItems, so
they work for as long as the message exists, whatever restarts.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, Self, cast

import discord

from bot.card.action import Action

RunAction = Callable[[discord.Interaction, str, str], Awaitable[None]]
"""Does the action of this name, given what it is about; it reports its own errors."""

_ROW = 5


class HasActions(Protocol):
    """A client that knows what each action does."""

    run_action: RunAction


class CardButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=re.compile(r"mg:1:(?P<action>[a-z]{1,20}):(?P<about>.{0,74})", re.DOTALL),
):
    """One button, perhaps one of another release; see `card_button`."""

    def __init__(
        self,
        button: discord.ui.Button[discord.ui.View],
        action: str,
        about: str,
        row: int | None = None,
    ) -> None:
        super().__init__(button, row=row)
        self._action = action
        self._about = about

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """The button behind a press."""
        button = cast("discord.ui.Button[discord.ui.View]", item)
        return cls(button, match["action"], match["about"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do what it is for."""
        client = cast("HasActions", interaction.client)
        await client.run_action(interaction, self._action, self._about)


class CardSelect(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=r"mg:1:pick-(?P<action>[a-z]{1,20})",
):
    """A select of which one entry is chosen; see `card_select`."""

    def __init__(self, select: discord.ui.Select[discord.ui.View], action: str) -> None:
        super().__init__(select)
        self._action = action

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """The select behind a choice."""
        return cls(cast("discord.ui.Select[discord.ui.View]", item), match["action"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it with what was chosen."""
        [chosen] = self.item.values
        await cast("HasActions", interaction.client).run_action(interaction, self._action, chosen)


def card_button(
    action: Action,
    about: str,
    *,
    label: str | None = None,
    disabled: bool = False,
    row: int | None = None,
) -> CardButton:
    """A button for an action."""
    button = discord.ui.Button[discord.ui.View](
        label=label or action.label,
        emoji=action.emoji,
        style=action.style,
        disabled=disabled,
        custom_id=f"mg:1:{action.name}:{about}",
    )
    return CardButton(button, action.name, about, row)


def card_select(
    action: Action, placeholder: str, options: Sequence[discord.SelectOption]
) -> CardSelect:
    """A select for an action."""
    select = discord.ui.Select[discord.ui.View](
        custom_id=f"mg:1:pick-{action.name}", placeholder=placeholder, options=list(options)
    )
    return CardSelect(select, action.name)


def card_view(actions: Sequence[Action], generation_id: str) -> discord.ui.View | None:
    """The buttons of one card; None for a card without any.

    A new View for every message: one that mixes or outlives its items unregisters them for the
    whole process (discord.py 2.7.1).
    """
    if not actions:
        return None
    two_rows = len(actions) > _ROW
    return view_of(
        *(
            card_button(action, generation_id, row=int(action.in_second_row) if two_rows else None)
            for action in actions
        )
    )


def view_of(*items: CardButton | CardSelect) -> discord.ui.View:
    """A message's components, for as long as it exists."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view


def is_ours(custom_id: str) -> bool:
    """Whether a component is one of a card's."""
    return custom_id.startswith("mg:")


def is_about(custom_id: str, generation_id: str) -> bool:
    """Whether a component of a card is about this generation."""
    return custom_id.endswith(f":{generation_id}")


def has_button_about(message: discord.Message, generation_id: str) -> bool:
    """Whether a button of the message is about this generation."""
    return any(
        isinstance(item, discord.Button) and is_about(item.custom_id or "", generation_id)
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for item in row.children
    )
