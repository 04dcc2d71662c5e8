"""What somebody typed that was refused, kept for a while so that they need not type it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.errors import UserError

DRAFT_LIFE = timedelta(minutes=30)
"""From the refusal on. Twice as long as a private answer can be pressed: its form may be sent a
while later."""


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """One refused command or form: kept by itself, or with the generation that was refused."""

    id: str
    user_id: int
    made_at: datetime
    content: str = field(repr=False)
    """The form and what stood in it, as `bot.card.drafts` writes it."""
    failure: UserError | None = None
    """What it was refused for, where that was found out after it was accepted."""
