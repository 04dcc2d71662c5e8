"""Presses that may be doubled, and what was refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"


def upgrade() -> None:
    """Add both tables; nothing stays in them for long."""
    op.create_table(
        "presses",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("button", sa.Text, primary_key=True),
        sa.Column("pressed_at", sa.BigInteger, nullable=False),
        sa.Column("before_at", sa.BigInteger),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
