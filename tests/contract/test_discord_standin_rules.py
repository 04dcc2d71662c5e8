"""What the stand-in refuses, it refuses in Discord's words; and its links behave like Discord's."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import urlsplit

import discord
import pytest
from aiohttp import ClientSession, FormData
from pydantic import JsonValue

from bot.playground.discord import DiscordStandIn, File, NeverHappened
from bot.playground.discord.events import Pinged
from tests.contract.discord_kit import SmallBot, running
from tests.contract.discord_spec import SpecWitness, spec

__all__ = ["spec"]


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn() as running_:
        yield running_


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    json: JsonValue


async def sent(standin: DiscordStandIn, body: JsonValue) -> tuple[int, JsonValue]:
    """The answer to a message the bot sends to #jam."""
    url = f"{standin.base_url}/api/v10/channels/{standin.world.jam.id}/messages"
    headers = {"Authorization": f"Bot {standin.token}"}
    async with ClientSession(headers=headers) as session, session.post(url, json=body) as answer:
        return answer.status, await answer.json()


def button(**fields: JsonValue) -> dict[str, JsonValue]:
    return {"type": 2, "style": 1, "label": "x", "custom_id": "x"} | fields


def row(*items: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"type": 1, "components": [*items]}


def embed(**fields: JsonValue) -> dict[str, JsonValue]:
    return {"embeds": [fields]}


def items(*components: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"components": [row(*components)]}


SIX = [button(custom_id=str(number)) for number in range(6)]
FIELD: JsonValue = {"name": "n", "value": "v"}
MANY: list[JsonValue] = [FIELD] * 26
NO_VALUE: JsonValue = {"name": "n", "value": ""}
TWICE: list[JsonValue] = [{"label": "a", "value": "a"}, {"label": "b", "value": "a"}]
EMBED = "embeds.0"
ITEM = "components.0.components.0"
MOST = "BASE_TYPE_MAX_LENGTH"
SPAN = "BASE_TYPE_BAD_LENGTH"
NEEDED = "BASE_TYPE_REQUIRED"


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"content": "x" * 2001}, "content", MOST),
        (embed(title="x" * 257), f"{EMBED}.title", MOST),
        (embed(description="x" * 4097), f"{EMBED}.description", MOST),
        (embed(footer={"text": "x" * 2049}), f"{EMBED}.footer.text", SPAN),
        (embed(author={"name": "x" * 257}), f"{EMBED}.author.name", SPAN),
        (embed(fields=[NO_VALUE]), f"{EMBED}.fields.0.value", SPAN),
        (embed(fields=MANY), f"{EMBED}.fields", MOST),
        ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds", MOST),
        (embed(color=1), f"{EMBED}.description", NEEDED),
        (embed(title="x", color=0x1000000), f"{EMBED}.color", "NUMBER_TYPE_MAX"),
        (embed(image={"url": "ftp://x"}), f"{EMBED}.image.url", "URL_TYPE_INVALID_SCHEME"),
        ({"components": [row(button())] * 6}, "components", MOST),
        (items(*SIX), "components.0.components", SPAN),
        (items(button(), button()), "", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        (items(button(custom_id="x" * 101)), f"{ITEM}.custom_id", SPAN),
        (items(button(label="x" * 81)), f"{ITEM}.label", MOST),
        (items(button(custom_id=None)), f"{ITEM}.custom_id", NEEDED),
        (items(button(custom_id=None, style=5)), f"{ITEM}.url", NEEDED),
        (items({"type": 99}), ITEM, "UNION_TYPE_CHOICES"),
        (
            items({"type": 3, "custom_id": "s", "options": TWICE}),
            f"{ITEM}.options",
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        ),
        ({"content": "x", "attachments": [{"id": 0}]}, "attachments.0", "ATTACHMENT_NOT_FOUND"),
        ({"content": "x", "nonce": "x" * 26}, "nonce", MOST),
        (
            {"content": "x", "message_reference": {"message_id": "1"}},
            "message_reference",
            "REPLIES_UNKNOWN_MESSAGE",
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions",
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
    ],
)
async def test_a_message_over_a_limit_is_an_invalid_form(
    standin: DiscordStandIn, body: dict[str, JsonValue], path: str, code: str
) -> None:
    status, answer = await sent(standin, body)
    assert isinstance(answer, dict)
    assert (status, answer["code"], answer["message"]) == (400, 50035, "Invalid Form Body")
    tree: JsonValue = answer["errors"]
    for step in path.split(".") if path else []:
        assert isinstance(tree, dict), answer
        assert step in tree, answer
        tree = tree[step]
    assert isinstance(tree, dict)
    complaints = tree["_errors"]
    assert isinstance(complaints, list)
    codes = [complaint["code"] for complaint in complaints if isinstance(complaint, dict)]
    assert codes == [code], answer
    assert not standin.world.messages


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"embeds": [{"title": "x" * 256, "description": "y" * 4096}]},
        {"content": "x"} | items(*SIX[:5]),
        {"content": "x", "components": [row(item) for item in SIX[:5]]},
    ],
)
async def test_a_message_at_a_limit_is_sent(
    standin: DiscordStandIn, body: dict[str, JsonValue]
) -> None:
    status, _ = await sent(standin, body)
    assert status == 200


