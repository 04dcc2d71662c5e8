"""The whole bot over a real Cog server, whose model is the synthesizer: no Replicate anywhere."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from bot.playground.discord.messages import Message
from bot.playground.discord.server import DiscordStandIn
from bot.playground.launch import environment, replicate_standin
from bot.settings import Settings
from tests.cog_server import CogProcess, a_free_port
from tests.journey.processes import a_running_bot
from tests.journey.rig import Rig, a_rig, eventually, has_ended, has_track, words
from tests.journey.sound import RATE_HZ, same_samples, samples

pytestmark = pytest.mark.xdist_group("cog")

SLOW = 60
"""Steps a second: a second of music and half takes more than one."""


@pytest.fixture
async def rig(tmp_path: Path, cog: CogProcess) -> AsyncGenerator[Rig]:
    async with a_rig(tmp_path, env=own(cog), speed=5) as rig:
        yield rig
        assert rig.replicate.requests == [], "Replicate is not asked for anything"


def own(cog: CogProcess) -> dict[str, str]:
    return {"COG_URL": cog.url, "REPLICATE_API_TOKEN": ""}


async def healthz(port: str) -> str:
    address = f"http://127.0.0.1:{port}/healthz"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return await answer.text()


def track_in(message: Message) -> bytes:
    [file] = message.attachments
    return file.data


async def test_a_song_and_what_is_made_from_it(rig: Rig, cog: CogProcess) -> None:
    card = await (await rig.musicgen("slow tango", duration=2, seed=7)).until(has_track)
    made = cog.made(7)
    assert made is not None
    assert same_samples(track_in(card), made)
    info = (await (await rig.ada.click(card, "Info")).answered()).reply
    assert info is not None
    assert "Replicate" not in words(info)
    assert "Cost: none.\n" in words(info)

    opened = await rig.ada.click(card, "Extend")
    longer = await (await rig.ada.submit_modal(opened, {"more": "3"})).until(has_track)
    old, new = samples(track_in(card)), samples(track_in(longer))
    assert len(new) == 5 * RATE_HZ
    assert np.array_equal(new[: RATE_HZ * 3 // 2], old[: RATE_HZ * 3 // 2])

    opened = await rig.ada.click(card, "Melody")
    other = await (await rig.ada.submit_modal(opened, {"prompt": "quartet"})).until(has_track)
    assert len(samples(track_in(other))) == 2 * RATE_HZ
    assert not same_samples(track_in(other), track_in(card))


async def test_variations_wait_in_line_and_say_when(rig: Rig, cog: CogProcess) -> None:
    card = await (await rig.musicgen(seed=7)).until(has_track)
    cog.says("rate", SLOW)
    varied = await (await rig.bo.click(card, "Variations")).answered()
    await varied.until(lambda message: "queued, number 2 in line" in words(message))
    cog.says("rate", 5000)
    message = await varied.until(lambda message: len(message.attachments) == 3)
    assert cog.overlaps() == []
    sounds = {samples(file.data).tobytes() for file in message.attachments}
    assert len(sounds) == 3


async def test_cancel_frees_the_card(rig: Rig, cog: CogProcess) -> None:
    await (await rig.musicgen("first")).until(has_track)
    cog.says("rate", SLOW)
    used = await rig.musicgen(duration=30)
    card = await used.until(lambda message: "%" in words(message))
    waiting = await rig.musicgen("next", seed=8)
    await waiting.until(lambda message: "You are next" in words(message))
    assert "by what the last ones took" in words(await waiting.until(bool))
    cog.says("rate", 5000)
    await rig.ada.click(card, "Cancel")
    await used.until(lambda message: "**Canceled.**" in words(message))
    assert has_track(await waiting.until(has_ended))


async def test_somebody_elses_run_and_a_dead_server_are_told_of(rig: Rig, cog: CogProcess) -> None:
    cog.kill()
    used = await rig.musicgen(duration=2, seed=7)
    await used.until(lambda message: "makes the music can't be reached" in words(message))
    cog.says("setup", 1)
    cog.says("rate", SLOW / 8)
    cog.start()
    await used.until(lambda message: "still loading its model" in words(message))
    await used.until(lambda message: "%" in words(message))
    cog.kill()
    cog.says("setup", 0)
    cog.start()
    await used.until(lambda message: "so it began again" in words(message))
    cog.says("rate", 5000)
    await used.until(has_track)
    assert len(cog.runs()) == 2


@pytest.fixture
async def stage(tmp_path: Path, cog: CogProcess) -> AsyncGenerator[Rig]:
    async with a_rig(tmp_path, env=own(cog), speed=1, start=False) as rig:
        yield rig


@pytest.mark.parametrize("is_hooked", [True, False], ids=["webhook", "held"])
async def test_a_killed_bot_goes_on_where_it_was(
    stage: Rig, cog: CogProcess, is_hooked: bool
) -> None:
    env = {"PORT": str(a_free_port())} if is_hooked else {}
    env |= own(cog)
    async with a_running_bot(stage, **env) as bot:
        if is_hooked:
            assert '"servers": "ok"' in await healthz(env["PORT"])
        assert has_track(await (await stage.musicgen(seed=6)).until(has_ended))
        cog.says("rate", SLOW / 4)
        used = await stage.musicgen("slow tango", duration=2, seed=7)
        await eventually(lambda: len(cog.runs()) == 2)
        await bot.kill()
        cog.says("rate", 5000)
    async with a_running_bot(stage, **env):
        card = await used.until(has_track)
    made = cog.made(7)
    assert made is not None
    assert same_samples(track_in(card), made)
    assert sum(map(has_track, stage.public_messages())) == 2
    assert [one.seed for one in cog.runs()] == ([6, 7] if is_hooked else [6, 7, 7])
    assert cog.overlaps() == []
    await eventually(lambda: has_ended(card))


async def test_the_playground_can_be_made_to_play_on_it(cog: CogProcess, tmp_path: Path) -> None:
    async with DiscordStandIn() as discord, replicate_standin() as replicate:
        settings = Settings.from_env(environment(discord, replicate, tmp_path, cog.url))
        assert (settings.cog_urls, settings.fine_tunes) == ((cog.url,), ())
        settings = Settings.from_env(environment(discord, replicate, tmp_path))
        assert (settings.cog_urls, len(settings.fine_tunes)) == ((), 1)
