"""The engine on fakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.domain.generation import AudioSource, Generation, Reply, State
from bot.domain.inputs import Inputs
from bot.domain.request import GenerationRequest
from bot.engine.config import EngineConfig
from bot.engine.service import GenerationService
from tests.fakes import (
    MUSICGEN,
    FakeClock,
    FakeDelivery,
    FakeJournal,
    FakePredictions,
    FakeSound,
    FakeTrackStore,
    a_reply,
)

SOURCE = AudioSource("https://cdn.discordapp.com/x.wav?hm=secret", "x.wav", True)


@dataclass
class Rig:
    """The engine on fakes."""

    predictions: FakePredictions
    sound: FakeSound
    journal: FakeJournal
    delivery: FakeDelivery
    clock: FakeClock
    service: GenerationService

    async def submit(
        self, request: GenerationRequest, requester_id: int = 5, reply: Reply | None = None
    ) -> Generation:
        [generation] = await self.service.submit(request, requester_id, reply or a_reply())
        return generation

    async def run(self, inputs: Inputs, source: AudioSource | None = None) -> Generation:
        generation = await self.submit(GenerationRequest(inputs, source))
        await self.service.idle()
        return self.journal.rows[generation.id]

    @property
    def states(self) -> list[State]:
        states = [row.state for row in self.journal.history]
        return [state for i, state in enumerate(states) if i == 0 or state is not states[i - 1]]


def a_rig(
    predictions: FakePredictions | None = None,
    sound: FakeSound | None = None,
    track_store: FakeTrackStore | None = None,
    folder: Path = Path("tracks"),
    keep_rows: timedelta | None = None,
) -> Rig:
    predictions, sound = predictions or FakePredictions(), sound or FakeSound()
    journal, clock = FakeJournal(), FakeClock()
    delivery = FakeDelivery(journal)
    config = EngineConfig(MUSICGEN, 1500, folder, keep_rows=keep_rows)
    service = GenerationService(
        config, journal, predictions, sound, delivery, track_store or FakeTrackStore(), clock
    )
    return Rig(predictions, sound, journal, delivery, clock, service)
