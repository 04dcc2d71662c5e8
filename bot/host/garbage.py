"""Keeps the search for garbage out of a moment in which many wait."""

from __future__ import annotations

import gc


class GarbagePause:
    """A time without searches for garbage; what comes up meanwhile is searched in one go."""

    def __init__(self) -> None:
        self._has_stopped_it = False

    def begin(self) -> None:
        """Search no more for now; where nobody searches, or not now, nothing changes."""
        if gc.isenabled():
            gc.disable()
            self._has_stopped_it = True

    def end(self) -> None:
        """Search again, where this has kept it off."""
        if self._has_stopped_it:
            self._has_stopped_it = False
            gc.enable()
