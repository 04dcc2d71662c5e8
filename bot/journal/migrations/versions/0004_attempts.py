"""How often work on a generation's files was begun that nothing has come of yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the count; what is open already has none."""
    op.add_column(
        "generations", sa.Column("attempts", sa.Integer, nullable=False, server_default="0")
    )
