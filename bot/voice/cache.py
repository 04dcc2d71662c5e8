"""What was made ready to be sent, kept while there is room: it is often asked for again."""

from __future__ import annotations

from collections import OrderedDict

from bot.voice.ports import Packets, Sounds
from bot.voice.session import Item, Kind

_MAX_BYTES = 32 << 20
"""Half an hour of music."""


class KeptSounds:
    """`Sounds` that are made once; the least used go first."""

    def __init__(self, sounds: Sounds, max_bytes: int = _MAX_BYTES) -> None:
        self._sounds = sounds
        self._max_bytes = max_bytes
        self._kept = OrderedDict[tuple[Kind, str, int], Packets]()
        self._bytes = 0

    async def packets(self, item: Item, volume: int) -> Packets:
        """Its packets at a volume in percent. Raises as those it is made by."""
        key = item.kind, item.id, volume
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = await self._sounds.packets(item, volume)
        if key not in self._kept:
            self._kept[key] = made
            self._bytes += _size_of(made)
        while self._bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size_of(oldest)
        return made


def _size_of(packets: Packets) -> int:
    return sum(map(len, packets))
