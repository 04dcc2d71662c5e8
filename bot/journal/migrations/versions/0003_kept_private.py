"""Who sees a reply, and what of a generation is not kept beyond its end."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_rows = sa.table(
    "generations",
    *map(sa.column, ("id", "state", "inputs", "relation", "more_s", "source", "audio_s")),
    *map(sa.column, ("stored_at", "parent_id", "has_audio")),
)
_c = _rows.c
_ENDED = _c.state.in_(("delivered", "failed", "canceled"))


def upgrade() -> None:
    """Add what is to be known, and forget in old rows what new ones do not keep."""
    for name in ("private", "has_audio"):
        column = sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column("generations", column)
    with_audio = sa.or_(
        _c.source.is_not(None), _c.audio_s.is_not(None), _c.relation.in_(("extend", "melody"))
    )
    op.execute(_rows.update().where(with_audio).values(has_audio=sa.true()))
    op.execute(_rows.update().where(_ENDED).values(source=None))
    known = sa.select(_rows.alias("known").c.id)
    op.execute(_rows.update().where(_c.parent_id.not_in(known)).values(parent_id=None))
    _forget_borrowed_audio()
    op.create_index(
        "ix_generations_stored_at",
        "generations",
        ["stored_at"],
        sqlite_where=sa.text("stored_at IS NOT NULL"),
        postgresql_where=sa.text("stored_at IS NOT NULL"),
    )


def _forget_borrowed_audio() -> None:
    borrowed = sa.or_(_c.more_s.is_not(None), _c.relation.in_(("again", "variation", "edit")))
    connection = op.get_bind()
    query = sa.select(_c.id, _c.inputs).where(_c.stored_at.is_not(None), _ENDED, borrowed)
    for key, inputs in connection.execute(query).all():
        try:
            values = dict(json.loads(inputs).items())
        except (ValueError, AttributeError):
            # A row that cannot be read is left as it is, as everywhere.
            continue
        values.pop("input_audio", None)
        without = _rows.update().where(_c.id == key)
        connection.execute(without.values(inputs=json.dumps(values), stored_at=None))
