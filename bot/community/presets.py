"""Presets: named sets of inputs, a person's own or a server's, and a person's default."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from bot.community.ports import PresetJournal
from bot.domain.clock import Clock
from bot.domain.errors import (
    FineTuneGone,
    FineTuneUnknown,
    JournalFault,
    PresetFineTuneGone,
    PresetNameBad,
    PresetsFull,
    PresetUnknown,
    RequestRefused,
)
from bot.domain.generation import Generation
from bot.domain.inputs import Inputs, InputTable
from bot.domain.models import Models
from bot.domain.plain_text import one_line
from bot.domain.presets import Named, Preset, PresetOwner
from bot.domain.request import GenerationRequest
from bot.domain.validation import check_request
from bot.engine.background import BackgroundTasks
from bot.engine.journal_watch import keep_looking

log = logging.getLogger(__name__)

NAME_MAX_CHARS = 32
LIMIT_PER_PERSON = 25
LIMIT_PER_SERVER = 50
NOT_KEPT = frozenset({"prompt", "input_audio"})
"""What no preset holds; a seed only where that is asked for."""
_ABOUT_AUDIO = frozenset({"continuation", "continuation_start", "continuation_end"})
"""What applies only to a request that comes with input audio."""


class Presets:
    """Saves and finds presets. Methods raise `JournalFault`.

    Whose default applies is held in memory, for each command asks for it before it is
    acknowledged. Every process looks every few seconds whether another one has changed any.
    """

    def __init__(self, journal: PresetJournal, models: Models, clock: Clock) -> None:
        self._journal = journal
        self._models = models
        self._clock = clock
        self._owner = BackgroundTasks()
        self._defaults: dict[int, Preset] = {}
        self._revision: str | None = None

    async def start(self) -> None:
        """Read the defaults, and read them again whenever they have changed."""
        await self._read()
        looks = keep_looking(self._clock, self._look, "default presets apply as read last")
        self._owner.start(looks, name="default-presets")

    async def close(self) -> None:
        """Stop looking for changes."""
        await self._owner.close()

    async def save(
        self, owner: PresetOwner, name: str, inputs: Inputs, fine_tune: str | None = None
    ) -> bool:
        """Save inputs under a name, in place of older ones; whether the name is new.

        Raises:
            PresetNameBad, PresetsFull: it cannot be saved.
            FineTuneUnknown: the owner does not allow this fine-tune.
            RequestRefused: the inputs cannot be run together, or not by this model.
        """
        name = one_line(name)
        if not 1 <= len(name) <= NAME_MAX_CHARS:
            raise PresetNameBad(NAME_MAX_CHARS)
        inputs = without(inputs, NOT_KEPT)
        has_audio = any(inputs.value(setting) is not None for setting in _ABOUT_AUDIO)
        try:
            model = self._models.named(fine_tune)
        except FineTuneGone as error:
            raise FineTuneUnknown(error.name, self._models.fine_tunes) from error
        model.refuse_unknown(inputs)
        check_request(model.table, replace(inputs, prompt="any"), has_audio=has_audio)
        limit = LIMIT_PER_SERVER if owner.is_server else LIMIT_PER_PERSON
        is_new = await self._journal.save_preset(
            owner, key_of(name), name, inputs, limit, model.fine_tune
        )
        if is_new is None:
            raise PresetsFull(limit, owner.is_server)
        await self._changed(owner)
        return is_new

    async def get(self, name: str, user_id: int, guild_id: int | None) -> Preset:
        """A person's preset of this name, or else the server's.

        Raises:
            PresetUnknown: there is none.
        """
        return await self._found(name, owners(user_id, guild_id))

    async def of_server(self, name: str, guild_id: int) -> Preset:
        """A server's preset of this name.

        Raises:
            PresetUnknown: there is none.
        """
        return await self._found(name, (PresetOwner.server(guild_id),))

    async def _found(self, name: str, owners: Sequence[PresetOwner]) -> Preset:
        preset = await self._journal.preset(owners, key_of(name))
        if preset is None:
            raise PresetUnknown(one_line(name))
        return preset

    async def all_of(self, user_id: int, guild_id: int | None) -> Sequence[Preset]:
        """A person's presets and then the server's, by their names."""
        return await self._journal.presets(owners(user_id, guild_id))

    async def delete(self, owner: PresetOwner, name: str) -> None:
        """Delete a preset.

        Raises:
            PresetUnknown: there is none.
        """
        if not await self._journal.delete_preset(owner, key_of(name)):
            raise PresetUnknown(one_line(name))
        await self._changed(owner)

    async def choose_default(self, user_id: int, name: str | None) -> None:
        """Have one of a person's presets apply where they name none; or none.

        Raises:
            PresetUnknown: they have none of this name.
        """
        key = None if name is None else key_of(name)
        if not await self._journal.choose_default(user_id, key):
            raise PresetUnknown(one_line(name or ""))
        await self._changed(PresetOwner.person(user_id))

    def with_default(self, request: GenerationRequest, user_id: int) -> GenerationRequest:
        """What was typed, with its person's default, as `with_preset`."""
        preset = self._defaults.get(user_id)
        return request if preset is None else self.with_preset(request, preset)

    def named(
        self, request: GenerationRequest, name: str, user_id: int, guild_id: int | None
    ) -> Named[GenerationRequest]:
        """What was typed, with a preset that is read only where it is written down.

        Completing it raises `PresetUnknown` where there is none, and what `with_preset` does.
        """

        def complete(preset: Preset | None) -> GenerationRequest:
            if preset is None:
                raise PresetUnknown(one_line(name))
            return self.with_preset(request, preset)

        return Named(owners(user_id, guild_id), key_of(name), complete)

    def with_preset(self, request: GenerationRequest, preset: Preset) -> GenerationRequest:
        """What was typed, with a preset's settings where it says nothing, and its fine-tune.

        Raises:
            PresetFineTuneGone: the owner no longer allows its fine-tune.
            InputsNotTaken: its fine-tune has no input for something that was typed.
        """
        if preset.fine_tune is not None:
            try:
                model = self._models.named(preset.fine_tune)
            except FineTuneGone as error:
                raise PresetFineTuneGone(preset.name, preset.fine_tune) from error
            model.refuse_unknown(request.inputs)
        inputs = applied(request.inputs, preset.inputs, has_audio=request.has_audio)
        return replace(request, inputs=inputs, fine_tune=preset.fine_tune)

    async def _changed(self, owner: PresetOwner) -> None:
        """Have what has just been written apply here at once."""
        if owner.is_server:
            return
        try:
            found = (await self._journal.default_presets(owner.id)).get(owner.id)
        except JournalFault as error:
            # It is written; the next look reads it.
            log.warning("a changed default preset is not read yet: %s", error)
            return
        if found is None:
            self._defaults.pop(owner.id, None)
        else:
            self._defaults[owner.id] = found

    async def _read(self) -> None:
        # First: what is read after it is as new, or newer.
        revision = await self._journal.default_presets_revision()
        self._defaults = dict(await self._journal.default_presets())
        self._revision = revision

    async def _look(self) -> None:
        if await self._journal.default_presets_revision() != self._revision:
            await self._read()


