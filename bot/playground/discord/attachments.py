"""Files of messages, as Discord keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    """A file Discord keeps."""

    id: int
    channel_id: int
    filename: str
    content_type: str
    data: bytes = field(repr=False)
    description: str | None = None
    width: int | None = None
    height: int | None = None
    ephemeral: bool = False
