"""Keeps the search for garbage out of a moment in which many wait."""

from __future__ import annotations

import asyncio
import gc

_LONGEST_S = 0.2
"""What comes up meanwhile is searched in one go; after longer, that would take longer than there
are between two packets of a voice channel."""


class GarbagePause:
    """A time without searches for garbage; it ends by itself before too much has come up."""

    def __init__(self) -> None:
        self._end: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Search no more for now; where nobody searches, or not now, nothing changes."""
        if gc.isenabled():
            gc.disable()
            self._end = asyncio.get_running_loop().call_later(_LONGEST_S, self.end)

    def end(self) -> None:
        """Search again, where this has kept it off."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
            gc.enable()
