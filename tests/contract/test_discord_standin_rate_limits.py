"""How often a bot may ask the Discord stand-in, where its rules enforce that at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import discord
import pytest
from aiohttp import ClientSession
from pydantic import JsonValue, TypeAdapter

from bot.playground.discord import Clock, DiscordStandIn, Rules, Window
from bot.playground.faults import Fault
from bot.playground.launch import discord_standin
from tests.contract.discord_kit import SmallBot, bot_with, running

NOW = 1_800_000_000.0
ENFORCED = Rules(enforce_rate_limits=True)
SOON = Window(5, 0.3)
HEADERS = ("Limit", "Remaining", "Reset", "Reset-After", "Bucket")
OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
THROTTLED = "You are being rate limited."


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    json: dict[str, JsonValue]

    @property
    def limits(self) -> tuple[str | None, ...]:
        """Its rate limit headers."""
        return tuple(self.headers.get(f"x-ratelimit-{name.lower()}") for name in HEADERS)


class Asking:
    """Asks as the bot does, one request at a time."""

    def __init__(self, standin: DiscordStandIn, session: ClientSession) -> None:
        self.standin, self._session = standin, session

    async def __call__(
        self, method: str, path: str, body: JsonValue = None, *, token: bool = True
    ) -> Answered:
        """Ask; bot-token routes are asked with it."""
        headers = {"Authorization": f"Bot {self.standin.token}"} if token else {}
        url = f"{self.standin.base_url}/api/v10{path}"
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            raw = await answer.read()
            given = {name.lower(): value for name, value in answer.headers.items()}
            return Answered(answer.status, given, OBJECT.validate_json(raw))

    async def by_token(self, token: str, method: str = "GET", path: str = "/@original") -> Answered:
        """Ask about an interaction's messages; what it is told does not matter here."""
        webhook = f"/webhooks/{self.standin.world.bot.id}/{token}"
        tail = "" if method == "POST" else f"/messages{path}"
        return await self(method, f"{webhook}{tail}", {"content": "x"}, token=False)

    def statuses(self, method: str, part: str) -> list[int]:
        """How such requests ended, by the stand-in's own record."""
        return [r.status for r in self.standin.requests if r.method == method and part in r.path]


@asynccontextmanager
async def asking(rules: Rules = ENFORCED) -> AsyncGenerator[Asking]:
    """The clock stands still but for what a test advances it."""
    async with (
        asyncio.timeout(20),
        DiscordStandIn(rules=rules, clock=Clock(lambda: NOW)) as standin,
        ClientSession() as session,
    ):
        yield Asking(standin, session)


async def test_every_answer_to_a_webhook_tells_the_limit() -> None:
    async with asking() as ask:
        first = await ask.by_token("one")
        assert first.status == 401, "refusals count, too"
        bucket = first.limits[-1]
        assert bucket
        assert first.limits == ("5", "4", f"{NOW + 2:.3f}", "2.000", bucket)
        ask.standin.clock.advance(0.5)
        second = await ask.by_token("one", "PATCH")
        assert second.limits == ("5", "3", f"{NOW + 2:.3f}", "1.500", bucket)
        third = await ask.by_token("one", "POST")
        assert third.limits == ("5", "2", f"{NOW + 2:.3f}", "1.500", bucket)
        ask.standin.clock.advance(1.5)
        later = await ask.by_token("one", "DELETE", "/1")
        assert later.limits == ("5", "4", f"{NOW + 4:.3f}", "2.000", bucket)


async def test_one_request_too_many_is_refused_as_discord_does_it() -> None:
    async with asking() as ask:
        for _ in range(5):
            assert (await ask.by_token("one", "PATCH")).status == 401
        ask.standin.clock.advance(0.75)
        refused = await ask.by_token("one", "PATCH")
        assert refused.status == 429
        assert refused.json == {"message": THROTTLED, "retry_after": 1.25, "global": False}
        assert refused.headers["content-type"] == "application/json"
        assert refused.headers["via"]
        assert refused.headers["retry-after"] == "2"
        assert refused.headers["x-ratelimit-scope"] == "user"
        assert refused.limits[:4] == ("5", "0", f"{NOW + 2:.3f}", "1.250")
        assert "x-ratelimit-global" not in refused.headers
        assert ask.statuses("PATCH", "/webhooks/") == [401] * 5 + [429]
        ask.standin.clock.advance(1.25)
        assert (await ask.by_token("one", "PATCH")).status == 401


