"""The page's side of the stand-in: what its socket tells, and what people can do on it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import cast

import pytest
from aiohttp import ClientSession, FormData
from pydantic import JsonValue

from bot.playground.discord import DiscordStandIn, File, Rules
from tests.contract.discord_kit import running
from tests.contract.discord_page_kit import Json, opened, page_bot

RULES = Rules(file_limit_bytes=1000, first_response_s=15.0)
"""A bot that a busy machine keeps from answering is let answer all the same."""


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn(rules=RULES, notice="no real music") as running_:
        yield running_


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    async with ClientSession() as session_:
        yield session_


async def test_the_page_begins_with_the_world_as_its_viewer_sees_it(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    posted = await standin.actor("bo").post(standin.world.jam, "hi", [File("a.wav", b"x")])
    await standin.actor("bo").post(standin.actor("bo").dm, "private")
    mod = await opened(standin, session, "mod")
    assert mod.hello["notice"] == "no real music"
    assert mod.hello["bot_online"] is False
    channels = cast("list[Json]", mod.hello["channels"])
    in_voice = {"manage_messages": True, "move_members": True, "mute_members": True}
    assert [(c["name"], c["kind"], c["can"]) for c in channels] == [
        ("jam", "text", {"manage_messages": True}),
        ("lab", "text", {"manage_messages": True}),
        ("lounge", "voice", in_voice),
        ("stage", "stage", in_voice),
        ("MusicGen", "dm", {"manage_messages": False}),
    ]
    messages = cast("dict[str, list[Json]]", mod.hello["messages"])
    (message,) = [message for held in messages.values() for message in held]
    assert message["id"] == str(posted.id)
    (file,) = cast("list[Json]", message["attachments"])
    async with session.get(str(file["url"])) as answer:
        assert await answer.read() == b"x"


async def test_the_bot_comes_and_goes_and_brings_its_commands(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    page = await opened(standin, session, "ada")
    async with running(standin, page_bot()):
        commands = cast("list[Json]", (await page.next("COMMANDS"))["commands"])
        assert {str(c["name"]): c["type"] for c in commands} == {
            "go": 1, "secret": 1, "silent": 1, "ask": 1, "Ping": 3,
        }  # fmt: skip
        assert (await page.next("BOT"))["online"] is True
    assert (await page.next("BOT"))["online"] is False


async def test_a_command_with_a_file_thinks_then_shows_it_to_everyone(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    async with running(standin, page_bot()):
        ada = await opened(standin, session, "ada")
        bo = await opened(standin, session, "bo")
        options: list[JsonValue] = [
            {"name": "words", "type": 3, "value": "hello"},
            {"name": "tune", "type": 11, "value": "file:tune"},
        ]
        called: Json = {"command_id": ada.command("go"), "options": options}
        did = await ada.do("command", called, ("file:tune", b"abc"))
        thinking = cast("Json", (await bo.next("MESSAGE_UPSERT"))["message"])
        assert (thinking["flags"], thinking["content"]) == (128, "")
        assert (await ada.next("ANSWERED"))["interaction_id"] == did["interaction_id"]
        message = await bo.shown("hello")
        assert message["id"] == thinking["id"]
        metadata = cast("Json", message["interaction_metadata"])
        assert (metadata["id"], metadata["name"]) == (did["interaction_id"], "go")

        choice: Json = {"message_id": message["id"], "custom_id": "pick", "values": ["a"]}
        picked = await bo.do("component", choice)
        await ada.shown("picked a")
        assert picked["interaction_id"] != did["interaction_id"]
        refusals: list[tuple[Json, str]] = [
            ({"custom_id": "off"}, "This component is disabled."),
            ({"custom_id": "nope"}, "The message has no component nope."),
            ({"custom_id": "pick", "values": ["b"]}, "Choose among the offered values."),
            ({"custom_id": "pick", "message_id": "1"}, "This message is gone."),
        ]
        for refused, sentence in refusals:
            payload: Json = {"message_id": message["id"], "component_type": 2}
            payload |= refused
            assert await bo.refused("component", payload) == sentence


async def test_suggestions_come_with_the_answer(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    async with running(standin, page_bot()):
        ada = await opened(standin, session, "ada")
        typed: Json = {"name": "words", "type": 3, "value": "ab", "focused": True}
        answer = await ada.do("autocomplete", {"command_id": ada.command("go"), "options": [typed]})
        assert answer == {"choices": [{"name": "AB", "value": "ab"}]}


async def test_an_ephemeral_reply_shows_on_one_page_only(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    async with running(standin, page_bot()):
        ada = await opened(standin, session, "ada")
        bo = await opened(standin, session, "bo")
        await ada.do("command", {"command_id": ada.command("secret")})
        message = await ada.shown("psst")
        assert message["flags"] == 64
        again = await opened(standin, session, "bo")
        assert "psst" not in json.dumps(again.hello)
        url = f"{standin.base_url}/playground/messages/{standin.world.jam.id}/{message['id']}"
        async with session.delete(url, params={"as": bo.user}) as answer:
            assert answer.status == 400
        async with session.delete(url, params={"as": ada.user}) as answer:
            assert answer.status == 204
        assert (await ada.next("MESSAGE_DELETE"))["id"] == message["id"]
        await standin.actor("mod").post(standin.world.jam, "end")
        first = await bo.ws.receive_json()
        assert first["message"]["content"] == "end", "bo was told something of the secret"


async def test_a_modal_is_sent_with_its_files_in_discords_shape(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    async with running(standin, page_bot()):
        ada = await opened(standin, session, "ada")
        did = await ada.do("command", {"command_id": ada.command("ask")})
        frame = await ada.next("MODAL")
        assert frame["interaction_id"] == did["interaction_id"]
        modal = cast("Json", frame["modal"])
        labels = cast("list[Json]", modal["components"])
        assert [label["label"] for label in labels] == ["Words", "Kind", "Tunes"]

        def filled(words: str) -> Json:
            values: list[JsonValue] = [
                {"custom_id": "words", "type": 4, "value": words},
                {"custom_id": "kind", "type": 3, "values": ["a"]},
                {"custom_id": "tunes", "type": 19, "values": ["file:tunes", "file:tunes"]},
            ]
            return {
                "interaction_id": did["interaction_id"],
                "custom_id": modal["custom_id"],
                "components": [{"type": 18, "component": value} for value in values],
            }

        tunes = [("file:tunes", b"one"), ("file:tunes", b"two")]
        refused = await ada.refused("modal", filled("too long"), *tunes)
        assert refused == "words: Must be between 1 and 5 in length."
        await ada.do("modal", filled("short"), *tunes)
        await ada.shown("short ['a'] onetwo")


async def test_a_message_command_pings_the_one_it_mentions(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    async with running(standin, page_bot()):
        ada = await opened(standin, session, "ada")
        posted = await standin.actor("ada").post(standin.world.jam, "hi")
        bo = await opened(standin, session, "bo")
        chosen: Json = {"command_id": bo.command("Ping", 3), "message_id": str(posted.id)}
        await bo.do("message_command", chosen)
        ping = await ada.next("PING")
        assert ping["message_id"] == (await bo.shown(f"<@{ada.user}>"))["id"]


@pytest.mark.parametrize("online", [True, False])
async def test_no_answer_is_told_as_discord_tells_it(
    standin: DiscordStandIn, session: ClientSession, online: bool
) -> None:
    async with running(standin, page_bot()):
        ada = await opened(standin, session, "ada")
        if online:
            standin.world.rules = replace(RULES, first_response_s=0.1)
            await ada.do("command", {"command_id": ada.command("silent")})
            frame = await ada.next("FAILED")
            assert frame["text"] == "The application did not respond"
    if not online:
        await standin.world.until(lambda world: not world.bot_reachable)
        did = await ada.do("command", {"command_id": ada.command("silent")})
        assert (await ada.next("FAILED"))["interaction_id"] == did["interaction_id"]


LONG: Json = {"name": "words", "type": 3, "value": "toolong"}


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"options": []}, "words: This option is required. Specify a value."),
        ({"options": [LONG]}, "words: Must be between 1 and 5 in length."),
        ({"command_id": "1"}, "This command does not exist any more."),
        ({"channel_id": "1"}, "This channel does not exist."),
        ({"as": "1"}, "Nobody here has this id."),
        ({"options": "x"}, "The request is not one the playground knows"),
    ],
)
async def test_what_discord_would_refuse_is_a_sentence(
    standin: DiscordStandIn, session: ClientSession, payload: Json, sentence: str
) -> None:
    async with running(standin, page_bot()):
        ada = await opened(standin, session, "ada")
        called: Json = {"command_id": ada.command("go")}
        assert sentence in await ada.refused("command", called | payload)


async def test_a_person_posts_a_message_with_a_file(
    standin: DiscordStandIn, session: ClientSession
) -> None:
    ada = await opened(standin, session, "ada")
    payload = {"as": ada.user, "channel_id": str(standin.world.lab.id), "content": "listen"}
    form = FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(payload))
    form.add_field("files[0]", b"abc", filename="a.wav")
    async with session.post(f"{standin.base_url}/playground/messages", data=form) as answer:
        assert answer.status == 200
    message = await ada.shown("listen")
    assert [file["filename"] for file in cast("list[Json]", message["attachments"])] == ["a.wav"]


async def test_the_page_itself_is_served(standin: DiscordStandIn, session: ClientSession) -> None:
    async with session.get(standin.base_url) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
    async with session.get(f"{standin.base_url}/page/main.js") as answer:
        assert answer.status == 200
