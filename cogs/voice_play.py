"""What presses ask of voice channels: something is to play, or to play otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import discord

from bot.card import strings
from bot.card.actions.chart import all_see
from bot.card.interactions import asked_by, manages_messages, reply_in
from bot.card.markup import jump_url
from bot.client import MusicGenBot
from bot.delivery.voice import Voice
from bot.discord_errors import REQUEST_FAILED
from bot.domain.errors.voice import NotListening, VoiceIsOver, VoiceNotHere, VoiceNotInstalled
from bot.domain.generation import Reply
from bot.voice import session as rules
from bot.voice.session import Item, Session, Source
from cogs.acknowledging import acknowledge, open_reply


async def play_in_voice(
    bot: MusicGenBot, interaction: discord.Interaction, items: Sequence[Item], source: Source
) -> None:
    """Play it where whoever presses is; where something plays there already, after that.

    Raises:
        RequestRefused: not here, not by them, or there is no room for it.
    """
    voice = _voice_of(bot)
    bot.server_rules.check(asked_by(interaction))
    bot.allowed.check(interaction.user.id, interaction.guild_id)
    channel = voice.speakers.channel_of(interaction)
    guild_id = channel.guild.id
    if interaction.message is not None:
        voice.sounds.cards[interaction.message.id] = interaction.message
    present = voice.players.session(guild_id)
    if present is not None and present.channel_id == channel.id:
        await _add(bot, voice, interaction, items, source)
        return
    items = _as_told_in(interaction.channel_id, interaction, items, source)
    voice.players.begin(guild_id, channel.id, items)
    try:
        # What is played is forgotten by a kill, and so is who waits for its card.
        await bot.answers.expect(interaction)
        reply = await open_reply(bot, interaction, [])
    except BaseException:
        voice.players.drop(guild_id)
        raise
    voice.players.start(guild_id, reply or await _lost_reply(interaction))


def _as_told_in(
    channel_id: int | None, interaction: discord.Interaction, items: Sequence[Item], source: Source
) -> Sequence[Item]:
    """What is played, for a card in this channel: unnamed where not all who see it may know."""
    if not source.private and all_see(interaction.guild, channel_id or 0, source.channel_id):
        return items
    return [replace(item, title="", author_id=None) for item in items]


async def _add(
    bot: MusicGenBot,
    voice: Voice,
    interaction: discord.Interaction,
    items: Sequence[Item],
    source: Source,
) -> None:
    """Append it; the card tells everybody, or a new one here where there is none any more."""
    guild_id = interaction.guild_id or 0
    present = voice.players.card(guild_id)
    shown_in = interaction.channel_id if present is None else present.channel_id
    items = _as_told_in(shown_in, interaction, items, source)
    after = voice.players.change(guild_id, rules.add, items)
    if voice.players.has_lost_card(guild_id):
        reply = await open_reply(bot, interaction, [])
        if reply is not None:
            voice.players.show_at(guild_id, reply)
        return
    before = max(0, len(after.waiting) - len(items))
    card = voice.players.card(guild_id)
    words = strings.voice.added(len(items), before, None if card is None else jump_url(card))
    await interaction.response.send_message(words, ephemeral=True)


async def _lost_reply(interaction: discord.Interaction) -> Reply | None:
    """The reply whose acknowledgement got lost."""
    try:
        return reply_in(interaction, await interaction.original_response())
    except REQUEST_FAILED:
        return None


async def change_voice(
    bot: MusicGenBot, interaction: discord.Interaction, rule: Callable[[Session], Session]
) -> None:
    """Have what plays here changed by one of those who listen.

    Raises:
        VoiceIsOver: nothing plays here, or not that any more.
        NotListening: they do not listen.
    """
    voice, guild_id = _voice_of(bot), interaction.guild_id
    if guild_id is None:
        raise VoiceNotHere
    bot.server_rules.check(asked_by(interaction))
    session = voice.players.session(guild_id)
    if session is None:
        raise VoiceIsOver
    person = interaction.user
    state = person.voice if isinstance(person, discord.Member) else None
    channel = None if state is None else state.channel
    listens = channel is not None and channel.id == session.channel_id
    if not listens and not manages_messages(interaction):
        raise NotListening(session.channel_id)
    voice.players.change(guild_id, rule)
    card = voice.players.card(guild_id)
    message = interaction.message
    if message is not None and card is not None and card.message_id == message.id:
        voice.players.show_at(guild_id, reply_in(interaction, message))
    await acknowledge(interaction)


def _voice_of(bot: MusicGenBot) -> Voice:
    if bot.voice is None:
        raise VoiceNotInstalled
    return bot.voice
