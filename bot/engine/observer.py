"""Who is told what the engine does, so that an operator can see inside. A port."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from bot.domain.generation import Generation


class Stage(StrEnum):
    """What a generation's time goes into, in order."""

    ACKNOWLEDGE = "acknowledge"
    """From the command until Discord shows that it was taken."""
    WAIT = "wait"
    """Until its request is sent: input audio, its place in line."""
    START = "start"
    """Until the model runs."""
    GENERATE = "generate"
    COLLECT = "collect"
    """From the end of the run until the track is on disk, labelled."""
    DELIVER = "deliver"
    """Until Discord has the track."""


class Observer(Protocol):
    """Told of what has happened, never asked; must be quick and raise nothing."""

    def took(self, stage: Stage, seconds: float) -> None:
        """A generation is through a stage."""
        ...

    def ended(self, generation: Generation) -> None:
        """A generation has ended, well or badly, as its row says."""
        ...


class Unobserved:
    """An observer that does nothing, for whoever wants none."""

    def took(self, stage: Stage, seconds: float) -> None:
        """Nothing comes of it."""

    def ended(self, generation: Generation) -> None:
        """Nothing comes of it."""
