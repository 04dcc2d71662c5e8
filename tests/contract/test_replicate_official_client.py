"""The official `replicate` client (PyPI, 1.0.7), unmodified, is satisfied by the stand-in."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

import aiohttp
import pytest
from pydantic import BaseModel, TypeAdapter
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError

from bot.playground.replicate import Allowance, RateLimits, ReplicateStandIn, Script, Timings
from bot.playground.replicate.schema import InputForm
from bot.playground.synth import Recording, SynthRequest, render
from tests.contract.replicate_standin_kit import Json, PushedClock

Result = TypeVar("Result")


class SeenVersion(BaseModel):
    """What the client read of a version."""

    openapi_schema: Json


@contextmanager
def client(replicate: ReplicateStandIn, token: str | None = None) -> Generator[Client]:
    made = Client(api_token=token or replicate.token, base_url=replicate.base_url)
    made.poll_interval = 0.01
    try:
        yield made
    finally:
        # The client offers no way to close its connections.
        made._client.close()  # pyright: ignore[reportPrivateUsage]


async def asked(
    replicate: ReplicateStandIn, ask: Callable[[Client], Result], token: str | None = None
) -> Result:
    """Run blocking calls of the client on a thread."""

    def work() -> Result:
        with client(replicate, token) as made:
            return ask(made)

    async with asyncio.timeout(20):
        return await asyncio.to_thread(work)


async def downloaded(address: str) -> bytes:
    async with aiohttp.request("GET", address) as answer:
        return await answer.read()


@pytest.fixture
async def replicate() -> AsyncIterator[ReplicateStandIn]:
    async with ReplicateStandIn(timings=Timings.instant()) as standin:
        yield standin


async def test_create_wait_reload(replicate: ReplicateStandIn) -> None:
    def ask(made: Client) -> None:
        prediction = made.predictions.create(
            version=replicate.version, input={"prompt": "techno 130 bpm", "duration": 2, "seed": 5}
        )
        prediction.wait()
        assert prediction.status == "succeeded"
        assert re.fullmatch(
            r"http://127\.0\.0\.1:\d+/delivery/\w+/out\.wav", str(prediction.output)
        )
        assert prediction.logs is not None
        assert "Using seed 5\n" in prediction.logs
        prediction.reload()
        assert prediction.metrics is not None
        assert prediction.metrics["predict_time"] >= 0
        assert prediction.urls is not None
        assert set(prediction.urls) >= {"get", "cancel"}

    await asked(replicate, ask)


@pytest.mark.parametrize("wait", [True, False])
async def test_run(replicate: ReplicateStandIn, wait: bool) -> None:
    def ask(made: Client) -> object:
        given = {"prompt": "house", "duration": 1, "seed": 2}
        return made.run(f"meta/musicgen:{replicate.version}", input=given, wait=wait)

    assert str(await asked(replicate, ask)).endswith("/out.wav")
    assert len(replicate.predictions) == 1


async def test_failed_run_raises_the_models_error(replicate: ReplicateStandIn) -> None:
    replicate.script(Script(error="CUDA out of memory"))
    with pytest.raises(ModelError, match="CUDA out of memory"):
        await asked(
            replicate,
            lambda made: made.run(f"meta/musicgen:{replicate.version}", input={"prompt": "x"}),
        )


async def test_cancel(replicate: ReplicateStandIn) -> None:
    replicate.script(Script(starting_s=600))

    def ask(made: Client) -> str:
        prediction = made.predictions.create(version=replicate.version, input={"prompt": "x"})
        prediction.cancel()
        return prediction.status

    assert await asked(replicate, ask) == "canceled"


async def test_list_pages(replicate: ReplicateStandIn) -> None:
    replicate.script(Script(times=105, starting_s=600))

    def ask(made: Client) -> tuple[int, int]:
        for number in range(105):
            made.predictions.create(version=replicate.version, input={"prompt": f"{number}"})
        first = made.predictions.list()
        assert first.next is not None
        second = made.predictions.list(first.next)
        assert second.results[-1].input == {"prompt": "0"}
        return len(first.results), len(second.results)

    assert await asked(replicate, ask) == (100, 5)


async def test_model_and_version(replicate: ReplicateStandIn) -> None:
    def ask(made: Client) -> None:
        version = made.models.get("meta/musicgen").versions.get(replicate.version)
        schema = TypeAdapter(SeenVersion).validate_python(vars(version)).openapi_schema
        form = InputForm.read(schema)
        assert form.rules["duration"].maximum == 30
        assert version.cog_version == "0.9.5"
        model = made.models.get("meta/musicgen")
        assert vars(model)["latest_version"].id == replicate.version
        assert [each.id for each in model.versions.list()] == [version.id]
        assert made.accounts.current().username == "playground"

    await asked(replicate, ask)


async def test_files_as_input(replicate: ReplicateStandIn) -> None:
    clip = render(SynthRequest("piano", seed=3, duration_s=2))

    def ask(made: Client) -> str:
        file = made.files.create(io.BytesIO(clip), filename="clip.wav", metadata={"from": "test"})
        assert (file.name, file.size, file.metadata) == ("clip.wav", len(clip), {"from": "test"})
        assert made.files.get(file.id).checksums == file.checksums
        assert [each.id for each in made.files.list()] == [file.id]
        prediction = made.predictions.create(
            version=replicate.version,
            input={
                "prompt": "piano",
                "duration": 4,
                "continuation": True,
                "input_audio": io.BytesIO(clip),
            },
        )
        prediction.wait()
        assert prediction.error is None
        assert made.files.delete(file.id)
        with pytest.raises(ReplicateError):
            made.files.get(file.id)
        return str(prediction.output)

    assert (await downloaded(await asked(replicate, ask))).startswith(b"RIFF")
    assert replicate.files == 1, "the client uploaded the second one by itself"


async def test_errors_reach_the_client_whole(replicate: ReplicateStandIn) -> None:
    def create(made: Client) -> object:
        return made.predictions.create(
            version=replicate.version, input={"prompt": "x", "duration": 99}
        )

    with pytest.raises(ReplicateError) as invalid:
        await asked(replicate, create)
    assert invalid.value.status == 422
    assert invalid.value.title == "Input validation failed"
    assert invalid.value.detail == "- input.duration: Must be less than or equal to 30\n"
    with pytest.raises(ReplicateError) as refused:
        await asked(replicate, create, token="wrong")
    assert refused.value.status == 401
    assert refused.value.detail == "You did not pass a valid authentication token"


async def test_a_throttled_poll_is_waited_out() -> None:
    clock = PushedClock()
    limits = RateLimits(polls=Allowance(per_minute=1, burst=1))

    def ask(made: Client) -> None:
        prediction = made.predictions.create(version=replicate.version, input={"prompt": "x"})
        prediction.reload()
        prediction.reload()

    async with ReplicateStandIn(timings=Timings(), clock=clock, limits=limits) as replicate:
        asking = asyncio.create_task(asked(replicate, ask))
        while all(r.status != 429 for r in replicate.requests):
            assert not asking.done()
            await asyncio.sleep(0.005)
        await clock.push(60)
        await asking
        statuses = [r.status for r in replicate.requests]
    assert statuses[:3] == [201, 200, 429]
    assert statuses[-1] == 200


async def test_output_is_sound(replicate: ReplicateStandIn) -> None:
    def ask(made: Client) -> str:
        given = {"prompt": "house", "duration": 3, "output_format": "mp3"}
        return str(made.run(f"meta/musicgen:{replicate.version}", input=given))

    content = await downloaded(await asked(replicate, ask))
    assert Recording.decode(content).length_s == pytest.approx(3, abs=0.1)