async def test_two_tokens_do_not_share() -> None:
    async with asking() as ask:
        for method in ("GET", "PATCH", "POST", "DELETE", "GET"):
            await ask.by_token("one", method)
        assert (await ask.by_token("one")).status == 429
        other = await ask.by_token("other")
        assert (other.status, other.limits[1]) == (401, "4")


async def test_the_first_answer_to_an_interaction_has_no_limit() -> None:
    async with asking() as ask:
        for _ in range(60):
            answer = await ask("POST", "/interactions/1/token/callback", {"type": 5})
            assert answer.status == 404
            assert answer.limits == (None,) * 5
        assert (await ask("GET", "/users/@me")).status == 200


async def test_a_channel_has_a_bucket_for_sends_and_one_for_edits() -> None:
    async with asking() as ask:
        jam, lab = (
            f"/channels/{c.id}/messages" for c in (ask.standin.world.jam, ask.standin.world.lab)
        )
        sent = [await ask("POST", jam, {"content": str(number)}) for number in range(5)]
        assert [(one.status, one.limits[1]) for one in sent] == [
            (200, str(left)) for left in (4, 3, 2, 1, 0)
        ]
        refused = await ask("POST", jam, {"content": "too many"})
        assert (refused.status, refused.json["retry_after"]) == (429, 5.0)
        assert (await ask("POST", lab, {"content": "elsewhere"})).status == 200
        message = f"{jam}/{sent[0].json['id']}"
        edited = [await ask("PATCH", message, {"content": str(number)}) for number in range(6)]
        assert [one.status for one in edited] == [200] * 5 + [429]
        buckets = {one.limits[4] for one in (*sent, refused)}, {one.limits[4] for one in edited}
        assert [len(bucket) for bucket in buckets] == [1, 1]
        assert buckets[0] != buckets[1]
        read = await ask("GET", message)
        assert (read.status, read.limits) == (200, (None,) * 5)
        shown = [m.content for m in ask.standin.world.channel_messages(ask.standin.world.jam)]
        assert shown == ["4", "1", "2", "3", "4"], "what is refused has no effect"
        ask.standin.clock.advance(5)
        assert (await ask("POST", jam, {"content": "later"})).status == 200


async def test_fifty_requests_a_second_with_the_bots_token() -> None:
    async with asking() as ask:
        for _ in range(50):
            assert (await ask("GET", "/users/@me")).status == 200
        jam = f"/channels/{ask.standin.world.jam.id}/messages"
        ask.standin.clock.advance(0.25)
        for method, path in (("GET", "/users/@me"), ("POST", jam)):
            refused = await ask(method, path, {"content": "x"})
            assert refused.status == 429
            assert refused.json == {"message": THROTTLED, "retry_after": 0.75, "global": True}
            assert refused.headers["content-type"] == "application/json"
            assert refused.headers["via"]
            assert refused.headers["retry-after"] == "1"
            assert refused.headers["x-ratelimit-scope"] == "global"
            assert refused.headers["x-ratelimit-global"] == "true"
        assert (await ask("GET", "/users/@me", token=False)).status == 401
        assert (await ask.by_token("one")).status == 401
        assert (await ask("POST", "/interactions/1/token/callback", {"type": 5})).status == 404
        assert ask.statuses("GET", "/users/@me") == [200] * 50 + [429, 401]
        ask.standin.clock.advance(0.75)
        assert (await ask("POST", jam, {"content": "x"})).limits[1] == "4"


async def test_an_ordered_fault_comes_first() -> None:
    async with asking() as ask:
        ask.standin.faults.order(Fault(route="PATCH *", times=3, status=500, body={}))
        for _ in range(3):
            assert (await ask.by_token("one", "PATCH")).status == 500
        assert (await ask.by_token("one", "PATCH")).limits[1] == "4"


