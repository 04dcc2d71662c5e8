"""A card of several takes in a bot of several processes."""

from __future__ import annotations

import pytest

from bot.domain.errors import JournalFault
from bot.domain.generation import Generation, State
from tests.discord.card_kit import finished
from tests.discord.world import World


async def test_processes_take_turns_at_the_files_of_a_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process is just at it when the last take is to be shown."""
    turns: list[str] = []

    async def live_members() -> int:
        return 2

    async def try_lock(name: str, ttl_s: float) -> bool:
        turns.append(f"asked for {name}")
        return turns.count(f"asked for {name}") != 3

    async def unlock(name: str) -> None:
        turns.append(f"gave back {name}")

    scene = await finished(world)
    for function in (live_members, try_lock, unlock):
        monkeypatch.setattr(world.journal, function.__name__, function)
    await scene.press(scene.owner, "Variations")
    await world.done(30)
    assert [take.state for take in scene.newer] == [State.DELIVERED] * 3
    name = f"card {scene.newer[0].batch_id}"
    asked, gave_back = f"asked for {name}", f"gave back {name}"
    assert turns == [asked, gave_back, asked, gave_back, asked, asked, gave_back]


async def test_a_journal_in_trouble_costs_words_and_no_track(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the parent nor the other takes can be read."""

    async def broken(*_: object) -> list[Generation]:
        raise JournalFault

    scene = await finished(world)
    monkeypatch.setattr(world.journal, "ancestry", broken)
    monkeypatch.setattr(world.journal, "batch", broken)
    used = await scene.press(scene.owner, "Variations")
    await world.done(30)
    assert [take.state for take in scene.newer] == [State.DELIVERED] * 3
    assert len(used.card.reply.attachments) == 3
    assert used.card.embed.author.name == "Variation"
