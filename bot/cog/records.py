"""What was sent to Cog servers, and what became of it: files in the data folder.

A Cog server keeps neither a list of its runs nor what they made. So what Replicate would know is
written down here: a run before it is sent, its outcome and its audio before the server is told that
they have arrived. A process that was killed goes on from these files.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.cog.answers import Told, unpacked
from bot.domain.errors import OutputExpired, OutputTooLarge
from bot.domain.inputs import InputValue
from bot.domain.prediction import Prediction, Status
from bot.host.whole_files import draft_of, make_folder_of, whole_file

OUTPUT = "cog-output:"
INPUT = "cog-input:"
_LOGS_KEPT_CHARS = 4000
"""Enough for the seed, which stands at the beginning, and for the last step."""
_KEPT_S = 3600.0
"""As long as Replicate keeps an output."""
_FETCHED_KEPT_S = 600.0
"""Afterwards the track is in the tracks folder, or delivered."""
_RECORD_KEPT_S = 24 * 3600.0
_KEEP_S = {".json": _RECORD_KEPT_S, ".audio": 0.0, ".draft": _KEPT_S}
"""Beyond a file's time of change, by its suffix."""
_INPUT_KEPT_S = 25 * 3600.0
"""Longer than the engine counts on it: a day."""
INPUTS_MAX_BYTES = 250_000_000
"""Of input audio. Beyond, the oldest go: whoever uses them again is asked for the file again."""


class Outcome(BaseModel):
    """How a run has ended."""

    model_config = ConfigDict(frozen=True)

    status: str
    output: str | None = None
    """Where its audio is: here, or at an address that the server has uploaded it to."""
    error: str | None = None
    logs: str = ""
    predict_time_s: float | None = None
    is_lost: bool = False


class Record(BaseModel):
    """One run: what it was sent with, and what became of it."""

    model_config = ConfigDict(frozen=True)

    id: str
    version: str
    inputs: Mapping[str, InputValue]
    created_at: datetime
    cancel_after_s: int
    server: str
    """The address of the server that it was sent to last."""
    token: str
    """What a webhook about it has to know."""
    is_hooked: bool = False
    """Whether its server brings the outcome by webhook, and goes on without us."""
    losses: int = 0
    """How often it is gone with its server."""
    begun_again: bool = False
    cancel_requested: bool = False
    outcome: Outcome | None = None

    @property
    def deadline(self) -> datetime:
        """When it is stopped."""
        return self.created_at + timedelta(seconds=self.cancel_after_s)

    def prediction(self) -> Prediction:
        """As the engine knows it."""
        outcome = self.outcome or Outcome(status=Status.STARTING)
        return Prediction(
            self.id,
            outcome.status,
            output_url=outcome.output,
            error=outcome.error,
            logs=outcome.logs,
            predict_time_s=outcome.predict_time_s,
            version=self.version,
            inputs=dict(self.inputs),
            created_at=self.created_at,
            begun_again=self.begun_again,
        )


class Records:
    """The files in a folder. Every method works on the disk, and blocks."""

    def __init__(self, folder: Path, inputs_max_bytes: int = INPUTS_MAX_BYTES) -> None:
        self._folder = folder
        self._inputs_max_bytes = inputs_max_bytes
        self._inputs = folder / "inputs"

    # ------------------------------------------------------------------ runs

    def write(self, record: Record) -> None:
        """Write it down, in place of what was known of it. Raises `OSError`."""
        with whole_file(self._path(record.id)) as draft:
            draft.write_text(record.model_dump_json())

    def read(self, run_id: str) -> Record | None:
        """What is known of a run. Raises `OSError`: that cannot be read."""
        try:
            return Record.model_validate_json(self._path(run_id).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def every(self) -> Iterator[Record]:
        """All that is known of, in no order. Raises `OSError`: that cannot be read."""
        for path in self._folder.glob("*.json"):
            if (record := self.read(path.stem)) is not None:
                yield record

    def discard(self, run_id: str) -> None:
        """Forget one that was never started."""
        for path in (self._path(run_id), self._audio(run_id)):
            path.unlink(missing_ok=True)

    def end(self, record: Record, told: Told) -> Record:
        """Write down how a run has ended, its audio first; what is written.

        Raises:
            OSError: it cannot be written.
        """
        output, status, error = told.output, told.status, told.error
        if status == Status.SUCCEEDED and (output or "")[:5].lower() == "data:":
            content = unpacked(output or "")
            output = None
            if content is not None:
                with whole_file(self._audio(record.id)) as draft:
                    draft.write_bytes(content[0])
                _set_expiry(self._audio(record.id), _KEPT_S)
                output = f"{OUTPUT}{record.id}"
        logs = told.logs
        if len(logs) > _LOGS_KEPT_CHARS:
            logs = f"{logs[: _LOGS_KEPT_CHARS // 2]}\n{logs[-_LOGS_KEPT_CHARS // 2 :]}"
        outcome = Outcome(
            status=status,
            output=output,
            error=error,
            logs=logs,
            predict_time_s=told.predict_time_s,
        )
        ended = record.model_copy(update={"outcome": outcome})
        self.write(ended)
        return ended

    def copy_audio(self, run_id: str, target: Path, limit_bytes: int) -> int:
        """Bring what a run has made to `target`, which appears when it is whole; its bytes.

        It stays here for a while: whoever is killed before the track is labelled asks again.

        Raises:
            OutputExpired: it is no longer kept.
            OutputTooLarge: more than `limit_bytes`.
            OSError: `target` cannot be written.
        """
        source = self._audio(run_id)
        try:
            size_bytes = source.stat().st_size
        except FileNotFoundError:
            raise OutputExpired from None
        if size_bytes > limit_bytes:
            raise OutputTooLarge(limit_bytes)
        with whole_file(target) as draft:
            shutil.copyfile(source, draft)
        _set_expiry(source, _FETCHED_KEPT_S)
        return size_bytes

    # ------------------------------------------------------------------ input audio

    def keep_input(self, source: Path, name: str) -> None:
        """Keep input audio under a name for a day. Raises `OSError`."""
        kept = self._inputs / name
        make_folder_of(kept)
        try:
            os.link(source, kept)
        except OSError:
            with whole_file(kept) as draft:
                shutil.copyfile(source, draft)
        _set_expiry(kept, _INPUT_KEPT_S)

    # ------------------------------------------------------------------ tidying up

    def tidy(self) -> None:
        """Remove what is no longer needed."""
        now_s = time.time()
        inputs = sorted(_files(self._inputs), key=_expires_s, reverse=True)
        kept_bytes = 0
        for path in inputs:
            kept_bytes += _size_of(path)
            if _expires_s(path) < now_s or kept_bytes > self._inputs_max_bytes:
                path.unlink(missing_ok=True)
        for path in _files(self._folder):
            keep_s = _KEEP_S.get(path.suffix)
            if keep_s is not None and _expires_s(path) + keep_s < now_s:
                path.unlink(missing_ok=True)

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.json"

    def _audio(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.audio"


def discard_draft(target: Path) -> None:
    """Remove what a copy that was broken off has left. Blocks."""
    draft_of(target).unlink(missing_ok=True)


def _set_expiry(path: Path, keep_s: float) -> None:
    """A kept file's time of change is when it may go."""
    expires_s = time.time() + keep_s
    with suppress(OSError):
        os.utime(path, (expires_s, expires_s))


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except FileNotFoundError:
        return []


def _expires_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
