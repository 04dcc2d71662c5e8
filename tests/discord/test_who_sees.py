"""Whether all who see one channel see another one: what is told there may be told here then."""

from __future__ import annotations

from typing import Any

import discord

from bot.card.actions.chart import all_see
from tests.discord.world import World

SEEN = discord.PermissionOverwrite(view_channel=True)
KEPT_OUT = discord.PermissionOverwrite(view_channel=False)


async def test_who_sees_one_channel_sees_another_one(world: World) -> None:
    everyone = world.guild.default_role
    members, staff, muted = map(world.guild.create_role, ("members", "staff", "muted"))

    def a_channel(name: str, **by: Any) -> int:
        overwrites: dict[Any, discord.PermissionOverwrite] = {
            everyone: KEPT_OUT,
            world.bot.user: SEEN,
            **dict.fromkeys(by.get("seen", ()), SEEN),
            **dict.fromkeys(by.get("kept_out", ()), KEPT_OUT),
        }
        return world.guild.create_text_channel(name, overwrites=overwrites).id

    lobby = world.channel.id
    one, another = a_channel("one", seen=[members]), a_channel("another", seen=[members])
    desk = a_channel("desk", seen=[staff])
    guests = a_channel("guests", seen=[members, world.ada])
    calm = a_channel("calm", seen=[members], kept_out=[muted])
    guild = world.bot.get_guild(world.guild.id)
    seen = {
        (here, there)
        for here in (lobby, one, desk, guests, calm)
        for there in (lobby, another, desk, guests, calm)
        if all_see(guild, here, there)
    }
    assert seen == {
        *((here, lobby) for here in (lobby, one, desk, guests, calm)),
        *((one, another), (one, guests), (calm, another), (calm, guests)),
        *((desk, desk), (guests, guests), (calm, calm)),
    }
    assert not all_see(guild, lobby, 404)
