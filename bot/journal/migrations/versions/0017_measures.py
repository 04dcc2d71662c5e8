"""What was measured of a track."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column; tracks made before were not measured."""
    op.add_column("generations", sa.Column("measures", sa.Text))
