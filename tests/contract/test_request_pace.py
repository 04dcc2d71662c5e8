"""Whatever waits to be asked of Discord, none of it is refused as too much."""

from __future__ import annotations

import asyncio

import discord

from bot.delivery.request_pace import keep_pace
from bot.playground.discord import DiscordStandIn, Rules
from tests.contract.discord_kit import SmallBot, running

_ASKED = 90


def _paced(bot: SmallBot) -> SmallBot:
    keep_pace(bot)
    return bot


async def test_many_requests_at_once_are_asked_in_their_time() -> None:
    async with (
        asyncio.timeout(30),
        DiscordStandIn(rules=Rules(enforce_rate_limits=True)) as standin,
        running(standin, _paced(SmallBot())) as bot,
    ):
        before = len(standin.requests)
        # Each of another channel: only the limit of all together holds them up.
        channels = (bot.fetch_channel(number) for number in range(1, _ASKED + 1))
        answers = await asyncio.gather(*channels, return_exceptions=True)
        assert {type(answer) for answer in answers} == {discord.NotFound}
        assert [request.status for request in standin.requests[before:]] == [404] * _ASKED
