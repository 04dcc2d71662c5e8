"""The stand-in's gateway: logging in, losing the connection, coming back, several shards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

import discord
import pytest
from aiohttp import ClientSession, WSMsgType

from bot.playground.discord import DiscordStandIn, Rules, Stage
from tests.contract.discord_kit import SmallBot, pointed_at, running


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn() as running_:
        yield running_


def answering() -> SmallBot:
    bot = SmallBot()

    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("here")

    bot.slash(go)
    return bot


async def test_a_wrong_token_cannot_log_in(standin: DiscordStandIn) -> None:
    bot = SmallBot()
    with pointed_at(standin), pytest.raises(discord.LoginFailure):
        await bot.login("wrong")
    await bot.http.close()
    assert standin.requests[-1].status == 401


@pytest.mark.parametrize(
    ("identify", "code"),
    [
        ({"token": "wrong", "intents": 1}, 4004),
        ({"token": "right", "intents": 1 << 15}, 4014),
        ({"token": "right", "intents": 1, "shard": [2, 2]}, 4010),
        ({"token": "right"}, 4002),
    ],
)
async def test_the_gateway_closes_on_a_wrong_identify(
    standin: DiscordStandIn, identify: dict[str, object], code: int
) -> None:
    wish = identify | {"token": standin.token if identify["token"] == "right" else "wrong"}
    async with ClientSession() as session, session.ws_connect(standin.gateway_url) as ws:
        assert (await ws.receive_json())["op"] == 10
        await ws.send_json({"op": 2, "d": wish})
        assert (await ws.receive()).type is WSMsgType.CLOSE
        assert ws.close_code == code


async def test_a_heartbeat_is_acknowledged_as_from_afar(standin: DiscordStandIn) -> None:
    async with ClientSession() as session, session.ws_connect(standin.gateway_url) as ws:
        assert (await ws.receive_json())["op"] == 10
        began_s = time.monotonic()
        await ws.send_json({"op": 1, "d": None})
        assert (await ws.receive_json())["op"] == 11
        assert time.monotonic() - began_s > 0.04


@pytest.mark.parametrize("how", ["drop", "reconnect"])
async def test_a_lost_connection_is_resumed_and_brings_what_was_missed(
    standin: DiscordStandIn, how: str
) -> None:
    async with running(standin, answering()) as bot:
        ada = standin.actor("ada")
        await (await ada.slash(standin.world.jam, "go")).finished()
        if how == "drop":
            standin.gateway.drop()
        else:
            standin.gateway.ask_to_reconnect()
        # Sent into the gap: it waits in the session, and comes once with the resume.
        used = await ada.slash(standin.world.jam, "go")
        assert (await used.finished()).content == "here"
        assert await bot.resumed.get() == 0
    assert standin.gateway.identified == [(0, 1)]
    assert len(standin.world.messages) == 2


async def test_an_invalidated_session_is_identified_afresh(standin: DiscordStandIn) -> None:
    async with running(standin, answering()):
        standin.gateway.invalidate()
        await standin.world.until(lambda _: len(standin.gateway.identified) == 2)
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        assert (await used.finished()).content == "here"
    assert standin.gateway.resumed == 0


async def test_each_shard_gets_what_is_its_own(standin: DiscordStandIn) -> None:
    bot = SmallBot(shard_count=2)

    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("here")

    bot.slash(go)
    async with running(standin, bot):
        await standin.world.until(lambda _: len(standin.gateway.identified) == 2)
        ada = standin.actor("ada")
        for place in (standin.world.jam, ada.dm):
            await (await ada.slash(place, "go")).finished()
        guild = await bot.fetch_guild(standin.world.guild.id)
        assert guild.shard_id == (standin.world.guild.id >> 22) % 2
    assert sorted(standin.gateway.identified) == [(0, 2), (1, 2)]
    assert len(standin.world.messages) == 2
    assert bot.seen.qsize() == 2


async def test_nobody_answers_for_a_bot_that_is_offline(standin: DiscordStandIn) -> None:
    ada = standin.actor("ada")
    async with running(standin, answering()):
        pass
    await standin.world.until(lambda world: not world.bot_online)
    used = await ada.slash(standin.world.jam, "go")
    await standin.world.until(lambda _: used.stage is Stage.FAILED, 1)


async def test_a_bot_that_died_leaves_a_session_behind_for_a_while() -> None:
    async with DiscordStandIn() as standin, ClientSession() as session:
        ws = await session.ws_connect(standin.gateway_url)
        await ws.receive_json()
        await ws.send_json({"op": 2, "d": {"token": standin.token, "intents": 1}})
        await standin.world.until(lambda world: world.bot_online)
        standin.gateway.drop()
        await standin.world.until(lambda world: not world.bot_online)
        assert standin.world.bot_reachable
        standin.clock.advance(90)
        assert not standin.world.bot_reachable
        await ws.close()


@pytest.mark.parametrize(
    ("intents", "content"),
    [(1 | 1 << 9, ""), (1 | 1 << 9 | 1 << 15, "hello")],
    ids=["without message content", "with it"],
)
async def test_the_words_of_others_need_their_intent(intents: int, content: str) -> None:
    async with (
        DiscordStandIn(rules=Rules(privileged_intents=1 << 15)) as standin,
        ClientSession() as session,
        session.ws_connect(standin.gateway_url) as ws,
    ):
        await ws.receive_json()
        await ws.send_json({"op": 2, "d": {"token": standin.token, "intents": intents}})
        assert [(await ws.receive_json())["t"] for _ in range(2)] == ["READY", "GUILD_CREATE"]
        await standin.actor("ada").post(standin.world.jam, "hello")
        event = await asyncio.wait_for(ws.receive_json(), 1)
        assert (event["t"], event["d"]["content"]) == ("MESSAGE_CREATE", content)
