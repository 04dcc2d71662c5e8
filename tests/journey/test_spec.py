"""Discord's own OpenAPI description holds everything that the bot sends to be right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.playground.discord.wire import File
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.contract.discord_spec import SpecWitness, spec
from tests.contract.replicate_standin_kit import REAL_SCHEMA
from tests.journey.rig import Rig, a_rig, has_ended, has_track, words
from tests.journey.sound import wav

__all__ = ["spec"]

Story = Callable[[Rig], Awaitable[None]]


async def a_song(rig: Rig) -> None:
    await (await rig.musicgen(seed=0, top_k=0)).until(has_track)


async def a_song_in_private(rig: Rig) -> None:
    used = await rig.ada.slash(rig.ada.dm, "musicgen", prompt="gong", duration=1)
    await (await used.answered()).until(has_track)


async def a_refusal_at_once(rig: Rig) -> None:
    assert (await rig.musicgen(continuation=True)).ephemeral


async def a_refusal_after_a_look(rig: Rig) -> None:
    used = await rig.musicgen(input_audio=File("take.wav", wav(2.0)), continuation=True)
    await rig.discord.world.until(lambda _: used.followups and not rig.public_messages())


async def a_failure(rig: Rig) -> None:
    rig.replicate.script(Script(error="out of *memory*"))
    await (await rig.musicgen()).until(has_ended)


async def a_cancel_and_a_strangers_click(rig: Rig) -> None:
    rig.replicate.script(Script(starting_s=1e4))
    used = await rig.musicgen()
    running = await used.until(lambda message: message.body.items)
    click = await rig.bo.click(running, "Cancel")
    await rig.discord.world.until(lambda _: click.followups)
    await rig.ada.click(running, "Cancel")
    await used.until(has_ended)


async def a_dead_token(rig: Rig) -> None:
    rig.replicate.script(Script(starting_s=40))
    used = await rig.musicgen()
    await used.until(lambda message: message.embeds)
    rig.discord.clock.advance(15 * 60)
    await used.until(has_track)


async def a_deleted_reply(rig: Rig) -> None:
    rig.replicate.script(Script(starting_s=20))
    used = await rig.musicgen()
    await rig.mod.delete(await used.until(lambda message: message.embeds))
    await rig.discord.world.until(lambda _: any(map(has_track, rig.public_messages())))


async def a_long_wait(rig: Rig) -> None:
    rig.replicate.script(Script(starting_s=65))
    used = await rig.musicgen()
    await rig.discord.world.until(
        lambda _: "your track is ready" in "".join(map(words, used.followups))
    )


STORIES = (
    a_song,
    a_song_in_private,
    a_refusal_at_once,
    a_refusal_after_a_look,
    a_failure,
    a_cancel_and_a_strangers_click,
    a_dead_token,
    a_deleted_reply,
    a_long_wait,
)


@pytest.mark.parametrize("story", STORIES, ids=[story.__name__ for story in STORIES])
async def test_discord_takes_it_all(tmp_path: Path, spec: SpecWitness, story: Story) -> None:
    speed = 250 if story is a_long_wait else 25
    timings = Timings(cold_start_s=0, step_rate_per_s=50, tick_s=1)
    async with a_rig(tmp_path, schema=REAL_SCHEMA, timings=timings, speed=speed) as rig:
        await story(rig)
        assert len(rig.discord.requests) > 3
        spec.check(rig.discord.requests)
