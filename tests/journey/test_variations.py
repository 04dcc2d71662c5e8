"""Three takes on one card: each with its seed, its line and its file, whatever happens to it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.card import strings
from bot.domain.track_names import seed_in
from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.discord.rules import Rules
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.journey.processes import a_running_bot
from tests.journey.rig import (
    CREATE,
    EDIT,
    Rig,
    a_rig,
    buttons,
    eventually,
    has_ended,
    has_track,
    words,
)
from tests.journey.sound import same_samples

TOKEN_LIFE_S = 15 * 60
FOREVER = Script(starting_s=3600.0)
SLOW = Timings(cold_start_s=0, step_rate_per_s=5, tick_s=1)


async def variations(rig: Rig) -> tuple[Message, Used]:
    """A finished card, and the reply to its button."""
    card = await (await rig.musicgen()).until(has_track)
    used = await rig.ada.click(card, "Variations")
    return card, await used.answered()


def seeds_in_files(message: Message) -> list[int | None]:
    return [seed_in(file.filename) for file in message.attachments]


def seeds_in_lines(message: Message) -> list[int]:
    """The seeds of the takes, in the order of their lines."""
    [embed] = message.embeds
    lines = [line for line in (embed.description or "").splitlines() if line.startswith("**")]
    assert [line[2] for line in lines] == ["1", "2", "3"]
    return [int(line.split("`")[1]) for line in lines]


def belongs_together(rig: Rig, message: Message) -> None:
    """Each file is what was made with the seed in its name."""
    made = {int(str(p.input["seed"])): p.output_file for p in rig.replicate.predictions}
    for seed, file in zip(seeds_in_files(message), message.attachments, strict=True):
        output = made[seed or 0]
        assert output is not None
        assert same_samples(file.data, output.content)


async def test_three_takes_on_one_card(rig: Rig) -> None:
    card, used = await variations(rig)
    message = await used.until(has_ended)
    assert rig.public_messages() == [card, message]
    assert sorted(seeds_in_lines(message)) == sorted(seed or 0 for seed in seeds_in_files(message))
    assert len(set(seeds_in_lines(message))) == 3
    belongs_together(rig, message)
    assert "name='Variation'" in str(message.embeds)
    assert words(message).count("· ready, 1 s") == 3
    assert {"Again", "Extend", "Info"} <= {str(label) for label in buttons(message)}
    names = [file.filename.partition("-")[0] for file in message.attachments]
    # In which order Discord lists files of several edits is its own affair.
    assert sorted(names) == ["1", "2", "3"]


async def test_one_picture_has_a_strip_for_each_take(rig: Rig) -> None:
    _, used = await variations(rig)
    message = await used.until(lambda message: message.embeds[0].image is not None)
    [shown] = [file for file in message.body.files if file not in message.attachments]
    assert len(message.attachments) == 3, "the tracks stay"
    assert "Take 3" in buttons(message)
    assert shown.height is not None
    assert 240 < shown.height < 2 * 240, "no three cards"
    assert re.findall(r"(\d): Waveform", shown.description or "") == ["1", "2", "3"]


async def test_the_card_tells_how_far_each_take_is(tmp_path: Path) -> None:
    async with a_rig(tmp_path) as rig:
        card = await (await rig.musicgen()).until(has_track)
        rig.replicate.script(Script())
        rig.replicate.script(FOREVER)
        rig.replicate.script(FOREVER)
        used = await rig.ada.click(card, "Variations")
        message = await used.until(
            lambda m: words(m).count("starting the model") == 2 and len(m.attachments) == 1
        )
        assert words(message).count("ready, 1 s") == 1
        assert buttons(message) == ["Cancel"]
        await rig.ada.click(message, "Cancel")
        ended = await used.until(has_ended)
        assert words(ended).count("· canceled") == 2
        assert len(ended.attachments) == 1, "what is there stays there"
        statuses = sorted(p.status for p in rig.replicate.predictions)
        assert statuses == ["canceled", "canceled", "succeeded", "succeeded"]


async def test_cancel_stops_all_three(tmp_path: Path) -> None:
    async with a_rig(tmp_path) as rig:
        card = await (await rig.musicgen()).until(has_track)
        rig.replicate.script(FOREVER.model_copy(update={"times": 3}))
        used = await rig.bo.click(card, "Variations")
        running = await used.until(lambda m: words(m).count("starting the model") == 3)
        await rig.bo.click(running, "Cancel")
        ended = await used.until(has_ended)
        assert words(ended).count("· canceled") == 3
        assert [p.status for p in rig.replicate.predictions[1:]] == ["canceled"] * 3


@pytest.mark.parametrize("failing", [1, 3])
async def test_a_take_that_fails_says_so_in_its_line(rig: Rig, failing: int) -> None:
    card = await (await rig.musicgen()).until(has_track)
    rig.replicate.script(Script(times=failing, error="CUDA out of memory"))
    message = await (await rig.ada.click(card, "Variations")).until(has_ended)
    assert len(message.attachments) == 3 - failing
    assert words(message).count("> CUDA out of memory") == failing
    seeds_in_lines(message)
    assert rig.public_messages() == [card, message]


async def test_after_the_token_has_died(tmp_path: Path) -> None:
    """The first take came in time; the bot's own token adds the others to the same message."""
    async with a_rig(tmp_path, timings=SLOW) as rig:
        card = await (await rig.musicgen()).until(has_track)
        rig.replicate.script(Script())
        rig.replicate.script(Script(starting_s=100.0, times=2))
        used = await rig.ada.click(card, "Variations")
        message = await used.until(has_track)
        assert len(message.attachments) == 1
        rig.discord.clock.advance(TOKEN_LIFE_S)
        await used.until(lambda m: len(m.attachments) == 3)
        belongs_together(rig, message)
        assert rig.public_messages()[:2] == [card, message]


