"""A prediction: what the service runs for a generation. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


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
    def ran_s(self) -> float | None:
        """How long the model ran; by the two dates where the service does not say."""
        if self.predict_time_s is not None or not self.ended:
            return self.predict_time_s
        if self.started_at is None or self.completed_at is None:
            return None
        return max(0.0, (self.completed_at - self.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that the service keeps for its models; `url` can be an input of a prediction."""

    id: str
    url: str = field(repr=False)
