"""Refused by the rules of a server, or by the bot's owner, before anything is begun."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.refusals import RequestRefused


@dataclass(eq=False)
class PersonBlocked(RequestRefused):
    """The person is blocked, here or everywhere; `until` is in seconds since 1970."""

    reason: str
    until: int | None
    everywhere: bool


@dataclass(eq=False)
class ServerPaused(RequestRefused):
    """Those who manage the server let nothing new be made at present."""

    reason: str


@dataclass(eq=False)
class NotInThisPlace(RequestRefused):
    """It may be used in these channels and categories only."""

    channels: tuple[str, ...]


@dataclass(eq=False)
class RoleMissing(RequestRefused):
    """One of these roles is needed."""

    roles: tuple[str, ...]


@dataclass(eq=False)
class LongerThanAllowed(RequestRefused):
    """More seconds of music than the server allows."""

    length_s: float
    limit_s: int


@dataclass(eq=False)
class WordForbidden(RequestRefused):
    """The prompt has a word that the server does not allow."""

    word: str


class ButtonOfOthers(RequestRefused):
    """In this server only the one who asked for a track may go on from its card."""


class AudioOfOthers(RequestRefused):
    """In this server nobody makes music from others' audio."""


class OwnerOnly(RequestRefused):
    """Only the bot's owner, or their team, may do that."""


@dataclass(eq=False)
class NotYours(RequestRefused):
    """A button that belongs to somebody else: to the `requester_id`, where that is known."""

    requester_id: int | None = None


class ManagersOnly(RequestRefused):
    """The person may not manage this server, or not any more."""


@dataclass(eq=False)
class NotBlocked(RequestRefused):
    """There is no block to end."""

    user_id: int
