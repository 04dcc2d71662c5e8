"""Info: everything there is to know of a track, and how to make it again; for whoever presses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.loop import loop_button
from bot.card.actions.pack import pack_buttons
from bot.card.actions.preset import SAVE_PRESET
from bot.card.audio_attachments import audio_attachments, track_attachments
from bot.card.buttons import CardButton, CardSelect, card_button, card_select, view_of
from bot.card.interactions import reading
from bot.card.lineage import Onlooker, visible
from bot.card.markup import fitted, quoted, track_link
from bot.domain.charges import Charge, ChargeState
from bot.domain.generation import REMADE, Generation
from bot.domain.inputs import InputTable, plain
from bot.domain.plain_text import one_line

_TITLE_MAX_CHARS = 256
_FIELD_MAX_CHARS = 1024
_LINK_MAX_CHARS = 80
_UNTOLD = frozenset({"prompt", "input_audio", "seed"})


def command_line(generation: Generation, table: InputTable) -> str:
    """The `/musicgen` line that makes the same track again, as far as words can say it."""
    values = generation.as_sent.set_values() | {"seed": generation.seed}
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
    charges: Mapping[str, Charge] | None = None,
) -> discord.Embed:
    """What one card shows: its takes, in order, and what they came from, nearest first.

    Of its `ancestors`, what the onlooker may see. What each take costs stands in `charges`.
    """
    first = takes[0]
    line = command_line(first, table)
    embed = discord.Embed(
        title=fitted(first.inputs.prompt, _TITLE_MAX_CHARS), description=f"```\n{line}\n```"
    )
    if first.has_audio:
        embed.description = f"{embed.description}\n{strings.info.AUDIO_TOO()}"
    if first.fine_tune is not None:
        note = strings.info.fine_tune(quoted(first.fine_tune, _LINK_MAX_CHARS))
        embed.description = f"{embed.description}\n{note}"
    _add(embed, strings.info.SETTINGS(), _settings(first, table))
    for number, take in enumerate(takes, start=1):
        name = strings.info.RUN() if len(takes) == 1 else strings.info.take(number)
        _add(embed, name, "\n".join(_run(take, (charges or {}).get(take.id))))
    chain = _chain(first, ancestors, onlooker)
    if chain:
        _add(embed, strings.info.LINEAGE(), _whole_lines(chain))
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
            parts.append(f"`{spec.name}` {strings.commands.value(value)}")
        elif spec.default is not None:
            parts.append(strings.info.default(spec.name, strings.commands.value(spec.default)))
    if generation.more_s is not None:
        parts.append(strings.takes.longer_by(generation.more_s))
        parts.append(strings.info.heard(generation.closeness, generation.audio_s))
    if generation.terms:
        parts.append(strings.terms.terms(generation.terms))
    return "\n".join(parts)


def _cost(charge: Charge | None) -> str:
    if charge is None:
        return strings.info.COST_UNKNOWN()
    if charge.state is ChargeState.GIVEN_BACK:
        return strings.limits.COST_NONE()
    return strings.limits.cost(charge.micro_usd, is_estimate=charge.is_estimate)


def _run(take: Generation, charge: Charge | None) -> list[str]:
    lines = [strings.info.seed(take.seed)]
    if take.measures is not None:
        lines.append(strings.measures.tempo(take.measures.tempo))
        lines.append(strings.measures.played_again(take.measures.joint))
    if take.predict_time_s is not None:
        lines.append(strings.info.predict_time(take.predict_time_s))
    lines.append(_cost(charge))
    lines.append(
        strings.info.NO_PREDICTION()
        if take.prediction_id is None
        else strings.info.prediction(take.prediction_id)
    )
    if take.ended_at is not None:
        took_s = (take.ended_at - take.created_at).total_seconds()
        lines.append(strings.info.took(took_s))
    lines.append(strings.info.asked(take.requester_id, int(take.created_at.timestamp())))
    return lines


def _chain(first: Generation, ancestors: Sequence[Generation], onlooker: Onlooker) -> list[str]:
    """Step by step, as far as the onlooker may see: of what is behind that, not even how much."""
    lines: list[str] = []
    below = first
    for parent in ancestors:
        if below.relation is None:
            break
        if not onlooker.may_see(parent):
            return [*lines, strings.lineage.came_from(below.relation, strings.lineage.HIDDEN())]
        link = track_link(parent, _LINK_MAX_CHARS)
        source = strings.lineage.made_by(link, parent.requester_id)
        lines.append(strings.lineage.came_from(below.relation, source))
        below = parent
    if below.relation is not None:
        is_track = below.parent_id is not None or below.relation in REMADE
        source = strings.lineage.FORGOTTEN() if is_track else strings.lineage.OUTSIDE()
        lines.append(strings.lineage.came_from(below.relation, source))
    return lines


async def _press(context: ActionContext, generation_id: str) -> None:
    interaction, service = context.interaction, context.service
    async with reading():
        generation = await service.get(generation_id)
        takes = await service.takes(generation)
        ancestors = await service.journal.ancestry(generation.id)
        charges = await service.journal.charges([take.id for take in takes])
    here = [take for take, _ in track_attachments(audio_attachments(interaction.message), takes)]
    onlooker = Onlooker(interaction.channel_id or 0, interaction.user.id)
    table = service.models.shown(generation.fine_tune).table
    embed = info_embed(here or takes, ancestors, table, onlooker, charges)
    message_id = 0
    if here and interaction.message is not None:
        # Its buttons are pressed in another message, which has none of the audio.
        message_id = interaction.message.id
        context.memory.cards[message_id] = interaction.message
    view = _view(message_id, here or takes, visible(ancestors, onlooker))
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


def _view(
    message_id: int,
    takes: Sequence[Generation],
    ancestors: Sequence[Generation],
    chosen: Generation | None = None,
) -> discord.ui.View:
    """What can be done with one take, where several are shown with the one that is chosen.

    The card's message is 0 where there is none with the audio. Of their own ancestors its person
    alone is told.
    """
    shown = chosen or takes[0]
    items: list[CardButton | CardSelect] = []
    if len(takes) > 1:
        options = [
            discord.SelectOption(
                label=strings.forms.take(number, take.seed),
                value=f"{message_id}-{take.id}",
                default=take is chosen,
            )
            for number, take in enumerate(takes, start=1)
        ]
        items.append(card_select(INFO_OF_TAKE, strings.forms.TAKE(), options))
    if message_id:
        items += [
            loop_button(message_id, shown),
            *pack_buttons(message_id, takes, ancestors),
        ]
    return view_of(*items, card_button(SAVE_PRESET, shown.id))


async def _press_take(context: ActionContext, about: str) -> None:
    """Tell of one take alone, in the same answer."""
    interaction, service = context.interaction, context.service
    message_id, _, take_id = about.partition("-")
    async with reading():
        takes = await service.takes(await service.get(take_id))
        ancestors = await service.journal.ancestry(take_id)
        charges = await service.journal.charges([take_id])
    chosen = next(take for take in takes if take.id == take_id)
    onlooker = Onlooker(interaction.channel_id or 0, interaction.user.id)
    table = service.models.shown(chosen.fine_tune).table
    embed = info_embed([chosen], ancestors, table, onlooker, charges)
    card_id = int(message_id) if message_id.isdecimal() else 0
    view = _view(card_id, takes, visible(ancestors, onlooker), chosen)
    await interaction.response.edit_message(embed=embed, view=view)


INFO_OF_TAKE = Action("take", _press_take)
INFO = Action("info", _press, strings.card.INFO)
