"""What cards ask of the client they came in by; `bot.client.MusicGenBot` has it all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

import discord

from bot.community.presets import Presets
from bot.community.server_rules import ServerRules
from bot.domain.clock import Clock
from bot.domain.language import Language
from bot.engine.service import GenerationService

if TYPE_CHECKING:
    from bot.card.drafts import Drafts

RunAction: TypeAlias = Callable[[discord.Interaction, str, str], Awaitable[None]]
"""Does the action of this name, given what it is about; it reports its own errors."""


class CardClient(Protocol):
    """The client, as far as cards know it."""

    clock: Clock
    drafts: Drafts
    languages: Mapping[int, Language]
    """What those read who have used it last, by their ids."""
    presets: Presets
    run_action: RunAction
    server_rules: ServerRules
    service: GenerationService


def card_client(client: discord.Client) -> CardClient:
    """The client of an interaction, whose own type says only that it is discord.py's."""
    return cast("CardClient", client)