@pytest.mark.parametrize("body", [{}, {"content": " "}, items(button())])
async def test_nothing_is_no_message(standin: DiscordStandIn, body: dict[str, JsonValue]) -> None:
    status, answer = await sent(standin, body)
    assert isinstance(answer, dict)
    assert (status, answer["code"]) == (400, 50006)


async def test_the_same_nonce_sends_once(standin: DiscordStandIn) -> None:
    body: JsonValue = {"content": "x", "nonce": "one", "enforce_nonce": True}
    answers = [await sent(standin, body), await sent(standin, body)]
    standin.clock.advance(600)
    answers.append(await sent(standin, body))
    ids = [answer["id"] for _, answer in answers if isinstance(answer, dict)]
    assert ids[0] == ids[1] != ids[2]


async def test_an_edit_leaves_what_it_does_not_name(standin: DiscordStandIn) -> None:
    async with running(standin, SmallBot()) as bot:
        channel = bot.get_partial_messageable(standin.world.jam.id)
        files = [discord.File(__file__, name) for name in ("a.wav", "b.wav")]
        message = await channel.send("words", embed=discord.Embed(title="t"), files=files)
        ours = standin.world.messages[message.id]
        await message.edit(content="other words")
        assert [file.filename for file in ours.attachments] == ["a.wav", "b.wav"]
        assert ours.embeds[0].title == "t"
        await message.edit(attachments=[message.attachments[1]])
        assert [file.filename for file in ours.attachments] == ["b.wav"]
        await message.edit(embed=None, attachments=[])
        assert (ours.content, ours.attachments, ours.embeds) == ("other words", (), ())
        assert len(ours.revisions) == 4
        with pytest.raises(discord.HTTPException) as empty:
            await message.edit(content=None)
        assert empty.value.code == 50006
        await message.delete()
        with pytest.raises(discord.NotFound) as gone:
            await message.edit(content="x")
        assert gone.value.code == 10008


async def test_another_persons_message_is_not_the_bots_to_edit(standin: DiscordStandIn) -> None:
    posted = await standin.actor("ada").post(standin.world.jam, "mine")
    async with running(standin, SmallBot()) as bot:
        channel = bot.get_partial_messageable(standin.world.jam.id)
        message = await channel.fetch_message(posted.id)
        with pytest.raises(discord.Forbidden) as error:
            await message.edit(content="yours")
        assert error.value.code == 50005
        with pytest.raises(discord.NotFound) as unknown:
            await bot.fetch_channel(1)
        assert unknown.value.code == 10003


