"""What is offered while a prompt is typed: one's own, then ideas, and never late."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.errors import JournalFault
from bot.domain.prompt_ideas import IDEAS, suggest
from tests.discord.world import World

EVERY_IDEA = [idea for ideas in IDEAS.values() for idea in ideas]


async def offered(world: World, typed: str) -> list[str]:
    choices = await world.ada.autocomplete(world.channel, "musicgen", "prompt", typed)
    assert all(choice["name"] == choice["value"] for choice in choices)
    return [choice["value"] for choice in choices]


async def has_asked(world: World, *prompts: str) -> None:
    for prompt in prompts:
        await world.musicgen(prompt)
        await world.done(2)


async def test_ideas_for_who_has_none(world: World) -> None:
    assert await offered(world, "") == EVERY_IDEA[:25]
    assert await offered(world, "slow piano nocturne") == [
        "solo piano nocturne, romantic, slow and expressive"
    ]
    jazz = await offered(world, "jazz")
    assert set(IDEAS["jazz"]) <= set(jazz)


@pytest.mark.parametrize(
    "typed",
    ["sad", "cinematic", "relaxing", "edm", "video game", "christmas", "epic", "workout", "sleep"],
)
def test_beginners_words_find_something(typed: str) -> None:
    assert suggest(typed, (), 25, 100)


@pytest.mark.parametrize("typed", ["lofi", "Lo-Fi", "LO FI", "lo-f"])
def test_hyphens_and_case_make_no_difference(typed: str) -> None:
    assert set(IDEAS["lo-fi"]) <= set(suggest(typed, (), 25, 100))
    assert suggest("hip-hop", (), 25, 100) == suggest("hiphop", (), 25, 100)
    assert set(IDEAS["hip hop"]) <= set(suggest("hiphop", (), 25, 100))


def test_beginnings_of_words_come_before_their_middles() -> None:
    found = suggest("art", ["smart beat", "art rock"], 25, 100)
    assert found[:2] == ["art rock", "smart beat"]
    ideas = suggest("ass", (), 25, 100)
    assert ideas, "bass, brass"
    rock = suggest("rock", (), 25, 100)
    assert set(rock[: len(IDEAS["rock"])]) == set(IDEAS["rock"])


async def test_ones_own_come_first_newest_first(world: World) -> None:
    await has_asked(world, "slow tango", "fast Tango", "march", "slow tango")
    found = await offered(world, "TANGO")
    assert found[:2] == ["slow tango", "fast Tango"]
    assert found[2:] == [idea for idea in EVERY_IDEA if "tango" in idea]


async def test_not_what_others_have_asked(world: World) -> None:
    await world.bo.slash(world.channel, "musicgen", prompt="a secret march")
    await world.done()
    assert await offered(world, "secret") == []


async def test_nothing_is_offered_that_discord_would_refuse(world: World) -> None:
    await has_asked(world, "x" * 101, "y" * 100)
    assert await offered(world, "y" * 50) == ["y" * 100]
    assert await offered(world, "x" * 50) == []
    assert all(len(choice) <= 100 for choice in await offered(world, ""))


async def test_at_most_25(world: World) -> None:
    await world.musicgen("lofi")
    first = world.generation
    for number in range(30):
        inputs = replace(first.inputs, prompt=f"lofi {number}")
        row = replace(first, id=f"{number:012}", inputs=inputs)
        world.journal.rows[row.id] = row
    found = await offered(world, "lofi")
    assert len(found) == 25
    assert all(prompt.startswith("lofi") for prompt in found)


@pytest.mark.parametrize("trouble", ["slow", "broken", "buggy"])
async def test_a_journal_in_trouble_leaves_the_ideas(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    async def prompts_of(*_: object) -> list[str]:
        if trouble == "slow":
            await world.clock.wait(asyncio.Event(), None)
        raise JournalFault if trouble == "broken" else ZeroDivisionError

    monkeypatch.setattr(world.journal, "prompts_of", prompts_of)
    await offered(world, "tango")
    await world.pass_s(0.3)
    answer = world.requests("POST", "/interactions/*/callback")[-1].body
    assert answer["type"] == 8
    found = [choice["value"] for choice in answer["data"]["choices"]]
    assert found == [idea for idea in EVERY_IDEA if "tango" in idea]


async def test_an_offered_prompt_is_taken(world: World) -> None:
    asked = await world.musicgen((await offered(world, "bossa"))[0])
    await world.done()
    assert len(asked.reply.attachments) == 1


def test_the_ideas_are_good_for_discord() -> None:
    assert len(EVERY_IDEA) >= 55
    assert len({idea.casefold() for idea in EVERY_IDEA}) == len(EVERY_IDEA)
    assert all(0 < len(idea) < 100 for idea in EVERY_IDEA)
    assert all(idea == " ".join(idea.split()) for idea in EVERY_IDEA)
