"""kill -9 between any two lines, then a start: one track or one sentence, at most one payment.

Where it dies is ordered by holding one of the stand-ins' answers, and checked from outside alone:
what Discord shows, and what Replicate was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.card import strings
from bot.domain.errors import NeverBegun
from bot.domain.generation import TOKEN_LIFE
from bot.playground.discord.actors import Used
from bot.playground.discord.interactions import Stage
from bot.playground.discord.model import Channel
from bot.playground.discord.wire import File
from bot.playground.replicate.timings import Timings
from tests.journey.processes import a_process, a_running_bot
from tests.journey.rig import (
    CREATE,
    EDIT,
    OUTPUT,
    POLL,
    Rig,
    a_rig,
    eventually,
    has_ended,
    has_track,
    words,
)
from tests.journey.sound import same_samples, wav

HELD_S = 30.0
ACK = "POST /api/v10/interactions/*"
COMMANDS = "PUT /api/v10/applications/*/commands"
COMMANDS_S = 10.0
"""Until there are commands again: two turns at telling them, and a start."""
Held = dict[str, dict[str, object]]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    timings = Timings(cold_start_s=0.1, step_rate_per_s=100, encode_s=0, tick_s=0.05)
    async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
        yield rig


async def after_the_create(rig: Rig, used: Used) -> None:
    """Replicate has it; the bot has not read so."""
    await rig.prediction()


async def while_it_runs(rig: Rig, used: Used) -> None:
    await rig.prediction(lambda p: p.status == "processing")


async def at_its_end(rig: Rig, used: Used) -> None:
    """It has succeeded, and no poll has said so."""
    await eventually(lambda: met(rig, "GET /v1/predictions/"))
    await rig.prediction(lambda p: p.is_terminal)


async def during_the_download(rig: Rig, used: Used) -> None:
    await eventually(lambda: met(rig, "GET /delivery/"))
    tracks = rig.settings.data_folder / "tracks"
    await eventually(lambda: list(tracks.glob("*.part")))


async def before_the_upload_arrives(rig: Rig, used: Used) -> None:
    """The track is on disk and labelled; Discord has not seen it."""
    [prediction] = await eventually(lambda: rig.replicate.predictions)
    await eventually(lambda: prediction.is_terminal)
    tracks = rig.settings.data_folder / "tracks"
    await eventually(lambda: any(tags_inside(path) for path in tracks.glob("*.wav")))


def tags_inside(path: Path) -> bool:
    return b"TIT2" in path.read_bytes()


async def after_the_upload_arrived(rig: Rig, used: Used) -> None:
    """The message has its track; the bot does not know."""
    await used.until(has_track)


@dataclass(frozen=True)
class Point:
    """A moment to die at, and the answers to hold so that it lasts."""

    reach: Callable[[Rig, Used], Awaitable[None]]
    at_replicate: Held = field(default_factory=Held)
    at_discord: Held = field(default_factory=Held)


POINTS = {
    "after the create": Point(after_the_create, {CREATE: {"drip_s": HELD_S}}),
    "while it runs": Point(while_it_runs),
    "at its end": Point(at_its_end, {POLL: {"times": 99, "drip_s": HELD_S}}),
    "during the download": Point(during_the_download, {OUTPUT: {"drip_s": HELD_S}}),
    "before the upload arrives": Point(
        before_the_upload_arrives,
        at_discord={EDIT: {"times": 99, "delay_s": 0.5, "reset": "before"}},
    ),
    "after the upload arrived": Point(
        after_the_upload_arrived, at_discord={EDIT: {"times": 99, "drip_s": 0.5}}
    ),
}


def met(rig: Rig, route: str) -> bool:
    return any(found.startswith(route) for found in rig.replicate.faults.met)


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
async def test_killed(stage: Rig, point: Point) -> None:
    async with a_running_bot(stage) as bot:
        for route, fault in point.at_replicate.items():
            stage.trouble_replicate(route, **fault)
        for route, fault in point.at_discord.items():
            stage.trouble_discord(route, **fault)
        used = await stage.musicgen(seed=11)
        await point.reach(stage, used)
        await bot.kill()
    before = used.reply
    stage.discord.faults.clear()
    stage.replicate.faults.clear()
    async with a_running_bot(stage) as bot:
        message = await used.until(has_ended)
        await eventually(lambda: not list((stage.settings.data_folder / "tracks").iterdir()))
        bot.ask_to_stop()
        assert await bot.ended() == 0
    assert message is before, "the reply of the first process"
    assert stage.public_messages() == [message]
    assert stage.requests(*CREATE.split()) == 1
    [prediction] = stage.replicate.predictions
    [track] = message.attachments
    assert prediction.output_file is not None
    assert same_samples(track.data, prediction.output_file.content)


async def test_killed_with_its_row_alone(tmp_path: Path) -> None:
    """Nothing arrived. That shows only after a while of looking, so a fast clock takes over."""
    async with a_rig(tmp_path, start=False) as rig:
        async with a_running_bot(rig) as bot:
            rig.trouble_replicate(CREATE, delay_s=0.5, reset="before")
            used = await rig.musicgen()
            await eventually(lambda: met(rig, CREATE))
            await bot.kill()
        await rig.start()
        message = await used.until(has_ended)
        assert "I don't send it twice, because each costs." in words(message)
        assert rig.public_messages() == [message]
        assert rig.replicate.predictions == []
        assert rig.requests(*CREATE.split()) == 1


async def test_killed_while_it_takes_in_audio(stage: Rig) -> None:
    """Nothing was sent yet, and an option's upload can still be read."""
    async with a_running_bot(stage) as bot:
        stage.trouble_replicate("POST /v1/files", delay_s=1.0, reset="before")
        used = await stage.musicgen(
            input_audio=File("take.wav", wav(0.5)), continuation=True, duration=1
        )
        await eventually(lambda: met(stage, "POST /v1/files"))
        await bot.kill()
    async with a_running_bot(stage):
        await used.until(has_track)
    assert len(stage.replicate.predictions) == 1


