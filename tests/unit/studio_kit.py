"""A studio on fakes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.domain.generation import AudioSource, Generation, State
from bot.domain.inputs import Inputs, InputTable
from bot.engine.config import House
from bot.engine.service import Order, Studio
from tests.fakes import (
    FakeClock,
    FakeDelivery,
    FakeJournal,
    FakePredictions,
    FakeShelf,
    FakeSound,
    a_reply,
)

SOURCE = AudioSource("https://cdn.discordapp.com/x.wav?hm=secret", "x.wav", True)


@dataclass
class Rig:
    """A studio on fakes."""

    predictions: FakePredictions
    sound: FakeSound
    journal: FakeJournal
    delivery: FakeDelivery
    clock: FakeClock
    studio: Studio

    async def run(self, inputs: Inputs, source: AudioSource | None = None) -> Generation:
        generation = await self.studio.submit(Order(5, a_reply(), inputs, source))
        await self.studio.idle()
        return self.journal.rows[generation.id]

    @property
    def states(self) -> list[State]:
        states = [row.state for row in self.journal.history]
        return [state for i, state in enumerate(states) if i == 0 or state is not states[i - 1]]


def a_rig(
    predictions: FakePredictions | None = None,
    sound: FakeSound | None = None,
    shelf: FakeShelf | None = None,
    folder: Path = Path("tracks"),
) -> Rig:
    predictions, sound = predictions or FakePredictions(), sound or FakeSound()
    journal, clock = FakeJournal(), FakeClock()
    delivery = FakeDelivery(journal)
    house = House("v" * 64, InputTable(), 1500, folder)
    studio = Studio(house, journal, predictions, sound, delivery, shelf or FakeShelf(), clock)
    return Rig(predictions, sound, journal, delivery, clock, studio)
