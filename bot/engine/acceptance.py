"""From a request to the generations that are journalled for it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.generation import (
    Generation,
    Reply,
    interaction_generation_id,
    new_generation_id,
)
from bot.domain.inputs import SEED_MAX
from bot.domain.request import GenerationRequest
from bot.engine.config import EngineConfig

_NO_LESS = timedelta(microseconds=1)
"""The least that a journalled time can differ by."""


def accepted(
    request: GenerationRequest,
    requester_id: int,
    reply: Reply,
    config: EngineConfig,
    now: datetime,
    takes: int = 1,
    draft: str | None = None,
) -> list[Generation]:
    """The generations that a request starts, in order: one, or the takes of one batch.

    The seed is drawn here where none is set: it makes the track reproducible, and the request
    findable after a create whose outcome is unknown. No two takes have the same, by which their
    files differ. Before the acknowledgement the id is the interaction's, for Discord may deliver it
    twice.

    Raises:
        FineTuneGone: the owner does not allow the fine-tune that would make it.
        ValueError: several takes with the seed that is set.
    """
    model = config.models.named(request.fine_tune)
    inputs = model.table.supported(request.inputs)
    if inputs.seed is None:
        seeds = random.sample(range(1, SEED_MAX + 1), takes)
    elif takes == 1:
        seeds = [inputs.seed]
    else:
        raise ValueError("takes with the same seed")
    batch_id = new_generation_id() if takes > 1 else None
    return [
        Generation(
            id=_id_for(reply, number, config.journal_id),
            requester_id=requester_id,
            reply=reply,
            inputs=replace(inputs, seed=seed),
            version=model.version,
            created_at=now + number * _NO_LESS,
            fine_tune=model.fine_tune,
            usual_s=model.table.duration_s(inputs),
            source=request.source,
            has_audio=request.has_audio,
            audio_s=request.audio_s,
            stored_at=request.stored_at,
            parent_id=request.parent_id,
            relation=request.relation,
            batch_id=batch_id,
            more_s=request.more_s,
            closeness=request.closeness,
            terms=request.terms,
            draft=draft,
            jam_id=request.jam_id,
        )
        for number, seed in enumerate(seeds)
    ]


def _id_for(reply: Reply, number: int, journal_id: str) -> str:
    if reply.known:
        return new_generation_id()
    return interaction_generation_id(reply.token, number, journal_id)
