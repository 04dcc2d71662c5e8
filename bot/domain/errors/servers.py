"""What servers of the owner's own, which run the model instead of Replicate, did not do."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.failures import Outage, ReplicateError, Throttled


@dataclass(eq=False)
class ServersBusy(Throttled):
    """409: every server runs as much as it takes at once, and not all of it is ours.

    Where they are `loading`, those that answer are not ready yet (503).
    """

    loading: bool = False


class ServersDown(Outage):
    """No server can be reached, or each answers with a fault; nothing was started."""


@dataclass(eq=False)
class ServerRefused(ReplicateError):
    """422: the server does not take these settings; `detail` is its own words."""

    detail: str


class RunLost(ReplicateError):
    """The run is gone with its server, more than once, or nothing is known of it here."""
