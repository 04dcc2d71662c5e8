"""Voice put together: the players, the channels they play in, the audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import discord

from bot.delivery.track_files import WorkFolders
from bot.delivery.voice_cards import VoiceCards
from bot.delivery.voice_display import DiscordVoiceDisplay
from bot.delivery.voice_sounds import DiscordSounds
from bot.delivery.voice_speaker import DiscordSpeaker, DiscordSpeakers
from bot.domain.clock import Clock
from bot.engine.ports import Journal
from bot.jam.pieces import Pieces
from bot.voice.cache import KeptSounds
from bot.voice.player import PlayerParts
from bot.voice.players import VoicePlayers
from bot.voice.ports import Speaker, VoiceSound


@dataclass(frozen=True, slots=True)
class VoiceParts:
    """What playing in voice channels is made of."""

    sound: VoiceSound
    speaker: Callable[[discord.Client, int], Speaker] = DiscordSpeaker


@dataclass(frozen=True, slots=True)
class Voice:
    """Voice as the bot has it: who plays, where, what, and how that is shown."""

    players: VoicePlayers
    speakers: DiscordSpeakers
    sounds: DiscordSounds
    display: DiscordVoiceDisplay


def open_voice(
    client: discord.Client,
    journal: Journal,
    pieces: Pieces,
    folders: WorkFolders,
    parts: VoiceParts,
    clock: Clock,
    shard_ids: tuple[int, ...] | None,
) -> Voice:
    """Put voice together."""
    speakers = DiscordSpeakers(client, parts.speaker)
    sounds = DiscordSounds(client, journal, pieces, folders, parts.sound)
    display = DiscordVoiceDisplay(client, clock, VoiceCards(journal, shard_ids))
    player_parts = PlayerParts(speakers, KeptSounds(sounds), display, clock)
    return Voice(VoicePlayers(player_parts), speakers, sounds, display)
