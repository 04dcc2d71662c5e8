"""What each generation costs; what was made before has no row, and counts nowhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table, and the ways that its sums are taken."""
    op.create_table(
        "charges",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("generation_id", sa.String(32)),
        sa.Column("requester_id", sa.BigInteger),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("accepted_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("reserved_micro_usd", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("actual_micro_usd", sa.BigInteger),
        sa.Column("run_us", sa.BigInteger),
    )
    op.create_index("ix_charges_generation_id", "charges", ["generation_id"], unique=True)
    op.create_index("ix_charges_accepted_at", "charges", ["accepted_at"])
    op.create_index("ix_charges_requester_id", "charges", ["requester_id", "accepted_at"])
    op.create_index("ix_charges_guild_id", "charges", ["guild_id", "accepted_at"])
    op.create_index(
        "ix_charges_runs",
        "charges",
        ["version", "model", "seconds", "accepted_at"],
        sqlite_where=sa.text("run_us IS NOT NULL"),
        postgresql_where=sa.text("run_us IS NOT NULL"),
    )
