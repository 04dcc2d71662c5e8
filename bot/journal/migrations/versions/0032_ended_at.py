"""Finding what has ended long ago."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_generations_ended_at", "generations", ["ended_at"])
