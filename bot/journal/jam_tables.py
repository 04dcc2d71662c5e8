"""The tables of jams, as of the newest migration."""

from __future__ import annotations

import sqlalchemy as sa

from bot.journal.tables import Moment, metadata

# A jam's state is `bot.jam.jam.Jam`; `version` counts its changes. The other columns are of use in
# finding it.
jams = sa.Table(
    "jams",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("guild_id", sa.BigInteger, nullable=False),
    sa.Column("thread_id", sa.BigInteger),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("wants_work", sa.Boolean, nullable=False),
    sa.Column("look_at", Moment),
)
sa.Index("ix_jams_guild_id", jams.c.guild_id, jams.c.created_at)
sa.Index("ix_jams_thread_id", jams.c.thread_id, unique=True)
sa.Index("ix_jams_wants_work", jams.c.id, sqlite_where=sa.text("wants_work"))
sa.Index("ix_jams_look_at", jams.c.look_at, sqlite_where=sa.text("look_at IS NOT NULL"))

# A piece is a chain: each take names the one that it goes on from, so that jams that were branched
# share what they have in common. Those that have joined a piece keep their audio.
jam_takes = sa.Table(
    "jam_takes",
    metadata,
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
    sa.Column("tail_s", sa.Double),
)
sa.Index("ix_jam_takes_jam_id", jam_takes.c.jam_id)
sa.Index("ix_jam_takes_author_id", jam_takes.c.author_id)
