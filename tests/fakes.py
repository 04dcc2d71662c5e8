"""Fakes at the ports: small, in memory, and true to what the real adapters promise."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.errors import (
    AudioWorkFailed,
    BotError,
    NotAudio,
    OutputTooLarge,
    UserError,
    WorkerFaulty,
)
from bot.domain.generation import TRANSITIONS, AudioSource, Generation, Reply, State
from bot.domain.inputs import TABLE, Inputs, InputTable
from bot.domain.measures import EndCut, Joint, Loop, Measured, Measures
from bot.domain.mixes import Loudness, Mixed, MixLabels, MixTerms
from bot.domain.models import Model, Models
from bot.domain.picture import Picture, UsageRow
from bot.domain.prediction import Prediction, UploadedFile, Webhook
from bot.domain.progress import Progress
from bot.engine.audio_ports import OwnAudio
from bot.engine.ports import InputAudio, Moved
from tests.fake_journal import FakeJournal

MUSICGEN = Models(Model("meta/musicgen", "v" * 64, InputTable()))
LOFI = Model(
    "ada/musicgen-lofi",
    "f" * 64,
    InputTable(
        tuple(
            replace(spec, maximum=20, default=15) if spec.name == "duration" else spec
            for spec in TABLE
            if spec.name not in {"model_version", "multi_band_diffusion"}
        )
    ),
    "LoFi",
)
"""A fine-tune, which as a rule has one model only."""
WITH_LOFI = Models(MUSICGEN.main, [LOFI])
LOOP = Loop(from_s=0.5, length_s=4.0, fade_s=0.25, bars=2, joint=Joint(0.1, 0.2, 1.0, 2.0))
UNTIMED = Measures(tempo=None, joint=LOOP.joint)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeClock:
    """Time that passes only by waiting, and then at once."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def pass_s(self, delay_s: float) -> None:
        self._now += timedelta(seconds=delay_s)

    async def sleep(self, delay_s: float) -> None:
        self.pass_s(delay_s)
        await asyncio.sleep(0)

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        await asyncio.sleep(0)
        if timeout_s is None:
            return await event.wait()
        if not event.is_set():
            self.pass_s(timeout_s)
            await asyncio.sleep(0)
        return event.is_set()


def step(done: int, total: int = 400) -> str:
    """A line of MusicGen's log, as it comes through the service."""
    return f"{done: 6d} / {total: 6d}\n"


SUCCEEDS = (
    Prediction("p1", "starting"),
    Prediction("p1", "processing", logs="Using seed 7\n"),
    Prediction("p1", "processing", logs="Using seed 7\n" + step(100)),
    Prediction("p1", "processing", logs="Using seed 7\n" + step(300)),
    Prediction(
        "p1",
        "succeeded",
        output_url="https://replicate.delivery/x/out.wav",
        logs="Using seed 7\n" + step(403),
        predict_time_s=4.2,
    ),
)


