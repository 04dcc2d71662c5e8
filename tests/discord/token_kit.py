"""Cards among strangers: when their token has died, nothing of the bot's own reaches them."""

from __future__ import annotations

import discord

from bot.domain.generation import State
from tests.discord.world import BY_BOT, TOKEN_LIFE_S, Asked, World


def among_strangers(world: World) -> None:
    """From now on the bot's own token reaches nothing, as in a server it is no member of."""
    for method in ("PATCH", "POST"):
        world.fail(method, BY_BOT, 403, 50001, times=None)


async def asked_among_strangers(world: World) -> Asked:
    """A run there."""
    among_strangers(world)
    asked = await world.musicgen()
    world.generates(100)
    await world.pass_s(3)
    return asked


async def token_dead(world: World) -> Asked:
    """That run when its token has died, its card having gained the button just before."""
    asked = await asked_among_strangers(world)
    await world.outage(TOKEN_LIFE_S - 60)
    await world.pass_s(15)
    await world.outage(60)
    return asked


async def track_waiting(world: World) -> Asked:
    """That run when its track is made, and waits for a way to its person."""
    asked = await token_dead(world)
    await world.done(10)
    assert world.generation.state is State.DELIVERING
    assert asked.reply.attachments == []
    return asked


async def waiting(world: World) -> list[str]:
    """What waits for Ada in the channel."""
    return await world.bot.service.waiting_for(world.ada.id, world.channel.id)


async def allow_files(world: World, allowed: bool) -> None:
    """Whether the bot may attach files in the channel."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    assert world.guild.me is not None
    await channel.set_permissions(world.guild.me, attach_files=allowed)
