"""The buttons and selects of cards: a custom_id carries an action and what it is about.

What it is about is mostly a generation's id; state is in the journal. They are DynamicItems, so
they work for as long as the message exists, whatever restarts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self, cast

import discord

from bot.card.action import Action
from bot.card.card_client import card_client

CARD_BUTTON = re.compile(r"mg:1:(?P<action>[a-z]{1,20}):(?P<about>.{0,74})", re.DOTALL)
"""The custom_id of a card's button."""
AnySelect = (
    discord.ui.ChannelSelect[discord.ui.View]
    | discord.ui.RoleSelect[discord.ui.View]
    | discord.ui.UserSelect[discord.ui.View]
)

_ROW, _ROW_OF_PHONE = 5, 4
"""What a row holds, and what of it a phone shows side by side."""
_NO_TAKES: Mapping[str, str] = MappingProxyType({})


class CardButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=CARD_BUTTON,
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
        client = card_client(interaction.client)
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
        await card_client(interaction.client).run_action(interaction, self._action, chosen)


class CardPicker(
    discord.ui.DynamicItem[AnySelect],
    template=r"mg:1:many-(?P<action>[a-z]{1,20})",
):
    """A select of people, roles or channels, several of which may be chosen; see `card_picker`."""

    def __init__(self, select: AnySelect, action: str) -> None:
        super().__init__(select)
        self._action = action

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """The select behind a choice."""
        return cls(cast("AnySelect", item), match["action"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it with the ids of what was chosen."""
        data = cast("dict[str, Any]", interaction.data or {})
        chosen = ",".join(map(str, data.get("values", ())))
        await card_client(interaction.client).run_action(interaction, self._action, chosen)


def card_button(
    action: Action,
    about: str,
    *,
    label: str | None = None,
    disabled: bool = False,
    row: int | None = None,
    with_emoji: bool = True,
) -> CardButton:
    """A button for an action."""
    button = discord.ui.Button[discord.ui.View](
        label=label or (action.label and action.label()),
        emoji=action.emoji if with_emoji else None,
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
        custom_id=_pick_id(action), placeholder=placeholder, options=list(options)
    )
    return CardSelect(select, action.name)


def _pick_id(action: Action) -> str:
    return f"mg:1:pick-{action.name}"


def card_picker(action: Action, select: AnySelect) -> CardPicker:
    """A select of people, roles or channels for an action."""
    select.custom_id = f"mg:1:many-{action.name}"
    return CardPicker(select, action.name)


def card_view(
    actions: Sequence[Action], generation_id: str, takes: Mapping[str, str] = _NO_TAKES
) -> discord.ui.View | None:
    """The buttons of one card; None for a card without any.

    `takes` are the labels of buttons that are each about one of its takes, by the takes' ids.

    A new View for every message: one that mixes or outlives its items unregisters them for the
    whole process (discord.py 2.7.1).
    """
    if not actions:
        return None
    named: list[tuple[Action, str, str | None]] = []
    for action in actions:
        named += (
            [(action, take, label) for take, label in takes.items()]
            if action.is_of_a_take
            else [(action, generation_id, None)]
        )
    rows = 1 if len(named) <= _ROW else -(-len(named) // _ROW_OF_PHONE)
    # Rows of the same length: on a phone, fewer of them are broken.
    in_a_row = -(-len(named) // rows)
    return view_of(
        *(
            card_button(
                action,
                about,
                label=label,
                row=number // in_a_row,
                # It tells what is done to a take; where there is one, the word does.
                with_emoji=len(takes) > 1,
            )
            for number, (action, about, label) in enumerate(named)
        )
    )


def view_of(*items: CardButton | CardSelect | CardPicker) -> discord.ui.View:
    """A message's components, for as long as it exists."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view


def _card_buttons(
    message: discord.Message,
) -> Iterator[tuple[int, discord.Button, str, str]]:
    """A message's buttons of ours: the row, the button, its action and what it is about."""
    for row, parts in enumerate(message.components):
        for item in parts.children if isinstance(parts, discord.ActionRow) else ():
            match = CARD_BUTTON.fullmatch(getattr(item, "custom_id", None) or "")
            if isinstance(item, discord.Button) and match is not None:
                yield row, item, match["action"], match["about"]


def labels_in(message: discord.Message, action: str) -> dict[str, str]:
    """The labels of a message's buttons for an action, by what they are about, in order."""
    found = _card_buttons(message)
    return {about: button.label or "" for _, button, name, about in found if name == action}


def view_relabelled(
    message: discord.Message, action: str, labels: Mapping[str, str]
) -> discord.ui.View:
    """A message's buttons as they are, but for these labels, by what they are about."""
    items: list[CardButton] = []
    for row, button, name, about in _card_buttons(message):
        item = discord.ui.Button[discord.ui.View](
            label=labels.get(about, button.label) if name == action else button.label,
            emoji=button.emoji,
            style=button.style,
            disabled=button.disabled,
            custom_id=button.custom_id,
        )
        items.append(CardButton(item, name, about, row))
    return view_of(*items)


def has_pick_of(message: discord.Message, action: Action) -> bool:
    """Whether the message has a select for an action."""
    return any(
        isinstance(item, discord.SelectMenu) and item.custom_id == _pick_id(action)
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for item in row.children
    )


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
