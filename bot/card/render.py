"""Generation -> the card that shows it. Pure: the same generation makes the same card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import discord

from bot.card import strings
from bot.card.action import Action
from bot.card.actions import BRING, CANCEL, actions_after, actions_of_take
from bot.card.actions.change import words_of
from bot.card.lineage import lineage
from bot.card.markup import fitted, quoted
from bot.domain.extension import Closeness
from bot.domain.generation import LATE, Generation, Relation, State
from bot.domain.inputs import Inputs, InputTable
from bot.domain.models import Models
from bot.domain.progress import Progress
from bot.domain.waits import NotPostable
from bot.jam.service import TakeView

_TITLE_MAX_CHARS = 256
_MODEL_MAX_CHARS = 60
_SETTINGS_MAX_CHARS = 600
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
    named_audio: str = ""
    """The line of its embed that names a file as its person does."""


class CardRenderer:
    """Draws cards for the models that this bot runs."""

    def __init__(self, models: Models, *, with_voice: bool = False) -> None:
        self._models = models
        self._with_voice = with_voice

    def running(
        self,
        generation: Generation,
        progress: Progress,
        parent: Generation | None = None,
        take: TakeView | None = None,
    ) -> Card:
        """A card on its way: stage, bar, times; the seed from the first one on."""
        words = strings.card.stage(progress)
        actions = (CANCEL,) if generation.state.cancelable else ()
        if progress.now > generation.reply.token_expires_at - LATE:
            words = f"{words}\n{strings.card.LATE()}"
            actions = (*actions, BRING)
        elif isinstance(progress.wait, NotPostable):
            actions = (*actions, BRING)
        card = self._card((generation,), _RUNNING, words, parent, actions)
        return card if take is None else _in_jam(card, take)

    def coming(self, generation: Generation) -> Card:
        """What a new message shows until the track is in it."""
        return self._card((generation,), _RUNNING, strings.card.COMING(), None, (BRING,))

    def waiting(self, generation: Generation) -> Card:
        """What a message shows that does not take the track now."""
        return self._card((generation,), _RUNNING, strings.card.WAITS(), None, (BRING,))

    def ended(
        self,
        generation: Generation,
        parent: Generation | None = None,
        note: str = "",
        stars: Mapping[str, int] = _NO_STARS,
        take: TakeView | None = None,
    ) -> Card:
        """The last card: delivered, failed or canceled; `note` is about the file."""
        match generation.state:
            case State.DELIVERED:
                words = note
            case State.CANCELED:
                words = strings.card.canceled(generation.canceled_by, generation.requester_id)
            case _:
                words = f"{strings.card.FAILED()}\n{words_of(generation)}"
        card = self._finished((generation,), words, parent, stars)
        return card if take is None else _ended_in_jam(card, generation, take)

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
            return self._finished(takes, "\n".join(lines), parent, stars)
        current = [progresses[take.id] for take in running if take.id in progresses]
        lines += strings.waits.notes((p.wait, p.stage) for p in current if p.wait is not None)
        cancelable = any(take.state.cancelable for take in running)
        actions = (CANCEL,) if cancelable else ()
        expires_at = max(take.reply.token_expires_at for take in running)
        if any(progress.now > expires_at - LATE for progress in current):
            lines.append(strings.card.LATE())
            actions = (*actions, BRING)
        return self._card(takes, _RUNNING, "\n".join(lines), parent, actions)

    def _finished(
        self,
        takes: Sequence[Generation],
        words: str,
        parent: Generation | None,
        stars: Mapping[str, int],
    ) -> Card:
        labels = {
            take.id: strings.stars.label(
                strings.stars.STAR() if len(takes) == 1 else strings.stars.take(number),
                stars.get(take.id, 0),
            )
            for number, take in enumerate(takes, start=1)
            if take.state is State.DELIVERED
        }
        model = self._models.shown(takes[0].fine_tune)
        # Voice channels are a server's.
        with_voice = self._with_voice and takes[0].reply.guild_id is not None
        actions = actions_after(takes, model.table, with_voice=with_voice)
        card = self._card(takes, _colour(takes), words, parent, actions, has_ended=True)
        if labels:
            card.embed.set_footer(text=strings.card.made_with(model.name))
        return replace(card, take_labels=labels)

    def _card(
        self,
        takes: Sequence[Generation],
        colour: discord.Colour,
        words: str,
        parent: Generation | None,
        actions: tuple[Action, ...],
        *,
        has_ended: bool = False,
    ) -> Card:
        """The card; of one that has ended it is told how long that took.

        A generation can have ended before its card tells: a track may still be on its way there.
        """
        # Of those that have ended it is not known any more.
        source = next((take.source for take in takes if take.source is not None), None)
        first = replace(takes[0], source=source)
        settings = strings.card.small([strings.terms.terms(first.terms), self._settings_of(first)])
        asked_by = strings.card.small(
            [strings.card.asked_by(first.requester_id), _looping(takes) if has_ended else None]
        )
        facts = self._facts(first, takes, has_ended=has_ended)
        lines = words, facts, settings, asked_by
        embed = discord.Embed(
            title=fitted(first.inputs.prompt, _TITLE_MAX_CHARS),
            description="\n".join(filter(None, lines)),
            colour=colour,
        )
        origin = lineage(first, parent)
        if origin is not None:
            embed.set_author(name=origin)
        return Card(embed, actions, named_audio=settings if source is not None else "")

    def _facts(self, first: Generation, takes: Sequence[Generation], *, has_ended: bool) -> str:
        """Model, length, seed and time, in one small line."""
        seed = tempo = None
        if len(takes) == 1:
            seed = strings.card.seed(first.seed)
            tempo = strings.measures.sure_tempo(first.measures)
        ends = [take.ended_at for take in takes if take.ended_at is not None]
        took = None
        if has_ended and ends:
            took = strings.card.took((max(ends) - first.created_at).total_seconds())
        table = self._table_of(first)
        names = (first.fine_tune or "", table.model(first.inputs) or "")
        models = [quoted(name, _MODEL_MAX_CHARS) for name in names]
        return strings.card.small([*models, self._length(first), tempo, seed, took])

    def _table_of(self, generation: Generation) -> InputTable:
        return self._models.shown(generation.fine_tune).table

    def _settings_of(self, generation: Generation) -> str:
        inputs, source = generation.inputs, generation.source
        if generation.more_s is not None:
            # That an extension continues its piece is what its first line says.
            source, inputs = None, replace(inputs, continuation=None)
        name = source.filename if source else None
        line = settings_line(self._table_of(generation), inputs, name)
        how = generation.closeness or Closeness.FOLLOW
        heard = None if how is Closeness.FOLLOW else strings.terms.closeness(how)
        return " · ".join(filter(None, [heard, line]))

    def _length(self, generation: Generation) -> str:
        given_s, more_s = generation.given_s, generation.more_s
        whole_s = generation.track_s
        if more_s is not None:
            if given_s is None:
                return strings.takes.longer_by(more_s)
            return strings.takes.extended_length(whole_s or given_s + more_s, given_s)
        if whole_s is None:
            whole_s = self._table_of(generation).duration_s(generation.inputs)
        return strings.takes.length_of(whole_s)


def _looping(takes: Sequence[Generation]) -> str | None:
    """How the end of what was made meets its beginning; beside who asked, there is room for it.

    A jam's take is there to be gone on from.
    """
    if takes[0].relation is Relation.TAKE:
        return None
    joints = {
        number: take.measures.joint
        for number, take in enumerate(takes, start=1)
        if take.state is State.DELIVERED and take.measures is not None
    }
    if len(takes) == 1:
        return next(map(strings.measures.looping, joints.values()), None)
    clean = [number for number, joint in joints.items() if joint.is_clean]
    return strings.measures.takes_looping(clean) if joints else None


def settings_line(table: InputTable, inputs: Inputs, audio_name: str | None) -> str:
    """The settings that differ from the defaults, as one line of markdown."""
    parts = [strings.card.input_audio(quoted(audio_name, 60))] if audio_name else []
    for name, value in inputs.set_values().items():
        if name in _SHOWN_ELSEWHERE or name not in table:
            continue
        if value != table[name].default:
            parts.append(f"{name} {strings.commands.value(value)}".replace("_", "\\_"))
    return " · ".join(parts)[:_SETTINGS_MAX_CHARS]


def _in_jam(card: Card, take: TakeView) -> Card:
    """The card of a jam's take: called by its words, and by nobody where a round is blind."""
    embed = card.embed.copy()
    embed.title = fitted(take.words, _TITLE_MAX_CHARS)
    embed.set_author(name=strings.jam.take_title(take.number))
    if take.is_blind:
        lines = (embed.description or "").splitlines()
        embed.description = "\n".join(lines[:-1])
    return replace(card, embed=embed, take_labels={})


def _ended_in_jam(card: Card, generation: Generation, take: TakeView) -> Card:
    card = _in_jam(card, take)
    embed = card.embed
    if take.number is None and generation.state is State.DELIVERED:
        why = strings.jam.unusable() if take.is_unusable else strings.jam.late()
        embed.description = f"{why}\n{embed.description}"
    labels = {generation.id: strings.jam.vote_label(0 if take.is_blind else take.votes)}
    return Card(embed, actions_of_take(generation, is_open=take.is_open), labels)


def without_words(card: Card) -> Card:
    """The card without what its person wrote, for where AutoMod does not allow that."""
    embed = card.embed.copy()
    embed.title = strings.card.UNNAMED()
    lines = (embed.description or "").splitlines()
    lines = [line for line in lines if line != card.named_audio]
    embed.description = "\n".join([*lines, strings.card.WORDS_BLOCKED()])
    embed.remove_author()
    return replace(card, embed=embed)


def _colour(takes: Sequence[Generation]) -> discord.Colour:
    states = {take.state for take in takes}
    if State.DELIVERED in states:
        return _DONE
    return _CANCELED if states == {State.CANCELED} else _FAILED
