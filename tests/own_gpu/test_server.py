"""`python -m bot own-gpu` as its user starts it, with the real Cog server."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - has none

from bot.domain.inputs import TABLE
from bot.own_gpu.sound import SAMPLE_RATE_HZ
from bot.replicate.schema import narrow

ROOT = Path(__file__).parents[2]
_UP_WITHIN_S = 120.0


@pytest.fixture(scope="module")
def url(weights: Path) -> Generator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bot", "own-gpu", "--weights", str(weights)]
    command += ["--models", "melody,stereo-small", "--port", str(port), "--device", "cpu"]
    env = os.environ | {"OMP_NUM_THREADS": "1", "COG_LOG_LEVEL": "warning"}
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, env=env, start_new_session=True
    )
    try:
        asyncio.run(until_ready(f"http://127.0.0.1:{port}", process))
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(_UP_WITHIN_S), aiohttp.ClientSession() as session:
        while process.poll() is None:
            try:
                async with session.get(f"{url}/health-check") as answer:
                    if (await answer.json())["status"] == "READY":
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
    raise AssertionError(f"it ended with {process.returncode}")


async def predict(url: str, **inputs: object) -> dict[str, object]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/predictions", json={"input": inputs}) as answer,
    ):
        told: dict[str, object] = await answer.json()
        return told


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
    # What an untrained codec plays is loud: leveled, all of it would be at full scale.
    asked["normalization_strategy"] = "clip"
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
    ("arguments", "said"),
    [
        (("--models", "huge"), "there is no model huge"),
        (("--models", "large", "--weights", "nowhere"), "there is no model in"),
        (("--device", "cuda:7", "--weights", "nowhere"), "PyTorch cannot use cuda:7"),
    ],
)
def test_what_is_missing_is_said_before_the_server_starts(
    arguments: tuple[str, ...], said: str
) -> None:
    command = [sys.executable, "-m", "bot", "own-gpu", *arguments]
    ended = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
