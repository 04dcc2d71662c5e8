"""What a bot does again and again, done less often.

A test in which an hour passes is about one event in that hour; a look every few seconds of it is
most of what it costs.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from bot.delivery import answers
from bot.engine import journal_watch, lease_keeper
from bot.jam import runner


@contextmanager
def looking_rarely(times: float = 1.0) -> Generator[None]:
    """Have bots of this process look every minute, or every so many minutes."""
    with (
        patch.object(lease_keeper, "_EVERY_S", 20.0 * times),
        patch.object(lease_keeper, "_LEASE_S", 80.0 * times),
        patch.object(journal_watch, "LOOK_EVERY_S", 60.0 * times),
        patch.object(runner, "LOOK_S", 30.0 * times),
        patch.object(answers, "_LOOK_EVERY_S", 60.0 * times),
    ):
        yield
