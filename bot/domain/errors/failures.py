"""Failed on the way: at Replicate, or between Replicate and Discord."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.base import UserError

_HEALING_STATUSES = frozenset({408, 425, 429})


def _heals(status: int) -> bool:
    """Whether an HTTP status is likely to be another one at the next try."""
    return status >= 500 or status in _HEALING_STATUSES


class NeverBegun(UserError):
    """The bot was away for so long that nobody can tell any more whether a person waits for it."""


class ReplicateError(UserError):
    """Replicate did not do what we asked."""

    @property
    def passes(self) -> bool:
        """Whether the very same request is likely to be answered at another try."""
        return False

    @property
    def may_have_started(self) -> bool:
        """Whether a create that failed like this can have started a prediction all the same.

        Then it must be looked for, never sent again: each run is paid.
        """
        return False


class OwnerNeeded(ReplicateError):
    """Replicate refuses, until the bot's owner has put something right."""


class Outage(ReplicateError):
    """A fault of Replicate, or of the way to it: it is waited for."""

    @property
    def passes(self) -> bool:
        """It does, as a rule."""
        return True


class TokenRefused(OwnerNeeded):
    """401: the API token is wrong or was withdrawn."""


class AccessForbidden(OwnerNeeded):
    """403: the account may not do this, or something in front of Replicate lets nobody in."""


@dataclass(eq=False)
class CertificateUntrusted(OwnerNeeded):
    """The certificate of the other side is not one that this machine trusts; nothing was sent.

    `detail` says what is the matter with it, in OpenSSL's words.
    """

    detail: str


class CreditMissing(OwnerNeeded):
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
class Throttled(Outage):
    """429: too many requests; `retry_after_s` is when to try again, where that was said."""

    retry_after_s: float | None
    low_credit: bool = False
    """Whether the limit is as small as it is because the account has little credit left."""


@dataclass(eq=False)
class ServiceFault(Outage):
    """5xx or any other status nobody expects."""

    status: int

    @property
    def passes(self) -> bool:
        """Where its status is one that heals."""
        return _heals(self.status)

    @property
    def may_have_started(self) -> bool:
        """Whoever said so may stand in front of the service."""
        return True


@dataclass(eq=False)
class ReplyBroken(Outage):
    """An answer that is not the JSON it should be."""

    detail: str

    @property
    def may_have_started(self) -> bool:
        """There was an answer."""
        return True


@dataclass(eq=False)
class ConnectionFailed(Outage):
    """No answer: refused, reset, or timed out.

    `may_have_arrived` tells whether the request can have had its effect all the same.
    """

    may_have_arrived: bool
    detail: str

    @property
    def may_have_started(self) -> bool:
        """Where the request may have arrived."""
        return self.may_have_arrived


class SubmitUncertain(ReplicateError):
    """The create request was cut off and no prediction of ours turned up afterwards."""


class StartedBefore(ReplicateError):
    """What was to be sent once more has been started by the first try."""


@dataclass(eq=False)
class PredictionFailed(ReplicateError):
    """The model ended with an error; `detail` is its own words, perhaps none."""

    detail: str


class PredictionAborted(ReplicateError):
    """Replicate gave up before the model started: the deadline passed in the queue."""


class PredictionOverdue(ReplicateError):
    """The deadline passed while the model ran."""


class CanceledElsewhere(ReplicateError):
    """Somebody canceled the prediction at Replicate, long before its deadline."""


class OutageTooLong(ReplicateError):
    """The prediction was started, and could not be asked about for as long as outputs are kept."""


@dataclass(eq=False)
class AccessLost(ReplicateError):
    """The same, because Replicate refused to be asked; `why` is the name of the refusal's kind."""

    why: str


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

    @property
    def refused(self) -> bool:
        """Whether the server said no, in a way that hardly heals."""
        return self.status is not None and 400 <= self.status < 500 and not _heals(self.status)


@dataclass(eq=False)
class OutputAddressBad(TrackError):
    """The output's address is not one we would fetch from."""

    detail: str


@dataclass(eq=False)
class TrackLeft(TrackError):
    """The track could not be fetched, and is still where the model has put it.

    `cause` is the name of the error that kept us from it; `until` a Unix time.
    """

    cause: str
    url: str
    until: int


class PieceLost(TrackError):
    """The new part is there, the piece it belongs to is not."""


@dataclass(eq=False)
class TrackNotStored(TrackError):
    """The bot's disk was `full`, or of no use, for as long as the audio was to be had."""

    full: bool
