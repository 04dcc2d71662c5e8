"""`python -m bot own-gpu` as its user starts it, with the real Cog server."""

from __future__ import annotations

import asyncio
import base64
import io
import subprocess
import sys
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - has none

from bot.domain.inputs import TABLE
from bot.own_gpu.options import OwnGpu
from bot.own_gpu.serve import serve
from bot.own_gpu.sound import SAMPLE_RATE_HZ
from bot.replicate.schema import narrow

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("own-gpu")


async def predict(url: str, **inputs: object) -> dict[str, object]:
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.post(f"{url}/predictions", json={"input": inputs}) as answer:
                told: dict[str, object] = await answer.json()
            # The place is free a moment after the last answer.
            if answer.status != 409:
                return told
            await asyncio.sleep(0.05)


def audio_of(told: dict[str, object]) -> tuple[np.ndarray, int, str]:
    assert told["status"] == "succeeded", told
    kind, _, content = str(told["output"]).partition(",")
    file = io.BytesIO(base64.b64decode(content))
    samples, rate_hz = soundfile.read(file, always_2d=True)
    return samples, rate_hz, kind


async def test_its_schema_offers_what_it_can_and_nothing_else(url: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/openapi.json") as answer,
    ):
        table, differences = narrow(TABLE, await answer.json())
    assert table["model_version"].choices == ("melody", "stereo-small")
    assert {one.name for one in differences} == {"multi_band_diffusion", "model_version"}


@pytest.mark.parametrize(
    ("model", "channels", "ending"), [("melody", 1, "wav"), ("stereo-small", 2, "mp3")]
)
async def test_a_song(url: str, model: str, channels: int, ending: str) -> None:
    told = await predict(
        url, prompt="a slow tango", model_version=model, duration=1, seed=3, output_format=ending
    )
    samples, rate_hz, kind = audio_of(told)
    assert (rate_hz, samples.shape[1]) == (SAMPLE_RATE_HZ, channels)
    assert abs(len(samples) - SAMPLE_RATE_HZ) <= (0 if ending == "wav" else 2400)
    assert kind in {"data:audio/wav;base64", "data:audio/x-wav;base64", "data:audio/mpeg;base64"}
    assert "Using seed 3" in str(told["logs"])
    assert "    53 /     53" in str(told["logs"])


@pytest.mark.parametrize("continuation", [False, True])
async def test_input_audio_comes_with_the_request(url: str, *, continuation: bool) -> None:
    """As the bot sends it: a data: address."""
    file = io.BytesIO()
    times = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    soundfile.write(file, np.sin(2 * np.pi * 220 * times), SAMPLE_RATE_HZ, format="WAV")
    audio = f"data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode()}"
    asked: dict[str, object] = {
        "prompt": "a slow tango",
        "model_version": "melody",
        "duration": 2,
        "seed": 3,
    }
    plain, *_ = audio_of(await predict(url, **asked))
    with_audio = await predict(url, **asked, input_audio=audio, continuation=continuation)
    heard, *_ = audio_of(with_audio)
    assert heard.shape == plain.shape
    assert not np.array_equal(heard, plain)


async def test_what_cannot_be_done_is_said(url: str) -> None:
    told = await predict(url, prompt="a tango", continuation=True)
    assert told["status"] == "failed"
    assert "no input audio to go on from" in str(told["error"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (OwnGpu(("large",), Path("/nowhere")), "there is no model in"),
        (OwnGpu(("large",), Path("/nowhere"), "cuda:7"), "PyTorch cannot use cuda:7"),
    ],
    ids=["weights", "device"],
)
def test_what_is_missing_is_said_before_the_server_starts(
    asked: OwnGpu, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(asked, "127.0.0.1", 5000) == 1
    assert said in capsys.readouterr().err


def test_the_command_says_in_a_line_what_it_cannot_serve() -> None:
    command = [sys.executable, "-m", "bot", "own-gpu", "--models", "huge"]
    ended = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The server cannot start: there is no model huge")
