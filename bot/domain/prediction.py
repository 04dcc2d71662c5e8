"""A prediction: what the service runs for a generation. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.inputs import Inputs


class Status(StrEnum):
    """The statuses that Replicate documents."""

    STARTING = "starting"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    ABORTED = "aborted"
    """The deadline passed before the model started."""


_ENDED = frozenset[str]({Status.SUCCEEDED, Status.FAILED, Status.CANCELED, Status.ABORTED})


@dataclass(frozen=True, slots=True)
class Prediction:
    """One run of a model. Times are aware, by the service's clock; None is "not said".

    The inputs, the logs and the output's address are left out of the repr.
    """

    id: str
    status: str
    """One of `Status`, or a word that the service added since."""
    output_url: str | None = field(default=None, repr=False)
    """The http(s) or data: address of the first output."""
    error: str | None = None
    """The model's own words; "" where it failed without any."""
    logs: str = field(default="", repr=False)
    predict_time_s: float | None = None
    """How long the model ran, once it has ended."""
    version: str | None = None
    inputs: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """As they were sent; empty once the service has forgotten them."""
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    data_removed: bool = False
    """Whether the service has deleted input and output."""
    begun_again: bool = False
    """Whether what it was running on has died in the middle, so that it began anew."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen; an unknown status counts as going on."""
        return self.status in _ENDED

    @property
    def reached(self) -> int:
        """How far it is: it never goes back from 2, ended, to 1, running, to 0, before that."""
        return 2 if self.ended else int(self.status == Status.PROCESSING)

    def is_of(self, version: str, inputs: Inputs) -> bool:
        """Whether this is what became of a create of this version with just these inputs."""
        return self.inputs == inputs.set_values() and same_version(version, self.version)

    @property
    def ran_s(self) -> float | None:
        """How long the model ran; by the two dates where the service does not say."""
        if self.predict_time_s is not None or not self.ended:
            return self.predict_time_s
        if self.started_at is None or self.completed_at is None:
            return None
        return max(0.0, (self.completed_at - self.started_at).total_seconds())


def same_version(version: str, other: str | None) -> bool:
    """Whether two references name one version; each may be a bare id or `owner/name:id`."""
    return other is not None and version.rpartition(":")[2] == other.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the service is to push a prediction whenever one of the events happens."""

    address: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that the service keeps for its models; `url` can be an input of a prediction."""

    id: str
    url: str = field(repr=False)
