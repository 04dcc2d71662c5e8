"""What goes wrong while a prediction is created: what people see, and what is paid."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import JsonValue

from bot.playground.discord.wire import File
from bot.playground.replicate.limits import RateLimits
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.standin import ReplicateStandIn
from bot.replicate import client
from bot.replicate.transport import Limits
from tests.contract.replicate_standin_kit import REAL_SCHEMA
from tests.journey.rig import (
    CREATE,
    Rig,
    a_rig,
    buttons,
    eventually,
    has_ended,
    has_track,
    sentence_of,
    words,
)
from tests.journey.sound import wav

HOUR_S = 3600.0
HOUR_IN_A_SECOND = HOUR_S
FAILED = "**No track this time.**"


@dataclass(frozen=True)
class Case:
    """A create that is refused."""

    status: int
    body: JsonValue
    sentence: str
    headers: dict[str, str] = field(default_factory=dict[str, str])


UNAUTHENTICATED: JsonValue = {
    "title": "Unauthenticated",
    "detail": "You did not pass a valid authentication token",
    "status": 401,
}
NO_CREDIT: JsonValue = {
    "title": "Insufficient credit",
    "detail": "You have insufficient credit to run this model. "
    "Go to https://replicate.com/account/billing#billing to purchase credit.",
    "status": 402,
}
NO_VERSION: JsonValue = {
    "title": "Invalid version or not permitted",
    "detail": "The specified version does not exist "
    "(or perhaps you don't have permission to use it?)",
    "status": 422,
}
BAD_FIELD: JsonValue = {
    "title": "Input validation failed",
    "detail": '- input.model_version: model_version must be one of the following: "large"\n',
    "status": 422,
    "invalid_fields": [
        {
            "type": "enum",
            "field": "input.model_version",
            "description": 'model_version must be one of the following: "large"',
        }
    ],
}
REFUSED_FIELD = (
    "Replicate did not accept these settings. Nothing was started or charged; change them and try "
    'again.\n> model\\_version: model\\_version must be one of the following: "large"'
)

CASES = {
    "401": Case(
        401,
        UNAUTHENTICATED,
        "Replicate does not accept this bot's API token, so nothing can be made. "
        "The bot's owner has to set a valid `REPLICATE_API_TOKEN`.",
    ),
    "402": Case(
        402,
        NO_CREDIT,
        "The bot's Replicate account has no credit left. Nothing was started; "
        "its owner has to add some.",
    ),
    "404": Case(
        404,
        {"detail": "Not found.", "status": 404},
        "Replicate does not know what I asked for: the model's version, or this prediction, is "
        "gone. The bot's owner should check `MUSICGEN_VERSION` and `FINE_TUNES`.\n> Not found.",
    ),
    "422 version": Case(
        422,
        NO_VERSION,
        "Replicate does not know what I asked for: the model's version, or this prediction, is "
        "gone. The bot's owner should check `MUSICGEN_VERSION` and `FINE_TUNES`.\n"
        "> The specified version does not exist (or perhaps you don't have permission to use it?)",
    ),
    "422 field": Case(422, BAD_FIELD, REFUSED_FIELD),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_refusal_is_told_once_and_costs_nothing(rig: Rig, case: Case) -> None:
    rig.trouble_replicate(CREATE, status=case.status, body=case.body)
    message = await (await rig.musicgen()).until(has_ended)
    assert sentence_of(message) == f"{FAILED}\n{case.sentence}"
    assert rig.public_messages() == [message]
    assert "Cancel" not in buttons(message)
    assert rig.replicate.predictions == []
    assert rig.requests(*CREATE.split()) == 1, "and not asked again"


async def test_a_model_offered_from_the_table_that_replicate_does_not_have(tmp_path: Path) -> None:
    """The same, unforged: the live schema could not be read, so the built-in table was offered."""
    async with a_rig(tmp_path, schema=REAL_SCHEMA, start=False) as rig:
        rig.trouble_replicate("GET /v1/models/*", status=404, body={"detail": "Not found."})
        await rig.start()
        message = await (await rig.musicgen(model_version="medium")).until(has_ended)
        assert words(message).count(
            "> model\\_version: model\\_version must be one of the following: "
            '"stereo-melody-large", "stereo-large", "melody-large", "large"'
        )
        assert rig.replicate.predictions == []


THROTTLES: dict[str, tuple[dict[str, str], JsonValue, float]] = {
    "header": ({"Retry-After": "4"}, {"detail": "Request was throttled.", "status": 429}, 4.0),
    "body": ({}, {"detail": "Request was throttled.", "retry_after": 5, "status": 429}, 5.0),
    "text": (
        {},
        {"detail": "Request was throttled. Your rate limit resets in ~3s.", "status": 429},
        3.0,
    ),
}


@pytest.mark.parametrize("throttle", THROTTLES.values(), ids=THROTTLES.keys())
async def test_a_throttled_create_waits_as_asked_and_goes_on(
    rig: Rig, throttle: tuple[dict[str, str], JsonValue, float]
) -> None:
    headers, body, asked_s = throttle
    rig.trouble_replicate(CREATE, times=2, status=429, body=body, headers=headers)
    began = rig.clock.monotonic()
    used = await rig.musicgen()
    await rig.prediction()
    waited_s = rig.clock.monotonic() - began
    await used.until(has_track)
    assert rig.requests(*CREATE.split()) == 3
    assert len(rig.replicate.predictions) == 1
    assert waited_s >= 2 * asked_s


async def test_throttled_for_an_hour_ends_in_a_sentence(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=HOUR_IN_A_SECOND) as rig:
        body = {"detail": "Request was throttled.", "retry_after": 300, "status": 429}
        rig.trouble_replicate(CREATE, times=999, status=429, body=body)
        message = await (await rig.musicgen()).until(has_ended)
        assert sentence_of(message) == (
            f"{FAILED}\nReplicate is limiting how many tracks this bot may start right now. "
            "Nothing was started. Try again in 5 min."
        )
        assert rig.public_messages()[0] is message
        assert rig.replicate.predictions == []
        assert rig.requests(*CREATE.split()) <= 1 + HOUR_S / 60, "no wait is cut below a minute"


async def test_throttled_it_can_be_canceled(rig: Rig) -> None:
    body = {"detail": "Request was throttled.", "retry_after": 30, "status": 429}
    rig.trouble_replicate(CREATE, times=999, status=429, body=body)
    used = await rig.musicgen()
    running = await used.until(lambda message: message.body.items)
    await rig.ada.click(running, "Cancel")
    assert "**Canceled.**" in words(await used.until(has_ended))
    assert rig.replicate.predictions == []


async def test_a_low_credit_account_makes_them_slowly_in_order_without_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = partial(ReplicateStandIn, limits=RateLimits.low_credit())
    monkeypatch.setattr("tests.journey.rig.ReplicateStandIn", low)
    prompts = [f"number {number}" for number in range(12)]
    env = {"MAX_RUNNING_PER_USER": "12", "MAX_WAITING_PER_USER": "12"}
    async with a_rig(tmp_path, env=env, speed=100) as rig:
        asked = [await rig.musicgen(prompt) for prompt in prompts[:1]]
        for prompt in prompts[1:]:
            # In line, be it that the machine is busy; then comes the next.
            await asked[-1].until(lambda message: message.embeds)
            asked.append(await rig.musicgen(prompt))
        for used in asked:
            await used.until(has_track)
        made = sorted(rig.replicate.predictions, key=lambda prediction: prediction.created_at)
        assert [prediction.input["prompt"] for prediction in made] == prompts
        assert rig.requests(*CREATE.split()) <= 2 * len(prompts)


CUT_OFF: dict[str, dict[str, object]] = {
    "500": {"status": 500, "body": "Internal Server Error"},
    "502": {"status": 502, "body": "<html>Bad gateway</html>"},
    "503": {"status": 503, "body": {"detail": "unavailable"}},
    "504": {"status": 504, "body": ""},
    "reset before": {"reset": "before"},
    "not json": {"status": 201, "body": "<html>created</html>"},
    "half an object": {"status": 201, "body": {"status": "starting"}},
}
UNCERTAIN = (
    f"{FAILED}\nThe request to Replicate was cut off, and nothing was started as far as I can see. "
    "I don't send it twice, because each costs. Should it turn up within ten minutes, its "
    "track comes here. **Again** keeps the seed, and looks for this one first."
)


@pytest.mark.parametrize("fault", CUT_OFF.values(), ids=CUT_OFF.keys())
async def test_a_create_of_unknown_outcome_is_looked_for_and_never_sent_twice(
    rig: Rig, fault: dict[str, object]
) -> None:
    rig.trouble_replicate(CREATE, **fault)
    message = await (await rig.musicgen()).until(has_ended)
    assert sentence_of(message) == UNCERTAIN
    assert rig.requests(*CREATE.split()) == 1
    assert rig.requests("GET", "/v1/predictions") >= 2, "looked for more than once"
    assert rig.replicate.predictions == []


async def test_a_create_that_arrived_before_the_reset_ends_with_the_track(rig: Rig) -> None:
    rig.trouble_replicate(CREATE, reset="after")
    used = await rig.musicgen()
    message = await used.until(has_track)
    assert rig.requests(*CREATE.split()) == 1
    assert len(rig.replicate.predictions) == 1
    assert rig.public_messages() == [message]


async def test_a_create_whose_answer_hangs_ends_with_the_track(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.stop()
    monkeypatch.setattr(client, "Limits", lambda: Limits(read_s=0.2, request_s=0.2))
    await rig.start()
    rig.trouble_replicate(CREATE, drip_s=60.0)
    used = await rig.musicgen()
    await used.until(has_track)
    assert rig.requests(*CREATE.split()) == 1
    assert len(rig.replicate.predictions) == 1


async def test_a_create_that_is_answered_late_is_not_cut_off(rig: Rig) -> None:
    rig.trouble_replicate(CREATE, delay_s=2.5)
    used = await rig.musicgen()
    await used.until(has_track)
    assert rig.requests("GET", "/v1/predictions") == 0, "nothing to look for"
    assert rig.paid_once()


async def test_found_again_among_others_like_it(rig: Rig) -> None:
    """Twins by words and seed: each generation keeps the prediction that is its own."""
    rig.replicate.script(Script(times=2, starting_s=20))
    first = await rig.musicgen("twins", seed=1)
    await rig.prediction()
    rig.trouble_replicate(CREATE, reset="after")
    second = await rig.musicgen("twins", seed=1)
    for used in (first, second):
        await used.until(has_track)
    assert len(rig.replicate.predictions) == 2


async def close_the_door(rig: Rig) -> tuple[web.AppRunner, str, int]:
    """Let nobody in at "Replicate", nor go on with those who are."""
    runner = rig.replicate._runner  # pyright: ignore[reportPrivateUsage] - it has no door of its own
    assert runner is not None
    assert runner.server is not None
    host, port = runner.addresses[0][:2]
    for site in list(runner.sites):
        await site.stop()
    await runner.server.shutdown(0.1)
    return runner, host, port


async def test_nobody_there_for_an_hour(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=HOUR_IN_A_SECOND) as rig:
        await close_the_door(rig)
        used = await rig.musicgen()
        await used.until(lambda message: "Replicate can't be reached" in words(message))
        message = await used.until(has_ended)
        assert sentence_of(message) == (
            f"{FAILED}\nReplicate could not be reached. Nothing was started or charged; "
            "try again in a few minutes."
        )


async def test_nobody_there_and_canceled_meanwhile(rig: Rig) -> None:
    await close_the_door(rig)
    used = await rig.musicgen()
    running = await used.until(lambda message: "Replicate can't be reached" in words(message))
    await rig.ada.click(running, "Cancel")
    assert "**Canceled.**" in words(await used.until(has_ended))
    assert rig.public_messages() == [running]
    assert rig.replicate.predictions == []


async def test_not_there_for_a_while(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Refused connections: nothing can have arrived, so the create is sent again."""
    caplog.set_level(logging.INFO, "bot")
    runner, host, port = await close_the_door(rig)
    used = await rig.musicgen()
    await eventually(lambda: "POST /v1/predictions: Connection refused" in caplog.text)
    await web.TCPSite(runner, host, port).start()
    await used.until(has_track)
    assert len(rig.replicate.predictions) == 1


# ------------------------------------------------------------------ what is sent before


async def test_input_audio_waits_for_the_service_to_come_back(rig: Rig) -> None:
    rig.trouble_replicate("POST /v1/files", times=999, status=503, body="down")
    used = await rig.musicgen(input_audio=File("take.wav", wav(2.0)), continuation=True, duration=4)
    shown = await used.until(lambda message: "Replicate can't be reached" in words(message))
    assert "**Checking** your audio" in words(shown)
    rig.replicate.faults.clear()
    message = await used.until(has_track)
    assert "Replicate can't be reached" not in words(message)
    assert rig.paid_once()
