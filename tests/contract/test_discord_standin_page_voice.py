"""Voice on the page, without a browser: frames, deeds, and the stream of what is heard."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncGenerator
from typing import cast

import av
import pytest
from aiohttp import ClientSession, FormData

from bot.playground.discord import DiscordStandIn, Permissions
from bot.playground.discord.voice.rtp import Packet
from bot.playground.discord.voice.webm import SILENCE, WebmOpus
from tests.contract.discord_page_kit import Json, Page, opened
from tests.contract.voice_kit import opus


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn(voice=True) as running:
        yield running


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    async with ClientSession() as session_:
        yield session_


async def act(page: Page, kind: str, **what: object) -> str | None:
    """Do something in voice; the sentence if it is refused."""
    form = FormData(default_to_multipart=True)
    form.add_field("payload_json", json.dumps({"as": page.user, "kind": kind, **what}))
    url = f"{page.standin.base_url}/playground/voice"
    async with page.session.post(url, data=form) as answer:
        return None if answer.status == 204 else str((await answer.json())["error"])


def read(stream: bytes | bytearray) -> list[tuple[int | None, bytes]]:
    """The packets that FFmpeg finds in it, with their times in ms."""
    with av.open(io.BytesIO(stream), "r") as file:
        audio = file.streams.audio[0]
        found = audio.codec_context
        assert (found.name, found.sample_rate, found.channels) == ("opus", 48_000, 2)
        return [(one.pts, bytes(one)) for one in file.demux(audio) if one.size]


async def inside(page: Page) -> list[tuple[str, str]]:
    """Who is in which channel, by the next frame."""
    states = cast("list[Json]", (await page.next("VOICE"))["voice"])
    places = page.standin.world.channels
    return [
        (str(cast("Json", state["user"])["username"]), places[int(str(state["channel_id"]))].name)
        for state in states
    ]


async def test_pages_see_who_comes_moves_and_goes(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    world = standin.world
    ada, mod = [await opened(standin, session, who) for who in ("ada", "mod")]
    lounge, stage = str(world.lounge.id), str(world.stage.id)
    assert await act(ada, "join", channel_id=lounge) is None
    assert await inside(mod) == [("ada", "lounge")]
    assert await act(mod, "join", channel_id=lounge) is None
    assert await inside(mod) == [("ada", "lounge"), ("mod", "lounge")]
    assert await act(mod, "move", user_id=ada.user, channel_id=stage) is None
    assert await inside(mod) == [("mod", "lounge"), ("ada", "stage")]
    assert await act(mod, "speak", user_id=ada.user) is None
    state = standin.calls.state_of(standin.actor("ada").user, world.guild)
    assert state is not None
    assert not state.suppress
    assert await act(mod, "mute", user_id=ada.user) is None
    assert state.mute
    assert await act(mod, "disconnect", user_id=ada.user) is None
    assert await act(mod, "leave") is None
    assert not world.voice_states


async def test_what_may_not_be_done_in_voice_is_said(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    world = standin.world
    ada, bo = [await opened(standin, session, who) for who in ("ada", "bo")]
    lounge = str(world.lounge.id)
    assert await act(ada, "join", channel_id=str(world.jam.id)) == "This is not a voice channel."
    assert await act(ada, "leave") == "They are not in a voice channel."
    world.lounge.user_limit = 1
    await act(bo, "join", channel_id=lounge)
    assert await act(ada, "join", channel_id=lounge) == "This voice channel is full."
    for kind in ("disconnect", "mute", "speak"):
        assert await act(ada, kind, user_id=bo.user) is not None
    move = await act(ada, "move", user_id=bo.user, channel_id=str(world.stage.id))
    assert move == "You do not have permission to move members."
    assert standin.calls.inside(world.stage) == []


async def test_who_is_in_a_channel_hears_it_and_nobody_else(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    """Unchanged and in order, with silence only around it."""
    world = standin.world
    ada = await opened(standin, session, "ada")
    url = f"{standin.base_url}/playground/voice/{world.lounge.id}.webm"
    async with session.get(url, params={"as": ada.user}) as answer:
        assert (answer.status, "not in this voice channel" in await answer.text()) == (400, True)
    await act(ada, "join", channel_id=str(world.lounge.id))
    clip, stream = opus(0.5), bytearray()
    async with session.get(url, params={"as": ada.user}) as answer:
        stream += await answer.content.readany()
        recording = standin.voice.recording(world.guild)
        for n, payload in enumerate(clip):
            recording.add(Packet(n, 960 * n, 1, payload, 0.02 * n))
        while clip[-1] not in stream:
            stream += await answer.content.readany()
        standin.actor("ada").leave_voice()
        stream += await answer.content.read()
    packets = read(stream)
    assert [at_ms for at_ms, _ in packets] == [20 * n for n in range(len(packets))]
    assert [one for _, one in packets if one != SILENCE] == [*clip]


def test_a_stream_is_what_players_read() -> None:
    """Sizes at every edge of how EBML writes them."""
    webm = WebmOpus()
    packets = [bytes((252,)) + bytes(size) for size in (1, 121, 122, 123, 124, 1270)] * 3
    stream = webm.header() + webm.part(packets[:1]) + webm.part(packets[1:])
    assert [one for _, one in read(stream)] == packets


async def test_a_bot_that_may_not_speak_is_not_heard(standin: DiscordStandIn) -> None:
    world = standin.world
    world.set_bot_permissions(world.lounge, world.lounge.bot_permissions & ~Permissions.SPEAK)
    state = standin.calls.join(world.bot, world.lounge, "a session")
    assert state.suppress
    standin.calls.set_speaking(state, speaking=True)
    assert not state.speaking
