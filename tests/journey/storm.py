"""Kill the real bot at random moments, again and again, and hold it to its promise from outside.

python -m tests.journey.storm [--kills 300] [--database sqlite|postgres|both] [--seed N]
                              [--backend replicate|cog]

People keep asking for tracks meanwhile, so a kill meets generations in every phase, and the
stand-ins stretch a phase now and then. Some bring files that crash a decoder, some want variations.
Now and then the disk is full. Tokens die young; cards are canceled, deleted and called for on the
way. Everything random comes from the seed; how the processes race does not. With the backend `cog`
a real Cog server runs the model, whose webhooks reach the bot.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.domain.generation import TOKEN_LIFE
from bot.playground.discord.clock import Clock
from bot.playground.discord.rules import Rules
from bot.playground.replicate.timings import Timings
from tests.cog_server import CogProcess, CogWitness, a_cog_server, a_free_port
from tests.journey.crowd import Crowd
from tests.journey.processes import BotProcess, settings_of
from tests.journey.rig import (
    CREATE,
    EDIT,
    OUTPUT,
    POLL,
    Rig,
    a_rig,
    eventually,
)
from tests.journey.small_disk import FULL
from tests.journey.verdict import Verdict, Wish, Witness, judge, phase_of
from tests.postgres import a_postgres

START_S = 20.0
LIFE_MAX_S = 1.1
"""From being connected to being killed; a track takes about that long."""
COG_LIFE_MAX_S = 2.5
"""The same where one after the other is made."""
STILLBORN = 0.2
"""The share of processes that are killed while they start."""
START_TAKES_S = 1.5
LONG = 0.04
LONG_LIFE_S = 12.0
"""Long enough to look for a prediction until it is sure that there is none."""
FULL_DISK = 0.1
"""The share of processes whose disk is full all their life."""
SETTLE_S = 60.0
COG_SETTLE_S = 240.0
"""A server whose last webhook found nobody may wait for 102 s before it tries again."""
CLOSE_S = 5.0
TOKEN_LIFE_S = 6.0
"""Some generations outlive it, most do not."""
EARLIER_S = 0.5
"""Discord refuses a token so long before the bot thinks that it is dead."""
TIMINGS = Timings(
    cold_start_s=0.2, warm_start_s=0.1, step_rate_per_s=150, encode_s=0.05, tick_s=0.05
)
RATE = 150
"""Steps a second of a Cog server's model."""
ACK = "POST /api/v10/interactions/*"
STORE = "POST /v1/files"
STOP = "POST /v1/predictions/*/cancel"

REPLICATE_FAULTS: tuple[tuple[str, str], ...] = (
    (CREATE, "delay_s"),
    (CREATE, "drip_s"),
    (CREATE, "after"),
    (CREATE, "before"),
    (POLL, "delay_s"),
    (POLL, "after"),
    (OUTPUT, "delay_s"),
    (OUTPUT, "drip_s"),
    (STORE, "delay_s"),
    (STORE, "drip_s"),
    (STOP, "delay_s"),
)
DISCORD_FAULTS: tuple[tuple[str, str], ...] = (
    (ACK, "delay_s"),
    (ACK, "drip_s"),
    (EDIT, "delay_s"),
    (EDIT, "drip_s"),
    (EDIT, "after"),
)
STRETCH_MAX_S = 0.5
"""Shorter than a start of Python: what the dead still have on the wire lands before its successor
speaks. Ours are forked, and start in a fifth of that, so they wait for it."""


