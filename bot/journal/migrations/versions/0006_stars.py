"""Stars that people give to tracks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the stars, which go with their track."""
    op.create_table(
        "stars",
        sa.Column(
            "generation_id",
            sa.String(32),
            sa.ForeignKey("generations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        sa.Column("given_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_stars_user_id", "stars", ["user_id"])
    op.create_index("ix_stars_given_at", "stars", ["given_at"])
