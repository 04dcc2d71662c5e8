"""Generation -> the card that shows it. Pure: the same generation makes the same card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import discord

from bot.card import texts
from bot.card.buttons import Action
from bot.card.markup import fitted, quoted
from bot.card.sentences import sentence
from bot.errors import InternalFault
from bot.generation import Generation, State
from bot.inputs import Inputs, InputTable, plain
from bot.progress import Progress

_TITLE_MAX_CHARS = 256
_SETTINGS_MAX_CHARS = 1024
_SHOWN_ELSEWHERE = frozenset({"prompt", "model_version", "duration", "seed", "input_audio"})

_LATE = timedelta(seconds=90)
"""So long before the reply's token dies, the card gains a way to give it another."""

_RUNNING = discord.Colour(0x5865F2)
_DONE = discord.Colour(0x3BA55D)
_FAILED = discord.Colour(0xED4245)
_CANCELED = discord.Colour(0x80848E)


@dataclass(frozen=True)
class Card:
    """A message's embed and the actions that its buttons offer."""

    embed: discord.Embed
    actions: tuple[Action, ...] = ()


class CardRenderer:
    """Draws cards for the inputs and the model that this bot runs."""

    def __init__(self, table: InputTable, model_name: str) -> None:
        self._table = table
        self._model_name = model_name

    def running(self, generation: Generation, progress: Progress) -> Card:
        """A card on its way: stage, bar, times; the seed from the first one on."""
        words = texts.stage(progress)
        actions = (Action.CANCEL,) if generation.state.cancelable else ()
        if progress.now > generation.reply.token_expires_at - _LATE:
            words = f"{words}\n{texts.LATE}"
            actions = (*actions, Action.BRING)
        return Card(self._embed(generation, _RUNNING, words), actions)

    def ended(self, generation: Generation) -> Card:
        """The last card: delivered, failed or canceled."""
        match generation.state:
            case State.DELIVERED:
                embed = self._embed(generation, _DONE, None)
            case State.CANCELED:
                embed = self._embed(generation, _CANCELED, texts.CANCELED)
            case _:
                words = sentence(generation.failure or InternalFault())
                embed = self._embed(generation, _FAILED, f"{texts.FAILED}\n{words}")
        if generation.ended_at is not None:
            took_s = (generation.ended_at - generation.created_at).total_seconds()
            embed.add_field(name=texts.FIELD_TOOK, value=texts.seconds(took_s))
        return Card(embed)

    def _embed(
        self, generation: Generation, colour: discord.Colour, description: str | None
    ) -> discord.Embed:
        inputs = generation.inputs
        embed = discord.Embed(
            title=fitted(inputs.prompt, _TITLE_MAX_CHARS), description=description, colour=colour
        )
        model = self._table.model(inputs)
        if model is not None:
            embed.add_field(name=texts.FIELD_MODEL, value=model)
        embed.add_field(name=texts.FIELD_LENGTH, value=f"{self._table.duration_s(inputs)} s")
        embed.add_field(name=texts.FIELD_SEED, value=f"`{generation.seed}`")
        settings = self.settings(inputs, generation.source.filename if generation.source else None)
        if settings:
            embed.add_field(name=texts.FIELD_SETTINGS, value=settings, inline=False)
        embed.set_footer(text=texts.made_with(self._model_name))
        return embed

    def settings(self, inputs: Inputs, audio_name: str | None) -> str:
        """The settings that differ from the defaults, as one line of markdown."""
        parts = [f"input audio {quoted(audio_name, 60)}"] if audio_name else []
        for name, value in inputs.set_values().items():
            if name in _SHOWN_ELSEWHERE or name not in self._table:
                continue
            if value != self._table[name].default:
                parts.append(f"{name} {plain(value)}".replace("_", "\\_"))
        return " · ".join(parts)[:_SETTINGS_MAX_CHARS]
