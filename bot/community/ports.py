"""What the community's rules need from the journal. Methods raise `JournalFault`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.community.charges import Kind
from bot.community.weekly import ChartClaim, ChartOutcome
from bot.domain.drafts import StoredDraft
from bot.domain.generation import Generation
from bot.domain.inputs import Inputs
from bot.domain.presets import Preset, PresetOwner
from bot.domain.server_rules import Block, CanceledAll, Change, StoredRules
from bot.engine.ports import Journal


@dataclass(frozen=True, slots=True)
class StarredTrack:
    """A track, and how many stars it was given in the time that was asked about."""

    track: Generation
    stars: int


class StarJournal(Protocol):
    """Who has given which track a star."""

    async def toggle_star(self, generation_id: str, user_id: int) -> bool | None:
        """Give a track a person's star, or take it back; whether it has it now.

        None where there is no such track.
        """
        ...

    async def stars_of(self, generation_ids: Collection[str]) -> Mapping[str, int]:
        """How many stars these have; those without any may be left out."""
        ...

    async def tracks_by_stars(
        self, user_id: int, words: str = "", limit: int = 10, skip: int = 0
    ) -> Sequence[Generation]:
        """The tracks of `Journal.tracks_of`, those with most stars first, then the newest."""
        ...

    async def chart(
        self,
        guild_id: int,
        channel_ids: Collection[int],
        since: datetime | None,
        limit: int,
        until: datetime | None = None,
    ) -> Sequence[StarredTrack]:
        """The tracks of a server's channels with most stars given since then, or ever.

        What was given at `until` or later does not count.
        Of those that everyone in their channel sees; among equals the oldest first.
        """
        ...


class RuleStore(Protocol):
    """Settings of servers, blocks, and the log of changes. Raises `JournalFault`.

    Changes are logged in the transaction that makes them, and returned with their numbers.
    """

    async def rules_revision(self) -> str | None:
        """What tells whether the rules have changed since they were read."""
        ...

    async def rules(self) -> StoredRules:
        """Read the rules of all servers."""
        ...

    async def set_rules(
        self, guild_id: int, by_id: int, values: Mapping[str, str | None]
    ) -> list[Change]:
        """Set values by their names, None for the default."""
        ...

    async def block(self, block: Block, by_id: int) -> list[Change]:
        """Block a person, or change their block."""
        ...

    async def unblock(self, guild_id: int, user_id: int, by_id: int) -> list[Change]:
        """End a block; empty where there is none."""
        ...

    async def cancel_all(self, guild_id: int, by_id: int, user_id: int) -> CanceledAll:
        """Have all of a person's be stopped that still can, whoever follows them, and note it."""
        ...

    async def changes_of(
        self, guild_id: int, limit: int = 10, before: int | None = None
    ) -> list[Change]:
        """A server's last changes, newest first; those with a number below `before`."""
        ...

    async def log_chart_fault(
        self, guild_id: int, by_id: int, channel_id: int, outcome: ChartOutcome
    ) -> list[Change]:
        """Note that a weekly chart could not be posted."""
        ...

    async def forget_ended_blocks(self, ended_before: datetime) -> None:
        """Delete what has ended by itself."""
        ...

    async def forget_server(self, guild_id: int) -> None:
        """Delete a server's settings, its blocks, and its log."""
        ...


class ChartPosts(Protocol):
    """Which weekly charts have been posted, or are being so, by whichever process."""

    async def charts_due(self, guild_ids: Collection[int], week: datetime) -> frozenset[int]:
        """Those of these servers whose chart of a week nobody has ended, or is at."""
        ...

    async def claim_chart(self, guild_id: int, week: datetime, claim_s: float) -> ChartClaim | None:
        """Take a server's chart of a week on, for so many seconds.

        None where it has been ended, another process is at it, or a later week's was taken on.
        """
        ...

    async def end_chart(self, guild_id: int, week: datetime, outcome: ChartOutcome) -> None:
        """Note what has become of it; nobody posts it any more."""
        ...


class PresetJournal(Protocol):
    """Presets by their owners and keys; a key is the name as it is compared."""

    async def save_preset(
        self,
        owner: PresetOwner,
        key: str,
        name: str,
        inputs: Inputs,
        limit: int,
        fine_tune: str | None = None,
    ) -> bool | None:
        """Save one; whether its key is new. None where the owner has `limit` others already."""
        ...

    async def preset(self, owners: Sequence[PresetOwner], key: str) -> Preset | None:
        """The one of this key of the first owner that has one."""
        ...

    async def presets(self, owners: Sequence[PresetOwner]) -> Sequence[Preset]:
        """All of these owners, one after the other, by their keys."""
        ...

    async def delete_preset(self, owner: PresetOwner, key: str) -> bool:
        """Delete one; False where there is none."""
        ...

    async def choose_default(self, user_id: int, key: str | None) -> bool:
        """Have one of a person's apply where they name none, or none; False where it is unknown."""
        ...

    async def default_presets(self, user_id: int | None = None) -> Mapping[int, Preset]:
        """Those that apply where a person names none, of one person or of all, by their ids."""
        ...

    async def default_presets_revision(self) -> str | None:
        """What tells whether somebody's default may have changed since they were read."""
        ...


class DraftJournal(Protocol):
    """What was refused, kept for its person for a while."""

    async def keep_draft(self, draft: StoredDraft) -> None:
        """Keep what was refused, as it was typed."""
        ...

    async def draft(self, draft_id: str) -> StoredDraft | None:
        """One of these, or of the generation with this id, unless its time is over."""
        ...


class PriceJournal(Protocol):
    """What runs are expected to cost."""

    async def expected_micro_usd(self, kind: Kind) -> int:
        """What a run of this kind will cost, by the last ones of its kind."""
        ...


class CommunityJournal(
    Journal,
    StarJournal,
    PresetJournal,
    DraftJournal,
    RuleStore,
    ChartPosts,
    PriceJournal,
    Protocol,
):
    """The journal, with what the community keeps in it."""
