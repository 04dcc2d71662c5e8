"""What the service is asked to push, and whether it comes.

Pushes are trusted once the first has come, and no longer once a poll has told something that a push
should have told by then: the address may be wrong, or what stands before it may be down.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable

from bot.domain.clock import Clock
from bot.domain.prediction import Webhook

log = logging.getLogger(__name__)

PushAddress = Callable[[str], str | None]
"""Where pushes for a generation are to go, by its id; None where none can be taken now."""

_OVERDUE_S = 10.0
"""A push takes a fraction of a second on its way."""
_WITH_LOGS_UP_TO = 100
"""So many predictions may push their logs: each does twice a second, with all of them each time."""
_EVENTS = ("start", "completed")
_WITH_LOGS = ("start", "output", "logs", "completed")


class CreatePush:
    """What is pushed of a create before its answer has told which prediction it is."""

    def __init__(self) -> None:
        self.is_ordered = False
        """Whether it was sent from here, with a webhook."""
        self.prediction_id: str | None = None
        self.came = asyncio.Event()
        """Set when there is one."""

    def tell(self, prediction_id: str) -> None:
        """This was pushed as what has become of it."""
        self.prediction_id = prediction_id
        self.came.set()


class Pushes:
    """Orders pushes, and knows whether they come."""

    def __init__(self, address: PushAddress | None, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._owed_since_s = math.inf
        """Since when a push is owed, and none has come at all."""
        self._has_warned = False
        self.come = False
        """Whether the service tells by itself, so that there is little to ask."""

    def order(self, generation_id: str, followed: int) -> Webhook | None:
        """What a create asks for, where so many predictions are followed already."""
        address = None if self._address is None else self._address(generation_id)
        if address is None:
            return None
        return Webhook(address, _WITH_LOGS if followed < _WITH_LOGS_UP_TO else _EVENTS)

    def came(self) -> None:
        """A push of the service's has come, whatever it told."""
        self._owed_since_s = math.inf
        if self._has_warned:
            self._has_warned = False
            log.info("Replicate's webhooks come again")
        self.come = True

    def owed(self) -> None:
        """A poll has told what a push should have told by now, or will in a moment."""
        self._owed_since_s = min(self._owed_since_s, self._clock.monotonic())

    def have_failed(self) -> bool:
        """Find out whether they have ceased to come; True once for each time."""
        if self._clock.monotonic() < self._owed_since_s + _OVERDUE_S:
            return False
        self._owed_since_s = math.inf
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "Replicate's webhooks do not come, so predictions are asked about as without them. "
                "Does PUBLIC_URL lead to this bot's PORT? `python -m bot check` tries it"
            )
        had_come, self.come = self.come, False
        return had_come
