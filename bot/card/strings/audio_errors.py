"""The words of refusals of input audio; see `sentences`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted, size
from bot.domain import errors
from bot.domain.audio_formats import taken, with_article
from bot.domain.errors import UserError


def _unavailable(error: errors.AudioUnavailable) -> str:
    why = f"its server answered {error.status}"
    if error.status is None:
        why = _FETCH_FAULTS.get(error.fault, _FETCH_FAULTS["silent"])
    return (
        f"I could not fetch your input audio: {why}. Check the address, or attach the file itself."
    )


_FETCH_FAULTS: dict[str, str] = {
    "silent": "its server did not answer",
    "slow": "its server took too long over it",
    "broken off": "its server did not send all of it",
    "nonsense": "the answer of its server makes no sense",
    "redirects": "its server sent me on from one address to the next",
    "unknown name": "there is no server of that name",
    "name server": "the name of its server could not be looked up just now",
    "unreachable": "its server could not be reached",
    "insecure": "the connection to its server is not secure",
}


def _beyond(error: errors.AudioBeyondBounds) -> str:
    value, limit = f"{error.value:,.0f}", f"{error.limit:,.0f}"
    match error.measure:
        case "channels":
            return f"it has {value} channels, and I take up to {limit}"
        case "sample_rate_hz" if error.value > error.limit:
            return f"its sample rate is {value} Hz, and I take up to {limit}"
        case "sample_rate_hz":
            return f"its sample rate is {value} Hz, and I take {limit} and more"
        case "parts":
            return f"it is made of more than {limit} files laid one on the other"
        case _:
            return "there is more audio in it than I can take in"


INPUT_AUDIO_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.AudioAddressBad: lambda e: (
        "`input_audio_url` must be the public http or https address of an audio file. "
        "Check it, or attach the file as `input_audio`."
    ),
    errors.AudioUnavailable: _unavailable,
    errors.AudioNotStored: lambda e: (
        f"I could not keep your input audio: my disk {'is full' if e.full else 'has a fault'}. "
        "Nothing was started or charged; try again later. The bot's owner finds more in the log."
    ),
    errors.AudioTooLarge: lambda e: (
        f"Your input audio is larger than {size(e.limit_bytes)}. Use a shorter or compressed file."
    ),
    errors.NotAudio: lambda e: f"Your input audio is not an audio file. Use {taken()}.",
    errors.AudioEmpty: lambda e: (
        "Your input audio is an empty file: there is not a byte in it. Attach it again, or use "
        "another file."
    ),
    errors.FormatNotTaken: lambda e: (
        f"I don't take {quoted(e.label, 60)}; export your input audio as WAV or MP3. "
        f"I take {taken()}."
    ),
    errors.SoundMissing: lambda e: (
        f"There is no sound in your input audio, {with_article(e.format)}. Use a video that has "
        "sound, or an audio file."
    ),
    errors.AudioUnreadable: lambda e: (
        f"Your input audio looks like {with_article(e.format)} but cannot be read; it may be "
        "broken, or hold no audio. Export it again, or use another file."
    ),
    errors.AudioBroken: lambda e: (
        "I could not read your input audio: the decoder gave up on it, so it may be broken. "
        "Export it again, as WAV or MP3, or use another file."
    ),
    errors.AudioTooSlow: lambda e: (
        f"I could not read your input audio within {e.limit_s:g} s and stopped; it may be broken. "
        "Export it again, as WAV or MP3, or use a shorter file."
    ),
    errors.AudioTooHeavy: lambda e: (
        "I could not read your input audio: that takes more memory than I give one file, so it may "
        "be broken. Export it again, as stereo WAV or MP3, or use another file."
    ),
    errors.AudioGivenUp: lambda e: (
        "I was interrupted twice while I read your input audio, and leave it alone now; it may be "
        "broken. Nothing was charged. Export it again, as WAV or MP3, or use another file."
    ),
    errors.AudioBeyondBounds: lambda e: (
        f"I could not read your input audio: {_beyond(e)}. "
        "Export it again, as stereo WAV or MP3 at 44,100 or 48,000 Hz, or use another file."
    ),
}
