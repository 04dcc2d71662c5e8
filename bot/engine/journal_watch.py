"""Looks into the journal every so often: for what another process has changed there, or left."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from bot.domain.clock import Clock
from bot.domain.errors import JournalFault

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0


async def keep_looking(
    clock: Clock,
    look: Callable[[], Awaitable[None]],
    meanwhile: str,
    every_s: Callable[[], float] = lambda: LOOK_EVERY_S,
    *,
    at_once: bool = False,
) -> None:
    """Call `look` every so often, until cancelled; a journal that cannot be read is logged once.

    `meanwhile` says what holds while it cannot be read; `every_s`, which is asked each time, how
    long to wait; `at_once`, whether to look before waiting.
    """
    is_well = True
    while True:
        if not at_once:
            await clock.sleep(every_s())
        at_once = False
        try:
            await look()
        except JournalFault as error:
            if is_well:
                log.warning("%s: %s", meanwhile, error)
            is_well = False
        else:
            is_well = True
