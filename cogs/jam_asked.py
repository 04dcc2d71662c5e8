"""Begins jams as they are asked for: by `/jam start`, or from a message with audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.card import strings
from bot.card.actions.chart import is_for_everyone
from bot.card.audio_attachments import AudioAttachment
from bot.card.drafts import SECTIONS
from bot.card.interactions import language_here, reading
from bot.client import MusicGenBot
from bot.domain.errors import OutOfBounds
from bot.domain.extension import MORE_MAX_S
from bot.domain.generation import Generation
from bot.domain.presets import Named
from bot.jam.from_track import FromTrack
from bot.jam.jam import Beginning, Jam, Origin, Terms
from bot.jam.request import JamRequest
from bot.jam.steps import NOBODY
from bot.jam.take_limits import TakeLimits
from bot.locales import speaking
from cogs.jam_finding import jam_named
from cogs.jam_sources import beginning_with, filled, place_named, usable_track
from cogs.jam_start import begin, new_jam, with_preset


async def begin_asked(
    bot: MusicGenBot, interaction: discord.Interaction, request: JamRequest
) -> None:
    """Begin one as it is asked for.

    Raises:
        RequestRefused: not here, not by them, or not with this.
    """
    usual = bot.take_limits
    terms = Terms(
        theme=request.theme,
        music=request.music,
        model_version=request.model_version,
        round_minutes=request.round_minutes,
        blind=request.blind,
        members_vote=request.members_vote,
        takes=TakeLimits(
            request.takes_per_person or usual.per_person,
            request.takes_per_round or usual.per_round,
        ),
    )

    def made(terms: Terms, beginning: Beginning | None, whose: int | None) -> Jam | Named[Jam]:
        by_bars = terms.music.length_s(MORE_MAX_S) if request.section_s is None else None
        whole = with_preset(bot, interaction, terms, request.section_s or by_bars, request.preset)
        return new_jam(bot, interaction, whole, beginning=beginning, audio_of=whose, card_of=whose)

    def made_from(tracks: Sequence[Generation]) -> Jam | Named[Jam]:
        track = usable_track(interaction, tracks)
        music = filled(terms.music, track.terms)
        beginning = beginning_with(interaction, track)
        return made(replace(terms, music=music), beginning, track.requester_id)

    if request.track is None:
        await begin(bot, interaction, made(terms, None, None))
    else:
        await begin(bot, interaction, FromTrack(place_named(request.track), made_from))


async def branch_asked(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    jam_id: str,
    theme: str | None,
    sections: int | None,
) -> None:
    """Begin a new one with the piece of another one, or so many of its sections.

    Raises:
        RequestRefused: not here, not by them, or not with this.
    """
    async with reading():
        old = _as_told_here(interaction, await jam_named(bot, interaction, jam_id))
    count = len(old.sections) if sections is None else sections
    if not 1 <= count <= len(old.sections):
        raise OutOfBounds(SECTIONS, count, 1, len(old.sections))
    terms = replace(
        old.terms,
        theme=theme or old.terms.theme,
        round_minutes=0,
        blind=False,
        members_vote=False,
    )
    origin = Origin(old.id, old.terms.theme, count)
    kept = old.sections[:count]
    jam = new_jam(bot, interaction, terms, sections=kept, origin=origin)
    await begin(bot, interaction, jam)


def _as_told_here(interaction: discord.Interaction, old: Jam) -> Jam:
    """A jam without what was written in it, where not all who are here can see that one."""
    if is_for_everyone(interaction, old.channel_id):
        return old
    own = interaction.user.id
    with speaking(language_here(interaction)):
        theme = strings.jam_begin.THREAD()
    sections = tuple(
        replace(one, author_id=own if one.author_id == own else NOBODY, words="")
        for one in old.sections
    )
    return replace(old, terms=replace(old.terms, theme=theme), sections=sections)


async def begin_with(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    terms: Terms,
    audio: AudioAttachment,
    track: Generation | None,
) -> None:
    """Begin one with audio of a message, which is this track where it is one of ours.

    Raises:
        RequestRefused: not here, or not by them.
    """
    beginning = Beginning(
        audio.owner_id or interaction.user.id, audio.filename, source=audio.source
    )
    if track is not None:
        beginning = replace(beginning, author_id=track.requester_id, words=track.inputs.prompt)
    jam = new_jam(
        bot,
        interaction,
        with_preset(bot, interaction, replace(terms, takes=bot.take_limits), None, None),
        beginning=beginning,
        audio_of=audio.owner_id,
        card_of=None if track is None else track.requester_id,
    )
    await begin(bot, interaction, jam)
