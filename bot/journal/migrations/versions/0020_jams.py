"""Jams, and their takes with their audio."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "jams",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("thread_id", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("wants_work", sa.Boolean, nullable=False),
        sa.Column("look_at", sa.BigInteger),
    )
    op.create_index("ix_jams_guild_id", "jams", ["guild_id", "created_at"])
    op.create_index("ix_jams_thread_id", "jams", ["thread_id"], unique=True)
    for name, column, where in (
        ("ix_jams_wants_work", "id", "wants_work"),
        ("ix_jams_look_at", "look_at", "look_at IS NOT NULL"),
    ):
        only = sa.text(where)
        op.create_index(name, "jams", [column], sqlite_where=only, postgresql_where=only)
    op.create_table(
        "jam_takes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "jam_id", sa.String(32), sa.ForeignKey("jams.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("author_id", sa.BigInteger, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("round_number", sa.Integer, nullable=False),
        sa.Column("previous", sa.String(32)),
        sa.Column("joined", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("given_s", sa.Double),
        sa.Column("track_s", sa.Double),
        sa.Column("flac", sa.LargeBinary),
    )
    op.create_index("ix_jam_takes_jam_id", "jam_takes", ["jam_id"])
    op.create_index("ix_jam_takes_author_id", "jam_takes", ["author_id"])