def applied(inputs: Inputs, preset: Inputs, *, has_audio: bool) -> Inputs:
    """Inputs with a preset's where they are not set; zero and `off` are set.

    What is about input audio applies where there is some.
    """
    set_already = inputs.set_values()
    left_out = NOT_KEPT if has_audio else NOT_KEPT | _ABOUT_AUDIO
    return replace(
        inputs,
        **{
            name: value
            for name, value in preset.set_values().items()
            if name not in set_already and name not in left_out
        },
    )


def with_defaults(
    inputs: Inputs, defaults: Inputs, table: InputTable, *, has_audio: bool
) -> Inputs:
    """Inputs with a server's defaults where they are not set; zero and `off` are set.

    Its people have not chosen those, so what would not run with the rest is left out.
    """
    set_by_server = defaults.set_values()
    if set_by_server.keys() <= NOT_KEPT:
        return inputs
    left_out = {*inputs.set_values(), *table.unfit(defaults), *NOT_KEPT}
    if not has_audio:
        left_out |= _ABOUT_AUDIO
    for name, value in set_by_server.items():
        if name in left_out:
            continue
        filled = replace(inputs, **{name: value})
        with suppress(RequestRefused):
            check_request(table, filled, has_audio=has_audio)
            inputs = filled
    return inputs


def settings_of(generation: Generation, *, with_seed: bool) -> Inputs:
    """What a preset takes over from a card.

    How an extension is sent says nothing of how anybody wants the next track.
    """
    inputs = replace(generation.inputs, seed=generation.seed if with_seed else None)
    if generation.more_s is not None:
        inputs = without(inputs, _ABOUT_AUDIO | {"duration"})
    return without(inputs, NOT_KEPT)


def without(inputs: Inputs, names: frozenset[str]) -> Inputs:
    """Inputs with these not set, and an empty prompt for one that is left out."""
    unset = {name: None for name in names if name != "prompt"}
    prompt = "" if "prompt" in names else inputs.prompt
    return replace(inputs, prompt=prompt, **unset)


def owners(user_id: int, guild_id: int | None) -> tuple[PresetOwner, ...]:
    """Whose presets a person can use here, their own first."""
    own = PresetOwner.person(user_id)
    return (own,) if guild_id is None else (own, PresetOwner.server(guild_id))


def key_of(name: str) -> str:
    """A name as it is compared: without capitals, the same for every way to write it."""
    same = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return one_line(same)
