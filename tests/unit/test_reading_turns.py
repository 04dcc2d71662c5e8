"""Reading input audio: so many files at once for each person, so many for all."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from bot.domain.generation import AudioSource, Generation, State
from bot.domain.inputs import Inputs
from bot.domain.progress import Stage
from bot.domain.request import GenerationRequest
from bot.engine import service
from bot.engine.ports import InputAudio
from tests.fakes import FakePredictions, FakeSound
from tests.unit.service_kit import SOURCE, Rig, a_rig

ON = Inputs(prompt="on", continuation=True)
SMALL = replace(SOURCE, size_bytes=1000)
"""What it waits for is a turn, not room."""


@dataclass
class SlowSound(FakeSound):
    """Input audio that takes until it is let go on."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    reading: int = 0
    most: int = 0

    async def take_in(self, source: AudioSource, limit_bytes: int) -> InputAudio:
        self.reading += 1
        self.most = max(self.most, self.reading)
        try:
            await self.go_on.wait()
            return await super().take_in(source, limit_bytes)
        finally:
            self.reading -= 1


async def ask(rig: Rig, user_id: int, times: int = 1) -> list[Generation]:
    asked = [await rig.submit(GenerationRequest(ON, SMALL), user_id) for _ in range(times)]
    await settle()
    return asked


async def settle() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


def stages(rig: Rig) -> dict[str, Stage]:
    """What each card has shown last."""
    return {generation.id: progress.stage for generation, progress in rig.delivery.shown}


async def test_a_persons_files_are_read_two_at_a_time_and_the_card_says_so() -> None:
    rig = a_rig(sound=(sound := SlowSound()))
    asked = await ask(rig, 1, times=6)
    assert sound.reading == 2
    told = [stages(rig)[generation.id] for generation in asked]
    assert told == [Stage.CHECKING] * 2 + [Stage.OWN_AUDIO_FIRST] * 4
    sound.go_on.set()
    await rig.service.idle()
    assert sound.most == 2
    assert Counter(row.state for row in rig.journal.rows.values()) == {State.DELIVERED: 6}


async def test_nobody_waits_for_another_persons_files() -> None:
    rig = a_rig(sound=(sound := SlowSound()))
    await ask(rig, 1, times=50)
    [other] = await ask(rig, 2)
    assert sound.reading == 3
    assert stages(rig)[other.id] is Stage.CHECKING
    sound.go_on.set()
    await rig.service.idle()


async def test_there_is_a_limit_for_all_and_the_card_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "READ_AT_ONCE", 3)
    rig = a_rig(sound=(sound := SlowSound()))
    asked = [(await ask(rig, user_id))[0] for user_id in range(1, 6)]
    assert sound.reading == 3
    assert stages(rig)[asked[-1].id] is Stage.OTHERS_AUDIO_FIRST
    sound.go_on.set()
    await rig.service.idle()
    assert sound.most == 3


async def test_who_cancels_gives_up_the_turn_or_the_wait_for_it() -> None:
    rig = a_rig(sound=(sound := SlowSound()))
    asked = await ask(rig, 1, times=4)
    for generation in (asked[0], asked[2]):
        await rig.service.cancel(generation.id, 7)
    await settle()
    canceled = [rig.journal.rows[generation.id].state is State.CANCELED for generation in asked]
    assert canceled == [True, False, True, False]
    assert sound.reading == 2
    assert stages(rig)[asked[3].id] is Stage.CHECKING
    sound.go_on.set()
    await rig.service.idle()


async def test_an_upload_that_waits_keeps_no_turn() -> None:
    predictions = FakePredictions()
    gone_on = asyncio.Event()
    upload = predictions.upload

    async def slow_upload(*arguments: object) -> object:
        await gone_on.wait()
        return await upload(*arguments)  # pyright: ignore[reportArgumentType] - handed on

    predictions.upload = slow_upload  # pyright: ignore[reportAttributeAccessIssue] - the same, later
    rig = a_rig(predictions, sound := SlowSound())
    sound.go_on.set()
    asked = await ask(rig, 1, times=4)
    assert {stages(rig)[generation.id] for generation in asked} == {Stage.CHECKING}
    gone_on.set()
    await rig.service.idle()
