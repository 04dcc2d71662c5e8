"""The life of a prediction: starting, processing, the end."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import aiohttp
from pydantic import ValidationError

from bot.domain.clock import Clock
from bot.playground.replicate.model import ModelError, ModelInput, step_line
from bot.playground.replicate.predictions import OutputFile, Prediction
from bot.playground.replicate.problems import JsonObject
from bot.playground.replicate.timings import Timings
from bot.playground.synth import Recording, UnreadableAudioError, render

log = logging.getLogger(__name__)

_FETCH_TIMEOUT_S = 60.0
_INTERRUPTED = "Prediction interrupted; please retry (code: PA)"
_MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}

Result = TypeVar("Result")
OwnFile = Callable[[str], bytes | None]
"""The content behind an address of the stand-in's own files; None for any other address."""


class _StoppedError(Exception):
    """Replicate stops the run half way, as a script ordered."""


class Runs:
    """Runs predictions on threads of its own. `session` fetches input audio, as Cog does."""

    def __init__(
        self, clock: Clock, session: aiohttp.ClientSession, own_file: OwnFile, timings: Timings
    ) -> None:
        self.timings = timings
        self._clock, self._session, self._own_file = clock, session, own_file
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="playground-synth")
        self._loaded: set[str] = set()
        self._is_warm = False

    async def close(self) -> None:
        """Wait for a piece being played to end; queued ones are dropped."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def live(self, prediction: Prediction, completed_input: JsonObject) -> None:
        """Take a new prediction to its end."""
        script = prediction.script
        await self._clock.sleep(self._starting_s(prediction))
        if script.ends == "aborted":
            prediction.end("aborted", self._clock.now())
            return
        if script.status is not None:
            prediction.status = script.status
            await self._clock.sleep(script.status_s)
        self._is_warm = True
        prediction.begin(self._clock.now())
        try:
            prediction.output_file = await self._predict(prediction, completed_input)
        except ModelError as error:
            prediction.log(error.traceback)
            prediction.end("failed", self._clock.now(), error.text)
            return
        except _StoppedError:
            prediction.end("canceled", self._clock.now())
            return
        prediction.end("succeeded", self._clock.now())

    def _starting_s(self, prediction: Prediction) -> float:
        if prediction.script.starting_s is not None:
            return prediction.script.starting_s
        return self.timings.warm_start_s if self._is_warm else self.timings.cold_start_s

    async def _predict(self, prediction: Prediction, completed_input: JsonObject) -> OutputFile:
        given = _parsed(completed_input)
        content = None if given.input_audio is None else await self._fetched(given.input_audio)
        given.check()
        seed = given.chosen_seed()
        prediction.log(*self._opening_lines(given, seed))
        window = None
        if content is not None:
            window = given.windowed(await self._threaded(partial(_decoded, content)))
        await self._generate(prediction, given.steps(window))
        audio = await self._threaded(partial(render, given.request(seed, window)))
        await self._clock.sleep(self.timings.encode_s)
        script = prediction.script
        return OutputFile(
            name=f"out.{given.output_format}",
            content=audio.ljust(script.delivery_bytes or 0, b"\0"),
            content_type=script.delivery_type or _MEDIA_TYPES[given.output_format],
        )

    def _opening_lines(self, given: ModelInput, seed: int) -> list[str]:
        lines: list[str] = []
        for name in (["MultiBandDiffusion"] if given.multi_band_diffusion else []) + [
            f"model {given.model_version}"
        ]:
            if name not in self._loaded:
                self._loaded.add(name)
                what = name[:1].upper() + name[1:]
                lines += [f"Loading {name}...\n", f"{what} loaded successfully.\n"]
        lines.append("Played by the playground's synthesizer, not MusicGen.\n")
        lines.append(f"Using seed {seed}\n")
        return lines

    async def _generate(self, prediction: Prediction, steps: tuple[tuple[int, int], ...]) -> None:
        script = prediction.script
        rate = script.step_rate_per_s or self.timings.step_rate_per_s
        fails = script.error is not None or script.ends is not None
        last = len(steps) // 2 if fails else len(steps)
        began_s, done = self._clock.monotonic(), 0
        while done < last:
            tick_s = max(self.timings.tick_s, 1 / rate)
            await self._clock.sleep(min(tick_s, (last - done) / rate))
            reached = int((self._clock.monotonic() - began_s) * rate)
            until = min(last, max(done + 1, reached))
            prediction.log(*(step_line(*step) for step in steps[done:until]))
            done = until
        if script.ends == "canceled":
            raise _StoppedError
        if fails:
            raise ModelError("RuntimeError", _INTERRUPTED if script.error is None else script.error)

    async def _threaded(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _fetched(self, address: str) -> bytes:
        """The input audio, by a plain GET without credentials."""
        own = self._own_file(address)
        if own is not None:
            return own
        if address.startswith("data:"):
            return _data_content(address)
        try:
            timeout = aiohttp.ClientTimeout(total=_FETCH_TIMEOUT_S)
            async with self._session.get(address, timeout=timeout) as answer:
                if answer.status >= 400:
                    side = "Client" if answer.status < 500 else "Server"
                    raise ModelError(
                        "requests.exceptions.HTTPError",
                        f"{answer.status} {side} Error: {answer.reason} for url: {address}",
                    )
                return await answer.read()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.info("input audio could not be fetched: %s", type(error).__name__)
            raise ModelError(
                "requests.exceptions.ConnectionError", f"Could not fetch url: {address}"
            ) from error


def _parsed(completed_input: JsonObject) -> ModelInput:
    try:
        return ModelInput.model_validate(completed_input)
    except ValidationError as error:
        raise ModelError("TypeError", "predict() got an unexpected value") from error


def _decoded(content: bytes) -> Recording:
    try:
        return Recording.decode(content)
    except UnreadableAudioError as error:
        raise ModelError(
            "RuntimeError", "Couldn't find appropriate backend to handle the input audio"
        ) from error


def _data_content(address: str) -> bytes:
    head, _, body = address.partition(",")
    try:
        return base64.b64decode(body, validate=True) if head.endswith(";base64") else body.encode()
    except binascii.Error as error:
        raise ModelError("ValueError", "Incorrect padding") from error
