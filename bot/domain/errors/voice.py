"""Refused where music is to be played in a voice channel."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.refusals import RequestRefused


class VoiceNotInstalled(RequestRefused):
    """The bot runs without what voice needs."""


class VoiceNotHere(RequestRefused):
    """There is no voice channel: it is a direct message, or no server that the bot is in."""


class NotInVoice(RequestRefused):
    """Who presses is in no voice channel of the server."""


@dataclass(eq=False)
class VoicePermissionsMissing(RequestRefused):
    """The bot may not do in a voice channel what playing takes."""

    channel_id: int
    permissions: tuple[str, ...]
    """By Discord's names of the flags, such as `speak`."""


@dataclass(eq=False)
class VoiceChannelFull(RequestRefused):
    """A voice channel has as many people as it takes, and the bot may not go over that."""

    channel_id: int


@dataclass(eq=False)
class VoiceElsewhere(RequestRefused):
    """People listen to the bot in another voice channel of the server."""

    channel_id: int


@dataclass(eq=False)
class VoiceUnreachable(RequestRefused):
    """A voice channel could not be joined in time."""

    channel_id: int


@dataclass(eq=False)
class VoiceQueueFull(RequestRefused):
    """The queue of a server has as many entries as one may have."""

    limit: int


class VoiceIsOver(RequestRefused):
    """Nothing plays in this server any more, or something else does by now."""


@dataclass(eq=False)
class NotListening(RequestRefused):
    """Only who is in the bot's voice channel may do that."""

    channel_id: int


class NothingToPlay(RequestRefused):
    """There is no music here that could be played."""
