"""Whether a folder outlives the machine, as far as a host's environment tells."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_WITHOUT_VOLUMES = frozenset({"Heroku"})
_HOSTS = {
    "DYNO": "Heroku",
    "RAILWAY_ENVIRONMENT_ID": "Railway",
    "RENDER": "Render",
    "FLY_APP_NAME": "Fly",
}
"""A variable that each sets in every process (their documentation, as read in 2026-11).

Each gives a process a fresh disk at every deployment and most restarts; all but Heroku have
volumes.
"""


def mount_of(folder: Path) -> Path:
    """Where the file system of a folder is mounted; the folder need not be there yet."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    place = place.resolve()
    while not os.path.ismount(place):
        place = place.parent
    return place


@dataclass(frozen=True, slots=True)
class FreshDisk:
    """A host whose disk vanishes with the machine, and whether a volume would not."""

    host: str
    has_volumes: bool


def fresh_disk(
    environment: Mapping[str, str],
    folder: Path,
    mount_of: Callable[[Path], Path] = mount_of,
) -> FreshDisk | None:
    """The disk that a folder is on, where it vanishes with the machine; None where it stays."""
    for variable, host in _HOSTS.items():
        if environment.get(variable):
            # A volume is a file system of its own.
            is_volume = mount_of(folder) != Path(folder.absolute().anchor)
            return None if is_volume else FreshDisk(host, host not in _WITHOUT_VOLUMES)
    return None