@pytest.mark.parametrize(
    ("allowed", "pinged"),
    [
        (discord.AllowedMentions.none(), []),
        (discord.AllowedMentions(users=True), ["ada"]),
    ],
    ids=["nobody", "people"],
)
async def test_a_mention_notifies_when_it_may_and_only_at_first(
    standin: DiscordStandIn, allowed: discord.AllowedMentions, pinged: list[str]
) -> None:
    told: list[str] = []
    standin.world.subscribe(
        lambda e: told.extend(u.username for u in e.users) if isinstance(e, Pinged) else None
    )
    async with running(standin, SmallBot()) as bot:
        channel = bot.get_partial_messageable(standin.world.jam.id)
        name = f"<@{standin.world.ada.id}>"
        message = await channel.send(name, allowed_mentions=allowed)
        await message.edit(content=f"{name} again", allowed_mentions=allowed)
    assert told == pinged


async def test_a_link_serves_ranges_and_dies(standin: DiscordStandIn) -> None:
    posted = await standin.actor("ada").post(
        standin.world.jam, "", [File("ä b.wav", b"0123456789")]
    )
    assert posted.attachments[0].filename == "ä_b.wav"
    url = standin.world.cdn.url(posted.attachments[0])
    async with ClientSession() as session:
        whole = await session.get(url)
        assert (whole.status, await whole.read()) == (200, b"0123456789")
        assert whole.headers["Content-Type"] == "audio/x-wav"
        part = await session.get(url, headers={"Range": "bytes=2-4"})
        assert (part.status, await part.read()) == (206, b"234")
        assert part.headers["Content-Range"] == "bytes 2-4/10"
        assert (await session.get(url, headers={"Range": "bytes=10-"})).status == 416
        for forged in ("hm=0", "hm=%C3%A9"):
            assert (await session.get(url.replace("hm=", forged))).status == 404
        assert (await session.get(f"{standin.base_url}{urlsplit(url).path}")).status == 404
        standin.clock.advance(25 * 3600)
        assert (await session.get(url)).status == 404
        fresh = standin.world.cdn.url(posted.attachments[0])
        assert (await session.get(fresh)).status == 200
        await standin.actor("mod").delete(posted)
        assert (await session.get(fresh)).status == 404


async def test_broken_json_and_unknown_routes_are_told_apart(standin: DiscordStandIn) -> None:
    headers = {"Authorization": f"Bot {standin.token}"}
    api = f"{standin.base_url}/api/v10"
    async with ClientSession(headers=headers) as session:
        broken = await session.post(f"{api}/channels/1/messages", data=b"{")
        assert (broken.status, (await broken.json())["code"]) == (400, 50109)
        unknown = await session.get(f"{api}/nothing")
        assert (unknown.status, (await unknown.json())["code"]) == (404, 0)
        form = FormData({"payload_json": "{"}, quote_fields=False)
        form.add_field("files[0]", b"x", filename="a")
        assert (await session.post(f"{api}/channels/1/messages", data=form)).status == 400


async def test_a_wait_that_ends_tells_what_was_there(standin: DiscordStandIn) -> None:
    await standin.actor("ada").post(standin.world.jam, "hello", [File("a.wav", b"x")])
    with pytest.raises(NeverHappened, match=r"ada: 'hello' <a.wav 1 B>"):
        await standin.world.until(lambda _: False, 0.01)


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (Asked("GET", "/users/@me", None), None),
        (Asked("POST", "/channels/1/messages", {"content": "x", "attachments": [{"id": 0}]}), None),
        (Asked("POST", "/channels/1/messages", {"content": "x" * 4001}), "is too long"),
        (Asked("POST", "/channels/1/messages", {"embeds": [{"title": 1}]}), "$.embeds[0].title"),
        (Asked("PATCH", "/webhooks/1/t/messages/@original", {"content": 1}), "$.content"),
        (Asked("GET", "/users/@me", {}), "takes no body"),
        (Asked("GET", "/nothing", None), "no route"),
    ],
)
def test_the_witness_speaks_up(spec: SpecWitness, asked: Asked, complaint: str | None) -> None:
    said = spec.complaints(asked)
    assert (said == []) if complaint is None else (complaint in said[0])
