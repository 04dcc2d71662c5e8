"""Every word that people read, one module a subject."""

from bot.card.strings import audio_errors, card, errors, forms, info, takes, waits, waveform

__all__ = ["audio_errors", "card", "errors", "forms", "info", "takes", "waits", "waveform"]
