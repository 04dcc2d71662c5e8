"""The stand-in's voice gateway, message by message: what discord.py alone would not show."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.playground.discord import DiscordStandIn
from bot.playground.discord.voice.rtp import AES_GCM, XCHACHA20, modes, sealed
from tests.contract.voice_kit import eventually

Ws = aiohttp.ClientWebSocketResponse


class Call:
    """The bot in a voice channel, by hand."""

    def __init__(self, standin: DiscordStandIn, session: aiohttp.ClientSession) -> None:
        self._standin = standin
        self._session = session
        self.told: dict[str, Any] = {}
        """VOICE_SERVER_UPDATE."""
        self.session_id = ""

    async def join(self, gateway: Ws) -> None:
        """Identify at the gateway, and ask to come in."""
        world = self._standin.world
        await gateway.send_json({"op": 2, "d": {"token": self._standin.token, "intents": 0x81}})
        wish = {"guild_id": str(world.guild.id), "channel_id": str(world.lounge.id)}
        await gateway.send_json({"op": 4, "d": wish})
        order: list[str] = []
        while not self.told:
            event = await gateway.receive_json()
            order.append(event["t"])
            match event["t"]:
                case "VOICE_STATE_UPDATE":
                    self.session_id = event["d"]["session_id"]
                case "VOICE_SERVER_UPDATE":
                    self.told = event["d"]
                case _:
                    pass
        assert order[-2:] == ["VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"]

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Ws]:
        """A voice websocket, greeted."""
        ssl = self._standin.voice.certificate.client()
        url = f"wss://{self.told['endpoint']}/?v=8"
        async with self._session.ws_connect(url, ssl=ssl) as ws:
            hello = await ws.receive_json()
            assert (hello["op"], hello["d"]["v"]) == (8, 8)
            yield ws

    def identity(self, **changed: object) -> dict[str, Any]:
        """What it identifies with."""
        own = {
            "server_id": self.told["guild_id"],
            "user_id": str(self._standin.world.bot.id),
            "session_id": self.session_id,
            "token": self.told["token"],
            "max_dave_protocol_version": 1,
        }
        return own | changed


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn(voice=True) as running:
        yield running


@pytest.fixture
async def call(standin: DiscordStandIn) -> AsyncGenerator[Call]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(standin.gateway_url) as gateway,
    ):
        call = Call(standin, session)
        await call.join(gateway)
        yield call


UDP = {"address": "127.0.0.1", "port": 1, "mode": XCHACHA20}


@pytest.mark.parametrize(
    ("changed", "after", "code"),
    [
        ({}, {"op": 99, "d": None}, 4001),
        ({}, {"op": 1, "d": {"protocol": "udp"}}, 4002),
        (None, {"op": 5, "d": {"speaking": 1}}, 4003),
        ({"token": "another"}, None, 4004),
        ({"user_id": "1"}, None, 4004),
        ({}, {"op": 7, "d": {"server_id": "1", "session_id": "x", "token": "y"}}, 4005),
        ({"session_id": "another"}, None, 4006),
        ({"server_id": "1"}, None, 4006),
        ({}, {"op": 1, "d": {"protocol": "webrtc", "data": UDP}}, 4012),
        ({}, {"op": 1, "d": {"protocol": "udp", "data": UDP | {"mode": "plain"}}}, 4016),
        ({"max_dave_protocol_version": 0}, None, 4017),
    ],
)
async def test_what_is_wrong_ends_the_connection_with_its_code(
    call: Call, changed: dict[str, object] | None, after: dict[str, object] | None, code: int
) -> None:
    async with call.connection() as ws:
        if changed is not None:
            await ws.send_json({"op": 0, "d": call.identity(**changed)})
        if after is not None:
            await ws.send_json(after)
        while (await ws.receive()).type is not aiohttp.WSMsgType.CLOSE:
            pass
        assert ws.close_code == code


@pytest.mark.parametrize("mode", [AES_GCM, XCHACHA20])
async def test_both_encryptions_are_read_and_nothing_that_is_forged(
    standin: DiscordStandIn, call: Call, mode: str
) -> None:
    if mode not in modes():
        pytest.skip("this machine has no AES in hardware")
    async with call.connection() as ws:
        await ws.send_json({"op": 0, "d": call.identity()})
        ready = (await ws.receive_json())["d"]
        ssrc = ready["ssrc"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            udp.connect((ready["ip"], ready["port"]))
            udp.send(struct.pack(">HHI66x", 1, 70, ssrc))
            found = await asyncio.get_running_loop().sock_recv(udp, 100)
            host, port = udp.getsockname()
            assert found == struct.pack(">HHI64sH", 2, 70, ssrc, host.encode(), port)
            address = UDP | {"port": port, "mode": mode}
            await ws.send_json({"op": 1, "d": {"protocol": "udp", "data": address}})
            agreed = (await ws.receive_json())["d"]
            assert agreed["dave_protocol_version"] == 0
            key = bytes(agreed["secret_key"])

            def packet(sequence: int, *, first: int = 0x80, beyond: bytes = b"") -> bytes:
                header = struct.pack(">BBHII", first, 0x78, sequence, 960 * sequence, ssrc)
                inside = b"\1\2\3\4" if beyond else b""
                return sealed(header + beyond, inside + b"opus", mode, key, sequence)

            udp.send(packet(1))
            await ws.send_json({"op": 5, "d": {"speaking": 1, "delay": 0, "ssrc": ssrc}})
            await ws.send_json({"op": 3, "d": {"t": 7, "seq_ack": -1}})
            assert await ws.receive_json() == {"op": 6, "d": {"t": 7}}
            forged = bytearray(packet(2))
            forged[4] ^= 1
            udp.send(forged)
            udp.send(b"\x80\x78 too short")
            # An extension's header is readable, what it holds is not.
            udp.send(packet(3, first=0x90, beyond=struct.pack(">HH", 0xBEDE, 1)))
            recording = standin.voice.recording(standin.world.guild)
            await eventually(lambda: recording.count)
    [heard] = recording.packets
    assert (heard.sequence, heard.timestamp, heard.payload) == (3, 2880, b"opus")
    assert recording.unreadable == 1


async def test_a_connection_is_resumed_with_what_was_missed(
    standin: DiscordStandIn, call: Call
) -> None:
    ada, bo = standin.actor("ada"), standin.actor("bo")
    async with call.connection() as ws:
        await ws.send_json({"op": 0, "d": call.identity()})
        assert (await ws.receive_json())["op"] == 2
        await ws.send_json({"op": 1, "d": {"protocol": "udp", "data": UDP}})
        assert (await ws.receive_json())["op"] == 4
        ada.join_voice(standin.world.lounge)
        first = await ws.receive_json()
        assert first == {"op": 11, "d": {"user_ids": [str(ada.user.id)]}, "seq": 1}
    bo.join_voice(standin.world.lounge)
    async with call.connection() as ws:
        await ws.send_json({"op": 7, "d": call.identity(seq_ack=1)})
        assert await ws.receive_json() == {
            "op": 11,
            "d": {"user_ids": [str(bo.user.id)]},
            "seq": 2,
        }
        assert (await ws.receive_json())["op"] == 9
        ada.leave_voice()
        gone = await ws.receive_json()
        assert gone == {"op": 13, "d": {"user_id": str(ada.user.id)}, "seq": 3}
    assert standin.voice.gateway.resumed == 1


async def test_a_call_whose_channel_is_deleted_ends(standin: DiscordStandIn, call: Call) -> None:
    async with call.connection() as ws:
        await ws.send_json({"op": 0, "d": call.identity()})
        assert (await ws.receive_json())["op"] == 2
        standin.world.delete_channel(standin.world.lounge)
        assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == 4022


async def test_no_browser_gets_in(call: Call, standin: DiscordStandIn) -> None:
    url = f"https://{call.told['endpoint']}/"
    async with aiohttp.ClientSession() as session:
        ssl = standin.voice.certificate.client()
        async with session.get(url, ssl=ssl, headers={"Origin": "https://example.com"}) as answer:
            assert answer.status == 403
