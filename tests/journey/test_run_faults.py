"""What goes wrong after a prediction was created: while it runs, at its end, with its output."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.card import strings
from bot.domain.errors import AccessLost, OutageTooLong
from bot.domain.waits import Obstacle
from bot.engine.troubles import Task
from bot.playground.replicate.routes import Api
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from bot.replicate import client
from bot.replicate.transport import Limits
from tests.journey.rig import (
    CREATE,
    OUTPUT,
    POLL,
    Rig,
    a_rig,
    buttons,
    eventually,
    has_ended,
    has_track,
    sentence_of,
    words,
)
from tests.journey.sound import same_samples

FAILED = "**No track this time.**"
UNREACHABLE = "Replicate can't be reached at the moment. I keep trying"


async def ends_with(rig: Rig, said: str) -> None:
    """One generation, one paid prediction, one sentence in the one reply."""
    used = await rig.musicgen()
    message = await used.until(has_ended)
    assert sentence_of(message) == f"{FAILED}\n{said}"
    assert not message.attachments
    assert "Cancel" not in buttons(message)
    assert rig.public_messages() == [message]
    assert len(rig.replicate.predictions) == 1
    assert rig.requests(*CREATE.split()) == 1


async def ends_with_the_track(rig: Rig) -> None:
    """One generation, one paid prediction, its audio in the one reply."""
    used = await rig.musicgen()
    message = await used.until(has_track)
    [prediction] = rig.replicate.predictions
    assert prediction.output_file is not None
    assert same_samples(message.attachments[0].data, prediction.output_file.content)
    assert rig.public_messages() == [message]
    assert rig.requests(*CREATE.split()) == 1


# ------------------------------------------------------------------ polls

POLL_FAULTS: dict[str, dict[str, object]] = {
    "429": {"times": 3, "status": 429, "body": {"detail": "throttled", "retry_after": 2}},
    "a burst of 500": {"times": 6, "status": 500, "body": "Internal Server Error"},
    "502": {"times": 3, "status": 502, "body": "<html>"},
    "503": {"times": 3, "status": 503, "body": {"detail": "unavailable"}},
    "reset before": {"times": 3, "reset": "before"},
    "reset after": {"times": 3, "reset": "after"},
    "no JSON": {"times": 3, "status": 200, "body": "<html>all fine</html>"},
    "half the JSON": {"times": 3, "status": 200, "body": '{"id": "x", "status": "proc'},
    "another shape": {"times": 3, "status": 200, "body": ["processing"]},
    "an empty body": {"times": 3, "status": 200, "body": ""},
    "401": {"times": 3, "status": 401, "body": {"title": "Unauthenticated"}},
    "403": {"times": 3, "status": 403, "body": "<html>Just a moment...</html>"},
    "404": {"times": 3, "status": 404, "body": {"detail": "Not found."}},
    "422": {"times": 3, "status": 422, "body": {"detail": "no"}},
}


@pytest.mark.parametrize("fault", POLL_FAULTS.values(), ids=POLL_FAULTS.keys())
async def test_polling_goes_on_through(rig: Rig, fault: dict[str, object]) -> None:
    rig.trouble_replicate(POLL, **fault)
    await ends_with_the_track(rig)
    assert len(rig.replicate.faults.met) == fault["times"]


async def test_a_poll_that_hangs_is_given_up_and_asked_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.stop()
    monkeypatch.setattr(client, "Limits", lambda: Limits(read_s=0.15, request_s=0.15))
    await rig.start()
    rig.trouble_replicate(POLL, times=2, drip_s=60.0)
    await ends_with_the_track(rig)


async def test_an_outage_is_told_and_waited_out(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=100) as rig:
        rig.trouble_replicate(POLL, times=999, status=503, body="down")
        used = await rig.musicgen()
        await used.until(lambda message: UNREACHABLE in words(message))
        rig.replicate.faults.clear()
        message = await used.until(has_track)
        assert UNREACHABLE not in words(message)
        assert rig.public_messages() == [message]


async def test_an_outage_can_be_canceled_once_it_is_over(tmp_path: Path) -> None:
    timings = Timings(cold_start_s=1e4)
    async with a_rig(tmp_path, timings=timings, speed=100) as rig:
        rig.trouble_replicate("* /v1/predictions/*", times=9999, reset="before")
        used = await rig.musicgen()
        message = await used.until(lambda message: UNREACHABLE in words(message))
        await rig.ada.click(message, "Cancel")
        rig.replicate.faults.clear()
        await used.until(has_ended)
        assert (await rig.prediction(lambda p: p.is_terminal)).status == "canceled"


async def test_most_of_an_hour_of_outage_costs_nobody_the_track(tmp_path: Path) -> None:
    """The output waits for an hour at Replicate, and the token is long dead by then."""
    async with a_rig(tmp_path, speed=1000) as rig:
        rig.trouble_replicate("* /v1/predictions/*", times=9999, status=503, body="down")
        used = await rig.musicgen()
        message = await used.until(lambda message: UNREACHABLE in words(message))
        began_s = rig.clock.monotonic()
        await eventually(lambda: rig.clock.monotonic() - began_s > 50 * 60)
        rig.replicate.faults.clear()
        assert await used.until(has_track) is message
        assert UNREACHABLE not in words(message)
        assert rig.paid_once()


async def test_an_outage_longer_than_outputs_are_kept_ends_in_a_sentence(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=3600) as rig:
        rig.trouble_replicate("* /v1/predictions/*", times=99_999, status=503, body="down")
        message = await (await rig.musicgen()).until(has_ended)
        assert sentence_of(message) == f"{FAILED}\n{strings.errors.sentence(OutageTooLong())}"
        assert rig.paid_once()


REFUSALS = {401: Obstacle.TOKEN_REFUSED, 402: Obstacle.CREDIT_MISSING, 403: Obstacle.FORBIDDEN}
IN_WORDS = {401: "API token", 402: "credit", 403: "refuses this bot access"}


@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refusal_that_stays_ends_in_a_sentence(tmp_path: Path, status: int) -> None:
    async with a_rig(tmp_path, speed=3600) as rig:
        rig.trouble_replicate("* /v1/predictions/*", times=99_999, status=status, body="no")
        message = await (await rig.musicgen()).until(has_ended)
        lost = strings.errors.sentence(AccessLost(REFUSALS[status]))
        assert sentence_of(message) == f"{FAILED}\n{lost}"
        assert rig.paid_once()


@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refusal_while_it_runs_is_told_as_what_it_is_and_goes_on_once_it_is_over(
    tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.engine.troubles")
    async with a_rig(tmp_path, speed=100) as rig:
        rig.trouble_replicate("* /v1/predictions/*", times=9999, status=status, body="no")
        used = await rig.musicgen()
        told = await used.until(lambda message: "owner has to" in words(message))
        assert IN_WORDS[status] in words(told)
        assert "can't be reached" not in words(told)
        refused = len(rig.replicate.faults.met)
        await eventually(lambda: len(rig.replicate.faults.met) > refused + 3)
        [trouble] = rig.bot.service.troubles.current
        assert (trouble.task, trouble.obstacle) == (Task.FOLLOW, REFUSALS[status])
        rig.replicate.faults.clear()
        message = await used.until(has_track)
        assert "owner has to" not in words(message)
        assert rig.bot.service.troubles.current == ()
        told_owner = [one.levelname for one in caplog.records if one.name == "bot.engine.troubles"]
        assert told_owner == ["ERROR", "INFO"]
        assert rig.paid_once()


async def test_a_prediction_that_is_gone(rig: Rig) -> None:
    rig.trouble_replicate(POLL, times=99, status=404, body={"detail": "Not found."})
    await ends_with(
        rig,
        "Replicate does not know what I asked for: the model's version, or this prediction, is "
        "gone. The bot's owner should check `MUSICGEN_VERSION` and `FINE_TUNES`.\n> Not found.",
    )


# ------------------------------------------------------------------ ends


@dataclass(frozen=True)
class End:
    """How a prediction ends without a track, and what people see of it."""

    script: Script
    sentence: str


ENDS = {
    "failed": End(
        Script(error="Prediction interrupted; please retry (code: PA)"),
        "The model failed to make this track. Try again, or with other settings.\n"
        "> Prediction interrupted; please retry (code: PA)",
    ),
    "failed without a word": End(
        Script(error=""),
        "The model failed to make this track. Try again, or with other settings. "
        "It gave no reason.",
    ),
    "failed with markdown": End(
        Script(error="**CUDA** `out` of_memory_\n# @everyone <@123456789012345678> [x](http://y)"),
        "The model failed to make this track. Try again, or with other settings.\n"
        "> \\*\\*CUDA\\*\\* \\`out\\` of\\_memory\\_ # \\@everyone "
        "<\\@123456789012345678> \\[x](http:\\//y)",
    ),
    "canceled by somebody else": End(
        Script(ends="canceled"),
        "Somebody canceled this at Replicate, not here. "
        "Try again; if that ends the same way, ask the bot's owner.",
    ),
    "aborted": End(
        Script(ends="aborted"),
        "Replicate gave up before the model had started. Nothing was charged; try again later.",
    ),
    "no output": End(
        Script(output="missing"),
        "The model says it is done, but there is no audio in its answer. Try again.",
    ),
    "an output of an unknown shape": End(
        Script(output="object"),
        "The model says it is done, but there is no audio in its answer. Try again.",
    ),
    "output expired": End(
        Script(delivery_status=404),
        "The audio is no longer at Replicate, which keeps it for an hour. "
        "The same seed and settings make the same track again.",
    ),
}
LEFT = {
    "output of another type": End(
        Script(delivery_type="text/html"), "what is there does not call itself audio"
    ),
    "output too large": End(
        Script(delivery_bytes=100 * 1024 * 1024 + 1), "its file is larger than I fetch"
    ),
}


@pytest.mark.parametrize("end", LEFT.values(), ids=LEFT.keys())
async def test_what_is_not_fetched_is_told_where_it_is(rig: Rig, end: End) -> None:
    rig.replicate.script(end.script)
    message = await (await rig.musicgen()).until(has_ended)
    [prediction] = rig.replicate.predictions
    assert prediction.completed_at is not None
    until = int(prediction.completed_at.timestamp()) + 3600
    assert f"The track was made, but {end.sentence}. Until <t:{until}:t>" in words(message)
    assert "[fetch it yourself](http://127.0.0.1" in words(message)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
async def test_every_bad_end_is_told(rig: Rig, end: End) -> None:
    rig.replicate.script(end.script)
    await ends_with(rig, end.sentence)


async def test_a_long_error_is_cut(rig: Rig) -> None:
    rig.replicate.script(Script(error="RuntimeError: " + "shape mismatch " * 200))
    message = await (await rig.musicgen()).until(has_ended)
    quote = sentence_of(message).partition("\n> ")[2]
    assert quote.startswith("RuntimeError: shape mismatch")
    assert quote.endswith("…")
    assert len(quote) <= 300
    assert not message.mention_everyone


async def test_an_unknown_status_is_waited_out(rig: Rig) -> None:
    rig.replicate.script(Script(status="defrosting", status_s=5))
    await ends_with_the_track(rig)


# ------------------------------------------------------------------ the output


async def test_the_first_of_a_list_is_the_track(rig: Rig) -> None:
    rig.replicate.script(Script(output="list"))
    await ends_with_the_track(rig)


OUTPUT_FAULTS: dict[str, dict[str, object]] = {
    "429": {"times": 2, "status": 429, "body": "slow down"},
    "5xx": {"times": 3, "status": 502, "body": "bad gateway"},
    "reset before": {"times": 2, "reset": "before"},
    "reset after": {"times": 2, "reset": "after"},
    "an empty file": {"status": 200, "body": "", "headers": {"Content-Type": "audio/wav"}},
    "a slow body": {"drip_s": 0.5},
}


@pytest.mark.parametrize("fault", OUTPUT_FAULTS.values(), ids=OUTPUT_FAULTS.keys())
async def test_the_download_goes_on_through(rig: Rig, fault: dict[str, object]) -> None:
    rig.trouble_replicate(OUTPUT, **fault)
    await ends_with_the_track(rig)


async def test_a_body_that_breaks_off_is_fetched_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.stop()
    monkeypatch.setattr(client, "Limits", lambda: Limits(read_s=0.1, transfer_s=0.15))
    await rig.start()
    rig.trouble_replicate(OUTPUT, drip_s=30.0)
    await ends_with_the_track(rig)


async def test_what_claims_to_be_audio_and_is_not(rig: Rig) -> None:
    headers = {"Content-Type": "audio/wav"}
    rig.trouble_replicate(OUTPUT, times=9, status=200, body="<html>no</html>", headers=headers)
    message = await (await rig.musicgen()).until(lambda message: message.attachments)
    assert message.attachments[0].data == b"<html>no</html>"
    assert strings.takes.UNREAD() in words(message)
    assert rig.paid_once()


async def test_an_output_that_cannot_be_had_for_an_hour(tmp_path: Path) -> None:
    timings = replace(Timings.instant(), retention_s=1e6)
    async with a_rig(tmp_path, timings=timings, speed=3600) as rig:
        rig.replicate.script(Script(delivery_status=403))
        message = await (await rig.musicgen()).until(has_ended)
        assert sentence_of(message) == (
            f"{FAILED}\nThe track was made, but its audio could not be downloaded from Replicate. "
            "The same seed and settings make it again."
        )
        assert len(rig.replicate.predictions) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    deliver = Api._deliver  # pyright: ignore[reportPrivateUsage] - moves the file elsewhere

    async def moved(api: Api, request: web.Request) -> web.Response:
        if "now" in request.query:
            return await deliver(api, request)
        return web.Response(status=status, headers={"Location": f"{request.path}?now=here"})

    monkeypatch.setattr(Api, "_deliver", moved)
    async with a_rig(tmp_path) as rig:
        await ends_with_the_track(rig)


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/out.wav", "file:///etc/hostname"])
async def test_a_redirect_to_somewhere_odd_is_not(rig: Rig, target: str) -> None:
    rig.trouble_replicate(OUTPUT, times=9, status=302, headers={"Location": target}, body="")
    await ends_with(
        rig,
        "The track was made, but its address is not one I may download from. "
        "The bot's owner can see more in the log.",
    )


async def test_nothing_is_left_on_disk(rig: Rig) -> None:
    await ends_with_the_track(rig)
    tracks = rig.settings.data_folder / "tracks"
    await eventually(lambda: not list(tracks.iterdir()))