async def test_who_waited_long_is_called_once(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=60) as rig:
        card = await (await rig.musicgen()).until(has_track)
        rig.replicate.script(Script(starting_s=70.0, times=3))
        used = await rig.ada.click(card, "Variations")
        message = await used.until(has_ended)
        await eventually(lambda: len(rig.public_messages()) == 3)
        *_, call = rig.public_messages()
        assert call.content == f"<@{rig.ada.user.id}> your takes are ready."
        assert len(message.attachments) == 3
        await rig.until_waiting(call.channel, waits=False)
        assert len(rig.public_messages()) == 3


async def test_a_card_deleted_meanwhile_comes_again_once(tmp_path: Path) -> None:
    """In a new message that mentions the person; the takes that follow join the first one there."""
    rules = Rules()
    async with a_rig(tmp_path, rules=rules) as rig:
        card = await (await rig.musicgen()).until(has_track)
        rig.replicate.script(Script(starting_s=20.0, times=1))
        rig.replicate.script(Script(starting_s=40.0, times=2))
        used = await rig.ada.click(card, "Variations")
        first = await used.until(lambda m: words(m).count("starting the model") == 3)
        await rig.mod.delete(first)
        _, second = await rig.discord.world.until(
            lambda _: found if len(found := rig.public_messages()) == 2 else None
        )
        await rig.discord.world.until(lambda _: len(second.attachments) == 3)
        assert second.content == f"<@{rig.ada.user.id}>"
        belongs_together(rig, second)
        assert rig.public_messages() == [card, second]


