"""The people in the storm: they ask, cancel, clear away, and come back for what they asked for."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from bot.playground.discord.actors import Value
from bot.playground.discord.wire import File, Refused
from tests.journey.rig import Rig, buttons, has_ended
from tests.journey.sound import wav
from tests.journey.verdict import Asked, out_of_reach

REST_MAX_S = 0.35
WAITING_MAX = 6
YOUNG_S = 4.0
COME_BACK_S = 3.0
"""People who still wait at the end say something so often."""
BRING = "Bring it here"


class Crowd:
    """Two people and a moderator, in every kind of place."""

    def __init__(self, rig: Rig, rng: random.Random) -> None:
        self._rig = rig
        self._rng = rng
        self._take = wav(0.5)
        self._canceled: set[int] = set()
        self._waiting: list[Asked] = []
        """Those that had not ended at the last look."""
        self.asked: list[Asked] = []

    def open(self) -> list[Asked]:
        """What has not ended."""
        world = self._rig.discord.world
        self._waiting = [asked for asked in self._waiting if asked.is_open(world)]
        return self._waiting

    def _young(self) -> list[Asked]:
        since = self._rig.discord.clock.now() - YOUNG_S
        return [asked for asked in self.open() if asked.used.interaction.created_at > since]

    async def ask_on(self) -> None:
        """Ask, cancel, press and delete, for as long as there is a bot to do it with."""
        world = self._rig.discord.world
        while True:
            await asyncio.sleep(self._rng.uniform(0.02, REST_MAX_S))
            if not world.bot_online or world.commands.named("musicgen", 1) is None:
                continue
            with suppress(Refused):
                chance = self._rng.random()
                if chance < 0.15:
                    await self._cancel_one()
                elif chance < 0.2:
                    await self._delete_one()
                elif chance < 0.25:
                    await self._call_for_one()
                elif len(self._young()) < WAITING_MAX:
                    await self._ask()

    async def _ask(self) -> None:
        number = len(self.asked) + 1
        world = self._rig.discord.world
        person = self._rng.choice((self._rig.ada, self._rig.bo))
        place = self._rng.choice((world.jam, world.lab, world.foreign, world.private, person.dm))
        wish: dict[str, Value] = {"prompt": f"storm {number}", "seed": number, "duration": 1}
        if self._rng.random() < 0.2:
            wish |= {"input_audio": File("take.wav", self._take), "continuation": True}
        used = await person.slash(place, "musicgen", **wish)
        self.asked.append(Asked(used, f"storm {number}", number))
        self._waiting.append(self.asked[-1])
        if self._rng.random() < 0.05:
            world.redeliver(used.interaction)

    async def _cancel_one(self) -> None:
        running = [asked for asked in self.open() if asked.used.reply is not None]
        if not running:
            return
        asked = self._rng.choice(running)
        person = self._rig.discord.actor(asked.used.interaction.user.username)
        if (message := asked.used.reply) is not None and not has_ended(message):
            self._canceled.add(asked.seed)
            await person.click(message, "Cancel")

    async def _call_for_one(self) -> None:
        """Somebody presses the button that a late card has."""
        late = [
            message
            for asked in self.open()
            if (message := asked.used.reply) is not None and BRING in buttons(message)
        ]
        if late:
            message = self._rng.choice(late)
            assert message.interaction is not None
            await self._rig.discord.actor(message.interaction.user.username).click(message, BRING)

    async def come_back(self) -> None:
        """Whose track nothing reaches gives the bot a fresh token, by any command there."""
        while True:
            await asyncio.sleep(COME_BACK_S)
            for person, place in {
                (asked.used.interaction.user.username, asked.used.interaction.channel)
                for asked in self.open()
                if out_of_reach(asked.used.interaction.channel)
            }:
                await self._rig.discord.actor(person).slash(place, "tracks list")

    async def _delete_one(self) -> None:
        """A moderator clears away a card that is still moving, and that somebody waits for."""
        world = self._rig.discord.world
        running = [
            message
            for asked in self.open()
            if asked.seed not in self._canceled
            and (message := asked.used.reply) is not None
            and message.channel in {world.jam, world.lab}
        ]
        if running:
            await self._rig.mod.delete(self._rng.choice(running))
