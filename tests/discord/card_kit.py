"""Finished cards in simcord's Discord, the places they are in, and what people do to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
import simcord

from bot.domain.generation import Generation
from tests.discord.world import Asked, World

PLACES = ("channel", "thread", "dm")
Who = simcord.MemberActor | simcord.UserHandle


@dataclass
class Scene:
    """A finished card, and the people around it."""

    world: World
    asked: Asked
    first: Generation
    owner: Who
    stranger: Who
    """In a DM there is nobody but the owner."""

    @property
    def newer(self) -> list[Generation]:
        """What has been started since, oldest first."""
        rows = self.world.journal.rows.values()
        return sorted((g for g in rows if g.id != self.first.id), key=lambda g: g.created_at)

    @property
    def newest(self) -> Generation:
        """The only one that has been started since."""
        [generation] = self.newer
        return generation

    async def press(self, who: Who, label: str) -> Used:
        """`who` presses a button of the card."""
        return Used(self.world, await who.click(self.asked.reply, label=label))


class Used:
    """What came of a press, a form or a menu."""

    def __init__(self, world: World, result: simcord.InteractionResult) -> None:
        self.result = result
        self._world = world

    @property
    def form(self) -> dict[str, Any]:
        """The form that opened."""
        assert self.result.modal is not None, self.result
        return self.result.modal

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """The form's fields by their custom_ids."""
        inner = [part["component"] for part in self.form["components"]]
        return {field["custom_id"]: field for field in inner}

    @property
    def told(self) -> str:
        """The only answer, which its person alone sees."""
        assert self.result.acknowledged, "Discord would say: This interaction failed"
        answers = [m for m in self.result.followups if m.ephemeral]
        if self.result.response is not None and self.result.response.ephemeral:
            answers.insert(0, self.result.response)
        [answer] = answers
        return answer.content

    @property
    def response(self) -> simcord.ResponseMessage:
        """What answered it, as its person sees it now."""
        answer = self.result.response or next(iter(self.result.followups), None)
        assert answer is not None
        return answer

    @property
    def answer(self) -> simcord.ResponseMessage:
        """The message that answers it."""
        assert self.result.response is not None, "there is none"
        return self.result.response

    @property
    def card(self) -> Asked:
        """The new public message."""
        assert self.result.acknowledged
        assert not self.result.ephemeral
        return Asked(self._world, self.result)

    async def send(self, who: Who, **values: Any) -> Used:
        """Send the form."""
        return Used(self._world, await who.submit_modal(self.result, values))


async def finished(world: World, place: str = "channel", **options: Any) -> Scene:
    """A card with its track, and time enough for whatever is next."""
    owner: Who = world.ada
    stranger: Who = world.bo
    if place == "dm":
        owner = stranger = world.ada.user
        asked = await world.musicgen_in_dm(**options)
    else:
        channel = await a_thread(world) if place == "thread" else world.channel
        asked = await world.musicgen(channel=channel, **options)
    await world.done()
    assert len(asked.reply.attachments) >= 1
    return Scene(world, asked, world.generation, owner, stranger)


async def a_thread(world: World) -> simcord.ChannelHandle:
    """A thread below the channel."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="the jam", type=discord.ChannelType.public_thread)
    [thread] = world.channel.threads
    return thread


def button_ids(message: simcord.ResponseMessage) -> dict[str, str]:
    """The custom_ids of a message's buttons by their labels."""
    return {
        button["label"]: button["custom_id"]
        for row in message.components
        for button in row["components"]
        if button["type"] == 2
    }
