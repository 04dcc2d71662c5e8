"""What is refused after it was accepted is changed, though the bot was killed in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import web

from bot.playground.discord.wire import File
from bot.playground.replicate.timings import Timings
from tests.journey.processes import a_running_bot
from tests.journey.rig import Rig, a_rig, has_track, words
from tests.journey.sound import wav
from tests.journey.test_input_audio import a_site

FIELDS = {"prompt", "new_audio", "input_audio", "input_audio_url", "duration"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    timings = Timings(cold_start_s=0.1, step_rate_per_s=100, encode_s=0, tick_s=0.05)
    async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
        yield rig


async def test_killed_while_it_listens_it_offers_the_form_all_the_same(stage: Rig) -> None:
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def page(_: web.Request) -> web.Response:
        asked.set()
        await let_go.wait()
        return web.Response(text="dear diary, no music today")

    async with a_site({"/take.wav": page}) as address:
        async with a_running_bot(stage) as bot:
            url = f"{address}/take.wav"
            used = await stage.ada.slash(
                *(stage.discord.world.jam, "musicgen"),
                prompt="gong",
                duration=1,
                input_audio_url=url,
            )
            await asked.wait()
            await bot.kill()
        let_go.set()
        async with a_running_bot(stage) as bot:
            [told] = await stage.discord.world.until(lambda _: used.followups)
            assert told.ephemeral
            assert "is not an audio file" in words(told)
            opened = await (await stage.ada.click(told, "Change it")).answered()
            assert opened.modal is not None
            fields = {field.custom_id: field for field in opened.modal.fields()}
            assert fields.keys() == FIELDS
            made = await stage.ada.submit_modal(
                opened,
                {
                    "prompt": "gong",
                    "duration": "1",
                    "input_audio": ["input_audio_url"],
                    "input_audio_url": url,
                    "new_audio": File("riff.wav", wav(1.0)),
                },
            )
            assert "input audio riff.wav" in words(await made.until(has_track))
            bot.ask_to_stop()
            assert await bot.ended() == 0
    assert stage.replicate.files == 1
    assert len(stage.replicate.predictions) == 1
