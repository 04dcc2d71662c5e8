"""The panel of /settings: one private message in which those who manage a server set its rules."""

from __future__ import annotations

from contextlib import suppress
from typing import Unpack

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext, opens
from bot.card.actions.role_limits import DROP_ROLES, PICK_ROLE, ROLE_LIMITS
from bot.card.actions.server_defaults import DEFAULTS, NO_DEFAULTS, TAKE_MORE, TAKE_PRESET
from bot.card.actions.settings_log import OPEN_LOG
from bot.card.actions.weekly_chart import CHART_CHANNEL, WEEKLY, chart_fault
from bot.card.buttons import card_button, card_picker, view_of
from bot.card.forms import CardForm, FormOption, SubmittedForm
from bot.card.interactions import check_manager
from bot.community.server_rules import SettingsChanges
from bot.community.settings import (
    REASON_MAX_CHARS,
    WORDS_MAX_CHARS,
    ServerSettings,
    words_typed,
)
from bot.community.written_amounts import amounts_text, typed_amounts
from bot.domain.errors import OutOfBounds, TooLateToCancel
from bot.domain.plain_text import one_line
from bot.locales import called, languages, spoken

_PANEL = "panel"
_ON, _OFF = "on", "off"
_PICKED_MAX = 25
"""Of channels or roles in one select, which is Discord's limit."""
_PLACES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
    discord.ChannelType.media,
    discord.ChannelType.category,
]
_LOG_PLACES = [discord.ChannelType.text, discord.ChannelType.news]
_EACH, _TOGETHER, _JAM, _AMOUNTS_MAX_CHARS = "each", "together", "jam", 200
_LENGTH, _WORDS, _REASON = "length", "words", "reason"
_LANGUAGE, _AT_DISCORD = "language", "discord"
_REASON_UNSAID = "–"


def panel(
    settings: ServerSettings, guild: discord.Guild | None
) -> tuple[discord.Embed, discord.ui.View]:
    """Every rule as it stands, and what changes it. What is gone is shown so, and not chosen."""
    channels = {channel.id for channel in guild.channels} if guild is not None else set[int]()
    roles = {role.id for role in guild.roles} if guild is not None else set[int]()
    embed = discord.Embed(title=strings.settings.TITLE(), description=strings.settings.MENUS())
    fault = chart_fault(guild, settings.chart_channel)
    for name, value in strings.settings.fields(settings, channels, roles, fault):
        embed.add_field(name=name, value=value, inline=False)
    chosen_log = {settings.log_channel} & channels
    press, audio = settings.others_press, settings.others_audio
    view = view_of(
        card_picker(PLACES, _channel_select(_PLACES, settings.channels & channels, _PICKED_MAX)),
        card_picker(ROLES, _role_select(settings.roles & roles)),
        card_picker(
            LOG_CHANNEL, _channel_select(_LOG_PLACES, {one for one in chosen_log if one}, 1)
        ),
        card_button(LIMITS, _PANEL, row=3),
        card_button(AMOUNTS, _PANEL, row=3),
        card_button(ROLE_LIMITS, _PANEL, row=3),
        card_button(
            PRESS,
            _OFF if press else _ON,
            label=strings.settings.PRESS_OFF() if press else strings.settings.PRESS_ON(),
            row=3,
        ),
        card_button(
            AUDIO,
            _OFF if audio else _ON,
            label=strings.settings.AUDIO_OFF() if audio else strings.settings.AUDIO_ON(),
            row=3,
        ),
        card_button(DEFAULTS, _PANEL, row=4),
        card_button(WEEKLY, _PANEL, row=4),
        card_button(PAUSE if settings.pause is None else RESUME, _PANEL, row=4),
        card_button(CANCEL_ALL, _PANEL, row=4),
        card_button(OPEN_LOG, _PANEL, row=4),
    )
    return embed, view


