"""Every word that people read, one module a subject."""

from bot.card.strings import (
    audio_errors,
    card,
    commands,
    errors,
    forms,
    house,
    info,
    limits,
    lineage,
    presets,
    settings,
    stars,
    takes,
    tracks,
    waits,
    waveform,
)

__all__ = [
    "audio_errors",
    "card",
    "commands",
    "errors",
    "forms",
    "house",
    "info",
    "limits",
    "lineage",
    "presets",
    "settings",
    "stars",
    "takes",
    "tracks",
    "waits",
    "waveform",
]
