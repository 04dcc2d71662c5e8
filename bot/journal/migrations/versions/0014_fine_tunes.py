"""Which fine-tune made a track, or is named by a preset."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the columns; what was made before is the main model's."""
    op.add_column("generations", sa.Column("fine_tune", sa.Text))
    op.add_column("presets", sa.Column("fine_tune", sa.Text))