def _channel_select(
    types: list[discord.ChannelType], chosen: set[int] | frozenset[int], most: int
) -> discord.ui.ChannelSelect[discord.ui.View]:
    hint = strings.settings.PICK_PLACES() if most > 1 else strings.settings.PICK_LOG()
    return discord.ui.ChannelSelect(
        channel_types=types,
        placeholder=hint,
        min_values=0,
        max_values=most,
        default_values=[
            discord.SelectDefaultValue(id=one, type=discord.SelectDefaultValueType.channel)
            for one in sorted(chosen)
        ],
    )


def _role_select(chosen: frozenset[int]) -> discord.ui.RoleSelect[discord.ui.View]:
    return discord.ui.RoleSelect(
        placeholder=strings.settings.PICK_ROLES(),
        min_values=0,
        max_values=_PICKED_MAX,
        default_values=[
            discord.SelectDefaultValue(id=one, type=discord.SelectDefaultValueType.role)
            for one in sorted(chosen)
        ],
    )


async def _set(context: ActionContext, **changes: Unpack[SettingsChanges]) -> None:
    """Change something, show the panel anew, and tell the log channel.

    Setting a value twice is one change, so it does no harm that Discord may deliver twice.
    """
    interaction = context.interaction
    guild_id = check_manager(interaction)
    await interaction.response.defer()
    logged = await context.server_rules.change(guild_id, interaction.user.id, **changes)
    embed, view = panel(context.server_rules.settings_of(guild_id), interaction.guild)
    # A form that was opened again below a refusal puts the panel in its place.
    await interaction.edit_original_response(content=None, embed=embed, view=view)
    await context.announce(logged)


def _ids(about: str) -> frozenset[int]:
    return frozenset(int(one) for one in about.split(",") if one.isdecimal())


async def _places(context: ActionContext, about: str) -> None:
    await _set(context, channels=_ids(about))


async def _roles(context: ActionContext, about: str) -> None:
    await _set(context, roles=_ids(about))


async def _log_channel(context: ActionContext, about: str) -> None:
    await _set(context, log_channel=next(iter(_ids(about)), None))


async def _press_switch(context: ActionContext, about: str) -> None:
    await _set(context, others_press=about == _ON)


async def _audio_switch(context: ActionContext, about: str) -> None:
    await _set(context, others_audio=about == _ON)


async def _limits_form(context: ActionContext, _: str) -> CardForm:
    settings = context.server_rules.settings_of(check_manager(context.interaction))
    form = CardForm("limits", _PANEL, strings.settings.LIMITS(), from_card=True)
    length_about = strings.settings.LENGTH_ABOUT()
    form.add_number(_LENGTH, strings.settings.LENGTH(), length_about, settings.length_max_s)
    form.add_text(
        _WORDS,
        strings.settings.WORDS(),
        strings.settings.WORDS_ABOUT(),
        default="\n".join(settings.words) or None,
        max_chars=WORDS_MAX_CHARS,
        several_lines=True,
    )
    at_discord = FormOption(_AT_DISCORD, strings.settings.LANGUAGE_AT_DISCORD())
    spoken_here = [FormOption(language, called(language)) for language in languages.LANGUAGES]
    form.add_select(
        _LANGUAGE,
        strings.settings.LANGUAGE(),
        [at_discord, *spoken_here],
        settings.language or _AT_DISCORD,
    )
    return form


async def _limits(context: ActionContext, form: SubmittedForm) -> None:
    length_s = form.number(_LENGTH, strings.settings.LENGTH())
    if length_s is not None and length_s < 1:
        raise OutOfBounds(_LENGTH, length_s, 1, None)
    words = words_typed(form.text(_WORDS))
    language = spoken(form.text(_LANGUAGE))
    await _set(context, length_max_s=length_s, words=words, language=language)


async def _amounts_form(context: ActionContext, _: str) -> CardForm:
    settings = context.server_rules.settings_of(check_manager(context.interaction))
    form = CardForm("amounts", _PANEL, strings.settings.AMOUNTS(), from_card=True)
    for name, label, about, amounts in (
        (
            _EACH,
            strings.settings.PER_PERSON(),
            strings.settings.AMOUNTS_ABOUT(),
            settings.per_person,
        ),
        (
            _TOGETHER,
            strings.settings.TOGETHER(),
            strings.settings.AMOUNTS_ABOUT(),
            settings.together,
        ),
        (_JAM, strings.settings.PER_JAM(), strings.settings.JAM_AMOUNTS_ABOUT(), settings.per_jam),
    ):
        text = amounts_text(amounts) or None
        form.add_text(name, label, about, default=text, max_chars=_AMOUNTS_MAX_CHARS)
    return form


