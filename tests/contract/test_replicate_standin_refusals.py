"""What the Replicate stand-in refuses, in Replicate's own words; what fails when it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.playground.replicate import ReplicateStandIn, Timings
from tests.contract.replicate_standin_kit import OBJECT, REAL_SCHEMA, Caller, Json, clip


@pytest.fixture
async def call() -> AsyncIterator[Caller]:
    async with (
        asyncio.timeout(20),
        ReplicateStandIn(timings=Timings.instant()) as replicate,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(replicate, session)


@pytest.fixture
async def real() -> AsyncIterator[Caller]:
    """With the schema of the version that really runs."""
    async with (
        asyncio.timeout(20),
        ReplicateStandIn(REAL_SCHEMA, Timings.instant()) as replicate,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(replicate, session)


@pytest.mark.parametrize(
    ("token", "detail"),
    [
        (None, "You did not pass an authentication token"),
        ("Basic abc", "You did not pass an authentication token"),
        ("Token wrong", "You did not pass a valid authentication token"),
        ("Bearer wrong", "You did not pass a valid authentication token"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/predictions", "/v1/account", "/v1/files", "/v1/nonsense"])
async def test_401(call: Caller, token: str | None, detail: str, path: str) -> None:
    answer = await call("GET", path, token=token, status=401)
    assert answer == {"detail": detail, "status": 401, "title": "Unauthenticated"}
    assert call.headers["content-type"] == "application/problem+json"
    assert "ratelimit-remaining" not in call.headers


async def test_both_schemes_are_accepted(call: Caller) -> None:
    for scheme in ("Token", "Bearer"):
        who = await call("GET", "/v1/account", token=f"{scheme} {call.replicate.token}")
        assert who["type"] == "user"


@pytest.mark.parametrize(
    "version", ["0" * 64, "meta/musicgen", "latest", "other/model:" + "0" * 64]
)
async def test_unknown_version(call: Caller, version: str) -> None:
    body: Json = {"version": version, "input": {"prompt": "x"}}
    answer = await call("POST", "/v1/predictions", body, status=422)
    assert answer["title"] == "Invalid version or not permitted"
    assert not call.replicate.predictions


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "- version is required\n- input is required\n"),
        (
            {"model": "meta/musicgen", "input": {"prompt": "x"}},
            "- version is required\n- Additional property model is not allowed\n",
        ),
        (
            {"version": "x", "input": "y"},
            "- input: Invalid type. Expected: object, given: string\n",
        ),
        (
            {"version": None, "input": {}},
            "- version: Invalid type. Expected: string, given: null\n",
        ),
    ],
)
async def test_bodies_that_are_refused(call: Caller, body: Json, detail: str) -> None:
    answer = await call("POST", "/v1/predictions", body, status=422)
    assert (answer["title"], answer["detail"]) == ("Input validation failed", detail)


MODELS = '"stereo-melody-large", "stereo-large", "melody-large", "large"'


@pytest.mark.parametrize(
    ("given", "kind", "field", "words"),
    [
        (
            {"model_version": "melody"},
            "enum",
            "input.model_version",
            f"model_version must be one of the following: {MODELS}",
        ),
        (
            {"seed": None},
            "invalid_type",
            "input.seed",
            "Invalid type. Expected: integer, given: null",
        ),
        (
            {"duration": 1.5},
            "invalid_type",
            "input.duration",
            "Invalid type. Expected: integer, given: number",
        ),
        (
            {"continuation": 1},
            "invalid_type",
            "input.continuation",
            "Invalid type. Expected: boolean, given: integer",
        ),
        (
            {"continuation_end": -1},
            "number_gte",
            "input.continuation_end",
            "Must be greater than or equal to 0",
        ),
    ],
)
async def test_real_schema_refuses(
    real: Caller, given: Json, kind: str, field: str, words: str
) -> None:
    answer = await real.create(422, prompt="x", **given)
    assert answer["detail"] == f"- {field}: {words}\n"
    assert answer["invalid_fields"] == [{"type": kind, "field": field, "description": words}]
    assert answer["title"] == "Input validation failed"
    assert not real.replicate.predictions


async def test_our_schema_has_our_bounds(call: Caller) -> None:
    answer = await call.create(422, duration=31)
    assert answer["detail"] == (
        "- input: prompt is required\n- input.duration: Must be less than or equal to 30\n"
    )
    fields = answer["invalid_fields"]
    assert isinstance(fields, list)
    assert [each["type"] for each in fields if isinstance(each, dict)] == ["required", "number_lte"]


async def test_unknown_inputs_are_dropped(real: Caller) -> None:
    done = await real.finished(prompt="x", duration=1, top_kk=3, model_version="large")
    assert done["status"] == "succeeded"
    assert done["input"] == {"prompt": "x", "duration": 1, "model_version": "large"}


async def test_run_time_errors_have_the_models_words(real: Caller) -> None:
    two = await real.upload(clip(2))
    noise = await real.upload(b"no audio")
    on_audio: Json = {"prompt": "x", "input_audio": two, "continuation": True}
    for given, error in (
        ({}, "Must provide either prompt or input_audio"),
        (
            {"prompt": "x", "continuation": True},
            "Must provide `input_audio` if continuation is `True`.",
        ),
        (
            {"prompt": "x", "input_audio": two, "model_version": "large"},
            "`stereo-large` and `large` model does not support melody input. Set "
            "`model_version='stereo-melody-large'` or `model_version='melody-large'` to "
            "condition on audio input.",
        ),
        (
            {"prompt": "x", "multi_band_diffusion": True},
            "Multi-Band Diffusion is only available with non-stereo models.",
        ),
        (
            on_audio | {"continuation_start": 2, "continuation_end": 1},
            "`continuation_start` must be less than or equal to `continuation_end`",
        ),
        (on_audio | {"duration": 1}, "Prompt is longer than audio to generate"),
        (on_audio | {"duration": 2}, ""),
        ({"prompt": "x", "duration": 0}, ""),
        ({"prompt": "x", "seed": 2**32}, "Seed must be between 0 and 2**32 - 1"),
        ({"prompt": "x", "top_k": 5000}, "selected index k out of range"),
        (
            {"prompt": "x", "input_audio": noise},
            "Couldn't find appropriate backend to handle the input audio",
        ),
    ):
        done = await real.finished(**OBJECT.validate_python(given))
        assert (done["status"], done["error"], done["output"]) == ("failed", error, None)
        assert "Traceback" in str(done["logs"])
        assert "metrics" in done


async def test_what_is_not_there(call: Caller) -> None:
    for method, path in (
        ("GET", "/v1/predictions/none"),
        ("POST", "/v1/predictions/none/cancel"),
        ("GET", "/v1/files/none"),
        ("DELETE", "/v1/files/none"),
        ("GET", "/v1/models/meta/other"),
        ("GET", f"/v1/models/meta/musicgen/versions/{'0' * 64}"),
        ("GET", "/delivery/none/out.wav"),
        ("GET", "/v1/nonsense"),
    ):
        answer = await call(method, path, status=404)
        assert answer["status"] == 404
    await call("POST", "/v1/files", {}, status=422)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"input": {"top_p": NaN}}'])
async def test_what_is_not_json(call: Caller, body: bytes) -> None:
    async with aiohttp.request(
        "POST",
        f"{call.replicate.base_url}/v1/predictions",
        data=body,
        headers={"Authorization": f"Token {call.replicate.token}"},
    ) as answer:
        assert answer.status == 400
