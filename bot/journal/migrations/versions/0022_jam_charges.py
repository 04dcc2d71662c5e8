"""Of which jam a charge is; and an index for the newest tracks of a server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the column; what jams have had made before does not count towards their budgets."""
    op.add_column("charges", sa.Column("jam_id", sa.String(32)))
    for table, name, columns, where in (
        ("charges", "ix_charges_jam_id", ["jam_id", "accepted_at"], "jam_id IS NOT NULL"),
        (
            "generations",
            "ix_generations_guild_id",
            ["guild_id", "created_at", "id"],
            "guild_id IS NOT NULL",
        ),
    ):
        only = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
