"""What Info tells: everything there is to know of a track, and how to make it again."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.card.lineage import Onlooker
from bot.card.markup import fitted, link
from bot.card.strings import card as texts
from bot.card.strings import info as words
from bot.domain.generation import REMADE, Generation, Reply
from bot.domain.inputs import InputTable, plain
from bot.domain.plain_text import one_line

_TITLE_MAX_CHARS = 256
_FIELD_MAX_CHARS = 1024
_LINK_MAX_CHARS = 80
_UNTOLD = frozenset({"prompt", "input_audio", "seed"})


def jump_url(reply: Reply) -> str:
    """The address of the message that shows a generation."""
    place = "@me" if reply.guild_id is None else str(reply.guild_id)
    return f"https://discord.com/channels/{place}/{reply.channel_id}/{reply.message_id}"


def command_line(generation: Generation, table: InputTable) -> str:
    """The `/musicgen` line that makes the same track again, as far as words can say it."""
    values = generation.inputs.set_values() | {"seed": generation.seed}
    parts = [
        f"{name}:{_typed(value)}"
        for name, value in values.items()
        if name in table and name != "input_audio"
    ]
    # A row of backticks would end the code block that this is shown in.
    return " ".join(["/musicgen", *parts]).replace("```", "'''")


def _typed(value: str | float | bool) -> str:
    """A value as Discord reads it from a pasted command, which is one line."""
    return str(value) if isinstance(value, bool) else one_line(plain(value))


def info_embed(
    takes: Sequence[Generation],
    ancestors: Sequence[Generation],
    table: InputTable,
    onlooker: Onlooker,
) -> discord.Embed:
    """What one card shows: its takes, in order, and what they came from, nearest first.

    Of its `ancestors`, what the onlooker may see.
    """
    first = takes[0]
    line = command_line(first, table)
    embed = discord.Embed(
        title=fitted(first.inputs.prompt, _TITLE_MAX_CHARS), description=f"```\n{line}\n```"
    )
    if first.has_audio:
        embed.description = f"{embed.description}\n{words.AUDIO_TOO}"
    _add(embed, words.SETTINGS, _settings(first, table))
    for number, take in enumerate(takes, start=1):
        name = words.RUN if len(takes) == 1 else words.take(number)
        _add(embed, name, "\n".join(_run(take)))
    chain = _chain(first, ancestors, onlooker)
    if chain:
        _add(embed, words.LINEAGE, _whole_lines(chain))
    return embed


def _add(embed: discord.Embed, name: str, value: str) -> None:
    embed.add_field(name=name, value=value[:_FIELD_MAX_CHARS], inline=False)


def _whole_lines(lines: Sequence[str]) -> str:
    """As many lines as a field holds; half a link is none."""
    kept: list[str] = []
    for line in lines:
        if len("\n".join([*kept, line])) > _FIELD_MAX_CHARS:
            break
        kept.append(line)
    return "\n".join(kept)


def _settings(generation: Generation, table: InputTable) -> str:
    parts: list[str] = []
    for spec in table:
        if spec.name in _UNTOLD:
            continue
        value = generation.inputs.value(spec.name)
        if value is not None:
            parts.append(f"`{spec.name}` {plain(value)}")
        elif spec.default is not None:
            parts.append(words.default(spec.name, plain(spec.default)))
    if generation.more_s is not None:
        parts.append(words.more(generation.more_s))
    return "\n".join(parts)


def _run(take: Generation) -> list[str]:
    lines = [words.seed(take.seed)]
    if take.predict_time_s is not None:
        lines.append(words.predict_time(take.predict_time_s))
    lines.append(words.COST_UNKNOWN)
    lines.append(
        words.NO_PREDICTION if take.prediction_id is None else words.prediction(take.prediction_id)
    )
    if take.ended_at is not None:
        took_s = (take.ended_at - take.created_at).total_seconds()
        lines.append(f"{texts.FIELD_TOOK}: {texts.seconds(took_s)}")
    lines.append(words.asked(take.requester_id, int(take.created_at.timestamp())))
    return lines


def _chain(first: Generation, ancestors: Sequence[Generation], onlooker: Onlooker) -> list[str]:
    """Step by step, as far as the onlooker may see: of what is behind that, not even how much."""
    lines: list[str] = []
    below = first
    for parent in ancestors:
        if below.relation is None:
            break
        if not onlooker.may_see(parent):
            return [*lines, words.came_from(below.relation, words.HIDDEN)]
        source = link(parent.inputs.prompt, jump_url(parent.reply), _LINK_MAX_CHARS)
        lines.append(words.came_from(below.relation, source, parent.requester_id))
        below = parent
    if below.relation is not None:
        is_track = below.parent_id is not None or below.relation in REMADE
        source = words.FORGOTTEN if is_track else words.OUTSIDE
        lines.append(words.came_from(below.relation, source))
    return lines
