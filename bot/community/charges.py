"""What a generation is expected to cost, and what its end says that it did. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_high

from bot.community.limits import Asked
from bot.domain.amounts import ServerLimits
from bot.domain.charges import Charge, ChargeState, Sums
from bot.domain.errors import (
    CanceledElsewhere,
    PredictionAborted,
    PredictionFailed,
    SubmitUncertain,
)
from bot.domain.generation import Generation, State
from bot.domain.inputs import TABLE

HISTORY = 20
"""Runs that an estimate is made from: the last ones, of the same version, model and length."""
HISTORY_MIN = 3
"""With fewer, one cold start would be the rule."""
_LOADING_US = 30_000_000
_PER_SECOND_US = 4_000_000
_US = 1_000_000
_MODEL_MAX_CHARS = 100
_SECONDS_MAX = 86_400
_DEFAULT_S = next((int(spec.default or 0) for spec in TABLE if spec.name == "duration"), 0)
_SAID_NOT_TO_HAVE_RUN = (PredictionAborted, PredictionFailed, CanceledElsewhere)


@dataclass(frozen=True, slots=True)
class Kind:
    """What runs of about the same time have in common."""

    version: str
    model: str
    seconds: int


def kind_of(generation: Generation) -> Kind:
    """Which earlier runs tell how long it will take."""
    inputs = generation.inputs
    seconds = inputs.duration
    if seconds is None:
        seconds = _DEFAULT_S if generation.usual_s is None else generation.usual_s
    if generation.more_s is not None:
        # What is heard before is decided once the piece is measured.
        seconds = generation.more_s
    # What is not checked against a table could be anything, and some of that cannot be stored.
    model = "".join(filter(str.isprintable, inputs.model_version or ""))[:_MODEL_MAX_CHARS]
    return Kind(generation.version, model, min(max(0, seconds), _SECONDS_MAX))


def estimate_us(kind: Kind, runs_us: Sequence[int]) -> int:
    """How long a run will take, by the last ones of its kind, else by a cautious formula.

    No page gives the time per second of audio. The one public figure, 0.08 USD for a run of 8 s, is
    57 s of an A100; the formula says 62 s for it: 30 s for a model that is loaded within the run,
    and 4 s for each second.
    """
    if len(runs_us) >= HISTORY_MIN:
        return median_high(runs_us)
    return _LOADING_US + _PER_SECOND_US * kind.seconds


def price_micro_usd(run_us: int, per_second_micro_usd: int) -> int:
    """What a run costs, rounded up."""
    return -(-run_us * per_second_micro_usd // _US)


def asked_for(
    generations: Sequence[Generation], each_micro_usd: int, limits: ServerLimits | None
) -> Asked:
    """The room that the takes of one request need, by what their server allows, too."""
    first = generations[0]
    each = Sums(1, kind_of(first).seconds, each_micro_usd)
    takes, guild_id = len(generations), first.reply.guild_id
    return Asked(first.requester_id, guild_id, first.created_at, takes, each, limits, first.jam_id)


def reservation(generation: Generation, micro_usd: int) -> Charge:
    """What is written down with a new generation."""
    kind = kind_of(generation)
    return Charge(
        generation_id=generation.id,
        requester_id=generation.requester_id,
        guild_id=generation.reply.guild_id,
        accepted_at=generation.created_at,
        version=kind.version,
        model=kind.model,
        seconds=kind.seconds,
        reserved_micro_usd=micro_usd,
        jam_id=generation.jam_id,
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """What a reservation becomes."""

    state: ChargeState
    actual_micro_usd: int | None = None
    """None where nobody knows: the estimate stays."""
    run_us: int | None = None


_GIVEN_BACK = Ending(ChargeState.GIVEN_BACK)


def ending_of(generation: Generation, per_second_micro_usd: int) -> Ending | None:
    """What its reservation becomes as it stands; None as long as that is open.

    A run costs the time it ran, whatever ended it. What was not sent, was refused, or ended before
    it ran, costs nothing. Where the bot lost sight of it, the estimate is all there is.
    """
    if not generation.state.final:
        return None
    run_us = None
    if generation.predict_time_s is not None:
        run_us = round(generation.predict_time_s * _US)
    is_whole = generation.state is State.DELIVERED
    if run_us or (run_us is not None and is_whole):
        actual = price_micro_usd(run_us, per_second_micro_usd)
        return Ending(ChargeState.SETTLED, actual, run_us if is_whole else None)
    if is_whole:
        return Ending(ChargeState.SETTLED)
    if generation.prediction_id is None:
        return None if _may_turn_up(generation) else _GIVEN_BACK
    has_not_run = isinstance(generation.failure, _SAID_NOT_TO_HAVE_RUN)
    if has_not_run or generation.state is State.CANCELED:
        return _GIVEN_BACK
    return Ending(ChargeState.SETTLED)


def _may_turn_up(generation: Generation) -> bool:
    """Whether its create may have arrived, and is still looked for."""
    is_uncertain = generation.state is State.CANCELED or isinstance(
        generation.failure, SubmitUncertain
    )
    return generation.open and generation.submitted_at is not None and is_uncertain
