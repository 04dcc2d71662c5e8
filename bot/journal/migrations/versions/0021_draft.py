"""What was typed for a generation, while it may be refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add the column; what was asked for before is not offered to be changed."""
    op.add_column("generations", sa.Column("draft", sa.Text))
    op.create_index(
        "ix_generations_draft",
        "generations",
        ["ended_at"],
        sqlite_where=sa.text("draft IS NOT NULL"),
        postgresql_where=sa.text("draft IS NOT NULL"),
    )
