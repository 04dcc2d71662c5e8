"""Refused where presets are saved, or asked for."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.refusals import RequestRefused


@dataclass(eq=False)
class PresetUnknown(RequestRefused):
    """Neither the person nor the server has a preset of this name."""

    name: str


@dataclass(eq=False)
class PresetNameBad(RequestRefused):
    """A name that is empty, or has more than `limit` characters."""

    limit: int


@dataclass(eq=False)
class PresetsFull(RequestRefused):
    """The person, or the server, has as many presets as allowed."""

    limit: int
    of_server: bool


class PresetsOfManagers(RequestRefused):
    """The server's presets are for those who manage it to change."""
