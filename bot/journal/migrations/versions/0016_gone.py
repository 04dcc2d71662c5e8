"""Whether the message that showed a generation was deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0018"


def upgrade() -> None:
    """Add the column; of what was deleted before, it is not known."""
    op.add_column(
        "generations",
        sa.Column("gone", sa.Boolean, nullable=False, server_default=sa.false()),
    )
