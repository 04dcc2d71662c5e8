"""MusicGen's logs and clock readings -> how far a prediction is, and how long it will still take.

The model logs one line per step, `     1 /    400`, 50 steps for a second of audio. With an audio
prompt of s seconds the count ends at total - 50*s; past 30 s of audio it jumps back.
(meta/musicgen 671ac645 and its vendored audiocraft, simulated 2026-11.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.waits import Wait

STEPS_PER_S = 50
_STEP = re.compile(r"^\s*(\d+)\s*/\s*(\d+)\s*$")
_SEED = re.compile(r"Using seed (\d{1,10})\b")
_LINES = re.compile(r"[\r\n]+")
_TAIL_CHARS = 4000
"""The last step stands near the end; 30 s of audio log 20 kB, read once a second."""
_ALMOST = 0.99
_LEAST_BASIS = 0.03
"""Below this fraction the speed is a guess, so no time left is shown."""


class Stage(StrEnum):
    """What the person is told is going on."""

    OWN_AUDIO_FIRST = "another file of yours"
    OTHERS_AUDIO_FIRST = "files of other people"
    CHECKING = "checking"
    QUEUED = "queued"
    LOOKING = "looking"
    """Whether what was sent before has been started is not known yet."""
    STARTING = "starting"
    LOADING = "loading"
    GENERATING = "generating"
    FETCHING = "fetching"
    """The track is made; its file comes from the service."""
    FINISHING = "finishing"
    """It is joined, labelled, measured."""
    UPLOADING = "uploading"
    """Its bytes go to Discord."""


@dataclass(frozen=True, slots=True)
class LogReading:
    """What the logs of a prediction tell: `fraction` 0..0.99, None before the first step."""

    fraction: float | None
    seed: int | None


def read_logs(logs: str, audio_prompt_s: float = 0.0) -> LogReading:
    """Read the last step and the seed; `audio_prompt_s` is the length of a continued audio."""
    seed = _SEED.search(logs)
    return LogReading(
        fraction=_fraction(logs, audio_prompt_s),
        seed=None if seed is None else int(seed.group(1)),
    )


def _fraction(logs: str, audio_prompt_s: float) -> float | None:
    for line in reversed(_LINES.split(logs[-_TAIL_CHARS:])):
        step = _STEP.match(line)
        if step is None:
            continue
        done, total = int(step.group(1)), int(step.group(2))
        to_do = total - STEPS_PER_S * audio_prompt_s
        if total == 0 or to_do <= 0:
            return None
        return min(_ALMOST, max(0.0, done / to_do))
    return None


@dataclass(frozen=True, slots=True)
class Progress:
    """What the card shows of a running generation."""

    stage: Stage
    stage_began_at: datetime
    now: datetime
    elapsed_s: float
    """Seconds since the request."""
    fraction: float | None = None
    left_s: float | None = None
    wait: Wait | None = None
    """Why it does not go on just now; None while it does."""

    @property
    def stage_s(self) -> float:
        """Seconds since the stage began."""
        return (self.now - self.stage_began_at).total_seconds()

    @property
    def about_to_end(self) -> bool:
        """Whether its track is likely to come next, and soon."""
        return self.wait is None and self.stage in {Stage.FETCHING, Stage.FINISHING}


class ProgressMeter:
    """Follows one generation from its request on; the fraction it gives never decreases."""

    def __init__(self, requested_at: datetime) -> None:
        self.audio_prompt_s = 0.0
        """Length of the continued audio, which the steps in the logs leave out."""
        self.seed: int | None = None
        self._requested_at = requested_at
        self._stage = Stage.QUEUED
        self._stage_began_at = requested_at
        self._fraction: float | None = None
        self._first: tuple[datetime, float] | None = None
        self._done_at: datetime | None = None

    def enter(self, stage: Stage, now: datetime) -> None:
        """Go on to a stage; entering the present one again changes nothing."""
        if stage is not self._stage:
            self._stage, self._stage_began_at = stage, now

    def begin(self, now: datetime) -> None:
        """Its model runs; how far it is, is not known."""
        if self._stage is Stage.STARTING:
            self.enter(Stage.LOADING, now)

    def read(self, logs: str, now: datetime) -> None:
        """Take in the logs of a prediction whose model runs."""
        reading = read_logs(logs, self.audio_prompt_s)
        self.seed = reading.seed if reading.seed is not None else self.seed
        if reading.fraction is None:
            self.enter(Stage.LOADING, now)
            return
        self.enter(Stage.GENERATING, now)
        self._fraction = max(reading.fraction, self._fraction or 0.0)
        if self._first is None:
            self._first = (now, self._fraction)
            return
        began_at, began = self._first
        done = self._fraction - began
        if done >= _LEAST_BASIS and now > began_at:
            self._done_at = now + (now - began_at) * ((1.0 - self._fraction) / done)

    def progress(self, now: datetime, wait: Wait | None = None) -> Progress:
        """Where it stands now; the time left goes by the model's own speed so far."""
        generating = self._stage is Stage.GENERATING
        left_s = None
        if generating and self._done_at is not None:
            left_s = max(0.0, (self._done_at - now).total_seconds())
        return Progress(
            stage=self._stage,
            stage_began_at=self._stage_began_at,
            now=now,
            elapsed_s=(now - self._requested_at).total_seconds(),
            fraction=self._fraction if generating else None,
            left_s=left_s,
            wait=wait,
        )
