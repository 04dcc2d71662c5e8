"""Where a person wants a generation shown that another process follows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the wanted reply, and a way to what is open of one person in one channel."""
    op.add_column("generations", sa.Column("wanted_reply", sa.Text))
    op.add_column("generations", sa.Column("wanted_until", sa.BigInteger))
    op.create_index(
        "ix_generations_waiting",
        "generations",
        ["requester_id", "channel_id", "created_at", "id"],
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
