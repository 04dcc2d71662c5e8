"""The buttons of a card: a custom_id carries an action and a generation's id, nothing else.

They are DynamicItems, so they work for as long as the message exists, whatever restarts.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Protocol, cast

import discord

from bot.card import texts
from bot.card.report import report
from bot.errors import GenerationUnknown

Press = Callable[[discord.Interaction, str], Awaitable[None]]
"""Answers a pressed button of the generation with this id."""


class Action(StrEnum):
    """What a button does."""

    CANCEL = "cancel"
    BRING = "bring"


_LOOKS: dict[str, tuple[str, discord.ButtonStyle]] = {
    Action.CANCEL: (texts.CANCEL, discord.ButtonStyle.secondary),
    Action.BRING: (texts.BRING, discord.ButtonStyle.primary),
}


_GONE = ("?", discord.ButtonStyle.secondary)


class HasPresses(Protocol):
    """A client that knows what each action does."""

    presses: dict[str, Press]


class CardButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"mg:1:(?P<action>[a-z]{1,20}):(?P<id>[A-Za-z0-9_-]{12})",
):
    """One button of a card."""

    def __init__(self, action: str, generation_id: str) -> None:
        label, style = _LOOKS.get(action, _GONE)
        super().__init__(
            discord.ui.Button(label=label, style=style, custom_id=f"mg:1:{action}:{generation_id}")
        )
        self._action = action
        self._generation_id = generation_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> CardButton:
        """The button behind a click, perhaps one of another release."""
        return cls(match["action"], match["id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it; whatever goes wrong ends in a sentence (discord.py would only log it)."""
        client = cast("HasPresses", interaction.client)
        try:
            press = client.presses.get(self._action)
            if press is None:
                raise GenerationUnknown  # noqa: TRY301 - the handler below is the door for all
            await press(interaction, self._generation_id)
        except Exception as error:  # noqa: BLE001 - one of the four doors: everything is reported
            await report(interaction, error)


def card_view(actions: tuple[Action, ...], generation_id: str) -> discord.ui.View | None:
    """The buttons of one card; None for a card without any.

    A new View for every message: one that mixes or outlives its items unregisters them for the
    whole process (discord.py 2.7.1).
    """
    if not actions:
        return None
    view = discord.ui.View(timeout=None)
    for action in actions:
        view.add_item(CardButton(action, generation_id))
    return view
