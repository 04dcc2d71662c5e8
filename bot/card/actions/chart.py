"""The chart of a server: its tracks with most stars, and one of them brought up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.tracks import PROMPT_MAX_CHARS, track_facts, track_option
from bot.card.buttons import card_select, view_of
from bot.card.interactions import check_permissions, reading
from bot.card.markup import jump_url, link
from bot.community.ports import StarredTrack
from bot.community.stars import Period, is_in_chart
from bot.domain.errors import GenerationUnknown
from bot.domain.models import Models


@dataclass(frozen=True, slots=True)
class Chart:
    """What a server's chart shows to one of its members, or to a channel."""

    entries: Sequence[StarredTrack]
    period: Period
    title: str | None = None
    """In place of the period's own."""

    def embed(self, models: Models) -> discord.Embed:
        """What there is to read."""
        lines = [
            f"{number}. {_line(entry, models)}"
            for number, entry in enumerate(self.entries, start=1)
        ]
        return discord.Embed(
            title=self.title or strings.stars.title(self.period),
            description="\n".join(lines) or strings.stars.NONE(),
        )

    def view(self, models: Models) -> discord.ui.View | None:
        """What there is to choose; None for a chart with nothing."""
        if not self.entries:
            return None
        options = [track_option(entry.track, models) for entry in self.entries]
        return view_of(card_select(CHART, strings.stars.PICK(), options))


def _line(entry: StarredTrack, models: Models) -> str:
    track = entry.track
    facts = [
        strings.stars.count(entry.stars),
        *track_facts(track, models),
        strings.stars.by(track.requester_id),
    ]
    title = link(track.inputs.prompt, jump_url(track.reply), PROMPT_MAX_CHARS)
    return f"{title}\n-# {' · '.join(facts)}"


def visible_channels(interaction: discord.Interaction) -> set[int]:
    """The channels and threads of this server that its person sees, as far as the bot knows them.

    Where it is not a member itself, that is the one they are in. A private thread is seen by who is
    in it now, or manages threads.
    """
    here = {interaction.channel_id or 0}
    guild, person = interaction.guild, interaction.user
    if guild is None or not isinstance(person, discord.Member):
        return here
    return here | {place.id for place in (*guild.channels, *guild.threads) if _sees(place, person)}


def _sees(
    place: discord.abc.GuildChannel | discord.Thread, who: discord.Member | discord.Role
) -> bool:
    if isinstance(place, discord.Thread):
        if place.parent is None:
            return False
        may = place.parent.permissions_for(who)
        return may.view_channel and (not place.is_private() or may.manage_threads)
    return place.permissions_for(who).view_channel


def public_channels(guild: discord.Guild, channel_id: int) -> set[int]:
    """The channels and threads that all who see this one see: itself, and those all see."""
    everyone = guild.default_role
    places = (*guild.channels, *guild.threads)
    return {channel_id} | {place.id for place in places if _sees(place, everyone)}


def is_for_everyone(interaction: discord.Interaction, channel_id: int) -> bool:
    """Whether all who see this channel see that one."""
    return all_see(interaction.guild, interaction.channel_id or 0, channel_id)


def all_see(guild: discord.Guild | None, here_id: int, there_id: int) -> bool:
    """Whether all who see one place of a server see another one, as far as roles tell.

    Who has which roles is not known, so a place is no secret only where no role, and nobody who is
    let in or kept out by name, sees the first one alone.
    """
    if here_id == there_id:
        return True
    here, there = (guild and guild.get_channel_or_thread(one) for one in (here_id, there_id))
    if guild is None or here is None or there is None:
        return False
    if _sees(there, guild.default_role):
        return True
    if any(_sees(here, role) and not _sees(there, role) for role in guild.roles):
        return False
    let_in, kept_out = _by_name(here, seen=True), _by_name(there, seen=False) - {guild.id}
    return let_in <= _by_name(there, seen=True) and kept_out <= _by_name(here, seen=False)


def _by_name(place: discord.abc.GuildChannel | discord.Thread, *, seen: bool) -> frozenset[int]:
    """The ids of members let into a channel, or of members and roles kept out of it."""
    channel = place.parent if isinstance(place, discord.Thread) else place
    overwrites = {} if channel is None else channel.overwrites
    return frozenset(
        target.id
        for target, overwrite in overwrites.items()
        if overwrite.view_channel is seen and not (seen and isinstance(target, discord.Role))
    )


async def _show(context: ActionContext, generation_id: str) -> None:
    """Bring a track up here, for everyone where all may see where it was made."""
    interaction = context.interaction
    async with reading():
        track = await context.service.get(generation_id)
    # It may have been deleted since, or the channel closed to them.
    if not is_in_chart(track, interaction.guild_id, visible_channels(interaction)):
        raise GenerationUnknown
    check_permissions(interaction)
    is_public = is_for_everyone(interaction, track.reply.channel_id)
    async with context.thinking(ephemeral=not is_public):
        await context.repost(track, "" if is_public else strings.stars.HERE_ALONE())


CHART = Action("chart", _show, makes=True)
