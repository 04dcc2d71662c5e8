"""The journal's tables, as of the newest migration.

Times are microseconds since 1970 in UTC (`Moment`), so that both databases give back what they
were given. Those that say until when something holds are the database's own
(`database.present_us`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

HEAD = "0035"
"""The newest migration; a test holds it against the migrations folder."""


def to_us(moment: datetime) -> int:
    """A moment as microseconds since 1970.

    Raises:
        ValueError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Microseconds since 1970 as an aware moment in UTC."""
    return _EPOCH + us * _MICROSECOND


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        """The value as the database keeps it."""
        return None if value is None else to_us(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        """What is read back."""
        return None if value is None else from_us(value)


metadata = sa.MetaData()

generations = sa.Table(
    "generations",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("requester_id", sa.BigInteger, nullable=False),
    sa.Column("application_id", sa.BigInteger, nullable=False),
    sa.Column("guild_id", sa.BigInteger),
    sa.Column("channel_id", sa.BigInteger, nullable=False),
    sa.Column("message_id", sa.BigInteger, nullable=False),
    # Null once it is dead, or the generation closed: it is kept no longer than it is of use.
    sa.Column("token", sa.Text),
    sa.Column("token_expires_at", Moment, nullable=False),
    sa.Column("filesize_limit_bytes", sa.BigInteger, nullable=False),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    # Null from the end on (`Generation.kept`).
    sa.Column("source", sa.Text),
    sa.Column("audio_s", sa.Double),
    sa.Column("stored_at", Moment),
    sa.Column("submitted_at", Moment),
    sa.Column("prediction_id", sa.Text),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("seed_used", sa.BigInteger),
    sa.Column("predict_time_s", sa.Double),
    sa.Column("track_path", sa.Text),
    sa.Column("failure", sa.Text),
    sa.Column("ended_at", Moment),
    sa.Column("parent_id", sa.Text),
    sa.Column("relation", sa.String(16)),
    sa.Column("batch_id", sa.Text),
    sa.Column("piece_path", sa.Text),
    sa.Column("given_s", sa.Double),
    sa.Column("more_s", sa.Integer),
    sa.Column("track_s", sa.Double),
    sa.Column("told", sa.Boolean, nullable=False),
    # `Generation.open`, so that its meaning has one home and the index below is a plain one.
    sa.Column("open", sa.Boolean, nullable=False),
    # The prompt as it is searched: `rows.folded`.
    sa.Column("words", sa.Text, nullable=False),
    # Who follows it. A closed generation keeps them, so that nobody else writes to it any more.
    sa.Column("owner", sa.Text),
    sa.Column("incarnation", sa.String(16)),
    sa.Column("leased_until", sa.BigInteger),
    # Where its person wants it from now on (`rows.wish`), and that reply's `token_expires_at`. Null
    # once a reply as new as that is saved, or it is closed.
    sa.Column("wanted_reply", sa.Text),
    sa.Column("wanted_until", Moment),
    sa.Column("private", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("has_audio", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    # Null too once that person wants to be forgotten.
    sa.Column("canceled_by", sa.BigInteger),
    # By its name, for its version may become another one.
    sa.Column("fine_tune", sa.Text),
    sa.Column("closeness", sa.String(16)),
    # `bot.domain.musical_terms`, and below `.measures`, as JSON; null where there are none.
    sa.Column("terms", sa.Text),
    sa.Column("gone", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("measures", sa.Text),
    sa.Column("draft", sa.Text),
    sa.Column("language", sa.String(8), nullable=False, server_default="en-US"),
)
sa.Index("ix_generations_open", generations.c.created_at, sqlite_where=sa.text("open"))
sa.Index(
    "ix_generations_waiting",
    generations.c.requester_id,
    generations.c.channel_id,
    generations.c.created_at,
    generations.c.id,
    sqlite_where=sa.text("open"),
)
sa.Index(
    "ix_generations_canceled_by",
    generations.c.canceled_by,
    sqlite_where=sa.text("canceled_by IS NOT NULL"),
)
sa.Index(
    "ix_generations_stored_at",
    generations.c.stored_at,
    sqlite_where=sa.text("stored_at IS NOT NULL"),
)
sa.Index("ix_generations_ended_at", generations.c.ended_at)
sa.Index(
    "ix_generations_parent_id",
    generations.c.parent_id,
    sqlite_where=sa.text("parent_id IS NOT NULL"),
)
sa.Index("ix_generations_draft", generations.c.ended_at, sqlite_where=sa.text("draft IS NOT NULL"))
sa.Index("ix_generations_prediction_id", generations.c.prediction_id)
sa.Index("ix_generations_message_id", generations.c.message_id)
sa.Index(
    "ix_generations_requester_id",
    generations.c.requester_id,
    generations.c.created_at,
    generations.c.id,
)
sa.Index(
    "ix_generations_guild_id",
    generations.c.guild_id,
    generations.c.created_at,
    generations.c.id,
    sqlite_where=sa.text("guild_id IS NOT NULL"),
)
sa.Index(
    "ix_generations_batch_id",
    generations.c.batch_id,
    sqlite_where=sa.text("batch_id IS NOT NULL"),
)

generation_events = sa.Table(
    "generation_events",
    metadata,
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
    sa.Column("at", Moment, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)
sa.Index("ix_generation_events_generation_id", generation_events.c.generation_id)

stars = sa.Table(
    "stars",
    metadata,
    sa.Column(
        "generation_id",
        sa.String(32),
        sa.ForeignKey("generations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("given_at", Moment, nullable=False),
)
sa.Index("ix_stars_user_id", stars.c.user_id)
sa.Index("ix_stars_given_at", stars.c.given_at)

# What each generation costs (`bot.domain.charges`). It outlives its generation, so that forgetting
# gives nothing back.
charges = sa.Table(
    "charges",
    metadata,
    sa.Column(
        "seq",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    # Null once it is forgotten; and the requester as well, as soon as no limit needs them.
    sa.Column("generation_id", sa.String(32)),
    sa.Column("requester_id", sa.BigInteger),
    sa.Column("guild_id", sa.BigInteger),
    sa.Column("accepted_at", Moment, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("seconds", sa.Integer, nullable=False),
    sa.Column("reserved_micro_usd", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("actual_micro_usd", sa.BigInteger),
    sa.Column("run_us", sa.BigInteger),
    sa.Column("jam_id", sa.String(32)),
)
sa.Index("ix_charges_generation_id", charges.c.generation_id, unique=True)
sa.Index("ix_charges_accepted_at", charges.c.accepted_at)
sa.Index("ix_charges_requester_id", charges.c.requester_id, charges.c.accepted_at)
sa.Index("ix_charges_guild_id", charges.c.guild_id, charges.c.accepted_at)
sa.Index(
    "ix_charges_jam_id",
    charges.c.jam_id,
    charges.c.accepted_at,
    sqlite_where=sa.text("jam_id IS NOT NULL"),
)
sa.Index(
    "ix_charges_runs",
    charges.c.version,
    charges.c.model,
    charges.c.seconds,
    charges.c.accepted_at,
    sqlite_where=sa.text("run_us IS NOT NULL"),
)

presets = sa.Table(
    "presets",
    metadata,
    sa.Column("owner_kind", sa.String(16), primary_key=True),
    sa.Column("owner_id", sa.BigInteger, primary_key=True, autoincrement=False),
    # The name as it is compared.
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("is_default", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("saved_at", Moment, nullable=False),
    sa.Column("fine_tune", sa.Text),
)

# Of those who press a button that has something made; kept for a minute.
presses = sa.Table(
    "presses",
    metadata,
    sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    # Its custom_id.
    sa.Column("button", sa.Text, primary_key=True),
    sa.Column("pressed_at", Moment, nullable=False),
    sa.Column("before_at", Moment),
)

# What was refused, for whoever typed it to change; kept for half an hour.
drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)

members = sa.Table(
    "members",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("incarnation", sa.String(16), nullable=False),
    sa.Column("alive_until", sa.BigInteger, nullable=False),
)

locks = sa.Table(
    "locks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("incarnation", sa.String(16), nullable=False),
    sa.Column("locked_until", sa.BigInteger, nullable=False),
)
