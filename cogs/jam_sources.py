"""Which track a jam is to begin with: by its link, its message's id, or as one of those offered."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from dataclasses import replace

import discord
from discord import app_commands

from bot.card import strings
from bot.card.actions.chart import is_for_everyone, visible_channels
from bot.client import MusicGenBot
from bot.community.stars import is_in_chart
from bot.domain.errors import JamTakeToChoose, JamTrackUnknown
from bot.domain.generation import Generation, State
from bot.domain.musical_terms import MusicalTerms
from bot.domain.plain_text import shortened
from bot.jam.from_track import ById, ByMessage, TrackPlace
from bot.jam.jam import Beginning

log = logging.getLogger(__name__)

_WITHIN_S = 0.5
_CHOICES_MAX = 25
_CHOICE_MAX_CHARS = 100
"""Discord's limits (developers/interactions/application-commands, 2026-08)."""
_LINK = re.compile(r"/channels/(?:@me|\d{1,20})/(?P<channel>\d{1,20})/(?P<message>\d{1,20})")
_ID = re.compile(r"(?:(?P<channel>\d{1,20})-)?(?P<message>\d{15,20})")
"""Discord's own menu copies ids as `channel-message` with Shift."""
_LARGEST_ID = 2**63 - 1
"""No snowflake is larger, nor does a database take a number that is."""


def place_named(named: str) -> TrackPlace:
    """Where the track is that a link, a message's id, or a track's own id means."""
    named = named.strip().strip("<>")
    place = _LINK.search(named) or _ID.fullmatch(named)
    if place is None:
        return ById(named)
    channel_id = None if place["channel"] is None else int(place["channel"])
    message_id = int(place["message"])
    if max(channel_id or 0, message_id) > _LARGEST_ID:
        return ById(named)
    return ByMessage(channel_id, message_id)


def usable_track(interaction: discord.Interaction, tracks: Iterable[Generation]) -> Generation:
    """The one that somebody may begin with: their own, or one of this server that they can see.

    Raises:
        JamTrackUnknown: there is none.
        JamTakeToChoose: there are several on that card.
    """
    found = _allowed(interaction, tracks)
    if not found:
        raise JamTrackUnknown
    if len(found) > 1:
        raise JamTakeToChoose(len(found))
    return found[0]


def beginning_with(interaction: discord.Interaction, track: Generation) -> Beginning:
    """What a jam begins with; of a track that not all see here, it tells nothing more."""
    if not track.reply.private and is_for_everyone(interaction, track.reply.channel_id):
        return Beginning(track.requester_id, track.inputs.prompt, track_id=track.id)
    return Beginning(interaction.user.id, strings.jam_begin.A_TRACK(), track_id=track.id)


async def tracks_offered(
    bot: MusicGenBot, interaction: discord.Interaction, typed: str
) -> list[app_commands.Choice[str]]:
    """One's own tracks and then this server's others, or the takes of the card that is linked."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            found = await _usable(bot, interaction, typed) or await _search(bot, interaction, typed)
    except Exception as error:  # noqa: BLE001 - nobody can be told
        log.warning("no tracks to suggest: %r", error)
        return []
    several = len({track.batch_id for track in found} - {None}) == 1 and len(found) > 1
    return [
        app_commands.Choice(
            name=shortened(
                strings.jam_begin.track_option(
                    track.inputs.prompt, number if several else None, track.seed
                ),
                _CHOICE_MAX_CHARS,
            ),
            value=track.id,
        )
        for number, track in enumerate(found[:_CHOICES_MAX], start=1)
    ]


async def _usable(
    bot: MusicGenBot, interaction: discord.Interaction, named: str
) -> list[Generation]:
    """The tracks that a link, a message's id, or a track's own id means, if they may be used."""
    place = place_named(named)
    if isinstance(place, ByMessage):
        shown = await bot.service.journal.by_message(place.channel_id, place.message_id)
    else:
        track = await bot.service.journal.get(place.generation_id)
        shown = [] if track is None else [track]
    return _allowed(interaction, shown)


async def _search(
    bot: MusicGenBot, interaction: discord.Interaction, typed: str
) -> list[Generation]:
    journal, guild_id = bot.service.journal, interaction.guild_id
    own = list((await journal.tracks_of(interaction.user.id, typed, _CHOICES_MAX)).tracks)
    others = await journal.tracks_in(
        guild_id or 0, visible_channels(interaction), typed, _CHOICES_MAX
    )
    both = {track.id: track for track in _allowed(interaction, [*own, *others])}
    return [track for track in both.values() if _is_free(bot, interaction, track)]


def _allowed(interaction: discord.Interaction, tracks: Iterable[Generation]) -> list[Generation]:
    seen = visible_channels(interaction)
    return [
        track
        for track in tracks
        if track.state is State.DELIVERED
        and not track.reply.gone
        and (
            track.requester_id == interaction.user.id
            or is_in_chart(track, interaction.guild_id, seen)
        )
    ]


def _is_free(bot: MusicGenBot, interaction: discord.Interaction, track: Generation) -> bool:
    """Whether the server lets them use it: what would be refused is not offered."""
    settings = bot.server_rules.settings_of(interaction.guild_id)
    is_own = track.requester_id == interaction.user.id
    return is_own or (settings.others_press and settings.others_audio)


def filled(typed: MusicalTerms, of_track: MusicalTerms) -> MusicalTerms:
    """What was typed, and of the rest the tempo and the key of what it begins with."""
    return replace(
        typed,
        tempo_bpm=of_track.tempo_bpm if typed.tempo_bpm is None else typed.tempo_bpm,
        key=typed.key or of_track.key,
    )
