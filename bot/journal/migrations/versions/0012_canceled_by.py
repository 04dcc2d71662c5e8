"""Who canceled a generation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; of what was canceled before, it is not known."""
    op.add_column("generations", sa.Column("canceled_by", sa.BigInteger))
    op.create_index(
        "ix_generations_canceled_by",
        "generations",
        ["canceled_by"],
        sqlite_where=sa.text("canceled_by IS NOT NULL"),
        postgresql_where=sa.text("canceled_by IS NOT NULL"),
    )
