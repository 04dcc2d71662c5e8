"""What musicians turn: tempo, key and bars, and how closely an extension follows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the columns; what was made before had none of it."""
    op.add_column("generations", sa.Column("closeness", sa.String(16)))
    op.add_column("generations", sa.Column("terms", sa.Text))
