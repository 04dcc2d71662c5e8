"""Replicate pushes to the bot's public address: what comes, what is lost, and what is forged."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.operations.metrics import Metrics
from bot.operations.web import Operations
from bot.playground.replicate.predictions import Prediction
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from bot.playground.replicate.webhooks import PushRecord
from tests.journey.rig import CREATE, Rig, a_rig, eventually, has_track

NEVER_S = 1e6
SONG = Timings(cold_start_s=3, warm_start_s=3, step_rate_per_s=10, encode_s=1, list_lag_s=NEVER_S)
"""53 steps in 5 s; a song takes about nine, so it would be asked about nine times."""
FEW = 3
"""A machine that is busy may keep a push from coming for 10 s of the fast clock."""
COME_AGAIN = "webhooks come again"
DO_NOT_COME = "webhooks do not come"


@dataclass
class Pushed:
    """A bot that is pushed to, over HTTP."""

    rig: Rig
    metrics: Metrics
    port: int

    def results(self) -> dict[str, float]:
        """How many pushes came to what."""
        found = self.metrics.registry.collect()
        samples = [one for family in found for one in family.samples]
        name = "musicgen_webhooks_total"
        return {s.labels["result"]: s.value for s in samples if s.name == name and s.value}

    def asked(self, prediction: Prediction) -> int:
        return self.rig.requests("GET", f"/v1/predictions/{prediction.id}")

    async def song(self, prompt: str) -> Prediction:
        """One is asked for and delivered."""
        used = await self.rig.musicgen(prompt)
        await used.until(has_track)
        return self.rig.replicate.predictions[-1]

    async def post(self, push: PushRecord, **changes: str) -> int:
        """Send what was pushed once more, or what somebody has made of it."""
        body = changes.pop("body", push.body.decode())
        path = changes.pop("path", push.path)
        headers = push.headers | {f"webhook-{name}": text for name, text in changes.items()}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, data=body.encode(), headers=headers) as answer,
        ):
            return answer.status


@asynccontextmanager
async def a_pushed_rig(folder: Path, timings: Timings = SONG, **env: str) -> AsyncGenerator[Pushed]:
    metrics = Metrics(1400)
    operations = Operations(metrics, takes_webhooks=True)
    async with operations.serving(0, "127.0.0.1") as port:
        address = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        async with a_rig(folder, timings=timings, start=False, env=address | env) as rig:
            rig.metrics = metrics
            await rig.start()
            with operations.watching(rig.bot, rig.webhook_key):
                await eventually(lambda: rig.webhook_key and rig.webhook_key.address("x"))
                yield Pushed(rig, metrics, port)


@pytest.fixture
async def pushed(tmp_path: Path) -> AsyncGenerator[Pushed]:
    async with a_pushed_rig(tmp_path) as pushed:
        yield pushed


async def test_what_is_pushed_is_not_asked_for(pushed: Pushed) -> None:
    first = await pushed.song("one")
    second = await pushed.song("two")
    assert pushed.asked(first) > 0, "until the first push"
    assert pushed.asked(second) < FEW
    events = {push.event for push in pushed.rig.replicate.webhooks.sent}
    assert events == {"start", "output", "logs", "completed"}
    assert pushed.results().keys() == {"taken"}


async def test_pushes_that_are_lost_are_missed_and_welcome_again(
    pushed: Pushed, caplog: pytest.LogCaptureFixture
) -> None:
    await pushed.song("one")
    pushed.rig.replicate.script(Script(pushes=0, times=3))
    # Nobody pushes its end: it is asked about after a silence.
    await pushed.song("two")
    # By then it is clear that none comes, and everything is as without them.
    await pushed.song("three")
    lost = await pushed.song("four")
    assert pushed.asked(lost) >= FEW
    assert caplog.text.count(DO_NOT_COME) == 1
    assert COME_AGAIN not in caplog.text
    await pushed.song("five")
    assert COME_AGAIN in caplog.text
    assert pushed.asked(await pushed.song("six")) < FEW


async def test_a_create_whose_answer_is_lost_is_found_by_its_first_push(pushed: Pushed) -> None:
    """No list ever has it."""
    pushed.rig.trouble_replicate(CREATE, takes_effect=True, status=502, body="<html></html>")
    found = await pushed.song("lost and found")
    assert pushed.rig.paid_once()
    assert found.status == "succeeded"


async def test_every_event_twice_and_in_any_order_is_one_song(pushed: Pushed) -> None:
    pushed.rig.replicate.script(Script(pushes=3))
    used = await pushed.rig.musicgen()
    prediction = await pushed.rig.prediction(lambda one: one.is_terminal)
    message = await used.until(has_track)
    sent = pushed.rig.replicate.webhooks.sent
    for push in reversed([push for push in sent if push.event in {"start", "logs"}]):
        assert await pushed.post(push) == 200
    assert pushed.rig.public_messages() == [message]
    assert prediction.status == "succeeded"


async def test_what_is_forged_changes_nothing(pushed: Pushed) -> None:
    """Of a true push everything but one thing, which its signature is about."""
    pushed.rig.replicate.script(Script(starting_s=NEVER_S))
    await pushed.rig.musicgen()
    running = await pushed.rig.prediction()
    await pushed.song("another")
    true = next(p for p in pushed.rig.replicate.webhooks.sent if p.event == "completed")
    forged = true.body.decode().replace(str(pushed.rig.replicate.predictions[1].id), running.id)
    for change in (
        {"body": forged},
        {"id": "msg_other"},
        {"timestamp": str(int(true.headers["webhook-timestamp"]) + 1)},
        {"signature": "v1,AAAA"},
        {"signature": true.headers["webhook-signature"].replace("v1,", "v2,")},
    ):
        assert await pushed.post(true, **change) == 401
    # A true one, sent to where it does not belong, is about another prediction all the same.
    assert running.webhook is not None
    assert await pushed.post(true, path=urlsplit(running.webhook.address).path) == 200
    assert running.status == "starting"
    assert len(pushed.rig.public_messages()) == 2
    assert pushed.results()["unsigned"] == 5


async def test_a_key_that_was_changed_is_asked_for_again(tmp_path: Path) -> None:
    async with a_pushed_rig(tmp_path, Timings.instant()) as pushed:
        pushed.rig.replicate.webhooks.rotate()
        await pushed.song("one")
        # Its last push is sent again until it is taken, though nobody waits for it any more.
        await eventually(lambda: "unknown" in pushed.results())
        assert pushed.results()["unsigned"] >= 2
        assert pushed.rig.requests("GET", "/v1/webhooks/default/secret") == 2


async def test_what_is_no_push_is_answered_as_such(pushed: Pushed) -> None:
    url = f"http://127.0.0.1:{pushed.port}"
    async with aiohttp.ClientSession() as http:
        for path in ("/webhooks/replicate/x", "/bot/webhooks/replicate/x"):
            async with http.get(url + path) as answer:
                assert await answer.text() == "musicgen-bot\n"
        async with http.post(f"{url}/webhooks/replicate/x", data=b"x" * 256_001) as answer:
            assert answer.status == 413
        async with http.post(f"{url}/webhooks/replicate/x", data=b"{}") as answer:
            assert answer.status == 401
        packed = {"Content-Encoding": "gzip"}
        async with http.post(
            f"{url}/webhooks/replicate/x", data=b"no gzip", headers=packed
        ) as answer:
            assert answer.status == 401, "it is not unpacked"
        async with http.post(f"{url}/webhooks/else/x", data=b"{}") as answer:
            assert answer.status == 404
    assert pushed.results() == {"too_large": 1, "unsigned": 2}


async def test_before_the_bot_is_there_it_is_told_to_come_again(tmp_path: Path) -> None:
    metrics = Metrics(1400)
    async with (
        Operations(metrics, takes_webhooks=True).serving(0, "127.0.0.1") as port,
        aiohttp.ClientSession() as http,
        http.post(f"http://127.0.0.1:{port}/webhooks/replicate/x", data=b"{}") as answer,
    ):
        assert answer.status == 503
