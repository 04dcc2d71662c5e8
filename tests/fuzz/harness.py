"""Take-in as the bot does it, with files that are wrong somewhere, and what is to hold of it."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil
from aiohttp import web

from bot.audio.files import (
    _INPUT_MEMORY_BYTES,  # pyright: ignore[reportPrivateUsage] - the bound that is to hold
    AudioFiles,
)
from bot.audio.piece_files import PieceFiles
from bot.audio.voice_files import VoiceFiles
from bot.domain.errors import (
    AudioBroken,
    AudioTooHeavy,
    AudioTooSlow,
    AudioWorkFailed,
    UserError,
    WorkerFaulty,
)
from bot.domain.generation import AudioSource
from bot.domain.mixes import NO_CREDITS, MixFormat, MixLabels, MixTerms
from bot.engine.ports import InputAudio
from tests.fakes import a_generation
from tests.fuzz.mutations import mutate
from tests.fuzz.originals import Original

_CONTEXT_S = 0.2
_LIMIT_BYTES = 8_000_000
_WORKER_JOBS = 300
_WATCH_S = 0.2
_HELD = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_SLACK_S = 20.0
"""Beyond a job's own limit of time: it may have waited in line, and the machine may be busy."""
_WALL_S = {
    "take in": 30.0,
    "cut": 30.0,
    "context": 30.0,
    "join": 360.0,
    "draw": 240.0,
    "fit": 240.0,
    "loop": 120.0,
    "voice": 240.0,
    "lossless": 120.0,
    "end": 120.0,
    "splice": 120.0,
    "mix": 120.0,
    "measure": 240.0,
}
_DIED = (AudioBroken, AudioTooHeavy, AudioTooSlow, AudioWorkFailed)
"""The child, or the job in it; `AudioBroken` is a crash or a fault of ours in it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that did more than be refused."""

    what: str
    step: str
    format: str
    number: int
    detail: str
    is_failure: bool


@dataclass
class Tally:
    """What became of the inputs so far."""

    inputs: Counter[str] = field(default_factory=Counter[str])
    """By format."""
    outcomes: Counter[str] = field(default_factory=Counter[str])
    """By step and what it ended with."""
    findings: list[Finding] = field(default_factory=list[Finding])
    slowest_s: dict[str, float] = field(default_factory=dict[str, float])
    largest_bytes: int = 0
    """The most that a worker has held in memory; 0 where the system does not say."""

    @property
    def failures(self) -> list[Finding]:
        """Where the bot met what it should not have."""
        return [finding for finding in self.findings if finding.is_failure]

    def found(self, *finding: object) -> None:
        """Note one."""
        self.findings.append(Finding(*finding))  # pyright: ignore[reportArgumentType] - as its fields


