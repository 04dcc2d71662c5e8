"""Where a take is cut for what goes on from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0022"


def upgrade() -> None:
    """Add the column; what was made before is not cut."""
    op.add_column("jam_takes", sa.Column("tail_s", sa.Double))