async def _amounts(context: ActionContext, form: SubmittedForm) -> None:
    each, together = (typed_amounts(form.text(name)) for name in (_EACH, _TOGETHER))
    per_jam = typed_amounts(form.text(_JAM), per_jam=True)
    await _set(context, per_person=each, together=together, per_jam=per_jam)


async def _pause_form(context: ActionContext, _: str) -> CardForm:
    check_manager(context.interaction)
    form = CardForm("pause", _PANEL, strings.settings.PAUSE_TITLE(), from_card=True)
    form.add_text(
        _REASON,
        strings.settings.PAUSE_REASON(),
        strings.settings.PAUSE_ABOUT(),
        max_chars=REASON_MAX_CHARS,
        required=True,
    )
    return form


async def _pause(context: ActionContext, form: SubmittedForm) -> None:
    await _set(context, pause=one_line(form.text(_REASON)) or _REASON_UNSAID)


async def _resume(context: ActionContext, _: str) -> None:
    await _set(context, pause=None)


async def _ask_whose(context: ActionContext, _: str) -> None:
    check_manager(context.interaction)
    whose = discord.ui.UserSelect[discord.ui.View](placeholder=strings.settings.PICK_PERSON())
    await context.interaction.response.send_message(
        strings.settings.ASK_PERSON(), view=view_of(card_picker(STOP, whose)), ephemeral=True
    )


async def _stop_all(context: ActionContext, about: str) -> None:
    """Stop all of one person's in this server, whoever follows it."""
    interaction = context.interaction
    guild_id = check_manager(interaction)
    [user_id] = _ids(about)
    await interaction.response.defer()
    canceled = await context.server_rules.store.cancel_all(guild_id, interaction.user.id, user_id)
    for generation_id in canceled.ids:
        # What this process follows need not wait for its next look at the journal.
        with suppress(TooLateToCancel):
            await context.service.cancel(generation_id, interaction.user.id)
    told = strings.settings.canceled(user_id, len(canceled.ids))
    await interaction.edit_original_response(content=told, view=None)
    await context.announce(canceled.changes)


PLACES = Action("places", _places)
ROLES = Action("roles", _roles)
LOG_CHANNEL = Action("logchannel", _log_channel)
LIMITS = Action(
    "limits",
    opens(_limits_form),
    strings.settings.LIMITS,
    "✏️",
    submit=_limits,
    form=_limits_form,
)
AMOUNTS = Action(
    "amounts",
    opens(_amounts_form),
    strings.settings.AMOUNTS,
    "⚖️",
    submit=_amounts,
    form=_amounts_form,
)
PRESS = Action("pressing", _press_switch, emoji="👥")
AUDIO = Action("listening", _audio_switch, emoji="🎧")
PAUSE = Action(
    "pause",
    opens(_pause_form),
    strings.settings.PAUSE,
    "⏸️",
    discord.ButtonStyle.danger,
    submit=_pause,
    form=_pause_form,
)
RESUME = Action("resume", _resume, strings.settings.RESUME, "▶️", discord.ButtonStyle.success)
CANCEL_ALL = Action(
    "cancelall", _ask_whose, strings.settings.CANCEL_ALL, "✋", discord.ButtonStyle.danger
)
STOP = Action("stop", _stop_all)

PANEL_ACTIONS = (
    *(PLACES, ROLES, LOG_CHANNEL, LIMITS, AMOUNTS, PRESS, AUDIO, PAUSE, RESUME, CANCEL_ALL, STOP),
    *(ROLE_LIMITS, PICK_ROLE, DROP_ROLES),
    *(DEFAULTS, TAKE_PRESET, TAKE_MORE, NO_DEFAULTS),
    *(WEEKLY, CHART_CHANNEL),
)
