"""What a jam is asked for with, before it is checked. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.musical_terms import NO_TERMS, MusicalTerms


@dataclass(frozen=True, slots=True)
class JamRequest:
    """What `/jam start` asks for."""

    theme: str
    music: MusicalTerms = NO_TERMS
    section_s: int | None = None
    model_version: str | None = None
    round_minutes: int = 0
    blind: bool = False
    members_vote: bool = False
    takes_per_person: int | None = None
    takes_per_round: int | None = None
    preset: str | None = None
    track: str | None = None
    """What it is to begin with, as somebody has named it."""