@dataclass
class FakePredictions:
    """Answers each poll with the next of `answers`, the last one for ever."""

    answers: tuple[Prediction | UserError, ...] = SUCCEEDS
    on_create: UserError | None = None
    create_faults: int | None = None
    """How many creates meet `on_create`; None for all."""
    arrives: bool = True
    """Whether a create that fails has had its effect all the same."""
    on_find: list[UserError] = field(default_factory=list[UserError])
    on_upload: list[UserError] = field(default_factory=list[UserError])
    on_download: UserError | None = None
    stalls_s: Sequence[float] = ()
    """How long a download takes until each news of it."""
    pass_s: Callable[[float], None] = lambda _: None
    """Lets time pass meanwhile."""
    parts_discarded: list[str] = field(default_factory=list[str])
    track: bytes | None = None
    """What a download writes; without it there is no file."""
    created: list[Inputs] = field(default_factory=list[Inputs])
    webhooks: list[Webhook | None] = field(default_factory=list[Webhook | None])
    """What each create that was answered has asked for."""
    canceled: list[str] = field(default_factory=list[str])
    uploaded: list[str] = field(default_factory=list[str])
    polls: int = 0
    ran_s: float | None = None
    """What one that is canceled had run."""
    members: int = 1
    finds_all: bool = False

    async def create(
        self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
    ) -> Prediction:
        await asyncio.sleep(0)
        fault = self.on_create if self.create_faults != 0 else None
        if self.create_faults:
            self.create_faults -= 1
        if fault is None or self.arrives:
            self.created.append(inputs)
        if fault is not None:
            raise fault
        self.webhooks.append(webhook)
        return Prediction(self._id(), "starting")

    async def get(self, prediction_id: str) -> Prediction:
        await asyncio.sleep(0)
        answer = self.answers[min(self.polls, len(self.answers) - 1)]
        self.polls += 1
        if isinstance(answer, UserError):
            raise answer
        if self.canceled:
            return Prediction(prediction_id, "canceled", predict_time_s=self.ran_s)
        return replace(answer, id=prediction_id)

    async def cancel(self, prediction_id: str) -> Prediction:
        await asyncio.sleep(0)
        self.canceled.append(prediction_id)
        return Prediction(prediction_id, "canceled", predict_time_s=self.ran_s)

    async def find(
        self, version: str, inputs: Inputs, created_after: datetime
    ) -> tuple[Prediction, ...]:
        """The newest first, as the service does."""
        await asyncio.sleep(0)
        if self.on_find:
            raise self.on_find.pop(0)
        numbers = [number for number, sent in enumerate(self.created, start=1) if sent == inputs]
        return tuple(Prediction(f"p{number}", "starting") for number in reversed(numbers))

    async def pages(self, created_after: datetime) -> AsyncGenerator[tuple[Prediction, ...], None]:
        yield ()

    async def upload(self, path: Path, filename: str, content_type: str) -> UploadedFile:
        await asyncio.sleep(0)
        if self.on_upload:
            raise self.on_upload.pop(0)
        self.uploaded.append(filename)
        return UploadedFile(filename, f"https://api.replicate.com/v1/files/{filename}")

    async def download(
        self, url: str, target: Path, limit_bytes: int, news: Callable[[], None]
    ) -> None:
        await asyncio.sleep(0)
        for passed_s in self.stalls_s:
            self.pass_s(passed_s)
            news()
        if self.on_download is not None:
            raise self.on_download
        if self.track is not None:
            await asyncio.to_thread(target.write_bytes, self.track)

    async def discard_part(self, target: Path) -> None:
        self.parts_discarded.append(target.name)

    def _id(self) -> str:
        return f"p{len(self.created)}"


