"""What somebody typed that was refused, so that the form opens again as they left it.

It is kept in the journal: a restart between refusal and press changes nothing, and whichever
process the press comes to has it. A custom_id holds its id alone, or that of the generation that
was refused only after it had been accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from pydantic import TypeAdapter, ValidationError

from bot.card.audio_attachments import AudioAttachment
from bot.card.forms import TERMS, SubmittedForm
from bot.community.ports import DraftJournal
from bot.domain import errors
from bot.domain.clock import Clock
from bot.domain.drafts import StoredDraft
from bot.domain.errors import (
    DraftGone,
    DraftOfAnother,
    InputsNotTaken,
    OutOfBounds,
    UnknownChoice,
)
from bot.domain.generation import AudioSource, new_generation_id
from bot.domain.inputs import Inputs

log = logging.getLogger(__name__)

DRAFT = "draft"
"""In the `extras` of an interaction: what its person would lose by a refusal."""
AUDIO, ADDRESS, PRESET = "input_audio", "input_audio_url", "preset"
"""The names of options that are no values of inputs."""
NEW_AUDIO = "new_audio"
"""The field of a form where a file can be given."""
FROM, SECTION_S, SECTIONS = "from", "seconds", "sections"
"""Options of `/jam start`, and of `/jam branch`."""
NAME, OF_SERVER, FINE_TUNE = "name", "server", "fine_tune"
"""What `/preset save` has beside inputs."""
COMMAND = "command"
"""What a command's form is about."""
THE_FILE = "file"
"""The choice of audio that is the upload which is kept."""
_WINDOW = ("continuation_start", "continuation_end")
_OF_THE_FILE = (NEW_AUDIO, AUDIO, ADDRESS)
_CONCERNS: Mapping[type[BaseException], tuple[str, ...]] = {
    errors.MelodyNotSupported: ("model_version", "continuation", AUDIO),
    errors.ContinuationWithoutAudio: ("continuation", NEW_AUDIO, ADDRESS),
    errors.WindowWithoutAudio: (*_WINDOW, NEW_AUDIO, ADDRESS),
    errors.WindowReversed: _WINDOW,
    errors.WindowBeyondAudio: (*_WINDOW, AUDIO, NEW_AUDIO),
    errors.AudioPromptTooLong: ("duration", *_WINDOW),
    errors.DiffusionNeedsMono: ("model_version", "multi_band_diffusion"),
    errors.PresetUnknown: (PRESET,),
    errors.PresetFineTuneGone: (PRESET,),
    errors.PresetsFull: (OF_SERVER,),
    errors.PresetsOfManagers: (OF_SERVER,),
    errors.NoServerHere: (OF_SERVER,),
    errors.FineTuneUnknown: (FINE_TUNE,),
    errors.LongerThanAllowed: ("duration",),
    **dict.fromkeys(
        (
            errors.TwoInputAudios,
            errors.AudioAddressBad,
            errors.AudioUnavailable,
            errors.AudioNotStored,
            errors.AudioTooLarge,
            errors.NotAudio,
            errors.AudioEmpty,
            errors.FormatNotTaken,
            errors.SoundMissing,
            errors.AudioUnreadable,
            errors.AudioBroken,
            errors.AudioTooSlow,
            errors.AudioTooHeavy,
            errors.AudioGivenUp,
            errors.AudioBeyondBounds,
            errors.AudioBeyondRoom,
        ),
        (*_OF_THE_FILE, FROM),
    ),
    **dict.fromkeys((errors.TermsUnreadable, errors.TermOutOfBounds, errors.BarsTooLong), (TERMS,)),
    **dict.fromkeys(
        (
            errors.JamTakeToChoose,
            errors.JamTrackGone,
            errors.JamTrackUnknown,
            errors.PieceTooLong,
        ),
        (FROM,),
    ),
}
"""The fields that an error is about."""
_FOR_GOOD = (
    DraftGone,
    DraftOfAnother,
    errors.GenerationUnknown,
    errors.JamClosed,
    errors.JamNotHere,
    errors.JamUnknown,
    errors.ManagersOnly,
    errors.NotAllowed,
    errors.PersonBlocked,
    errors.SourceGone,
)
"""Nothing that is typed otherwise makes them go away."""


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
    is_form: bool = False
    """Whether it was sent as a form, whose labels its person saw."""

    def sent_in(self, form: SubmittedForm) -> Draft:
        """The same, as it stands in a form that was sent."""
        values = {**self.values, **form.values}
        if form.upload is not None:
            values[AUDIO] = THE_FILE
        upload = form.upload or self.upload
        return replace(self, values=values, is_form=True, upload=upload)

    def showing(self, error: BaseException) -> Draft:
        """The same, to be opened with the fields that matter after this error."""
        if self.about != COMMAND:
            return self
        concerned = _CONCERNS.get(type(error), ())
        if isinstance(error, OutOfBounds | UnknownChoice):
            concerned = (error.name,)
        elif isinstance(error, InputsNotTaken):
            concerned = error.names
        inputs = {} if self.inputs is None else self.inputs.set_values()
        given = [*inputs, *self.values, *([AUDIO] if self.upload else ())]
        names = dict.fromkeys(["prompt", *concerned, *given, "duration", "model_version"])
        return replace(self, fields=tuple(names))


@cache
def _json_of_drafts() -> TypeAdapter[Draft]:
    return TypeAdapter(Draft)


def written(draft: Draft) -> str:
    """A draft as the journal keeps it."""
    return _json_of_drafts().dump_json(draft).decode()


def read(content: str) -> Draft | None:
    """What `written` wrote; None for what another release did, in another way."""
    try:
        return _json_of_drafts().validate_json(content)
    except ValidationError as error:
        log.warning("a draft of another release cannot be read: %s", error)
        return None


def may_be_changed(error: BaseException) -> bool:
    """Whether another try, typed otherwise or later, may end better than in this."""
    return not isinstance(error, _FOR_GOOD)


@dataclass(frozen=True, slots=True)
class Drafts:
    """Keeps what was refused."""

    journal: DraftJournal
    clock: Clock

    async def keep(self, user_id: int, draft: Draft) -> str:
        """Keep one for its person; its id.

        Raises:
            JournalFault: it cannot be written down.
        """
        stored = StoredDraft(new_generation_id(), user_id, self.clock.now(), written(draft))
        await self.journal.keep_draft(stored)
        return stored.id

    async def get(self, draft_id: str, user_id: int) -> Draft:
        """Read a draft of this person's.

        Raises:
            DraftGone: there is none any more.
            DraftOfAnother: it is somebody else's.
            JournalFault: it cannot be read.
        """
        stored = await self.journal.draft(draft_id)
        if stored is not None and stored.user_id != user_id:
            raise DraftOfAnother(stored.user_id)
        draft = None if stored is None else read(stored.content)
        if stored is None or draft is None:
            raise DraftGone
        return draft if stored.failure is None else draft.showing(stored.failure)
