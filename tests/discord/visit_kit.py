"""People of one language in a server of another, who press and type what they read there."""

from __future__ import annotations

from typing import Any

import discord
import simcord

from bot.domain.language import Language
from bot.locales import Text, speaking
from tests.discord.card_kit import Used, Who
from tests.discord.panel_kit import a_manager
from tests.discord.test_languages import Readers
from tests.discord.world import World

PROMPT, OTHER = "дождь и рояль", "гроза"
"""What people write here is in no Latin letters, so that it is not taken for English."""
RIFF = ("риф.wav", b"RIFF")
Shows = simcord.ResponseMessage | discord.Message


class Visit:
    """People of one language in a server of another, and all that they are shown."""

    def __init__(self, world: World, server: Language, people: Language) -> None:
        self.world, self.server, self.people = world, server, people
        self.boss = a_manager(world)
        self.readers = Readers(world)
        self.readers.server = server
        for who in (world.ada, world.bo, world.mod, self.boss):
            self.readers.reads(who, people)
        self._set_locale()

    def _set_locale(self) -> None:
        guild = self.world.bot.get_guild(self.world.guild.id)
        assert guild is not None
        guild.preferred_locale = discord.Locale(self.server)

    def restarted(self) -> None:
        """Another process of the bot is there."""
        self.readers.listen(self.world)
        self._set_locale()

    def says(self, words: Text | str, *, private: bool) -> str:
        with speaking(self.people if private else self.server):
            return str(words)

    async def press(self, who: Who, message: Shows, words: Text | str) -> Used:
        """`who` presses a button, whatever number stands on it."""
        stored = self.world.env.backend.get_message(channel_of(message), message.id)
        label = self.says(words, private=stored.is_ephemeral)
        buttons = [one for row in stored.components for one in row.get("components", ())]
        [custom_id] = [
            one["custom_id"]
            for one in buttons
            if one["type"] == 2 and str(one.get("label")).partition(" · ")[0] == label
        ]
        used = Used(self.world, await who.click(message, custom_id=custom_id))
        assert used.result.acknowledged, label
        await self.world.pass_s(2)
        return used

    async def choose(self, who: Who, message: Shows, custom_id: str, *values: Any) -> Used:
        picked = await who.select(message, list(values), custom_id=custom_id)
        assert picked.acknowledged
        await self.world.pass_s(1)
        return Used(self.world, picked)

    async def slash(self, who: simcord.MemberActor, command: str, **options: Any) -> Used:
        used = Used(self.world, await who.slash(self.world.channel, command, **options))
        assert used.result.acknowledged, command
        await self.world.pass_s(1)
        return used

    async def made(self, prompt: str = PROMPT, **options: Any) -> Shows:
        """A finished card."""
        asked = await self.world.musicgen(prompt, **options)
        await self.world.done(3)
        assert asked.reply.attachments
        return asked.reply


def channel_of(message: Shows) -> int:
    return (
        message.channel_id if isinstance(message, simcord.ResponseMessage) else message.channel.id
    )
