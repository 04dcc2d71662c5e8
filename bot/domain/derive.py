"""How a track leads to the next one: what of its settings and its audio goes with it. No I/O."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import CutBeyondPiece, OutOfBounds, SourceGone
from bot.domain.extension import MORE_MAX_S, MORE_MIN_S, Closeness
from bot.domain.generation import AudioSource, Generation, Relation
from bot.domain.inputs import MODEL_WINDOW_S, Inputs
from bot.domain.musical_terms import NO_TERMS, MusicalTerms
from bot.domain.request import GenerationRequest

STORED_FOR = timedelta(hours=23)
"""Replicate keeps files for 24 h; a generation may wait up to an hour for its turn.

(files created in 2026-11 expire a day later, api.replicate.com/v1/files)
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What of a request is to be another one; None stays as it was, but for the seed.

    Where `terms` have a tempo and bars, the length follows from them. Of an extension, `duration`
    is how many seconds more.
    """

    prompt: str | None = None
    model_version: str | None = None
    duration: int | None = None
    seed: int | None = None
    """None: a new one is drawn."""
    terms: MusicalTerms | None = None
    temperature: float | None = None
    guidance: int | None = None
    output_format: str | None = None

    def of(self, inputs: Inputs) -> Inputs:
        """The inputs with what is given changed, all but their length."""
        changed = {
            "prompt": self.prompt,
            "model_version": self.model_version,
            "temperature": self.temperature,
            "classifier_free_guidance": self.guidance,
            "output_format": self.output_format,
        }
        given = {name: value for name, value in changed.items() if value is not None}
        return replace(inputs, **given, seed=self.seed)


UNCHANGED = Changes()


def lender_to(generation: Generation, ancestors: Iterable[Generation]) -> Generation | None:
    """Who has the address of the input audio that a generation was made from; perhaps itself.

    None where that one has been forgotten.
    """
    for one in (generation, *ancestors):
        if not one.borrows_audio or one.inputs.input_audio is not None:
            return one
    return None


def remake(
    parent: Generation,
    relation: Relation,
    changes: Changes = UNCHANGED,
    *,
    now: datetime,
    card_audio: AudioSource | None = None,
    lender: Generation | None = None,
) -> GenerationRequest:
    """The parent's request once more, with what is given changed.

    For a parent that is itself an extension, `card_audio`, the audio of its own card, holds the
    piece it began with. For another one with input audio, `lender` is whose copy of it is used
    (`lender_to`).

    Raises:
        SourceGone: the audio the parent was made from is not to be had any more.
        OutOfBounds: so many seconds cannot be added.
        BarsTooLong: nor so many bars.
    """
    if parent.more_s is not None:
        return _remade_extension(parent, relation, changes, card_audio)
    terms, duration = changes.terms, changes.duration
    inputs = changes.of(parent.inputs)
    inputs = _lasting(inputs, terms, inputs.duration if duration is None else duration)
    request = GenerationRequest(
        inputs,
        parent_id=parent.id,
        relation=relation,
        terms=parent.terms if terms is None else terms,
        card_of=parent.requester_id,
        fine_tune=parent.fine_tune,
    )
    if not parent.has_audio:
        return request
    if lender is None or not _still_stored(lender, now):
        raise SourceGone
    return replace(
        request,
        inputs=replace(inputs, input_audio=lender.inputs.input_audio),
        audio_s=lender.audio_s,
        stored_at=lender.stored_at,
        audio_of=parent.requester_id,
    )


def _remade_extension(
    parent: Generation, relation: Relation, changes: Changes, card_audio: AudioSource | None
) -> GenerationRequest:
    terms, duration = changes.terms, changes.duration
    if card_audio is None or parent.given_s is None or parent.more_s is None:
        raise SourceGone
    return GenerationRequest(
        _continuing(changes.of(parent.inputs)),
        replace(card_audio, keep_s=parent.given_s),
        parent_id=parent.id,
        relation=relation,
        more_s=_more_s(terms, parent.more_s if duration is None else duration),
        closeness=parent.closeness,
        terms=parent.terms if terms is None else terms,
        card_of=parent.requester_id,
        fine_tune=parent.fine_tune,
        audio_of=parent.requester_id,
    )


def extension(
    parent: Generation | None,
    piece: AudioSource,
    more_s: int,
    prompt: str | None = None,
    *,
    terms: MusicalTerms = NO_TERMS,
    cut_s: float | None = None,
    closeness: Closeness | None = None,
) -> GenerationRequest:
    """`piece`, which is the parent's track or audio that is not ours, and `more_s` seconds more.

    Where `terms` have a tempo and bars, these say how much more. At `cut_s` the piece is cut first.

    Raises:
        OutOfBounds: so many seconds cannot be added.
        BarsTooLong: nor so many bars.
        CutBeyondPiece: it ends before.
        ValueError: neither a parent nor a prompt.
    """
    inputs = _inputs_of(parent, prompt)
    length_s = None if parent is None else parent.track_s
    if cut_s is not None and length_s is not None and cut_s > math.ceil(length_s):
        raise CutBeyondPiece(cut_s, length_s)
    return GenerationRequest(
        _continuing(inputs),
        replace(piece, keep_s=cut_s),
        _id_of(parent),
        Relation.EXTEND,
        _more_s(terms, more_s),
        closeness,
        terms,
        card_of=_requester_of(parent),
        fine_tune=_fine_tune_of(parent),
        audio_of=_requester_of(parent),
    )


def melody(
    parent: Generation | None, audio: AudioSource, prompt: str, terms: MusicalTerms = NO_TERMS
) -> GenerationRequest:
    """New music for the melody of `audio`, with the parent's other settings.

    Where `terms` have a tempo and bars, the length follows from them.

    Raises:
        BarsTooLong: so many bars are too long.
    """
    inputs = replace(
        _inputs_of(parent, prompt),
        input_audio=None,
        continuation=None,
        continuation_start=None,
        continuation_end=None,
    )
    if parent is not None and parent.more_s is not None:
        # What an extension sends as its duration says nothing of how long anybody wants it.
        inputs = replace(inputs, duration=None)
    return GenerationRequest(
        _lasting(inputs, terms, inputs.duration),
        audio,
        _id_of(parent),
        Relation.MELODY,
        terms=terms,
        card_of=_requester_of(parent),
        fine_tune=_fine_tune_of(parent),
        audio_of=_requester_of(parent),
    )


def _inputs_of(parent: Generation | None, prompt: str | None) -> Inputs:
    if parent is None:
        if prompt is None:
            raise ValueError("neither a parent nor a prompt")
        return Inputs(prompt)
    return replace(parent.inputs, prompt=prompt or parent.inputs.prompt, seed=None)


def _id_of(parent: Generation | None) -> str | None:
    return None if parent is None else parent.id


def _requester_of(parent: Generation | None) -> int | None:
    return None if parent is None else parent.requester_id


def _fine_tune_of(parent: Generation | None) -> str | None:
    return None if parent is None else parent.fine_tune


def _continuing(inputs: Inputs) -> Inputs:
    """For an extension: what part is given, and how much is asked for, its piece decides.

    The whole is joined from samples, so a lossy format on the way would only cost quality.
    """
    return replace(
        inputs,
        duration=None,
        input_audio=None,
        continuation=True,
        continuation_start=None,
        continuation_end=None,
        output_format=None,
    )


def _lasting(inputs: Inputs, terms: MusicalTerms | None, duration: int | None) -> Inputs:
    length_s = None if terms is None else terms.length_s(MODEL_WINDOW_S)
    return replace(inputs, duration=duration if length_s is None else length_s)


def _more_s(terms: MusicalTerms | None, more_s: int) -> int:
    length_s = None if terms is None else terms.length_s(MORE_MAX_S)
    if length_s is not None:
        return length_s
    if not MORE_MIN_S <= more_s <= MORE_MAX_S:
        raise OutOfBounds("more", more_s, MORE_MIN_S, MORE_MAX_S)
    return more_s


def _still_stored(lender: Generation, now: datetime) -> bool:
    if lender.inputs.input_audio is None or lender.stored_at is None:
        return False
    return now < lender.stored_at + STORED_FOR
