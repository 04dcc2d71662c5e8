"""The error tree. Each type carries data; its words are in `bot.card.texts`.

BotError
├── ConfigError                 the settings are wrong
└── UserError                   ends an interaction with a sentence
    ├── RequestRefused          nothing was started, nothing was paid
    ├── ReplicateError          Replicate refused, failed, or could not be reached
    └── TrackError              a prediction ended, its audio could not be had or delivered

A UserError ends up in the journal as its class name and fields (`dump`, `load`), so that the same
sentence can be told after a restart.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


class BotError(Exception):
    """Anything this bot raises on purpose."""


class ConfigError(BotError):
    """The configuration cannot be used; `problems` holds one sentence for each fault."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(eq=False)
class UserError(BotError):
    """Something a person is told. Subclasses are dataclasses of plain JSON values."""

    def __post_init__(self) -> None:
        Exception.__init__(self, *vars(self).values())


# ------------------------------------------------------------------ refused before anything is paid


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


@dataclass(eq=False)
class AudioTooLarge(RequestRefused):
    """The audio file is larger than we take."""

    limit_bytes: int


class NotAudio(RequestRefused):
    """The file's bytes are not those of an audio format we know."""


@dataclass(eq=False)
class AudioUnreadable(RequestRefused):
    """An audio file by its first bytes, but broken or empty."""

    format: str


@dataclass(eq=False)
class PermissionsMissing(RequestRefused):
    """The bot may not do in this channel what its reply needs."""

    permissions: tuple[str, ...]


class ShuttingDown(RequestRefused):
    """The bot is closing and takes no new work."""


class NotYours(RequestRefused):
    """A button that belongs to somebody else."""


class TooLateToCancel(RequestRefused):
    """The track was already made, or the generation had ended."""


class GenerationUnknown(RequestRefused):
    """A button of a generation that the journal does not know."""


# ------------------------------------------------------------------ Replicate


class ReplicateError(UserError):
    """Replicate did not do what we asked."""


class TokenRefused(ReplicateError):
    """401 or 403: the API token is wrong or was withdrawn."""


class CreditMissing(ReplicateError):
    """402: the Replicate account has no credit left."""


@dataclass(eq=False)
class ThingUnknown(ReplicateError):
    """404: no such version, model or prediction."""

    detail: str


@dataclass(eq=False)
class InputRefused(ReplicateError):
    """422 or 400: the API does not accept the request; `detail` is its own words."""

    detail: str


@dataclass(eq=False)
class Throttled(ReplicateError):
    """429: too many requests; `retry_after_s` is when to try again, where that was said."""

    retry_after_s: float | None


@dataclass(eq=False)
class ServiceFault(ReplicateError):
    """5xx or any other status nobody expects."""

    status: int


@dataclass(eq=False)
class ReplyBroken(ReplicateError):
    """An answer that is not the JSON it should be."""

    detail: str


@dataclass(eq=False)
class ConnectionFailed(ReplicateError):
    """No answer: refused, reset, or timed out.

    `may_have_arrived` tells whether the request can have had its effect all the same.
    """

    may_have_arrived: bool
    detail: str


class SubmitUncertain(ReplicateError):
    """The create request was cut off and no prediction of ours turned up afterwards."""


@dataclass(eq=False)
class PredictionFailed(ReplicateError):
    """The model ended with an error; `detail` is its own words, perhaps none."""

    detail: str


class PredictionAborted(ReplicateError):
    """Replicate gave up before the model started: the deadline passed in the queue."""


class PredictionOverdue(ReplicateError):
    """The deadline passed while the model ran, or the service could not be asked for so long."""


# ------------------------------------------------------------------ the track


class TrackError(UserError):
    """The prediction succeeded, but its audio did not get to the person."""


class OutputMissing(TrackError):
    """The prediction ended well and names no audio."""


class OutputExpired(TrackError):
    """The audio is no longer at Replicate."""


@dataclass(eq=False)
class OutputNotAudio(TrackError):
    """What was downloaded is no audio."""

    content_type: str


@dataclass(eq=False)
class OutputTooLarge(TrackError):
    """The audio is larger than we download, or than Discord takes here."""

    limit_bytes: int


@dataclass(eq=False)
class OutputUnreachable(TrackError):
    """The audio could not be downloaded; `status` is the HTTP answer, where there was one."""

    status: int | None


@dataclass(eq=False)
class OutputAddressBad(TrackError):
    """The output's address is not one we would fetch from."""

    detail: str


class Undeliverable(TrackError):
    """Discord lets the bot neither edit its reply nor post another."""


class InternalFault(UserError):
    """A fault of this bot's own; the log has the rest under the generation's reference."""


def dump(error: UserError) -> str:
    """The error as JSON: its class name and fields."""
    return json.dumps({"kind": type(error).__name__, "data": asdict(error)})


def load(text: str) -> UserError:
    """The error `dump` wrote; one that this release no longer knows is an `InternalFault`."""
    record: dict[str, object] = json.loads(text)
    kinds = {kind.__name__: kind for kind in _kinds(UserError)}
    kind, data = kinds.get(str(record.get("kind"))), record.get("data")
    if kind is None or not isinstance(data, dict):
        return InternalFault()
    try:
        return kind(**{str(key): _tuples(value) for key, value in data.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON, checked by the round-trip test
    except TypeError:
        return InternalFault()


def _tuples(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - a list of strings by construction


def _kinds(root: type[UserError]) -> list[type[UserError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _kinds(child))]
