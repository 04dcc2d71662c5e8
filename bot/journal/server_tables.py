"""The tables of what servers set, as of the newest migration."""

from __future__ import annotations

import sqlalchemy as sa

from bot.journal.tables import Moment, metadata

# What is set in a server, and how many changes were logged; row 0 is for all servers.
servers = sa.Table(
    "servers",
    metadata,
    sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("changes", sa.Integer, nullable=False, server_default="0"),
)

blocks = sa.Table(
    "blocks",
    metadata,
    sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("until", Moment),
)

server_changes = sa.Table(
    "server_changes",
    metadata,
    sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("by_id", sa.BigInteger, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("old", sa.Text),
    sa.Column("new", sa.Text),
    sa.Column("about_id", sa.BigInteger),
)

# The last weekly chart of each server: its week, who is at it until when, what became of it.
chart_posts = sa.Table(
    "chart_posts",
    metadata,
    sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("week", Moment, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("claimed_until", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.Boolean, nullable=False),
    # Of the week before, until this one's has ended.
    sa.Column("outcome", sa.String(16)),
)
