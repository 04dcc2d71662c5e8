"""Writes a card in its own language, and to a person in theirs, whoever's press or start it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

import discord

from bot.card.card_client import card_client
from bot.domain.language import Language
from bot.locales import speaking


class Written(Protocol):
    """What is shown in a message."""

    @property
    def language(self) -> Language:
        """The language of that message."""
        ...


_Method = TypeVar("_Method", bound=Callable[..., Any])


def in_its_language(method: _Method) -> _Method:
    """Have an async method speak the language of what it is given first, which is `Written`."""

    @wraps(method)
    async def spoken(self: object, shown: Written, *args: Any, **kwargs: Any) -> Any:
        with speaking(shown.language):
            return await method(self, shown, *args, **kwargs)

    return cast("_Method", spoken)


def read_by(client: discord.Client, person_id: int, shown: Written) -> Language:
    """What a person reads; that of what is shown, where this process has not heard from them."""
    return card_client(client).languages.get(person_id, shown.language)
