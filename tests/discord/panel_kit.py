"""The panel of /settings in simcord's Discord, for those who manage the server."""

from __future__ import annotations

from typing import Any

import discord
import simcord

from bot.card.strings import settings as words
from tests.discord.card_kit import Used
from tests.discord.world import World


class Panel:
    """The panel of somebody who manages the server, as they see it."""

    def __init__(
        self, world: World, who: simcord.MemberActor, message: simcord.ResponseMessage
    ) -> None:
        assert message.ephemeral
        self._world = world
        self.who = who
        self.message = message

    @property
    def text(self) -> dict[str, str]:
        """What stands at each rule."""
        [embed] = self.message.embeds
        return {str(field.name): str(field.value) for field in embed.fields}

    def chosen(self, custom_id: str) -> list[int]:
        """What a select shows as chosen."""
        found = [
            item
            for row in self.message.components
            for item in row["components"]
            if item["custom_id"] == custom_id
        ]
        return [int(value["id"]) for value in found[0].get("default_values", [])]

    async def pick(self, custom_id: str, *values: Any) -> simcord.InteractionResult:
        """Choose in a select."""
        result = await self.who.select(self.message, list(values), custom_id=custom_id)
        assert result.acknowledged
        return result

    async def press(self, label: str) -> Used:
        return Used(self._world, await self.who.click(self.message, label=label))

    async def limits(
        self, length: str = "", forbidden: str = "", language: str = "discord"
    ) -> Used:
        """Fill in the form for length and words."""
        form = await self.press(words.LIMITS())
        return await form.send(self.who, length=length, words=forbidden, language=[language])

    async def pause(self, reason: str) -> Used:
        form = await self.press(words.PAUSE())
        return await form.send(self.who, reason=reason)


def a_manager(world: World, name: str = "boss") -> simcord.MemberActor:
    """Somebody who manages the server."""
    role = world.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return world.guild.add_member(world.env.create_user(name), roles=[role])


async def opened(world: World, who: simcord.MemberActor) -> Panel:
    result = await who.slash(world.channel, "settings panel")
    assert result.response is not None
    return Panel(world, who, result.response)
