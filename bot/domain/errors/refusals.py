"""Refused before anything is paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.domain.errors.base import UserError

FetchFault: TypeAlias = Literal[
    "silent",
    "slow",
    "broken off",
    "nonsense",
    "redirects",
    "unknown name",
    "name server",
    "unreachable",
    "insecure",
]
"""What kept an address from being fetched."""


class RequestRefused(UserError):
    """The request cannot be run as it is."""


class PromptBlank(RequestRefused):
    """The prompt has no words."""


@dataclass(eq=False)
class PromptTooLong(RequestRefused):
    """The prompt has more characters than allowed."""

    length: int
    limit: int


@dataclass(eq=False)
class OutOfBounds(RequestRefused):
    """A number is outside its bounds."""

    name: str
    value: float
    minimum: float | None
    maximum: float | None


@dataclass(eq=False)
class UnknownChoice(RequestRefused):
    """A value is not among the choices."""

    name: str
    value: str
    choices: tuple[str, ...]


@dataclass(eq=False)
class MelodyNotSupported(RequestRefused):
    """Melody input for a model that takes none, and no continuation asked for."""

    model: str
    able: tuple[str, ...]


class ContinuationWithoutAudio(RequestRefused):
    """A continuation of nothing."""


class WindowWithoutAudio(RequestRefused):
    """A part of an audio that was not given."""


@dataclass(eq=False)
class WindowReversed(RequestRefused):
    """The part ends where it begins, or before."""

    start_s: int
    end_s: int


@dataclass(eq=False)
class WindowBeyondAudio(RequestRefused):
    """The part reaches past the end of the audio."""

    second: int
    audio_s: float


@dataclass(eq=False)
class AudioPromptTooLong(RequestRefused):
    """The audio to continue leaves no room for anything new."""

    audio_s: float
    duration_s: int
    limit_s: int


@dataclass(eq=False)
class DiffusionNeedsMono(RequestRefused):
    """Multi-band diffusion with a stereo model."""

    model: str
    able: tuple[str, ...]


class TwoInputAudios(RequestRefused):
    """Both an attachment and an address."""


@dataclass(eq=False)
class AudioAddressBad(RequestRefused):
    """The address is not one of public http(s) audio."""

    address: str


@dataclass(eq=False)
class AudioUnavailable(RequestRefused):
    """The audio could not be fetched; `status` is the HTTP answer, where there was one."""

    status: int | None
    fault: str = "silent"
    """Why there was none, or none that makes sense: a `FetchFault`, unless of another release."""


@dataclass(eq=False)
class AudioNotStored(RequestRefused):
    """The audio could be fetched, and our own disk does not take it: it is `full`, or broken."""

    full: bool


@dataclass(eq=False)
class AudioTooLarge(RequestRefused):
    """The audio file is larger than we take."""

    limit_bytes: int


class NotAudio(RequestRefused):
    """The file's bytes are not those of an audio format we know."""


class AudioEmpty(NotAudio):
    """The file has no bytes at all."""


@dataclass(eq=False)
class FormatNotTaken(NotAudio):
    """A file of a format that we know and do not take; `label` is what people call it."""

    label: str


@dataclass(eq=False)
class SoundMissing(RequestRefused):
    """A video that has no sound."""

    format: str


@dataclass(eq=False)
class AudioUnreadable(RequestRefused):
    """An audio file by its first bytes, but broken or empty."""

    format: str


class AudioBroken(RequestRefused):
    """An audio file that the decoder crashed over, or fails in a way nobody has thought of."""


@dataclass(eq=False)
class AudioTooSlow(RequestRefused):
    """An audio file that was not read within `limit_s` seconds."""

    limit_s: float


class AudioTooHeavy(RequestRefused):
    """An audio file that takes more memory to be read than one is given."""


class AudioGivenUp(RequestRefused):
    """The bot was ended twice while it read this file, and does not try a third time."""


@dataclass(eq=False)
class AudioBeyondBounds(RequestRefused):
    """Audio that is not decoded because of what it would take.

    `measure` is "channels", "sample_rate_hz", "samples" or "parts"; `value` is the file's, `limit`
    what is taken.
    """

    measure: str
    value: float
    limit: float


@dataclass(eq=False)
class PieceTooLong(RequestRefused):
    """A piece to extend that is longer than we join."""

    piece_s: float
    limit_s: int


@dataclass(eq=False)
class PieceUndecodable(RequestRefused):
    """A piece to extend in a format that we cannot take apart."""

    format: str


class SourceGone(RequestRefused):
    """The audio that a track was made from is not to be had any more."""


@dataclass(eq=False)
class PermissionsMissing(RequestRefused):
    """The bot may not do in this channel what its reply needs."""

    permissions: tuple[str, ...]
    """By Discord's names of the flags, such as `attach_files`."""


@dataclass(eq=False)
class AudioBeyondRoom(RequestRefused):
    """Work on this audio takes more room on the disk than one person may have."""

    needed_bytes: int
    limit_bytes: int


@dataclass(eq=False)
class OwnRoomTaken(RequestRefused):
    """Tracks that wait for this person fill the room that one may have."""

    limit_bytes: int


class RoomTaken(RequestRefused):
    """Tracks that wait for people fill all the room there is."""


class GaveWay(RequestRefused):
    """It was not paid yet, and its room was needed for what is."""


@dataclass(eq=False)
class DiskUnusable(RequestRefused):
    """The bot's disk is `full`, or cannot be written for another reason."""

    full: bool


class ShuttingDown(RequestRefused):
    """The bot is closing and takes no new work."""


@dataclass(eq=False)
class TooLateToCancel(RequestRefused):
    """The generation had ended, or its track is `made` and on its way."""

    made: bool = False


class AlreadyHere(RequestRefused):
    """There is nothing left to bring: it has been delivered, or has ended."""


class NoServerHere(RequestRefused):
    """A server's own affair, asked for where there is none."""


class GenerationUnknown(RequestRefused):
    """A button of a generation that the journal does not know."""


@dataclass(eq=False)
class NotANumber(RequestRefused):
    """A field of a form that wants a number, mostly a whole one, holds something else."""

    name: str
    value: str
    is_whole: bool = True


class NoAudioHere(RequestRefused):
    """A message that carries no audio, or none that can be reached any more."""


class PressedTwice(RequestRefused):
    """A press of a button that belongs to the one before, which has something made."""


class DraftGone(RequestRefused):
    """What was typed into a refused form is not kept any more."""


@dataclass(eq=False)
class DraftOfAnother(RequestRefused):
    """What was typed into a refused form belongs to somebody else, the `requester_id`."""

    requester_id: int


class NothingChanged(RequestRefused):
    """A form of a track's settings was sent as it was: the track would be the same."""


class TookTooLong(RequestRefused):
    """What was needed for an answer could not be read before Discord's time was up."""


class NotDeletable(RequestRefused):
    """Discord lets the bot not delete this message."""
