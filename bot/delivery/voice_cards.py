"""Which cards say that something plays: after a kill they are told to say otherwise."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from bot.domain.errors import JournalFault
from bot.domain.language import SOURCE, Language
from bot.engine.ports import Journal

log = logging.getLogger(__name__)

_ALL_SHARDS = "all"


@dataclass(frozen=True, slots=True)
class CardPlace:
    """The message of a card."""

    channel_id: int
    message_id: int
    language: Language = SOURCE


_PLACES = TypeAdapter(dict[int, CardPlace])


class VoiceCards:
    """The cards of this process's shards, by server; the journal has them, too.

    Where the journal fails them they are not told after a kill, and say so when they are pressed.
    """

    def __init__(self, journal: Journal, shard_ids: tuple[int, ...] | None) -> None:
        self._journal = journal
        # The same for the next process with these shards, and for no other.
        shards = _ALL_SHARDS if shard_ids is None else ",".join(map(str, shard_ids))
        self._key = f"voice cards {shards}"
        self._places: dict[int, CardPlace] | None = None
        self._turn = asyncio.Lock()

    async def put(self, guild_id: int, place: CardPlace | None) -> None:
        """A server's card is there now; None: it says by itself that nothing plays any more."""
        async with self._turn:
            try:
                places = await self._read()
                if places.get(guild_id) == place:
                    return
                if place is None:
                    del places[guild_id]
                else:
                    places[guild_id] = place
                text = _PLACES.dump_json(places).decode()
                await self._journal.remember(self._key, text)
            except JournalFault as error:
                log.warning("where the card of what plays is, is not kept: %s", error)

    async def left_behind(self) -> Mapping[int, CardPlace]:
        """Those of an earlier process; nothing plays there now."""
        async with self._turn:
            try:
                return dict(await self._read())
            except JournalFault as error:
                log.warning("which cards were left behind is not known: %s", error)
                return {}

    async def _read(self) -> dict[int, CardPlace]:
        if self._places is None:
            text = await self._journal.fact(self._key)
            try:
                self._places = {} if text is None else _PLACES.validate_python(json.loads(text))
            except (ValueError, ValidationError):
                # Of another release.
                self._places = {}
        return self._places
