"""What somebody typed that was refused, so that the form opens again as they left it.

It is kept in the journal: a restart between refusal and press changes nothing, and whichever
process the press comes to has it. A custom_id holds its id alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from bot.card.audio_attachments import AudioAttachment
from bot.community.ports import DraftJournal
from bot.domain.clock import Clock
from bot.domain.drafts import StoredDraft
from bot.domain.errors import DraftGone
from bot.domain.generation import AudioSource, new_generation_id
from bot.domain.inputs import Inputs

log = logging.getLogger(__name__)

DRAFT = "draft"
"""In the `extras` of an interaction: what its person would lose by a refusal."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A command or a form as it was sent."""

    action: str
    """Whose form it is."""
    about: str
    from_card: bool
    values: Mapping[str, str]
    """By the custom_ids of the form's fields."""
    files: tuple[AudioAttachment, ...] = ()
    """The audio of the message it is about."""
    inputs: Inputs | None = None
    """Of a command: all that was typed, but for what `values` has anew."""
    upload: AudioSource | None = None
    """The file that came with it."""
    fields: tuple[str, ...] = ()
    """What its form shows first."""


_ADAPTER = TypeAdapter(Draft)


@dataclass(frozen=True, slots=True)
class Drafts:
    """Keeps what was refused."""

    journal: DraftJournal
    clock: Clock
    adapter: TypeAdapter[Draft] = field(default=_ADAPTER, repr=False)

    async def keep(self, user_id: int, draft: Draft) -> str:
        """Keep one for its person; its id.

        Raises:
            JournalFault: it cannot be written down.
        """
        content = self.adapter.dump_json(draft).decode()
        stored = StoredDraft(new_generation_id(), user_id, self.clock.now(), content)
        await self.journal.keep_draft(stored)
        return stored.id

    async def get(self, draft_id: str, user_id: int) -> Draft:
        """One of this person's.

        Raises:
            DraftGone: there is none any more, or it is somebody else's.
            JournalFault: it cannot be read.
        """
        stored = await self.journal.draft(draft_id, user_id)
        if stored is None:
            raise DraftGone
        try:
            return self.adapter.validate_json(stored.content)
        except ValidationError as error:
            log.warning("a draft of another release cannot be read: %s", error)
            raise DraftGone from error
