"""Generations, their events, facts, and the processes that share them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "generations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("requester_id", sa.BigInteger, nullable=False),
        sa.Column("application_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("token", sa.Text),
        sa.Column("token_expires_at", sa.BigInteger, nullable=False),
        sa.Column("filesize_limit_bytes", sa.BigInteger, nullable=False),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("audio_s", sa.Double),
        sa.Column("stored_at", sa.BigInteger),
        sa.Column("submitted_at", sa.BigInteger),
        sa.Column("prediction_id", sa.Text),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("seed_used", sa.BigInteger),
        sa.Column("predict_time_s", sa.Double),
        sa.Column("track_path", sa.Text),
        sa.Column("failure", sa.Text),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("parent_id", sa.Text),
        sa.Column("relation", sa.String(16)),
        sa.Column("batch_id", sa.Text),
        sa.Column("piece_path", sa.Text),
        sa.Column("given_s", sa.Double),
        sa.Column("more_s", sa.Integer),
        sa.Column("track_s", sa.Double),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("incarnation", sa.String(16)),
        sa.Column("leased_until", sa.BigInteger),
    )
    op.create_index(
        "ix_generations_open",
        "generations",
        ["created_at"],
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index("ix_generations_prediction_id", "generations", ["prediction_id"])
    op.create_index("ix_generations_message_id", "generations", ["message_id"])
    op.create_index(
        "ix_generations_requester_id", "generations", ["requester_id", "created_at", "id"]
    )
    op.create_index(
        "ix_generations_batch_id",
        "generations",
        ["batch_id"],
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_table(
        "generation_events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column(
            "generation_id",
            sa.String(32),
            sa.ForeignKey("generations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("ix_generation_events_generation_id", "generation_events", ["generation_id"])
    op.create_table(
        "facts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "members",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("incarnation", sa.String(16), nullable=False),
        sa.Column("alive_until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "locks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("incarnation", sa.String(16), nullable=False),
        sa.Column("locked_until", sa.BigInteger, nullable=False),
    )
