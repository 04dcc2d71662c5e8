"""The words of what a request is refused for, before anything is paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted, size
from bot.card.strings import card, permissions
from bot.card.strings.numbers import seconds
from bot.domain import errors
from bot.domain.errors import UserError
from bot.locales import _, listed, listed_or, ngettext, number, together


def _bounds(error: errors.OutOfBounds) -> str:
    name, value = error.name, _value(error, error.value)
    if error.maximum is None:
        return _(
            # Translators: {name} is the name of an option.
            "`{name}` must be {least} or more; you gave {value}.",
            name=name,
            least=_value(error, error.minimum or 0),
            value=value,
        )
    if error.minimum is None:
        return _(
            # Translators: {name} is the name of an option.
            "`{name}` must be {most} or less; you gave {value}.",
            name=name,
            most=_value(error, error.maximum),
            value=value,
        )
    return _(
        # Translators: {name} is the name of an option.
        "`{name}` must be between {least} and {most}; you gave {value}.",
        name=name,
        least=_value(error, error.minimum),
        most=_value(error, error.maximum),
        value=value,
    )


def _value(error: errors.OutOfBounds, value: float) -> str:
    # A seed is a number to be copied.
    return f"{value:.0f}" if error.name == "seed" else number(value)


def _and_able(why: str, models: tuple[str, ...]) -> str:
    if not models:
        return why
    # Translators: {models} is a list of names.
    return together(why, _("Models that can: {models}.", models=listed(_codes(models))))


def _codes(names: tuple[str, ...]) -> list[str]:
    return [f"`{name}`" for name in names]


def _too_long(error: errors.AudioPromptTooLong) -> str:
    why = _(
        # Translators: both places are lengths, such as "20 s".
        "The audio to continue is {length} long and `duration`, which includes it, is {duration}: "
        "that leaves no room for new music.",
        length=seconds(error.audio_s, 1),
        duration=seconds(error.duration_s),
    )
    advice = (
        _("Set `continuation_start` and `continuation_end` to use a shorter part of it.")
        if error.duration_s >= error.limit_s
        else _(
            "Raise `duration`, or use a shorter part with `continuation_start` and "
            "`continuation_end`."
        )
    )
    return together(why, advice)


def _no_melody(error: errors.MelodyNotSupported) -> str:
    why = _(
        "The model `{model}` cannot follow a melody. Choose another `model_version`, or turn on "
        "`continuation` to go on from your audio.",
        model=error.model,
    )
    return _and_able(why, error.able)


def _needs_mono(error: errors.DiffusionNeedsMono) -> str:
    why = _(
        "Multi-band diffusion does not work with the stereo model `{model}`. Turn "
        "`multi_band_diffusion` off, or choose a mono model.",
        model=error.model,
    )
    return _and_able(why, error.able)


def _disk(error: errors.DiskUnusable) -> str:
    why = (
        _("My disk is full, so I take nothing new at the moment.")
        if error.full
        else _("I can't write to my disk, so I take nothing new at the moment.")
    )
    then = _(
        "Nothing was started or charged; try again later. The bot's owner can see more in the log."
    )
    return together(why, then)


REQUEST_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.PromptBlank: lambda e: _(
        "The prompt is empty. Describe the music you want in a few words."
    ),
    errors.PromptTooLong: lambda e: ngettext(
        "The prompt has {number} character, and at most {limit} are allowed. "
        "Shorten it and try again.",
        "The prompt has {number} characters, and at most {limit} are allowed. "
        "Shorten it and try again.",
        e.length,
        limit=number(e.limit),
    ),
    errors.OutOfBounds: _bounds,
    errors.UnknownChoice: lambda e: _(
        # Translators: {name} is the name of an option, {choices} a list: "a, b, or c".
        "`{name}` cannot be “{value}”. Choose {choices}.",
        name=e.name,
        value=quoted(e.value, 60),
        choices=listed_or(_codes(e.choices)),
    ),
    errors.MelodyNotSupported: _no_melody,
    errors.ContinuationWithoutAudio: lambda e: _(
        "`continuation` needs audio to go on from. Attach a file as `input_audio`, or give its "
        "address as `input_audio_url`."
    ),
    errors.WindowWithoutAudio: lambda e: _(
        "`continuation_start` and `continuation_end` choose a part of the input audio, and there "
        "is none. Attach a file as `input_audio`, or leave them out."
    ),
    errors.WindowReversed: lambda e: _(
        # Translators: both places are times in the audio, such as "20 s".
        "The part of the audio would end at {end}, and it begins at {start}. "
        "Set `continuation_end` after `continuation_start`.",
        end=seconds(e.end_s),
        start=seconds(e.start_s),
    ),
    errors.WindowBeyondAudio: lambda e: _(
        # Translators: {length} is a length, {time} a time in the audio, both such as "20 s".
        "Your audio is {length} long, so {time} lies beyond its end. "
        "Choose `continuation_start` and `continuation_end` inside it.",
        length=seconds(e.audio_s, 1),
        time=seconds(e.second),
    ),
    errors.AudioPromptTooLong: _too_long,
    errors.DiffusionNeedsMono: _needs_mono,
    errors.TwoInputAudios: lambda e: _(
        "You gave both `input_audio` and `input_audio_url`. Use one of them."
    ),
    errors.PieceTooLong: lambda e: _(
        # Translators: both places are lengths, such as "5 min 10 s".
        "This piece is {length} long; I extend pieces of up to {limit}. "
        "Cut off what you need of its end and extend that.",
        length=card.seconds(e.piece_s),
        limit=card.seconds(e.limit_s),
    ),
    errors.PieceUndecodable: lambda e: _(
        # Translators: {format} is the name of a file format, such as AMR.
        "I can't join new music to a file whose format is {format}. "
        "Save the piece as WAV, FLAC, MP3 or OGG, and extend that.",
        format=quoted(e.format, 20),
    ),
    errors.SourceGone: lambda e: _(
        "The audio this track was made from is no longer there. "
        "Attach it again with `/musicgen`, or press **Extend** or **Melody** to use the track."
    ),
    errors.PermissionsMissing: lambda e: ngettext(
        "I can't deliver a track here: I lack the permission {permissions} in this channel. "
        "Ask someone who manages it to grant it, or use me in another channel.",
        "I can't deliver a track here: I lack the permissions {permissions} in this channel. "
        "Ask someone who manages it to grant them, or use me in another channel.",
        len(e.permissions),
        permissions=permissions.named(e.permissions),
    ),
    errors.AudioBeyondRoom: lambda e: _(
        # Translators: both places are sizes, such as "20 MiB".
        "Work on this audio takes about {needed} of room, and one person may have {limit} here. "
        "Nothing was charged; use a shorter or compressed file.",
        needed=size(e.needed_bytes),
        limit=size(e.limit_bytes),
    ),
    errors.OwnRoomTaken: lambda e: _(
        # Translators: {limit} is a size, such as "20 MiB".
        "Tracks that wait for you fill the {limit} that one person may have here, so I take "
        "nothing new from you. Have them brought first: use a command of mine where you asked for "
        "them.",
        limit=size(e.limit_bytes),
    ),
    errors.RoomTaken: lambda e: _(
        "I have no room left: tracks that wait for their people fill it. Nothing was started or "
        "charged; try again later. The bot's owner can give me more with `TRACKS_MAX_MB`."
    ),
    errors.GaveWay: lambda e: _(
        "I had to make room on my disk for tracks that are paid for, and this one was not started "
        "yet. Nothing was charged; try again in a few minutes."
    ),
    errors.DiskUnusable: _disk,
    errors.ShuttingDown: lambda e: _("I'm restarting and take no new work. Try again in a minute."),
    errors.NoServerHere: lambda e: _("That belongs to a server. Use it in a channel of one."),
}