async def test_canceled_and_killed(tmp_path: Path) -> None:
    """The wish is journalled, so the next start carries it to Replicate."""
    async with a_rig(tmp_path, speed=1, start=False, timings=Timings(cold_start_s=60)) as rig:
        async with a_running_bot(rig) as bot:
            used = await rig.musicgen()
            running = await used.until(lambda message: message.body.items)
            prediction = await rig.prediction()
            rig.trouble_replicate("POST /v1/predictions/*/cancel", delay_s=1.0, reset="before")
            await rig.ada.click(running, "Cancel")
            await eventually(lambda: met(rig, "POST /v1/predictions/"))
            await bot.kill()
        async with a_running_bot(rig):
            message = await used.until(has_ended)
        assert prediction.status == "canceled"
        assert "**Canceled.**" in words(message)


async def test_buttons_of_an_earlier_process_work(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=1, start=False, timings=Timings(cold_start_s=60)) as rig:
        async with a_running_bot(rig) as bot:
            used = await rig.musicgen()
            running = await used.until(lambda message: message.body.items)
            prediction = await rig.prediction()
            await bot.kill()
        async with a_running_bot(rig):
            await rig.ada.click(running, "Cancel")
            await used.until(has_ended)
        assert prediction.status == "canceled"


@pytest.mark.parametrize(
    ("place", "away_s"),
    [("jam", 0.0), ("jam", TOKEN_LIFE.total_seconds()), ("dm", TOKEN_LIFE.total_seconds())],
)
async def test_killed_right_after_the_acknowledgement(
    stage: Rig, place: str, away_s: float
) -> None:
    """Discord shows "thinking"; the bot has not read that it does."""
    channel = stage.ada.dm if place == "dm" else stage.discord.world.jam
    used = await _acknowledged_and_killed(stage, channel)
    stage.discord.clock.advance(away_s)
    async with a_running_bot(stage):
        message = await used.until(has_track)
    others = [other.content for other in stage.public_messages() if other is not message]
    # By Discord's clock it took a quarter of an hour, and who waits for so long is called once.
    assert others in ([], [f"<@{stage.ada.user.id}> your track is ready."])
    assert others == [] or away_s
    assert len(stage.replicate.predictions) == 1


@pytest.mark.parametrize("place", ["foreign", "private"])
async def test_where_nobody_can_tell_any_more_the_next_command_tells_it(
    stage: Rig, place: str
) -> None:
    channel = getattr(stage.discord.world, place)
    await _acknowledged_and_killed(stage, channel)
    stage.discord.clock.advance(TOKEN_LIFE.total_seconds())
    async with a_running_bot(stage) as bot:
        await eventually(lambda: "waits for its person" in bot.output)
        await stage.ada.slash(channel, "tracks list")
        [told] = await stage.discord.world.until(
            lambda _: [message for message in stage.public_messages() if has_ended(message)]
        )
    assert strings.errors.sentence(NeverBegun()) in words(told)
    assert stage.replicate.predictions == []


async def _acknowledged_and_killed(stage: Rig, channel: Channel) -> Used:
    async with a_running_bot(stage) as bot:
        stage.trouble_discord(ACK, drip_s=HELD_S)
        used = await stage.ada.slash(channel, "musicgen", prompt="gong", duration=1)
        await used.answered()
        await bot.kill()
    stage.discord.faults.clear()
    await stage.discord.world.until(lambda world: not world.bot_online)
    return used


async def test_killed_while_it_tells_discord_its_commands(stage: Rig) -> None:
    """Until the next one does, there is nothing that anybody could type."""
    stage.trouble_discord(COMMANDS, delay_s=0.5, reset="before")
    async with a_process(stage) as bot:
        await eventually(lambda: stage.discord.faults.in_hand)
        await bot.kill()
    assert not any(stage.discord.world.commands.every())
    async with asyncio.timeout(COMMANDS_S), a_running_bot(stage):
        assert stage.discord.world.commands.named("musicgen", 1)


@pytest.mark.parametrize("away_s", [0.0, TOKEN_LIFE.total_seconds()])
async def test_killed_right_before_the_acknowledgement(stage: Rig, away_s: float) -> None:
    """Its person has been told by Discord that nobody answered, so nothing is made or said."""
    async with a_running_bot(stage) as bot:
        stage.trouble_discord(ACK, delay_s=1.0, reset="before")
        used = await stage.ada.slash(stage.discord.world.jam, "musicgen", prompt="gong", duration=1)
        await eventually(lambda: stage.discord.faults.met)
        await bot.kill()
    stage.discord.clock.advance(away_s)
    async with a_running_bot(stage) as bot:
        await eventually(lambda: "never acknowledged" in bot.output)
        bot.ask_to_stop()
        assert await bot.ended() == 0
    assert used.stage is Stage.FAILED
    assert stage.public_messages() == []
    assert stage.replicate.predictions == []