@dataclass
class FakeSound:
    """Input audio of a given length; remembers what was thrown away."""

    duration_s: float = 4.0
    reads_cleanly: bool = True
    track_s: float | None = None
    """As asked for, unless this says otherwise."""
    refusal: UserError | None = None
    picture: Picture | None = None
    no_usage: AudioWorkFailed | None = None
    """Why the picture of /usage is not drawn."""
    measures: Measures | None = UNTIMED
    loop_made: Loop | UserError = LOOP
    looped: list[str] = field(default_factory=list[str])
    on_join: list[BotError] = field(default_factory=list[BotError])
    on_label: list[BotError] = field(default_factory=list[BotError])
    lost: set[str] = field(default_factory=set[str])
    """Kept files that somebody removes; each is there again once it is kept again."""
    kept: dict[str, float] = field(default_factory=dict[str, float])
    """By name, with their lengths."""
    cut: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    joined: list[tuple[str, str, float]] = field(default_factory=list[tuple[str, str, float]])
    discarded: list[str] = field(default_factory=list[str])
    labelled: list[str] = field(default_factory=list[str])
    own: OwnAudio | None = None

    def comes_from(self, own: OwnAudio) -> None:
        self.own = own

    async def take_in(self, source: AudioSource, limit_bytes: int) -> InputAudio:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        return InputAudio(
            Path("in.wav"),
            source.filename,
            "audio/wav",
            self.duration_s,
            reads_cleanly=self.reads_cleanly,
        )

    async def begin_with(
        self, audio: InputAudio, first_s: float | None, target: Path
    ) -> InputAudio:
        if not audio.remade_bytes(first_s):
            return audio
        used_s = min(first_s or audio.duration_s, audio.duration_s)
        self.cut.append((target.name, used_s))
        return replace(audio, path=target, duration_s=used_s)

    async def keep(self, audio: InputAudio, target: Path, keep_s: float | None) -> float:
        self.kept[target.name] = min(audio.duration_s, keep_s or audio.duration_s)
        self.lost.discard(target.name)
        return self.kept[target.name]

    async def decode(self, audio: InputAudio, target: Path) -> float:
        self.cut.append((target.name, audio.duration_s))
        return audio.duration_s

    async def length_s(self, path: Path) -> float | None:
        return None if path.name in self.lost else self.kept.get(path.name)

    async def end_of(self, piece: Path, context_s: float, target: Path) -> InputAudio:
        self.cut.append((target.name, context_s))
        return InputAudio(target, "input.wav", "audio/wav", context_s)

    async def join(self, piece: Path, output: Path, context_s: float, target: Path) -> None:
        if self.on_join:
            raise self.on_join.pop(0)
        self.joined.append((piece.name, output.name, context_s))
        if output.exists():  # noqa: ASYNC240 - a small file
            await asyncio.to_thread(shutil.copyfile, output, target)

    def track_coming(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def label(self, path: Path, generation: Generation, model_name: str) -> Measured:
        if self.on_label:
            raise self.on_label.pop(0)
        self.labelled.append(path.name)
        return Measured(self.track_s or float(generation.inputs.duration or 8), self.measures)

    async def loop(self, parts: Sequence[Path], target: Path) -> Loop:
        self.looped += [part.name for part in parts]
        if isinstance(self.loop_made, UserError):
            raise self.loop_made
        await asyncio.to_thread(target.write_bytes, b"RIFF")
        return self.loop_made

    async def draw(self, path: Path, given_s: float) -> Picture:
        if self.picture is None:
            raise WorkerFaulty("these tracks are no audio")
        return self.picture

    async def stack(self, pictures: Mapping[int, Picture]) -> bytes:
        return b"-".join(pictures[number].png for number in sorted(pictures))

    async def draw_usage(
        self, rows: Sequence[UsageRow], days: Sequence[str], nothing: str
    ) -> bytes:
        if self.no_usage is not None:
            raise self.no_usage
        return f"{len(rows)} rows of {len(days)} days, or {nothing}".encode()

    async def fit(self, path: Path, limit_bytes: int, formats: Sequence[str] = ()) -> Path:
        if path.exists() and path.stat().st_size <= limit_bytes:  # noqa: ASYNC240 - a small file
            return path
        raise OutputTooLarge(limit_bytes)

    async def split(self, path: Path, limit_bytes: int, most: int) -> list[Path]:
        raise OutputTooLarge(limit_bytes)

    async def discard(self, path: Path) -> None:
        self.discarded.append(path.name)


@dataclass
class FakeTrackStore:
    """A folder with files of given sizes, on a disk with so much left."""

    sizes: dict[str, int] = field(default_factory=dict[str, int])
    """By path."""
    free_bytes: int = 1_000_000_000_000
    fault: OSError | None = None

    async def tidy(self, keep: Collection[str]) -> int:
        return 0

    async def left_over_bytes(self, held: Collection[str]) -> int:
        return 0

    async def size_of(self, *paths: str | None) -> int:
        return sum(self.sizes.get(path, 0) for path in paths if path is not None)

    async def try_disk(self, *, thorough: bool = False) -> int:
        if self.fault is not None:
            raise self.fault
        return self.free_bytes


@dataclass
class FakeDelivery:
    """Remembers what people would have seen, and checks that the journal knew it first."""

    journal: FakeJournal
    shown: list[tuple[Generation, Progress]] = field(
        default_factory=list[tuple[Generation, Progress]]
    )
    delivered: list[Generation] = field(default_factory=list[Generation])
    untouched: list[bool] = field(default_factory=list[bool])
    """For each try, whether the file was to be left alone."""
    ended: list[Generation] = field(default_factory=list[Generation])
    on_deliver: list[Exception | Moved] = field(default_factory=list[Exception | Moved])
    found: Reply | None = None
    """Where an acknowledgement that was cut off turns out to have arrived."""
    on_find: list[Exception] = field(default_factory=list[Exception])
    there: bool = False
    """Whether Discord turns out to have the track already."""
    dropped: list[str] = field(default_factory=list[str])
    followed_up: list[str] = field(default_factory=list[str])

    def show(self, generation: Generation, progress: Progress) -> None:
        # Where a commit's answer was lost, the row is ahead; what is shown never is.
        row, shown = self.journal.rows[generation.id].state, generation.state
        assert row is shown or row in TRANSITIONS[shown]
        self.shown.append((generation, progress))

    async def find(self, generation: Generation) -> Reply | None:
        if self.on_find:
            raise self.on_find.pop(0)
        return self.found

    async def deliver(
        self, generation: Generation, track: Path, *, untouched: bool = False
    ) -> Reply | Moved:
        await asyncio.sleep(0)
        self.untouched.append(untouched)
        if self.on_deliver:
            comes = self.on_deliver.pop(0)
            if isinstance(comes, Moved):
                return comes
            raise comes
        self.delivered.append(generation)
        return generation.reply

    async def follow_up(self, generation: Generation, track: Path) -> None:
        assert self.journal.rows[generation.id].state is State.DELIVERED
        self.followed_up.append(generation.id)

    async def has_track(self, generation: Generation) -> bool:
        return self.there

    async def end(self, generation: Generation) -> None:
        await asyncio.sleep(0)
        self.ended.append(generation)

    def drop(self, generation: Generation) -> None:
        self.dropped.append(generation.id)


def a_reply() -> Reply:
    """A reply whose token has just been given."""
    return Reply(
        application_id=1,
        channel_id=2,
        message_id=3,
        token="interaction-token",
        token_expires_at=NOON + timedelta(minutes=15),
        filesize_limit_bytes=10 * 1024 * 1024,
        guild_id=4,
    )


def a_generation(**changes: object) -> Generation:
    """A generation that was just accepted."""
    generation = Generation(
        id="abcdefghijkl",
        requester_id=5,
        reply=a_reply(),
        inputs=Inputs(prompt="deep house bassline 128 bpm", seed=7),
        version="v" * 64,
        created_at=NOON,
    )
    return replace(generation, **changes)  # pyright: ignore[reportArgumentType] - fields by name


class FakePieceSound:
    """Pieces as bytes one after the other; a take whose bytes are `broken` is no audio."""

    def __init__(self) -> None:
        self.mixes: list[tuple[MixTerms, MixLabels]] = []
        self.end_cut = EndCut()
        self.spliced: tuple[list[float], float] = [], 0.0
        """How takes were laid over one another at last, and the tail that was left out."""

    async def keep_lossless(self, track: Path, target: Path) -> float:
        # What is taken in from somewhere is no file here.
        there = track.exists()  # noqa: ASYNC240 - a small file
        content = await asyncio.to_thread(track.read_bytes) if there else track.name.encode()
        if content == b"broken":
            raise NotAudio
        await asyncio.to_thread(target.write_bytes, b"FLAC of " + content)
        return 10.0

    async def measure_end(self, track: Path, given_s: float, asked_bpm: float | None) -> EndCut:
        return self.end_cut

    async def splice(self, sounds: Sequence[Path], over_s: Sequence[float], target: Path) -> float:
        self.spliced = [*over_s], 0.0
        parts = [await asyncio.to_thread(sound.read_bytes) for sound in sounds]
        await asyncio.to_thread(target.write_bytes, b", ".join(parts))
        return 10.0 * len(parts)

    async def splice_end(
        self,
        sounds: Sequence[Path],
        over_s: Sequence[float],
        last_s: float,
        tail_s: float,
        target: Path,
    ) -> float:
        length_s = min(last_s, await self.splice(sounds, over_s, target))
        self.spliced = [*over_s], tail_s
        return length_s

    async def draw_piece(
        self, piece: Path, starts_s: Sequence[float], colours: Sequence[tuple[int, int, int]]
    ) -> Picture:
        return Picture(b"PNG", 10.0 * len(starts_s), 0.0, (0.0, 0.0, 0.0))

    async def mix(self, piece: Path, terms: MixTerms, limit_bytes: int, labels: MixLabels) -> Mixed:
        self.mixes.append((terms, labels))
        path = piece.with_name(f"{piece.stem}.mix.{terms.format}")
        await asyncio.to_thread(shutil.copyfile, piece, path)
        return Mixed(path, terms.format, 10.0, Loudness(-14.0, -1.2))

    async def split_sections(self, piece: Path, starts_s: Sequence[float], target: Path) -> None:
        await asyncio.to_thread(target.write_bytes, b"PK")
