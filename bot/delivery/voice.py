"""Voice put together: the rooms that play, the channels they play in, the audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import discord

from bot.delivery.voice_cards import Facts, VoiceCards
from bot.delivery.voice_screen import VoiceScreen
from bot.delivery.voice_sounds import DiscordSounds, Generations
from bot.delivery.voice_speaker import DiscordSpeaker, DiscordSpeakers
from bot.domain.clock import Clock
from bot.jam.pieces import Pieces
from bot.voice.cache import KeptSounds
from bot.voice.ports import Speaker, VoiceSound
from bot.voice.room import World
from bot.voice.rooms import VoiceRooms


@dataclass(frozen=True, slots=True)
class VoiceParts:
    """What playing in voice channels is made of."""

    sound: VoiceSound
    speaker: Callable[[discord.Client, int], Speaker] = DiscordSpeaker


@dataclass(frozen=True, slots=True)
class Voice:
    """All of it."""

    rooms: VoiceRooms
    speakers: DiscordSpeakers
    sounds: DiscordSounds
    screen: VoiceScreen


class VoiceJournal(Generations, Facts, Protocol):
    """What of the journal it takes."""


def open_voice(
    client: discord.Client,
    journal: VoiceJournal,
    pieces: Pieces,
    parts: VoiceParts,
    clock: Clock,
    shard_ids: tuple[int, ...] | None,
) -> Voice:
    """Put it together."""
    speakers = DiscordSpeakers(client, parts.speaker)
    sounds = DiscordSounds(client, journal, pieces, parts.sound)
    screen = VoiceScreen(client, clock, VoiceCards(journal, shard_ids))
    world = World(speakers, KeptSounds(sounds), screen, clock)
    return Voice(VoiceRooms(world), speakers, sounds, screen)
