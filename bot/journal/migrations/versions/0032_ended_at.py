"""Finding what has ended long ago, and what was made from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_generations_ended_at", "generations", ["ended_at"])
    made_from = sa.text("parent_id IS NOT NULL")
    op.create_index(
        "ix_generations_parent_id",
        "generations",
        ["parent_id"],
        sqlite_where=made_from,
        postgresql_where=made_from,
    )