async def test_a_card_that_moves_tells_where_the_takes_are_that_came_before(tmp_path: Path) -> None:
    """Where only tokens reach a message, what it has stays there and the rest comes elsewhere."""
    async with a_rig(tmp_path, timings=SLOW) as rig:
        place = rig.discord.world.foreign
        song = await (
            await rig.ada.slash(place, "musicgen", prompt="gong", duration=1, seed=1)
        ).until(has_track)
        rig.replicate.script(Script())
        rig.replicate.script(Script(starting_s=100.0, times=2))
        used = await rig.ada.click(song, "Variations")
        earlier = await used.until(has_track)
        rig.discord.clock.advance(TOKEN_LIFE_S)
        await rig.until_waiting(place)
        await rig.ada.slash(place, "tracks list")
        card = await rig.discord.world.until(
            lambda world: next(
                (m for m in world.messages.values() if len(m.attachments) == 2), None
            )
        )
        await rig.discord.world.until(lambda _: has_ended(card))
        seeds = seeds_in_lines(card)
        assert words(card).count(strings.takes.EARLIER()) == 1
        line = words(card).splitlines().index(strings.takes.EARLIER()) - 1
        assert f"`{seeds_in_files(earlier)[0]}`" in words(card).splitlines()[line]
        assert sorted(seeds) == sorted(
            seed or 0 for seed in seeds_in_files(earlier) + seeds_in_files(card)
        )


# ------------------------------------------------------------------ kill -9 in between


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    timings = Timings(cold_start_s=0.1, step_rate_per_s=100, encode_s=0, tick_s=0.05)
    async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
        yield rig


async def ends_well(stage: Rig, used: Used, before: Message | None = None) -> None:
    """Another process brings what is missing, and only that."""
    async with a_running_bot(stage) as bot:
        message = await used.until(has_ended, 15.0)
        await eventually(lambda: not list((stage.settings.data_folder / "tracks").iterdir()))
        bot.ask_to_stop()
        assert await bot.ended() == 0
    assert before is None or message is before
    assert len(message.attachments) == 3
    assert sorted(seeds_in_lines(message)) == sorted(seed or 0 for seed in seeds_in_files(message))
    belongs_together(stage, message)
    assert stage.requests(*CREATE.split()) == 4


async def test_killed_while_all_three_run(stage: Rig) -> None:
    async with a_running_bot(stage) as bot:
        _, used = await variations(stage)
        await eventually(lambda: len(stage.replicate.predictions) == 4)
        await bot.kill()
    await ends_well(stage, used)


async def test_killed_with_one_take_there(stage: Rig) -> None:
    async with a_running_bot(stage) as bot:
        card = await (await stage.musicgen()).until(has_track)
        stage.replicate.script(Script())
        stage.replicate.script(Script(starting_s=2.5, times=2))
        used = await stage.ada.click(card, "Variations")
        message = await used.until(lambda m: "· ready" in words(m))
        first = message.attachments
        # Its file goes once its row says that it is there.
        tracks = stage.settings.data_folder / "tracks"
        await eventually(lambda: not list(tracks.iterdir()))
        await bot.kill()
    await ends_well(stage, used, message)
    assert message.attachments[: len(first)] == first, "not uploaded again"


async def test_killed_after_an_upload_that_the_bot_does_not_know_of(stage: Rig) -> None:
    async with a_running_bot(stage) as bot:
        card = await (await stage.musicgen()).until(has_track)
        stage.trouble_discord(EDIT, times=99, drip_s=0.5)
        used = await stage.ada.click(card, "Variations")
        message = await used.until(has_track)
        await bot.kill()
    stage.discord.faults.clear()
    await ends_well(stage, used, message)


async def test_killed_with_one_take_failed(stage: Rig) -> None:
    async with a_running_bot(stage) as bot:
        card = await (await stage.musicgen()).until(has_track)
        stage.replicate.script(Script(error="CUDA out of memory"))
        stage.replicate.script(Script(starting_s=2.5, times=2))
        used = await stage.ada.click(card, "Variations")
        await used.until(lambda m: "> CUDA" in words(m))
        await bot.kill()
    async with a_running_bot(stage):
        message = await used.until(has_ended)
    assert "> CUDA" in words(message)
    assert len(message.attachments) == 2
    assert strings.card.FAILED() not in words(message)
    belongs_together(stage, message)
