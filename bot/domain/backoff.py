"""How long to wait before a try that has no last one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator


def growing_waits_s(
    first_s: float = 1.0, cap_s: float = 60.0, draw: Callable[[], float] = random.random
) -> Iterator[float]:
    """Waits in seconds, for ever: each twice the last up to a cap, less up to half by chance.

    Chance keeps those that a fault has thrown out together from coming back together. `draw`
    gives 0 <= x < 1.
    """
    full_s = first_s
    while True:
        yield full_s * (1 - draw() / 2)
        full_s = min(cap_s, full_s * 2)
