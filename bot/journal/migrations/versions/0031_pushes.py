"""Pushes of Replicate's that came to another process than the one that follows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "pushes",
        sa.Column("prediction_id", sa.Text, primary_key=True),
        sa.Column("incarnation", sa.String(16), primary_key=True),
        sa.Column("generation_id", sa.Text, nullable=False),
        sa.Column("pushed_at", sa.BigInteger, nullable=False),
    )
