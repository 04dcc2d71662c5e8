"""The languages of generations' cards, and of answers that are waited for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Add the columns; until now there was English alone."""
    for table in ("generations", "answers"):
        language = sa.Column("language", sa.String(8), nullable=False, server_default="en-US")
        op.add_column(table, language)
