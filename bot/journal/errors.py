"""What can go wrong with the journal. No driver's own error leaves this package."""

from __future__ import annotations

from bot.domain.errors import DeliveredTwice, JournalFault, NotFollowedHere
from bot.domain.generation import State


class JournalError(JournalFault):
    """The journal could not be read or written."""


class JournalNotReady(JournalError):
    """The database's server is there, but takes nobody yet; it will in a while."""


class JournalTooNew(JournalError):
    """The database was last used by a later release of the bot."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at revision {revision}, which this release of the bot does not know."
            " Run the release that wrote it, or a later one."
        )
        self.revision = revision


class JournalTooOld(JournalError):
    """The database lacks migrations, and is not to be changed by a start."""

    def __init__(self) -> None:
        super().__init__(
            "The database has not the form that this release needs. Run: python -m bot migrate"
        )


class JournalConflict(JournalError):
    """A save that the journal's own row rules out; None is no row at all."""

    def __init__(self, generation_id: str, journalled: State | None, offered: State) -> None:
        super().__init__(
            f"generation {generation_id} is {journalled or 'not journalled'}: {offered} is refused"
        )
        self.generation_id = generation_id
        self.journalled = journalled
        self.offered = offered


class RowTaken(JournalError, DeliveredTwice):
    """A generation is added whose id has a row: another process, or an earlier call, was first."""

    def __init__(self, generation_id: str) -> None:
        super().__init__(f"generation {generation_id} is journalled already")
        self.generation_id = generation_id


class LeaseLost(JournalConflict, NotFollowedHere):
    """A save by a process that does not follow the generation, or no longer does."""

    def __init__(
        self, generation_id: str, journalled: State, offered: State, owner: str | None
    ) -> None:
        super().__init__(generation_id, journalled, offered)
        self.owner = owner
        """Who follows it now; None is nobody."""

    def __str__(self) -> str:
        holder = "nobody" if self.owner is None else f"another process ({self.owner})"
        return f"generation {self.generation_id} is followed by {holder}: a save is refused"


class RowUnreadable(JournalError):
    """A row that does not make a generation."""

    def __init__(self, generation_id: str) -> None:
        super().__init__(f"the journal's row of generation {generation_id} cannot be read")
        self.generation_id = generation_id
