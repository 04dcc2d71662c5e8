"""Cancel: who may, from which stage on, and what becomes of the prediction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from bot.playground.discord.messages import Message
from bot.playground.discord.wire import File
from bot.playground.replicate.predictions import Prediction
from bot.playground.replicate.timings import Timings
from tests.contract.journal_kit import scalars
from tests.journey.rig import (
    CREATE,
    EDIT,
    PATIENCE_S,
    POLL,
    Rig,
    a_rig,
    eventually,
    has_ended,
    has_track,
    words,
)
from tests.journey.sound import wav

SLOW_START = Timings(cold_start_s=1e4)
SLOW_MODEL = Timings(cold_start_s=0, step_rate_per_s=0.5, tick_s=1)
STAGES = {"starting": SLOW_START, "processing": SLOW_MODEL}
CANCELED = "**Canceled.** No track was made."


@pytest.fixture(params=STAGES)
async def stage(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def held(tmp_path: Path, stage: str) -> AsyncGenerator[Rig]:
    """The bot, with a model that stays in `stage`."""
    async with a_rig(tmp_path, timings=STAGES[stage]) as rig:
        yield rig


def is_over(prediction: Prediction) -> bool:
    return prediction.is_terminal


def cancels(rig: Rig) -> int:
    [prediction] = rig.replicate.predictions
    return rig.requests("POST", f"/v1/predictions/{prediction.id}/cancel")


def shows(text: str) -> Callable[[Message], bool]:
    return lambda message: text in words(message)


@pytest.mark.parametrize("who", ["ada", "mod"])
async def test_the_requester_and_moderators_may(held: Rig, stage: str, who: str) -> None:
    used = await held.musicgen()
    await held.prediction(lambda p: p.status == stage)
    running = await used.until(shows("**Starting**" if stage == "starting" else "**Generating**"))
    click = await held.discord.actor(who).click(running, "Cancel")
    await click.answered()
    ended = await used.until(has_ended)
    by_other = f"**Canceled** by <@{held.mod.user.id}>. No track was made."
    said = CANCELED if who == "ada" else by_other
    assert (ended.embeds[0].description or "").startswith(f"{said}\n")
    labels = [item.label for item in ended.body.items if item.type == 2]
    assert labels == ["Again", "Edit", "Info", "Delete"]
    assert not ended.attachments
    prediction = await held.prediction(is_over)
    assert prediction.status == "canceled"
    assert cancels(held) == 1
    assert click.followups == []
    assert held.public_messages() == [ended]


async def test_a_stranger_may_not(held: Rig, stage: str) -> None:
    used = await held.musicgen()
    await held.prediction(lambda p: p.status == stage)
    running = await used.until(lambda message: message.body.items)
    click = await held.bo.click(running, "Cancel")
    [told] = await held.discord.world.until(lambda _: click.followups)
    assert told.ephemeral
    assert words(told) == (
        f"Only <@{held.ada.user.id}>, who asked for this track, or somebody who manages messages "
        "here, can do that."
    )
    [prediction] = held.replicate.predictions
    assert prediction.status == stage
    assert cancels(held) == 0


async def test_a_stranger_is_told_so_when_the_acknowledgement_is_cut_off(held: Rig) -> None:
    used = await held.musicgen()
    running = await used.until(lambda message: message.body.items)
    await held.prediction()
    held.trouble_discord("POST /api/v10/interactions/*", reset="after")
    click = await held.bo.click(running, "Cancel")
    [told] = await held.discord.world.until(lambda _: click.followups)
    assert told.ephemeral
    assert "who asked for this track, or somebody who manages messages here" in words(told)
    assert cancels(held) == 0


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_when_the_acknowledgement_is_cut_off(held: Rig, reset: str) -> None:
    used = await held.musicgen()
    running = await used.until(lambda message: message.body.items)
    await held.prediction()
    held.trouble_discord("POST /api/v10/interactions/*", reset=reset)
    click = await held.ada.click(running, "Cancel")
    assert CANCELED in words(await used.until(has_ended))
    assert click.followups == []
    assert cancels(held) == 1


async def test_a_press_delivered_twice_is_one(held: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot")
    used = await held.musicgen()
    running = await used.until(lambda message: message.body.items)
    await held.prediction()
    click = await held.ada.click(running, "Cancel")
    held.discord.world.redeliver(click.interaction)
    await eventually(lambda: "an interaction was delivered twice" in caplog.text)
    await used.until(has_ended)
    assert click.followups == []


async def test_in_a_direct_message(held: Rig) -> None:
    used = await held.ada.slash(held.ada.dm, "musicgen", prompt="gong", duration=1)
    running = await used.until(lambda message: message.body.items)
    await held.ada.click(running, "Cancel")
    assert words(await used.until(has_ended)).splitlines()[1] == CANCELED


async def test_pressed_twice_cancels_once(held: Rig) -> None:
    used = await held.musicgen()
    running = await used.until(lambda message: message.body.items)
    await held.prediction()
    clicks = [await held.ada.click(running, "Cancel") for _ in range(2)]
    for click in clicks:
        await click.answered()
    await used.until(has_ended)
    assert cancels(held) == 1
    assert held.public_messages() == [used.reply]


async def test_before_anything_is_sent_nothing_is(rig: Rig) -> None:
    rig.trouble_replicate("POST /v1/files", delay_s=2.0, reset="before")
    used = await rig.musicgen(input_audio=File("take.wav", wav(1.0)), continuation=True, duration=2)
    running = await used.until(shows("**Checking** your audio"))
    await rig.ada.click(running, "Cancel")
    assert CANCELED in words(await used.until(has_ended))
    assert rig.replicate.predictions == []


async def test_while_the_create_is_under_way(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW_START) as rig:
        rig.trouble_replicate(CREATE, drip_s=0.5)
        used = await rig.musicgen()
        await rig.prediction()
        running = await used.until(lambda message: message.body.items)
        await rig.ada.click(running, "Cancel")
        assert CANCELED in words(await used.until(has_ended))
        assert (await rig.prediction(is_over)).status == "canceled"
        assert rig.requests(*CREATE.split()) == 1


async def test_during_the_download(rig: Rig) -> None:
    rig.trouble_replicate("GET /delivery/*", drip_s=3.0)
    used = await rig.musicgen()
    await eventually(lambda: rig.replicate.faults.met)
    running = await used.until(lambda message: message.body.items)
    await rig.ada.click(running, "Cancel")
    assert CANCELED in words(await used.until(has_ended))


async def test_too_late_once_the_upload_has_begun(rig: Rig) -> None:
    rig.trouble_discord(EDIT, times=9, delay_s=1.0)
    used = await rig.musicgen()
    running = await used.until(lambda message: message.body.items)
    url = rig.settings.journal_url
    async with asyncio.timeout(PATIENCE_S):
        while "delivering" not in await scalars(url, "SELECT state FROM generations"):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.005)
    click = await rig.ada.click(running, "Cancel")
    [told] = await rig.discord.world.until(lambda _: click.followups)
    assert told.ephemeral
    assert words(told) == (
        "It's too late to cancel: the track is made already and on its way here."
    )
    await used.until(has_track)


async def test_when_it_has_succeeded_meanwhile(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW_MODEL) as rig:
        used = await rig.musicgen()
        running = await used.until(lambda message: message.body.items)
        prediction = await rig.prediction()
        met = len(rig.replicate.faults.met)
        rig.trouble_replicate(POLL, times=99, delay_s=0.3)
        await eventually(lambda: len(rig.replicate.faults.met) > met)
        prediction.end("succeeded", rig.clock.now())
        await (await rig.ada.click(running, "Cancel")).answered()
        ended = await used.until(has_ended)
        assert CANCELED in words(ended)
        assert prediction.status == "succeeded"


async def test_the_cancel_itself_meets_a_fault(held: Rig) -> None:
    held.trouble_replicate("POST /v1/predictions/*/cancel", times=2, status=503, body="busy")
    used = await held.musicgen()
    running = await used.until(lambda message: message.body.items)
    await held.prediction()
    await held.ada.click(running, "Cancel")
    assert CANCELED in words(await used.until(has_ended))
    assert (await held.prediction(is_over)).status == "canceled"