@dataclass(frozen=True)
class Figures:
    """What a storm did, and what came of it."""

    database: str
    kills: int
    full_disks: int
    """Processes whose disk was full."""
    phases: Counter[str]
    verdict: Verdict
    took_s: float

    def __str__(self) -> str:
        met = ", ".join(f"{count} {phase}" for phase, count in sorted(self.phases.items()))
        verdict = self.verdict
        return (
            f"{self.database}: {self.kills} kills in {self.took_s:.0f} s, {verdict.acknowledged} "
            f"interactions acknowledged ({verdict.unanswered} not), {verdict.tracks} tracks, "
            f"{verdict.sentences} sentences, {verdict.refused} refused, "
            f"{verdict.cleared} cleared away, {verdict.unread} not to be read back, "
            f"{verdict.predictions} predictions, "
            f"{len(verdict.broken)} promises broken\n"
            f"  mixed in: {verdict.wishes[Wish.BROKEN_FILE]} files that nobody can read, "
            f"{verdict.wishes[Wish.TAKES]} times variations, {self.full_disks} full disks\n"
            f"  killed with generations: {met}"
        )


class Storm:
    """A crowd that keeps asking, and a bot that keeps dying."""

    def __init__(
        self, rig: Rig, rng: random.Random, database_url: str | None, cog: CogProcess | None = None
    ) -> None:
        self._rig = rig
        self._rng = rng
        self._env = settings_of(rig) | {"MAX_RUNNING_PER_USER": "20"}
        self.witness: Witness = rig.replicate
        if cog is not None:
            self._env |= {"COG_URL": cog.url, "PORT": str(a_free_port())}
            self.witness = CogWitness(cog)
        if database_url is not None:
            self._env["DATABASE_URL"] = database_url
        # One server makes one track at a time: a longer line would only meet kills while it waits.
        self.crowd = Crowd(rig, rng, patient=cog is not None)
        self._life_max_s = LIFE_MAX_S if cog is None else COG_LIFE_MAX_S
        self._settle_s = SETTLE_S if cog is None else COG_SETTLE_S
        self.full_disks = 0
        self.phases: Counter[str] = Counter()
        self.died_at: list[float] = []
        """By Discord's clock."""

    async def rage(self, kills: int) -> None:
        """Start it and kill it so many times."""
        people = asyncio.create_task(self.crowd.ask_on())
        try:
            for _ in range(kills):
                await self._live_and_die()
                if people.done():
                    people.result()
        finally:
            people.cancel()
            with suppress(asyncio.CancelledError):
                await people

    async def settle(self) -> None:
        """Let it live, without faults and new wishes, until nothing is left to do."""
        self._clear_faults()
        bot = await self._spawn()
        try:
            await self._connected(bot)
            people = asyncio.create_task(self.crowd.come_back())
            with suppress(TimeoutError):
                await eventually(lambda: not self.crowd.open(), self._settle_s)
            people.cancel()
            bot.ask_to_stop()
            assert await bot.ended(CLOSE_S) == 0, bot.output
        finally:
            await bot.kill()

    async def _live_and_die(self) -> None:
        self._clear_faults()
        self._order_faults()
        if self._rng.random() < FULL_DISK:
            self._full_disk.touch()
            self.full_disks += 1
        began_s, bot = time.monotonic(), await self._spawn()
        try:
            if self._rng.random() < STILLBORN:
                await asyncio.sleep(self._rng.uniform(0.0, START_TAKES_S))
            else:
                await self._connected(bot)
                # On a busy machine a start takes longer than a track does on a free one.
                most_s = max(self._life_max_s, 2 * (time.monotonic() - began_s))
                is_long = self._rng.random() < LONG
                await asyncio.sleep(self._rng.uniform(0.0, LONG_LIFE_S if is_long else most_s))
        finally:
            self.died_at.append(self._rig.discord.clock.now())
            await bot.kill()
        self.phases.update(phase_of(asked, self.witness) for asked in self.crowd.open())
        await self._rig.discord.world.until(lambda world: not world.bot_online)
        await eventually(lambda: not self._rig.discord.faults.in_hand, 10 * STRETCH_MAX_S)

    async def _spawn(self) -> BotProcess:
        folder = self._rig.settings.data_folder
        return await BotProcess.start(
            folder / "output.txt", folder, "run", module="tests.journey.small_disk", **self._env
        )

    @property
    def _full_disk(self) -> Path:
        return self._rig.settings.data_folder / FULL

    async def _connected(self, bot: BotProcess) -> None:
        try:
            await self._rig.discord.world.until(lambda world: world.bot_online, START_S)
        except AssertionError as error:
            error.add_note(bot.output[-4000:])
            raise

    # ------------------------------------------------------------------ faults

    def _clear_faults(self) -> None:
        self._rig.replicate.faults.clear()
        self._rig.discord.faults.clear()
        self._full_disk.unlink(missing_ok=True)

    def _order_faults(self) -> None:
        for faults, order in (
            (REPLICATE_FAULTS, self._rig.trouble_replicate),
            (DISCORD_FAULTS, self._rig.trouble_discord),
        ):
            for route, kind in self._rng.sample(faults, self._rng.randint(0, 2)):
                times = self._rng.randint(1, 3)
                if kind in {"before", "after"}:
                    order(route, times=times, reset=kind)
                else:
                    stretch_s = self._rng.uniform(0.05, STRETCH_MAX_S)
                    order(route, times=times, **{kind: stretch_s})


