"""Refused where a fine-tune is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.refusals import RequestRefused


@dataclass(eq=False)
class FineTuneUnknown(RequestRefused):
    """The owner allows none of this name, but perhaps others."""

    name: str
    allowed: tuple[str, ...]


@dataclass(eq=False)
class FineTuneGone(RequestRefused):
    """What is to be made again was made by a fine-tune that the owner allows no longer."""

    name: str


@dataclass(eq=False)
class PresetFineTuneGone(RequestRefused):
    """A preset names a fine-tune that the owner allows no longer."""

    preset: str
    fine_tune: str


@dataclass(eq=False)
class InputsNotTaken(RequestRefused):
    """The model that would make it has no such inputs."""

    names: tuple[str, ...]


class DefaultsNameFineTune(RequestRefused):
    """A preset with a fine-tune was chosen for a server's defaults, which are inputs alone."""
