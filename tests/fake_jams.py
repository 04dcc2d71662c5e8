"""Jams in memory: the part of `FakeJournal` that has them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.jam import steps
from bot.jam.jam import Jam
from bot.jam.ports import StoredJam, TakeRow, TakeSound


@dataclass
class JamTables:
    """What processes share."""

    jams: dict[str, StoredJam] = field(default_factory=dict[str, StoredJam])
    takes: dict[str, TakeRow] = field(default_factory=dict[str, TakeRow])
    sounds: dict[str, TakeSound] = field(default_factory=dict[str, TakeSound])
    joined: set[str] = field(default_factory=set[str])


class FakeJams:
    """Jams, their takes and their audio."""

    def __init__(self, tables: JamTables) -> None:
        self._jams = tables

    async def add_jam(self, jam: Jam) -> bool:
        if jam.id in self._jams.jams:
            return False
        self._jams.jams[jam.id] = StoredJam(jam, 1)
        return True

    async def change_jam(
        self,
        version: int,
        jam: Jam,
        take: TakeRow | None = None,
        sound: TakeSound | None = None,
    ) -> bool:
        tables = self._jams
        if tables.jams[jam.id].version != version:
            return False
        tables.jams[jam.id] = StoredJam(jam, version + 1)
        if take is not None:
            tables.takes[take.id] = take
        if sound is not None:
            tables.sounds[sound.take_id] = sound
        tables.joined |= {section.take_id for section in jam.sections}
        for row in tables.takes.values():
            is_over = row.jam_id == jam.id and row.round_number < jam.round.number
            if is_over and row.id not in tables.joined:
                tables.sounds.pop(row.id, None)
        return True

    def forget_dead_openings(self, died_before: datetime) -> None:
        for key, stored in self._jams.jams.items():
            after = steps.token_died(stored.jam, died_before)
            if after != stored.jam:
                self._jams.jams[key] = StoredJam(after, stored.version + 1)

    async def jam(self, jam_id: str) -> StoredJam | None:
        return self._jams.jams.get(jam_id)

    async def jam_in(self, thread_id: int) -> StoredJam | None:
        found = self._jams.jams.values()
        return next((stored for stored in found if stored.jam.thread_id == thread_id), None)

    async def jams_of(self, guild_id: int, limit: int = 100) -> list[Jam]:
        found = [s.jam for s in self._jams.jams.values() if s.jam.guild_id == guild_id]
        return sorted(found, key=lambda jam: (jam.created_at, jam.id), reverse=True)[:limit]

    async def forget_jams_of(self, guild_id: int, at_most: int) -> int:
        tables = self._jams
        theirs = sorted(key for key, one in tables.jams.items() if one.jam.guild_id == guild_id)
        for key in theirs[:at_most]:
            del tables.jams[key]
            for take_id in [row.id for row in tables.takes.values() if row.jam_id == key]:
                del tables.takes[take_id]
                tables.sounds.pop(take_id, None)
                tables.joined.discard(take_id)
        return len(theirs[:at_most])

    async def jams_to_do(self, now: datetime) -> list[str]:
        return sorted(
            stored.jam.id
            for stored in self._jams.jams.values()
            if stored.jam.wants_work
            or (stored.jam.look_at is not None and stored.jam.look_at <= now)
        )

    async def jam_take(self, take_id: str) -> TakeRow | None:
        return self._jams.takes.get(take_id)

    async def takes_in(self, jam_id: str, round_number: int) -> list[TakeRow]:
        found = self._jams.takes.values()
        rows = [row for row in found if (row.jam_id, row.round_number) == (jam_id, round_number)]
        return sorted(rows, key=lambda row: row.id)

    async def keep_sound(self, sound: TakeSound) -> None:
        if sound.take_id in self._jams.takes:
            self._jams.sounds[sound.take_id] = sound

    async def sounds_up_to(self, take_id: str, last_s: float | None = None) -> list[TakeSound]:
        found: list[TakeSound] = []
        wanted: str | None = take_id
        held_s = 0.0
        while wanted is not None and (last_s is None or held_s < last_s):
            if (sound := self._jams.sounds.get(wanted)) is None:
                break
            found.append(sound)
            held_s = sum(one.added_s - one.tail_s for one in found) + sound.given_s
            wanted = self._jams.takes[wanted].previous
        return found[::-1]

    def jams_with(self, user_id: int) -> int:
        tables = self._jams
        theirs = {row.jam_id for row in tables.takes.values() if row.author_id == user_id}
        return sum(
            stored.jam.id in theirs or steps.forgot(stored.jam, user_id) != stored.jam
            for stored in tables.jams.values()
        )

    def forget_in_jams(self, user_id: int) -> None:
        tables = self._jams
        for row in [*tables.takes.values()]:
            if row.author_id == user_id:
                tables.takes[row.id] = replace(row, author_id=steps.NOBODY, words="")
        for stored in [*tables.jams.values()]:
            after = steps.forgot(stored.jam, user_id)
            if after != stored.jam:
                tables.jams[after.id] = StoredJam(after, stored.version + 1)