async def storm(
    kills: int,
    database: str,
    seed: int,
    token_life_s: float = TOKEN_LIFE_S,
    cog: CogProcess | None = None,
) -> Figures:
    """One storm over one database; nothing is raised where a promise is broken.

    The model is run by `cog`, where there is one, else by the stand-in for Replicate.
    """
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="storm-") as folder, _address(database) as url:
        rules = Rules(token_life_s=token_life_s - EARLIER_S)
        # So far behind that the bot, too, sees tokens die at that moment: they are old when new.
        behind_s = TOKEN_LIFE.total_seconds() - token_life_s
        clock = Clock(lambda: time.time() - behind_s)
        async with a_rig(
            Path(folder), rules=rules, discord_clock=clock, speed=1, start=False, timings=TIMINGS
        ) as rig:
            weather = Storm(rig, random.Random(seed), url, cog)
            await weather.rage(kills)
            await weather.settle()
            verdict = judge(weather.crowd.asked, rig, weather.died_at, weather.witness)
            if cog is not None:
                verdict.broken += [f"seed {seed} ran twice at once" for seed in cog.overlaps()]
            if verdict.broken:
                kept = _keep_output(Path(folder), f"storm-{database}-{seed}.log")
                verdict.broken.append(f"the processes' output is in {kept}")
    took_s = time.monotonic() - began_s
    return Figures(database, kills, weather.full_disks, weather.phases, verdict, took_s)


def _keep_output(folder: Path, name: str) -> Path:
    return Path(shutil.copy(folder / "output.txt", Path(tempfile.gettempdir(), name)))


@contextmanager
def _backend(name: str) -> Generator[CogProcess | None]:
    if name == "replicate":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="cog-") as folder, a_cog_server(Path(folder)) as cog:
        cog.says("rate", RATE)
        yield cog


@contextmanager
def _address(database: str) -> Generator[str | None]:
    if database == "sqlite":
        yield None
        return
    with a_postgres() as url:
        yield url


async def main() -> int:
    """Run the command; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.journey.storm")
    parser.add_argument("--kills", type=int, default=300, help="over each database (default 300)")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--backend", choices=["replicate", "cog"], default="replicate")
    arguments = parser.parse_args()
    databases = ["sqlite", "postgres"]
    if arguments.database != "both":
        databases = [arguments.database]
    # Whoever is killed leaves requests half sent.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    sys.stdout.write(f"seed {arguments.seed}\n")
    broken = 0
    for database in databases:
        with _backend(arguments.backend) as cog:
            figures = await storm(arguments.kills, database, arguments.seed, cog=cog)
        for line in figures.verdict.broken:
            sys.stdout.write(f"BROKEN: {line}\n")
        sys.stdout.write(f"{figures}\n")
        sys.stdout.flush()
        broken += len(figures.verdict.broken)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