async def test_without_the_rule_nothing_is_limited() -> None:
    async with asking(Rules()) as ask:
        jam = f"/channels/{ask.standin.world.jam.id}/messages"
        answers = [await ask("GET", "/users/@me") for _ in range(60)]
        answers += [await ask.by_token("one") for _ in range(7)]
        answers += [await ask("POST", jam, {"content": "x"}) for _ in range(7)]
        assert 429 not in {answer.status for answer in answers}
        assert {answer.limits for answer in answers} == {(None,) * 5}


def test_the_playground_enforces_them() -> None:
    assert discord_standin(0).world.rules == ENFORCED


@asynccontextmanager
async def limited(clock: Clock | None = None) -> AsyncGenerator[DiscordStandIn]:
    """With limits that are soon over, by a clock that runs unless another is given."""
    rules = replace(ENFORCED, webhook_limit=SOON, send_limit=SOON, edit_limit=SOON)
    async with asyncio.timeout(20), DiscordStandIn(rules=rules, clock=clock) as standin:
        yield standin


@asynccontextmanager
async def held() -> AsyncGenerator[DiscordStandIn]:
    """The same by a clock that stands still, so that no window ends before a test wants it to."""
    now = time.time()
    async with limited(Clock(lambda: now)) as standin:
        yield standin


async def let_pass_once_throttled(standin: DiscordStandIn) -> None:
    """Let the window end as soon as the bot was told to wait for that."""
    await standin.world.until(lambda _: any(r.status == 429 for r in standin.requests))
    standin.clock.advance(SOON.length_s)


def took_s(standin: DiscordStandIn, method: str, part: str) -> float:
    """From the first to the sixth such request that was carried out."""
    ats = [
        r.at for r in standin.requests if (r.method, r.status) == (method, 200) and part in r.path
    ]
    assert len(ats) == 7
    return ats[5] - ats[0]


async def test_discord_py_makes_its_edits_wait() -> None:
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        for number in range(7):
            await interaction.edit_original_response(content=str(number))

    async with limited() as standin, running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        await used.until(lambda reply: reply.body.content == "6")
        assert took_s(standin, "PATCH", "/webhooks/") >= SOON.length_s
        assert 429 not in {r.status for r in standin.requests}


async def test_discord_py_waits_out_a_webhooks_429() -> None:
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        async with ClientSession() as session:
            for _ in range(5):
                await Asking(standin, session).by_token(interaction.token)
        await interaction.edit_original_response(content="done")

    async with held() as standin, running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        await let_pass_once_throttled(standin)
        assert (await used.finished()).content == "done"
        assert [r.status for r in standin.requests if r.method == "PATCH"] == [429, 200]


async def test_discord_py_makes_its_messages_wait() -> None:
    async with limited() as standin, running(standin, SmallBot()) as bot:
        channel = bot.get_partial_messageable(standin.world.jam.id)
        await asyncio.gather(*(channel.send(str(number)) for number in range(7)))
        assert took_s(standin, "POST", "/messages") >= SOON.length_s


@pytest.mark.parametrize("whole", [False, True], ids=["one channel", "the whole bot"])
async def test_discord_py_waits_out_the_429_of(whole: bool) -> None:
    async with (
        held() as standin,
        running(standin, SmallBot()) as bot,
        ClientSession() as session,
    ):
        jam = standin.world.jam
        if whole:
            standin.world.rules = replace(standin.world.rules, global_limit=SOON)
            standin.clock.advance(1)
        for number in range(5):
            body = {"content": str(number)}
            await Asking(standin, session)("POST", f"/channels/{jam.id}/messages", {**body})
        sending = asyncio.create_task(bot.get_partial_messageable(jam.id).send("done"))
        await let_pass_once_throttled(standin)
        await sending
        statuses = [r.status for r in standin.requests if r.path.endswith("/messages")]
        assert statuses == [200] * 5 + [429, 200]
        assert [m.content for m in standin.world.channel_messages(jam)][-1] == "done"
