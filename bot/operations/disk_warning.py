"""Says at the start where what is written down would vanish with the machine."""

from __future__ import annotations

import os

from bot.card import strings
from bot.host.ephemeral import fresh_disk
from bot.settings import Settings


def disk_warning(settings: Settings) -> str | None:
    """What would be lost on this host, and what to do; None where nothing would. Blocks."""
    disk = fresh_disk(os.environ, settings.data_folder)
    if disk is None:
        return None
    return strings.operating.vanishes(
        disk.host, with_journal=settings.database_url is None, has_volumes=disk.has_volumes
    )
