"""What the failure of a worker means for the person whose file it was."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from bot.domain.errors import (
    AudioBroken,
    AudioTooHeavy,
    AudioTooSlow,
    AudioWorkFailed,
    WorkerOutOfMemory,
    WorkerTooSlow,
)

log = logging.getLogger(__name__)


@contextmanager
def refusals() -> Generator[None]:
    """Tell a person that a worker failed over their file; the log has how."""
    try:
        yield
    except AudioWorkFailed as error:
        log.warning("input audio is refused: %r", error)
        match error:
            case WorkerTooSlow():
                raise AudioTooSlow(error.limit_s) from error
            case WorkerOutOfMemory():
                raise AudioTooHeavy from error
            case _:
                raise AudioBroken from error
