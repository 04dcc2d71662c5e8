"""What the studio is asked for, and what it makes of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.generation import (
    AudioSource,
    Generation,
    Relation,
    Reply,
    interaction_generation_id,
    new_generation_id,
)
from bot.domain.inputs import SEED_MAX, Inputs
from bot.engine.config import EngineConfig

_NO_LESS = timedelta(microseconds=1)
"""The least that a journalled time can differ by."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What an order was made from, for orders that a card led to."""

    parent_id: str | None
    """None for audio that is not ours."""
    relation: Relation
    batch_id: str | None = None
    """Shared by takes that one card lists."""
    more_s: int | None = None
    """For an extension: how much new music, in seconds."""


@dataclass(frozen=True, slots=True)
class Order:
    """One request, checked as far as it can be without its audio.

    `audio_s` and `stored_at` come with an `inputs.input_audio` that the model can read already, as
    in `Generation`; nothing is fetched then.
    """

    requester_id: int
    reply: Reply
    inputs: Inputs
    source: AudioSource | None = None
    origin: Origin | None = None
    audio_s: float | None = None
    stored_at: datetime | None = None


def accepted(order: Order, config: EngineConfig, now: datetime, number: int = 0) -> Generation:
    """The generation that an order starts.

    The seed is drawn here where none is set: it makes the track reproducible, and the request
    findable after a create whose outcome is unknown. Before the acknowledgement the id is the
    interaction's, for Discord may deliver it twice.
    """
    inputs = config.table.supported(order.inputs)
    if inputs.seed is None:
        inputs = replace(inputs, seed=random.randint(1, SEED_MAX))
    origin, reply = order.origin, order.reply
    if reply.known:
        key = new_generation_id()
    else:
        key = interaction_generation_id(reply.token, number, config.journal_id)
    return Generation(
        id=key,
        requester_id=order.requester_id,
        reply=reply,
        inputs=inputs,
        version=config.version,
        created_at=now,
        source=order.source,
        has_audio=order.source is not None or inputs.input_audio is not None,
        audio_s=order.audio_s,
        stored_at=order.stored_at,
        parent_id=origin.parent_id if origin else None,
        relation=origin.relation if origin else None,
        batch_id=origin.batch_id if origin else None,
        more_s=origin.more_s if origin else None,
    )


def accepted_batch(
    orders: Sequence[Order], config: EngineConfig, now: datetime
) -> list[Generation]:
    """The takes of one batch, in order; no two have the same seed, by which their files differ."""
    batch_id = new_generation_id()
    takes: dict[int, Generation] = {}
    for number, order in enumerate(orders):
        while (take := accepted(order, config, now + number * _NO_LESS, number)).seed in takes:
            if order.inputs.seed is not None:
                raise ValueError("two takes with the same seed")
        takes[take.seed] = replace(take, batch_id=batch_id)
    return list(takes.values())
