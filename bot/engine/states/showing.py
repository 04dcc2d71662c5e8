"""Getting something to a person on Discord, through faults, closed channels and moved cards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from bot.engine.job import Job
from bot.engine.ports import DiscordFault, Moved, Unreachable

_FIRST_S = 5.0
_CAP_S = 300.0
_WITHIN_S = 24 * 3600.0

Shown = TypeVar("Shown")


def retry_delays_s() -> Iterator[float]:
    """Waits between tries at what Discord has a fault with, for about a day."""
    delay_s, so_far_s = _FIRST_S, 0.0
    while so_far_s < _WITHIN_S:
        yield delay_s
        so_far_s += delay_s
        delay_s = min(_CAP_S, delay_s * 2)


async def until_shown(
    job: Job,
    show: Callable[[], Awaitable[Shown | Moved]],
    delays_s: Iterator[float],
    explain: Callable[[DiscordFault | OSError, float | None], None],
) -> Shown | None:
    """Show something, as soon as its person can be reached; None where `delays_s` are used up.

    Where the card has moved, that is journalled before it is shown there. `explain` is told of each
    fault, and how many seconds later the next try is.

    Raises:
        FileNotFoundError: what is to be shown is gone.
    """
    while True:
        try:
            shown = await show()
        except Unreachable as error:
            await job.wait_until_reachable(error)
        except FileNotFoundError:
            raise
        except (DiscordFault, OSError) as error:
            delay_s = next(delays_s, None)
            explain(error, delay_s)
            if delay_s is None:
                return None
            await job.context.clock.sleep(delay_s)
        else:
            if not isinstance(shown, Moved):
                return shown
            await job.save(reply=shown.reply)
