"""Generation -> the card that shows it. Pure: the same generation makes the same card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import discord

from bot.card import strings
from bot.card.action import Action
from bot.card.actions import BRING, CANCEL, actions_after
from bot.card.lineage import lineage
from bot.card.markup import fitted, quoted
from bot.domain.errors import InternalFault
from bot.domain.generation import LATE, Generation, State
from bot.domain.inputs import Inputs, InputTable, plain
from bot.domain.progress import Progress
from bot.domain.waits import NotPostable

_TITLE_MAX_CHARS = 256
_SETTINGS_MAX_CHARS = 1024
_SHOWN_ELSEWHERE = frozenset({"prompt", "model_version", "duration", "seed", "input_audio"})

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_STARS: Mapping[str, int] = MappingProxyType({})

_RUNNING = discord.Colour(0x5865F2)
_DONE = discord.Colour(0x3BA55D)
_FAILED = discord.Colour(0xED4245)
_CANCELED = discord.Colour(0x80848E)


@dataclass(frozen=True)
class Card:
    """A message's embed and the actions that its buttons offer."""

    embed: discord.Embed
    actions: tuple[Action, ...] = ()
    take_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the buttons that are each about one take, by the takes' ids."""


class CardRenderer:
    """Draws cards for the inputs and the model that this bot runs."""

    def __init__(self, table: InputTable, model_name: str) -> None:
        self._table = table
        self._model_name = model_name

    def running(
        self, generation: Generation, progress: Progress, parent: Generation | None = None
    ) -> Card:
        """A card on its way: stage, bar, times; the seed from the first one on."""
        words = strings.card.stage(progress)
        actions = (CANCEL,) if generation.state.cancelable else ()
        if progress.now > generation.reply.token_expires_at - LATE:
            words = f"{words}\n{strings.card.LATE}"
            actions = (*actions, BRING)
        elif isinstance(progress.wait, NotPostable):
            actions = (*actions, BRING)
        return Card(self._embed(generation, _RUNNING, words, parent), actions)

    def coming(self, generation: Generation) -> Card:
        """What a new message shows until the track is in it."""
        return Card(self._embed(generation, _RUNNING, strings.card.COMING, None), (BRING,))

    def waiting(self, generation: Generation) -> Card:
        """What a message shows that does not take the track now."""
        return Card(self._embed(generation, _RUNNING, strings.card.WAITS, None), (BRING,))

    def ended(
        self,
        generation: Generation,
        parent: Generation | None = None,
        note: str = "",
        stars: Mapping[str, int] = _NO_STARS,
    ) -> Card:
        """The last card: delivered, failed or canceled; `note` is about the file."""
        match generation.state:
            case State.DELIVERED:
                colour, words = _DONE, note or None
            case State.CANCELED:
                colour, words = _CANCELED, strings.card.CANCELED
            case _:
                words = strings.errors.sentence(generation.failure or InternalFault())
                colour, words = _FAILED, f"{strings.card.FAILED}\n{words}"
        embed = self._embed(generation, colour, words, parent)
        _add_time_taken(embed, (generation,))
        return self._finished(embed, (generation,), stars)

    def takes(
        self,
        takes: Sequence[Generation],
        progresses: Mapping[str, Progress] = MappingProxyType({}),
        parent: Generation | None = None,
        notes: Mapping[str, str] = _NOTHING,
        stars: Mapping[str, int] = _NO_STARS,
    ) -> Card:
        """The card of several takes, a line for each; the last one once all have ended.

        `progresses`, `notes` and `stars` are by the takes' ids.
        """
        lines = [
            strings.takes.take_line(n, take, progresses.get(take.id), notes.get(take.id, ""))
            for n, take in enumerate(takes, start=1)
        ]
        running = [take for take in takes if not take.state.final]
        if not running:
            embed = self._takes_embed(takes, _colour(takes), lines, parent)
            _add_time_taken(embed, takes)
            return self._finished(embed, takes, stars)
        current = [progresses[take.id] for take in running if take.id in progresses]
        lines += strings.waits.notes((p.wait, p.stage) for p in current if p.wait is not None)
        cancelable = any(take.state.cancelable for take in running)
        actions = (CANCEL,) if cancelable else ()
        expires_at = max(take.reply.token_expires_at for take in running)
        if any(progress.now > expires_at - LATE for progress in current):
            lines.append(strings.card.LATE)
            actions = (*actions, BRING)
        return Card(self._takes_embed(takes, _RUNNING, lines, parent), actions)

    def _finished(
        self, embed: discord.Embed, takes: Sequence[Generation], stars: Mapping[str, int]
    ) -> Card:
        labels = {
            take.id: strings.stars.label(
                strings.stars.STAR if len(takes) == 1 else strings.stars.take(number),
                stars.get(take.id, 0),
            )
            for number, take in enumerate(takes, start=1)
            if take.state is State.DELIVERED
        }
        return Card(embed, actions_after(takes, self._table), labels)

    def _takes_embed(
        self,
        takes: Sequence[Generation],
        colour: discord.Colour,
        lines: Sequence[str],
        parent: Generation | None,
    ) -> discord.Embed:
        # Of those that have ended it is not known any more.
        source = next((take.source for take in takes if take.source is not None), None)
        first = replace(takes[0], source=source)
        return self._embed(first, colour, "\n".join(lines), parent, with_seed=False)

    def _embed(
        self,
        generation: Generation,
        colour: discord.Colour,
        description: str | None,
        parent: Generation | None,
        *,
        with_seed: bool = True,
    ) -> discord.Embed:
        inputs = generation.inputs
        embed = discord.Embed(
            title=fitted(inputs.prompt, _TITLE_MAX_CHARS), description=description, colour=colour
        )
        origin = lineage(generation, parent)
        if origin is not None:
            embed.set_author(name=origin)
        model = self._table.model(inputs)
        if model is not None:
            embed.add_field(name=strings.card.FIELD_MODEL, value=model)
        embed.add_field(name=strings.card.FIELD_LENGTH, value=self._length(generation))
        if with_seed:
            embed.add_field(name=strings.card.FIELD_SEED, value=f"`{generation.seed}`")
        source = generation.source
        if generation.more_s is not None:
            # That an extension continues its piece is what its first line says.
            source, inputs = None, replace(inputs, continuation=None)
        settings = self.settings(inputs, source.filename if source else None)
        if settings:
            embed.add_field(name=strings.card.FIELD_SETTINGS, value=settings, inline=False)
        embed.set_footer(text=strings.card.made_with(self._model_name))
        return embed

    def _length(self, generation: Generation) -> str:
        given_s, more_s = generation.given_s, generation.more_s
        whole_s = generation.track_s
        if more_s is not None:
            if given_s is None:
                return strings.takes.longer_by(more_s)
            return strings.takes.extended_length(whole_s or given_s + more_s, given_s)
        if whole_s is None:
            whole_s = self._table.duration_s(generation.inputs)
        return strings.takes.length_of(whole_s)

    def settings(self, inputs: Inputs, audio_name: str | None) -> str:
        """The settings that differ from the defaults, as one line of markdown."""
        parts = [strings.card.input_audio(quoted(audio_name, 60))] if audio_name else []
        for name, value in inputs.set_values().items():
            if name in _SHOWN_ELSEWHERE or name not in self._table:
                continue
            if value != self._table[name].default:
                parts.append(f"{name} {plain(value)}".replace("_", "\\_"))
        return " · ".join(parts)[:_SETTINGS_MAX_CHARS]


def without_words(card: Card) -> Card:
    """The card without what its person wrote, for where AutoMod does not allow that."""
    embed = card.embed.copy()
    embed.title = strings.card.UNNAMED
    embed.description = "\n".join(filter(None, (embed.description, strings.card.WORDS_BLOCKED)))
    embed.remove_author()
    for index, shown in reversed(list(enumerate(embed.fields))):
        if shown.name == strings.card.FIELD_SETTINGS:
            embed.remove_field(index)
    return replace(card, embed=embed)


def _add_time_taken(embed: discord.Embed, takes: Sequence[Generation]) -> None:
    ends = [take.ended_at for take in takes if take.ended_at is not None]
    if ends:
        took_s = (max(ends) - takes[0].created_at).total_seconds()
        embed.add_field(name=strings.card.FIELD_TOOK, value=strings.card.seconds(took_s))


def _colour(takes: Sequence[Generation]) -> discord.Colour:
    states = {take.state for take in takes}
    if State.DELIVERED in states:
        return _DONE
    return _FAILED if State.FAILED in states else _CANCELED
