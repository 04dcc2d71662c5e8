"""Alembic's entry: runs the migrations over the connection that `bot.journal.schema` gives."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
