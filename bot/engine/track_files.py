"""The files of a generation on the disk: their names tell what they are, after a restart too."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Form(StrEnum):
    """What a track's file is; its value stands in its name."""

    WHOLE = ""
    """What was asked for."""
    ALONE = "output"
    """What the model made of a piece's end, which could not be joined to the piece."""
    UNREAD = "unread"
    """What the model made, which is no audio that we can read."""

    @classmethod
    def of(cls, path: Path) -> Form:
        """What a file is."""
        parts = path.name.split(".")
        return next((form for form in (cls.ALONE, cls.UNREAD) if form in parts[1:-1]), cls.WHOLE)

    def path(self, folder: Path, generation_id: str, extension: str) -> Path:
        """Where it is kept."""
        middle = f".{self}" if self else ""
        return folder / f"{generation_id}{middle}.{extension}"
