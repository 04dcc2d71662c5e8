"""The words of refusals of input audio; see `sentences`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted, size
from bot.card.strings.numbers import seconds
from bot.domain import errors
from bot.domain.audio_formats import FORMATS, label_of
from bot.domain.errors import UserError
from bot.locales import Text, _, listed, ngettext, number, together


def taken() -> str:
    """All formats that are taken, a sentence by itself."""
    return _(
        # Translators: both places are lists of file formats: "WAV, MP3, and FLAC".
        "I take audio files ({formats}), and videos that have sound ({videos}).",
        formats=listed([known.label for known in FORMATS.values() if not known.is_video]),
        videos=listed([known.label for known in FORMATS.values() if known.is_video]),
    )


_NOT_TAKEN = {
    "playlists": Text("playlists", "format"),
    # Translators: files of music programs of the 1990s, such as MOD and IT.
    "tracker modules": Text("tracker modules", "format"),
    "MPEG video": Text("MPEG video", "format"),
}
"""Formats that are called by words rather than by a name."""


def _not_taken(label: str) -> str:
    words = _NOT_TAKEN.get(label)
    return quoted(label, 60) if words is None else words()


_FETCH_FAULTS: dict[str, Text] = {
    "silent": Text("I could not fetch your input audio: its server did not answer."),
    "slow": Text("I could not fetch your input audio: its server took too long over it."),
    "broken off": Text("I could not fetch your input audio: its server did not send all of it."),
    "nonsense": Text(
        "I could not fetch your input audio: the answer of its server makes no sense."
    ),
    "redirects": Text(
        "I could not fetch your input audio: its server sent me on from one address to the next."
    ),
    "unknown name": Text("I could not fetch your input audio: there is no server of that name."),
    "name server": Text(
        "I could not fetch your input audio: the name of its server could not be looked up just "
        "now."
    ),
    "unreachable": Text("I could not fetch your input audio: its server could not be reached."),
    "insecure": Text(
        "I could not fetch your input audio: the connection to its server is not secure."
    ),
}


def _unavailable(error: errors.AudioUnavailable) -> str:
    if error.status is None:
        why = _FETCH_FAULTS.get(error.fault, _FETCH_FAULTS["silent"])()
    else:
        why = _(
            # Translators: {status} is a status code of HTTP, such as 404.
            "I could not fetch your input audio: its server answered {status}.",
            status=error.status,
        )
    return together(why, _("Check the address, or attach the file itself."))


def _not_stored(error: errors.AudioNotStored) -> str:
    why = (
        _("I could not keep your input audio: my disk is full.")
        if error.full
        else _("I could not keep your input audio: my disk has a fault.")
    )
    then = _(
        "Nothing was started or charged; try again later. The bot's owner finds more in the log."
    )
    return together(why, then)


def _beyond(error: errors.AudioBeyondBounds) -> str:
    value, limit = round(error.value), round(error.limit)
    match error.measure:
        case "channels":
            return ngettext(
                "I could not read your input audio: it has {number} channel, and I take up to "
                "{limit}.",
                "I could not read your input audio: it has {number} channels, and I take up to "
                "{limit}.",
                value,
                limit=number(limit),
            )
        case "sample_rate_hz" if error.value > error.limit:
            return _(
                "I could not read your input audio: its sample rate is {rate} Hz, and I take up to "
                "{limit}.",
                rate=number(value),
                limit=number(limit),
            )
        case "sample_rate_hz":
            return _(
                "I could not read your input audio: its sample rate is {rate} Hz, and I take "
                "{limit} and more.",
                rate=number(value),
                limit=number(limit),
            )
        case "parts":
            return ngettext(
                "I could not read your input audio: it is made of more than {number} file laid one "
                "on the other.",
                "I could not read your input audio: it is made of more than {number} files laid "
                "one on the other.",
                limit,
            )
        case _:
            return _(
                "I could not read your input audio: there is more audio in it than I can take in."
            )


def _beyond_bounds(error: errors.AudioBeyondBounds) -> str:
    then = _(
        "Export it again, as stereo WAV or MP3 at {lower} or {higher} Hz, or use another file.",
        lower=number(44_100),
        higher=number(48_000),
    )
    return together(_beyond(error), then)


INPUT_AUDIO_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.AudioAddressBad: lambda e: _(
        "`input_audio_url` must be the public http or https address of an audio file. "
        "Check it, or attach the file as `input_audio`."
    ),
    errors.AudioUnavailable: _unavailable,
    errors.AudioNotStored: _not_stored,
    errors.AudioTooLarge: lambda e: _(
        "Your input audio is larger than {limit}. Use a shorter or compressed file.",
        limit=size(e.limit_bytes),
    ),
    errors.NotAudio: lambda e: together(_("Your input audio is not an audio file."), taken()),
    errors.AudioEmpty: lambda e: _(
        "Your input audio is an empty file: there is not a byte in it. Attach it again, or use "
        "another file."
    ),
    errors.FormatNotTaken: lambda e: (
        _(
            # Translators: {format} is the name of a file format, such as MIDI.
            "I don't take {format}; export your input audio as WAV or MP3.",
            format=_not_taken(e.label),
        )
        + f" {taken()}"
    ),
    errors.SoundMissing: lambda e: _(
        # Translators: {format} is the name of a file format, such as MP4.
        "There is no sound in your input audio ({format}). Use a video that has sound, or an audio "
        "file.",
        format=label_of(e.format),
    ),
    errors.AudioUnreadable: lambda e: _(
        # Translators: {format} is the name of a file format, such as WAV.
        "Your input audio looks like {format} but cannot be read; it may be broken, or hold no "
        "audio. Export it again, or use another file.",
        format=label_of(e.format),
    ),
    errors.AudioBroken: lambda e: _(
        "I could not read your input audio: the decoder gave up on it, so it may be broken. "
        "Export it again, as WAV or MP3, or use another file."
    ),
    errors.AudioTooSlow: lambda e: _(
        "I could not read your input audio within {limit} and stopped; it may be broken. "
        "Export it again, as WAV or MP3, or use a shorter file.",
        limit=seconds(e.limit_s),
    ),
    errors.AudioTooHeavy: lambda e: _(
        "I could not read your input audio: that takes more memory than I give one file, so it may "
        "be broken. Export it again, as stereo WAV or MP3, or use another file."
    ),
    errors.AudioGivenUp: lambda e: _(
        "I was interrupted twice while I read your input audio, and leave it alone now; it may be "
        "broken. Nothing was charged. Export it again, as WAV or MP3, or use another file."
    ),
    errors.AudioBeyondBounds: _beyond_bounds,
}
