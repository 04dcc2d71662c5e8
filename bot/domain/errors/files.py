"""What somebody wants as a file and cannot have; nothing was paid for it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.refusals import RequestRefused


@dataclass(eq=False)
class NoLoop(RequestRefused):
    """A track is too short to have a loop in it."""

    track_s: float


class TrackNotHere(RequestRefused):
    """The audio of a track cannot be had from its message."""


class TrackNotRead(RequestRefused):
    """The audio of a track cannot be worked on: its decoder fails, or takes too much."""


@dataclass(eq=False)
class FileTooLarge(RequestRefused):
    """What was made is larger than Discord takes here, and cannot be made smaller."""

    limit_bytes: int
