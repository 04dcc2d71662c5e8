"""What a bot is put together from: adapters and settings."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import ClientMiddlewareType

from bot.community.limits import Allowed, Limits
from bot.community.ports import CommunityJournal
from bot.delivery.answers import AnswerJournal
from bot.delivery.voice import VoiceParts
from bot.domain.clock import Clock
from bot.engine.background import Pause
from bot.engine.ports import Predictions, Sound, TrackStore
from bot.engine.service import EngineConfig
from bot.jam.ports import JamStore, PieceSound
from bot.jam.take_limits import TakeLimits
from bot.replicate.webhooks import WebhookKey


@dataclass(frozen=True, slots=True)
class Shards:
    """Which of how many shards this process runs; None leaves it to Discord, all in one."""

    ids: tuple[int, ...] | None = None
    count: int | None = None


class BotJournal(CommunityJournal, JamStore, AnswerJournal, Protocol):
    """The journal with all that any part of the bot keeps there."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The adapters and settings a bot is made of."""

    config: EngineConfig
    journal: BotJournal
    predictions: Predictions
    sound: Sound
    track_store: TrackStore
    piece_sound: PieceSound
    clock: Clock
    shards: Shards = Shards()
    schema_comes: Callable[[], Coroutine[object, object, object]] | None = None
    """Waits for a schema that inputs should have been made from; None where all were."""
    limits: Limits = field(default_factory=Limits)
    """What the journal holds requests against."""
    allowed: Allowed = field(default_factory=Allowed)
    pauses: tuple[Pause, ...] = ()
    """What stands still while people are acknowledged."""
    middlewares: tuple[ClientMiddlewareType, ...] = ()
    """What else the requests to Discord are sent through."""
    voice: VoiceParts | None = None
    """Plays in voice channels; None where what that needs is not installed."""
    webhook_key: WebhookKey | None = None
    """Of what Replicate pushes; None where it cannot."""
    take_limits: TakeLimits = field(default_factory=TakeLimits)
    """Of a jam whose beginner does not say otherwise."""
