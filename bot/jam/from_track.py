"""A jam that begins with a track which is still to be read. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.domain.generation import Generation
from bot.domain.presets import Named
from bot.jam.jam import Jam


@dataclass(frozen=True, slots=True)
class ById:
    """The track with this id."""

    generation_id: str


@dataclass(frozen=True, slots=True)
class ByMessage:
    """The tracks on a message; without a channel, in whichever it is."""

    channel_id: int | None
    message_id: int


TrackPlace: TypeAlias = ById | ByMessage


@dataclass(frozen=True, slots=True, eq=False)
class FromTrack:
    """What is known in full only once a track is read: in the transaction that writes it down."""

    place: TrackPlace
    complete: Callable[[Sequence[Generation]], Jam | Named[Jam]]
    """What comes of all that are there, at once; raises `RequestRefused`."""


NewJam: TypeAlias = Jam | Named[Jam] | FromTrack
