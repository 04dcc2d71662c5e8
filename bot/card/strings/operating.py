"""What an operator is told at the start."""

from __future__ import annotations

SENTRY_NOT_INSTALLED = (
    "SENTRY_DSN: faults are not sent to Sentry, for what that needs is not installed: "
    "pip install -r bot/operations/requirements.txt"
)


def vanishes(host: str, *, with_journal: bool, has_volumes: bool) -> str:
    """The disk that the data folder is on goes with the machine."""
    lost = "the journal and tracks on their way" if with_journal else "tracks on their way"
    ways = (["set DATABASE_URL to a PostgreSQL"] if with_journal else []) + (
        ["put DATA_FOLDER on a volume"] if has_volumes else []
    )
    mend = f"; {' or '.join(ways)}" if ways else ""
    return f"DATA_FOLDER: {host} gives each start a fresh disk, so {lost} vanish with it{mend}"