class Fuzzer:
    """Feeds mutated files to a desk; input `n` of a seed is always the same."""

    def __init__(self, seed: int, originals: list[Original], folder: Path) -> None:
        self.tally = Tally()
        self._seed = seed
        self._originals = originals
        self._folder = folder
        self._formats = sorted({original.format for original in originals})
        self._served: dict[str, bytes] = {}
        self._valid = next(o.data for o in originals if o.name.startswith("WAV-PCM_16-32000-1"))

    def input(self, number: int) -> tuple[str, bytes]:
        """The format that it was, and the bytes."""
        random = Random(f"{self._seed}:{number}")
        format_ = self._formats[number % len(self._formats)]
        upload = [original for original in self._originals if original.format == format_]
        others = [original.data for original in self._originals]
        data = random.choice(upload).data
        return format_, mutate(data, format_, others, random)

    async def run(self, goes_on: Callable[[int], bool], *, at_once: int = 2) -> None:
        """Feed inputs from number 0 on, as long as `goes_on` is true of the next one."""
        numbers = iter(range(1 << 62))

        async def feed(studio: _Studio, site: str) -> None:
            while goes_on(number := next(numbers)):
                await self._feed(studio, site, number)

        watching = asyncio.create_task(_watch(self.tally))
        async with (
            self._site() as site,
            AudioFiles(self._folder / "intake", allow_private=True) as audio_files,
            PieceFiles() as piece_files,
            VoiceFiles() as voice_files,
            asyncio.TaskGroup() as tasks,
        ):
            # A new worker takes longer to start than a hundred files take to be looked at.
            audio_files._inputs._replaced_after = _WORKER_JOBS  # pyright: ignore[reportPrivateUsage] - for speed
            for _ in range(at_once):
                studio = _Studio(audio_files, piece_files, voice_files)
                tasks.create_task(feed(studio, site))
        watching.cancel()
        if self.tally.largest_bytes > _INPUT_MEMORY_BYTES:
            self.tally.found("over its memory", "", "", 0, self.tally.largest_bytes, True)

    @asynccontextmanager
    async def _site(self) -> AsyncGenerator[str]:
        async def serve(request: web.Request) -> web.Response:
            return web.Response(body=self._served[request.match_info["number"]])

        app = web.Application()
        app.router.add_get("/{number}", serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _feed(self, studio: _Studio, site: str, number: int) -> None:
        audio_files = studio.audio_files
        format_, data = self.input(number)
        self.tally.inputs[format_] += 1
        self._served[str(number)] = data
        source = AudioSource(f"{site}/{number}", f"input.{format_}", uploaded=False)
        step = _Steps(self.tally, format_, number)
        audio = await step("take in", audio_files.take_in(source, _LIMIT_BYTES), _checked)
        del self._served[str(number)]
        if audio is None:
            return
        folder = self._folder / str(number)
        folder.mkdir()
        try:
            await self._use(audio_files, step, audio, folder)
            # One of these each time, for they take as long as all the rest.
            name, use = studio.later_uses[number // len(self._formats) % len(studio.later_uses)]
            await step(name, use(folder / "piece", folder))
        finally:
            await audio_files.discard(audio.path)
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()

    async def _use(
        self, audio_files: AudioFiles, step: _Steps, audio: InputAudio, folder: Path
    ) -> None:
        """All that is done with input audio, and with a track, which might be as broken."""
        piece, made = folder / "piece", folder / "made.wav"
        await step(
            "cut", audio_files.begin_with(audio, audio.duration_s / 2, folder / "cut.wav"), _checked
        )
        made.write_bytes(self._valid)
        await step("keep", audio_files.keep(audio, piece, None))
        await step("context", audio_files.end_of(piece, _CONTEXT_S, folder / "end.wav"), _checked)
        await step("join", audio_files.join(piece, made, _CONTEXT_S, folder / "joined.wav"))
        await step("draw", audio_files.draw(piece, _CONTEXT_S))
        limit_bytes = min(_LIMIT_BYTES, max(1000, piece.stat().st_size // 2))
        await step("fit", audio_files.fit(piece, limit_bytes))
        await step("label", audio_files.label(piece, a_generation(), "meta/musicgen"))


@dataclass(frozen=True, slots=True)
class _Studio:
    """All that works on audio files."""

    audio_files: AudioFiles
    piece_files: PieceFiles
    voice_files: VoiceFiles

    @property
    def later_uses(self) -> list[tuple[str, Callable[[Path, Path], Awaitable[object]]]]:
        """What may be done with a track after it was delivered, by name."""
        pieces = self.piece_files
        terms = MixTerms(MixFormat.MP3)
        labels = MixLabels("title", "comment", "software", NO_CREDITS)
        return [
            ("loop", lambda track, folder: self.audio_files.loop([track], folder / "loop.wav")),
            ("voice", lambda track, folder: self.voice_files.encode([track], 100, folder / "v")),
            ("lossless", lambda track, folder: pieces.keep_lossless(track, folder / "l.flac")),
            ("end", lambda track, _: pieces.measure_end(track, _CONTEXT_S, None)),
            (
                "splice",
                lambda track, folder: pieces.splice(
                    [track, track], [0.0, _CONTEXT_S], folder / "spliced.wav"
                ),
            ),
            ("mix", lambda track, _: pieces.mix(track, terms, _LIMIT_BYTES, labels)),
        ]


async def _watch(tally: Tally) -> None:
    """Note the most that any worker holds in memory."""
    me = psutil.Process()
    while True:
        for worker in me.children():
            tally.largest_bytes = max(tally.largest_bytes, _held_bytes(worker.pid))
        await asyncio.sleep(_WATCH_S)


def _held_bytes(process_id: int) -> int:
    """The most that a process has held so far, as the kernel counts it; 0 but on Linux."""
    try:
        held = _HELD.search(Path(f"/proc/{process_id}/status").read_text())
    except (OSError, ProcessLookupError):
        return 0
    return int(held[1]) * 1024 if held else 0


class _Steps:
    """The steps of one input: each ends with a result or a typed refusal, in its time."""

    def __init__(self, tally: Tally, format_: str, number: int) -> None:
        self._tally = tally
        self._format = format_
        self._number = number

    async def __call__(
        self, step: str, work: Awaitable[object], check: Callable[[object], object] = bool
    ) -> InputAudio | None:
        """Do it, and note how it ended; input audio where it was taken."""
        began_s = time.monotonic()
        result: object = None
        outcome = "done"
        try:
            result = await work
            check(result)
        except (UserError, AudioWorkFailed) as error:
            outcome = type(error).__name__
            cause = error if isinstance(error, AudioWorkFailed) else error.__cause__
            if isinstance(error, _DIED):
                outcome = f"{outcome} ({type(cause).__name__})"
                # A job that cannot be done says so; a traceback is a case nobody thought of.
                faulty = isinstance(cause, WorkerFaulty) and "Traceback" in cause.detail
                if faulty or not isinstance(cause, WorkerFaulty):
                    self._note(outcome, step, error, is_failure=faulty)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            outcome = type(error).__name__
            self._note(outcome, step, error, is_failure=True)
        took_s = time.monotonic() - began_s
        self._tally.outcomes[f"{step}: {outcome}"] += 1
        self._tally.slowest_s[step] = max(took_s, self._tally.slowest_s.get(step, 0.0))
        if took_s > _WALL_S.get(step, 30.0) + _SLACK_S:
            self._note("over its time", step, took_s, is_failure=True)
        return result if isinstance(result, InputAudio) else None

    def _note(self, what: str, step: str, detail: object, *, is_failure: bool) -> None:
        cause = detail.__cause__ if isinstance(detail, BaseException) else None
        told = f"{detail!r} from {cause!r} {getattr(cause or detail, 'detail', '')}".strip()
        self._tally.found(what, step, self._format, self._number, told, is_failure)


def _checked(audio: object) -> None:
    """What is believed of audio is sane, or raise."""
    if not isinstance(audio, InputAudio):
        raise TypeError(f"no audio but {audio!r}")
    if not (math.isfinite(audio.duration_s) and 0 < audio.duration_s <= 24 * 3600):
        raise ValueError(f"a length of {audio.duration_s} s")
    if not audio.path.is_file():
        raise FileNotFoundError(audio.path)
