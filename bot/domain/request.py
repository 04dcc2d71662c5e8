"""What a person asks for, whichever way they asked: a command, a button, a form, a menu."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.domain.extension import Closeness
from bot.domain.generation import AudioSource, Relation
from bot.domain.inputs import Inputs
from bot.domain.musical_terms import NO_TERMS, MusicalTerms
from bot.domain.presets import Named


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One request, checked as far as it can be without its audio.

    `audio_s` and `stored_at` come with an `inputs.input_audio` that the model can read already, as
    in `Generation`; nothing is fetched then.
    """

    inputs: Inputs
    source: AudioSource | None = None
    parent_id: str | None = None
    """The generation it leads on from; None for what was typed, and for audio that is not ours."""
    relation: Relation | None = None
    more_s: int | None = None
    """For an extension: how much new music, in seconds."""
    closeness: Closeness | None = None
    terms: MusicalTerms = NO_TERMS
    audio_s: float | None = None
    stored_at: datetime | None = None
    card_of: int | None = None
    """Whose track it leads on from; None for what was typed, and for audio that is not ours."""
    fine_tune: str | None = None
    """The fine-tune that makes it; None for the main model."""
    audio_of: int | None = None
    """Whose audio it comes with, where that is not what its person has just given."""

    jam_id: str | None = None
    """The jam that it is proposed in, whose budget holds for it too."""

    @property
    def as_sent(self) -> Inputs:
        """The inputs as the model gets them."""
        return self.terms.joined_to_inputs(self.inputs)

    @property
    def has_audio(self) -> bool:
        """Whether it comes with input audio."""
        return self.source is not None or self.inputs.input_audio is not None


AnyRequest: TypeAlias = GenerationRequest | Named[GenerationRequest]
"""A request, or one that is whole once the preset it names is read."""
