"""The people in the storm: they ask, cancel, clear away, and come back for what they asked for."""

from __future__ import annotations

import asyncio
import math
import random
from contextlib import suppress
from pathlib import Path

from bot.playground.discord.actors import Value
from bot.playground.discord.wire import File, Refused
from tests.journey.rig import Rig, buttons, has_ended, has_track
from tests.journey.sound import wav
from tests.journey.verdict import Asked, Wish, out_of_reach

REST_MAX_S = 0.35
WAITING_MAX = 6
YOUNG_S = 4.0
COME_BACK_S = 3.0
"""People who still wait at the end say something so often."""
BRING = "Bring it here"
BROKEN_FILES = tuple(
    path.read_bytes()
    for path in sorted((Path(__file__).parents[1] / "fixtures" / "audio").iterdir())
)
"""They crash a decoder, or would take all the memory or time that there is; each is refused."""


class Crowd:
    """Two people and a moderator, in every kind of place.

    They ask on however long the line is, unless they are `patient`.
    """

    def __init__(self, rig: Rig, rng: random.Random, *, patient: bool = False) -> None:
        self._rig = rig
        self._rng = rng
        self._young_s = math.inf if patient else YOUNG_S
        self._take = wav(0.5)
        self._canceled: set[Asked] = set()
        self._varied: set[int] = set()
        self._waiting: list[Asked] = []
        """Those that had not ended at the last look."""
        self.asked: list[Asked] = []

    def open(self) -> list[Asked]:
        """What has not ended."""
        world = self._rig.discord.world
        self._waiting = [asked for asked in self._waiting if asked.is_open(world)]
        return self._waiting

    def _young(self) -> list[Asked]:
        since = self._rig.discord.clock.now() - self._young_s
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
                elif chance < 0.31:
                    await self._vary_one()
                elif len(self._young()) < WAITING_MAX:
                    await self._ask()

    async def _ask(self) -> None:
        number = len(self.asked) + 1
        world = self._rig.discord.world
        person = self._rng.choice((self._rig.ada, self._rig.bo))
        place = self._rng.choice((world.jam, world.lab, world.foreign, world.private, person.dm))
        prompt, wish = f"storm {number}", Wish.SONG
        options: dict[str, Value] = {"prompt": prompt, "seed": number, "duration": 1}
        chance = self._rng.random()
        if chance < 0.2:
            options |= {"input_audio": File("take.wav", self._take), "continuation": True}
        elif chance < 0.3:
            wish, broken = Wish.BROKEN_FILE, self._rng.choice(BROKEN_FILES)
            options |= {"input_audio": File("take.ogg", broken), "continuation": True}
        used = await person.slash(place, "musicgen", **options)
        self._note(Asked(used, prompt, number, wish))
        if self._rng.random() < 0.05:
            world.redeliver(used.interaction)

    def _note(self, asked: Asked) -> None:
        self.asked.append(asked)
        self._waiting.append(asked)

    async def _vary_one(self) -> None:
        """Somebody wants three more of a song that they have."""
        world = self._rig.discord.world
        songs = [
            (asked, card)
            for asked in self.asked
            if asked.wish is Wish.SONG and asked.seed not in self._varied
            for card in asked.cards(world)
            if has_track(card) and has_ended(card)
        ]
        if songs:
            song, card = self._rng.choice(songs)
            self._varied.add(song.seed)
            person = self._rig.discord.actor(song.used.interaction.user.username)
            used = await person.click(card, "Variations")
            self._note(Asked(used, song.prompt, song.seed, Wish.TAKES))

    async def _cancel_one(self) -> None:
        running = [asked for asked in self.open() if asked.used.reply is not None]
        if not running:
            return
        asked = self._rng.choice(running)
        person = self._rig.discord.actor(asked.used.interaction.user.username)
        if (message := asked.used.reply) is not None and not has_ended(message):
            self._canceled.add(asked)
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
        """A moderator clears away a card that is still moving, and that somebody waits for.

        Not one of takes: those that it had already would go with it.
        """
        world = self._rig.discord.world
        running = [
            message
            for asked in self.open()
            if asked.wish is Wish.SONG
            and asked not in self._canceled
            and (message := asked.used.reply) is not None
            and message.channel in {world.jam, world.lab}
        ]
        if running:
            await self._rig.mod.delete(self._rng.choice(running))
