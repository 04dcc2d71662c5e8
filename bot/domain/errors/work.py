"""Work on an audio file that came to nothing: the file is as it was, and so is the bot."""

from __future__ import annotations

from bot.domain.errors.base import BotError


class AudioWorkFailed(BotError):
    """A worker process did not do what it was asked; what it was to write is not there."""


class WorkerCrashed(AudioWorkFailed):
    """The process died over the file; `exit_code` is negative for a signal."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


class WorkerTooSlow(AudioWorkFailed):
    """It took longer than `limit_s` seconds, by the clock or of a processor, and was killed."""

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"more than {limit_s:g} s")
        self.limit_s = limit_s


class WorkerOutOfMemory(AudioWorkFailed):
    """It wanted more memory than one file is given."""


class WorkerFaulty(AudioWorkFailed):
    """It met an error that nobody has thought of; `detail` is its traceback, for the log."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail.strip().rpartition("\n")[2])
        self.detail = detail
