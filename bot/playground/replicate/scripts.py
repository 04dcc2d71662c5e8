"""What a test or a visitor may order a prediction to do instead of the usual."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0)]


class Script(BaseModel):
    """One order, met by the next `times` predictions that are created."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    times: Annotated[int, Field(ge=1)] = 1
    starting_s: Seconds | None = None
    """Stay in `starting` so long."""
    step_rate_per_s: Annotated[float, Field(gt=0)] | None = None
    """Make so many steps in a second."""
    status: str | None = None
    """Show this status between `starting` and `processing`, for `status_s`."""
    status_s: Seconds = 1.0
    error: str | None = None
    """Fail half way with this error; "" is an error too."""
    ends: Literal["failed", "canceled", "aborted"] | None = None
    """End so: `aborted` before the start, the others half way."""
    output: Literal["usual", "missing", "list", "object"] = "usual"
    """The output's shape: one address, null, or the address in a list or an object."""
    pushes: Annotated[int, Field(ge=0)] = 1
    """How often each event is pushed to a webhook."""
    delivery_status: Annotated[int, Field(ge=400, le=599)] | None = None
    """Deliver the output with this error, e.g. 404 for an expired one."""
    delivery_type: str | None = None
    """Deliver the output with this content type."""
    delivery_bytes: Annotated[int, Field(ge=1)] | None = None
    """Pad the output with zero bytes to this size."""


class Scripts:
    """The orders still open, first come first served."""

    def __init__(self) -> None:
        self._open: list[Script] = []

    def order(self, script: Script) -> None:
        """Let the next `script.times` predictions follow it."""
        self._open.extend([script] * script.times)

    def take(self) -> Script:
        """The order for a new prediction: the usual one when nothing is open."""
        return self._open.pop(0) if self._open else Script()

    def clear(self) -> None:
        """Forget every open order."""
        self._open.clear()
