"""What the community keeps in the journal, in memory: the part of `FakeJournal` that has it."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.community.ports import StarredTrack
from bot.community.weekly import ChartClaim, ChartOutcome
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.domain.presets import Preset, PresetOwner


@dataclass
class CommunityTables:
    """What processes share."""

    stars: dict[tuple[str, int], datetime] = field(default_factory=dict[tuple[str, int], datetime])
    """When a track was given one by a person."""
    presets: dict[tuple[PresetOwner, str], Preset] = field(
        default_factory=dict[tuple[PresetOwner, str], Preset]
    )
    default_presets_revision: str | None = None
    chart_posts: dict[int, ChartRow] = field(default_factory=dict[int, "ChartRow"])
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class FakeStars:
    """Stars and charts over the rows of generations."""

    def __init__(
        self,
        tables: CommunityTables,
        rows: dict[str, Generation],
        tracks: Callable[[int, str], Sequence[Generation]],
    ) -> None:
        self._community = tables
        self._stars = tables.stars
        self._rows = rows
        self._tracks_of = tracks

    async def toggle_star(self, generation_id: str, user_id: int) -> bool | None:
        row = self._rows.get(generation_id)
        if row is None or row.state is not State.DELIVERED:
            return None
        if self._stars.pop((generation_id, user_id), None) is not None:
            return False
        self._stars[generation_id, user_id] = self._community.now()
        return True

    async def stars_of(self, generation_ids: Collection[str]) -> dict[str, int]:
        counts = self._counts(None)
        return {key: counts[key] for key in generation_ids if counts[key]}

    async def tracks_by_stars(
        self, user_id: int, words: str = "", limit: int = 10, skip: int = 0
    ) -> list[Generation]:
        counts = self._counts(None)
        tracks = sorted(self._tracks_of(user_id, words), key=lambda row: -counts[row.id])
        return tracks[skip : skip + limit]

    async def chart(
        self,
        guild_id: int,
        channel_ids: Collection[int],
        since: datetime | None,
        limit: int,
        until: datetime | None = None,
    ) -> list[StarredTrack]:
        counts = self._counts(since, until)
        here = [
            row
            for key, row in self._rows.items()
            if counts[key]
            and row.reply.guild_id == guild_id
            and row.reply.channel_id in channel_ids
            and not row.reply.private
        ]
        here.sort(key=lambda row: (-counts[row.id], row.created_at, row.id))
        return [StarredTrack(row, counts[row.id]) for row in here[:limit]]

    def _counts(self, since: datetime | None, until: datetime | None = None) -> Counter[str]:
        return Counter(
            key
            for (key, _), at in self._stars.items()
            if (since is None or at >= since) and (until is None or at < until)
        )

    def stars_given(self, user_id: int) -> int:
        return sum(giver == user_id for _, giver in self._stars)

    def forget_stars(self, user_id: int, tracks: Collection[str]) -> None:
        for key, giver in list(self._stars):
            if giver == user_id or key in tracks:
                del self._stars[key, giver]


@dataclass
class ChartRow:
    """The last weekly chart of a server."""

    week: datetime
    claim: ChartClaim
    claimed_until_s: float
    ended: bool = False
    outcome: str | None = None

    def is_free(self, week: datetime) -> bool:
        is_left = not self.ended and self.claimed_until_s <= time.monotonic()
        return self.week < week or (self.week == week and is_left)


class FakeChartPosts:
    """Which weekly charts have been posted."""

    def __init__(self, tables: CommunityTables) -> None:
        self._posts = tables.chart_posts
        self._posts_tables = tables

    async def charts_due(self, guild_ids: Collection[int], week: datetime) -> frozenset[int]:
        rows = {key: self._posts.get(key) for key in guild_ids}
        return frozenset(key for key, row in rows.items() if row is None or row.is_free(week))

    async def claim_chart(self, guild_id: int, week: datetime, claim_s: float) -> ChartClaim | None:
        row = self._posts.get(guild_id)
        if row is not None and not row.is_free(week):
            return None
        is_again = row is not None and row.week == week
        claim = ChartClaim(
            row.claim.tries + 1 if row is not None and is_again else 1,
            row.claim.begun_at if row is not None and is_again else self._posts_tables.now(),
            None if row is None else row.outcome,
        )
        self._posts[guild_id] = ChartRow(
            week, claim, time.monotonic() + claim_s, outcome=claim.last_outcome
        )
        return claim

    async def end_chart(self, guild_id: int, week: datetime, outcome: ChartOutcome) -> None:
        row = self._posts.get(guild_id)
        if row is not None and row.week == week and not row.ended:
            row.ended, row.outcome = True, outcome


class FakePresets:
    """Presets by their owners and keys."""

    def __init__(self, tables: CommunityTables) -> None:
        self._presets = tables.presets
        self._presets_tables = tables

    async def save_preset(
        self,
        owner: PresetOwner,
        key: str,
        name: str,
        inputs: Inputs,
        limit: int,
        fine_tune: str | None = None,
    ) -> bool | None:
        old = self._presets.get((owner, key))
        if old is None and len(await self.presets([owner])) >= limit:
            return None
        is_default = old is not None and old.is_default
        kept = replace(inputs, prompt="")
        self._presets[owner, key] = Preset(owner, name, kept, is_default, fine_tune)
        self._revise(owner)
        return old is None

    async def preset(self, owners: Sequence[PresetOwner], key: str) -> Preset | None:
        found = (self._presets.get((owner, key)) for owner in owners)
        return next((preset for preset in found if preset is not None), None)

    async def presets(self, owners: Sequence[PresetOwner]) -> list[Preset]:
        ordered = sorted(self._presets.items(), key=lambda item: item[0][1])
        return [preset for owner in owners for (whose, _), preset in ordered if whose == owner]

    async def delete_preset(self, owner: PresetOwner, key: str) -> bool:
        self._revise(owner)
        return self._presets.pop((owner, key), None) is not None

    async def choose_default(self, user_id: int, key: str | None) -> bool:
        person = PresetOwner.person(user_id)
        if key is not None and (person, key) not in self._presets:
            return False
        for (owner, name), preset in self._presets.items():
            if owner == person:
                self._presets[owner, name] = replace(preset, is_default=name == key)
        self._revise(person)
        return True

    async def default_presets(self, user_id: int | None = None) -> dict[int, Preset]:
        return {
            owner.id: preset
            for (owner, _), preset in self._presets.items()
            if preset.is_default and user_id in {None, owner.id}
        }

    async def default_presets_revision(self) -> str | None:
        return self._presets_tables.default_presets_revision

    def _revise(self, owner: PresetOwner) -> None:
        if not owner.is_server:
            self._presets_tables.default_presets_revision = secrets.token_hex(8)

    def forget_presets(self, whose: PresetOwner) -> None:
        self._revise(whose)
        for owner, key in list(self._presets):
            if owner == whose:
                del self._presets[owner, key]
