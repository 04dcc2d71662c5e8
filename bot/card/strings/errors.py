"""The words of every error: what happened, what it means for the person, what to do now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted, size
from bot.card.strings.audio_errors import INPUT_AUDIO_WORDS
from bot.card.strings.files import FILE_WORDS
from bot.card.strings.house import HOUSE_WORDS
from bot.card.strings.jam_errors import JAM_WORDS
from bot.card.strings.limits import REFUSALS
from bot.card.strings.numbers import an, count, listed
from bot.card.strings.presets import PRESET_WORDS
from bot.card.strings.press_errors import PRESS_WORDS
from bot.card.strings.servers import SERVER_WORDS
from bot.card.strings.terms import TERM_WORDS
from bot.card.strings.voice import VOICE_WORDS
from bot.domain import errors
from bot.domain.errors import UserError
from bot.domain.waits import Obstacle

_API_WORDS_MAX_CHARS = 300


def sentence(error: UserError) -> str:
    """What a person is told of an error, as Discord markdown, at most about 700 characters."""
    return _WORDS.get(type(error), _WORDS[errors.InternalFault])(error)


def unexpected(reference: str) -> str:
    """For a fault that has no type of its own; the log has it under `reference`."""
    return (
        "Something went wrong on my side. Please try again; if it stays, tell the bot's owner "
        f"the reference `{reference}`."
    )


def _bounds(error: errors.OutOfBounds) -> str:
    name = f"`{error.name}`"
    if error.maximum is None:
        return f"{name} must be {error.minimum:g} or more; you gave {error.value:g}."
    if error.minimum is None:
        return f"{name} must be {error.maximum:g} or less; you gave {error.value:g}."
    return (
        f"{name} must be between {error.minimum:g} and {error.maximum:g}; you gave {error.value:g}."
    )


def _able(models: tuple[str, ...]) -> str:
    if not models:
        return ""
    return f" Models that can: {_codes(models)}."


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _own_words(detail: str) -> str:
    """The service's own text, escaped and cut; it may be empty."""
    words = quoted(detail, _API_WORDS_MAX_CHARS)
    return f"\n> {words}" if words else ""


def _too_long(error: errors.AudioPromptTooLong) -> str:
    advice = (
        "Set `continuation_start` and `continuation_end` to use a shorter part of it"
        if error.duration_s >= error.limit_s
        else "Raise `duration`, or use a shorter part with `continuation_start` and "
        "`continuation_end`"
    )
    return (
        f"The audio to continue is {error.audio_s:.1f} s long and `duration`, which includes it, "
        f"is {error.duration_s} s: that leaves no room for new music. {advice}."
    )


def _throttled(error: errors.Throttled) -> str:
    when = "in a minute" if error.retry_after_s is None else f"in {error.retry_after_s:.0f} s"
    return (
        "Replicate is limiting how many tracks this bot may start right now. "
        f"Nothing was started. Try again {when}."
    )


def _unreached(error: errors.ConnectionFailed) -> str:
    what = "Replicate could not be reached. Nothing was started or charged"
    if error.may_have_arrived:
        what = "The connection to Replicate broke off. Nothing more will happen here"
    return f"{what}; try again in a few minutes."


_LOST = {
    Obstacle.TOKEN_REFUSED: (
        "did not accept this bot's API token (its owner has to set a valid `REPLICATE_API_TOKEN`)"
    ),
    Obstacle.CREDIT_MISSING: (
        "wanted credit that the bot's account does not have (its owner has to add some)"
    ),
    Obstacle.FORBIDDEN: "refused this bot access (its owner has to look into it)",
    Obstacle.CERTIFICATE: "showed a certificate that this bot's machine does not trust",
}

_LEFT = {
    errors.OutputTooLarge.__name__: "its file is larger than I fetch",
    errors.OutputNotAudio.__name__: "what is there does not call itself audio",
}

_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.PromptBlank: lambda e: (
        "The prompt is empty. Describe the music you want in a few words."
    ),
    errors.PromptTooLong: lambda e: (
        f"The prompt has {count(e.length, 'character')}, and at most {e.limit:,} are allowed. "
        "Shorten it and try again."
    ),
    errors.OutOfBounds: _bounds,
    errors.UnknownChoice: lambda e: (
        f"`{e.name}` cannot be “{quoted(e.value, 60)}”. Choose one of {_codes(e.choices)}."
    ),
    errors.MelodyNotSupported: lambda e: (
        f"The model `{e.model}` cannot follow a melody. Choose another `model_version`, or turn on "
        f"`continuation` to go on from your audio.{_able(e.able)}"
    ),
    errors.ContinuationWithoutAudio: lambda e: (
        "`continuation` needs audio to go on from. Attach a file as `input_audio`, or give its "
        "address as `input_audio_url`."
    ),
    errors.WindowWithoutAudio: lambda e: (
        "`continuation_start` and `continuation_end` choose a part of the input audio, and there "
        "is none. Attach a file as `input_audio`, or leave them out."
    ),
    errors.WindowReversed: lambda e: (
        f"The part of the audio would end at {e.end_s} s, and it begins at {e.start_s} s. "
        "Set `continuation_end` after `continuation_start`."
    ),
    errors.WindowBeyondAudio: lambda e: (
        f"Your audio is {e.audio_s:.1f} s long, so {e.second} s lies beyond its end. "
        "Choose `continuation_start` and `continuation_end` inside it."
    ),
    errors.AudioPromptTooLong: _too_long,
    errors.DiffusionNeedsMono: lambda e: (
        f"Multi-band diffusion does not work with the stereo model `{e.model}`. Turn "
        f"`multi_band_diffusion` off, or choose a mono model.{_able(e.able)}"
    ),
    errors.TwoInputAudios: lambda e: (
        "You gave both `input_audio` and `input_audio_url`. Use one of them."
    ),
    **INPUT_AUDIO_WORDS,
    **HOUSE_WORDS,
    **FILE_WORDS,
    **JAM_WORDS,
    **REFUSALS,
    **PRESET_WORDS,
    **TERM_WORDS,
    **VOICE_WORDS,
    **PRESS_WORDS,
    **SERVER_WORDS,
    errors.PieceTooLong: lambda e: (
        f"This piece is {e.piece_s / 60:.1f} minutes long; I extend pieces of up to "
        f"{e.limit_s // 60} minutes. Cut off what you need of its end and extend that."
    ),
    errors.PieceUndecodable: lambda e: (
        f"I can't join new music to {an(quoted(e.format, 20))} file. "
        "Save the piece as WAV, FLAC, MP3 or OGG, and extend that."
    ),
    errors.SourceGone: lambda e: (
        "The audio this track was made from is no longer there. "
        "Attach it again with `/musicgen`, or press **Extend** or **Melody** to use the track."
    ),
    errors.PermissionsMissing: lambda e: (
        "I can't deliver a track here: I lack the permission "
        f"{listed([f'**{name}**' for name in e.permissions])} in this channel. "
        "Ask someone who manages it to grant it, or use me in another channel."
    ),
    errors.AudioBeyondRoom: lambda e: (
        f"Work on this audio takes about {size(e.needed_bytes)} of room, and one person may have "
        f"{size(e.limit_bytes)} here. Nothing was charged; use a shorter or compressed file."
    ),
    errors.OwnRoomTaken: lambda e: (
        f"Tracks that wait for you fill the {size(e.limit_bytes)} that one person may have here, "
        "so I take nothing new from you. Have them brought first: use a command of mine where you "
        "asked for them."
    ),
    errors.RoomTaken: lambda e: (
        "I have no room left: tracks that wait for their people fill it. Nothing was started or "
        "charged; try again later. The bot's owner can give me more with `TRACKS_MAX_MB`."
    ),
    errors.GaveWay: lambda e: (
        "I had to make room on my disk for tracks that are paid for, and this one was not started "
        "yet. Nothing was charged; try again in a few minutes."
    ),
    errors.DiskUnusable: lambda e: (
        ("My disk is full" if e.full else "I can't write to my disk")
        + ", so I take nothing new at the moment. Nothing was started or charged; try again later. "
        "The bot's owner can see more in the log."
    ),
    errors.ShuttingDown: lambda e: "I'm restarting and take no new work. Try again in a minute.",
    errors.NoServerHere: lambda e: "That belongs to a server. Use it in a channel of one.",
    errors.TokenRefused: lambda e: (
        "Replicate does not accept this bot's API token, so nothing can be made. "
        "The bot's owner has to set a valid `REPLICATE_API_TOKEN`."
    ),
    errors.AccessForbidden: lambda e: (
        "Replicate refuses this bot access (HTTP 403). Nothing was started; the bot's owner has to "
        "look into it."
    ),
    errors.CertificateUntrusted: lambda e: (
        f"The certificate that Replicate shows is not trusted here ({quoted(e.detail, 100)}), so "
        "nothing was started. The bot's owner should look at the clock, or a proxy in between."
    ),
    errors.CreditMissing: lambda e: (
        "The bot's Replicate account has no credit left. Nothing was started; "
        "its owner has to add some."
    ),
    errors.ThingUnknown: lambda e: (
        "Replicate does not know what I asked for: the model's version, or this prediction, is "
        "gone. The bot's owner should check `MUSICGEN_VERSION` and `FINE_TUNES`."
        f"{_own_words(e.detail)}"
    ),
    errors.InputRefused: lambda e: (
        "Replicate did not accept these settings. Nothing was started or charged; "
        f"change them and try again.{_own_words(e.detail)}"
    ),
    errors.Throttled: _throttled,
    errors.ServiceFault: lambda e: (
        f"Replicate has a fault (HTTP {e.status}). Try again in a few minutes."
    ),
    errors.ReplyBroken: lambda e: (
        "Replicate gave an answer that makes no sense. Try again in a few minutes."
    ),
    errors.ConnectionFailed: _unreached,
    errors.SubmitUncertain: lambda e: (
        "The request to Replicate was cut off, and nothing was started as far as I can see. "
        "I don't send it twice, because each costs. Should it turn up within ten minutes, its "
        "track comes here. **Again** keeps the seed, and looks for this one first."
    ),
    errors.StartedBefore: lambda e: (
        "Your first try had been started after all: its track comes to that message. "
        "Nothing was started a second time."
    ),
    errors.PredictionFailed: lambda e: (
        "The model failed to make this track. Try again, or with other settings."
        f"{_own_words(e.detail) or ' It gave no reason.'}"
    ),
    errors.PredictionAborted: lambda e: (
        "Replicate gave up before the model had started. Nothing was charged; try again later."
    ),
    errors.PredictionOverdue: lambda e: (
        "This took longer than I may wait, so it was stopped. Try again, perhaps with a smaller "
        "model or a shorter `duration`."
    ),
    errors.CanceledElsewhere: lambda e: (
        "Somebody canceled this at Replicate, not here. "
        "Try again; if that ends the same way, ask the bot's owner."
    ),
    errors.OutageTooLong: lambda e: (
        "Replicate had started on this, and then could not be reached for so long that it no "
        "longer keeps the track. The same seed and settings make it again."
    ),
    errors.AccessLost: lambda e: (
        f"Replicate had started on this, and then {_LOST.get(e.why, 'refused to tell me of it')} "
        "for so long that it no longer keeps the track. "
        "Once that is put right, the same seed and settings make it again."
    ),
    errors.OutputMissing: lambda e: (
        "The model says it is done, but there is no audio in its answer. Try again."
    ),
    errors.OutputExpired: lambda e: (
        "The audio is no longer at Replicate, which keeps it for an hour. "
        "The same seed and settings make the same track again."
    ),
    errors.OutputNotAudio: lambda e: "What the model returned is not audio. Try again.",
    errors.OutputTooLarge: lambda e: (
        f"The track is larger than the {size(e.limit_bytes)} I can deliver here. "
        "Choose `output_format` mp3, or a shorter `duration`."
    ),
    errors.OutputUnreachable: lambda e: (
        "The track was made, but its audio could not be downloaded from Replicate. "
        "The same seed and settings make it again."
    ),
    errors.OutputAddressBad: lambda e: (
        "The track was made, but its address is not one I may download from. "
        "The bot's owner can see more in the log."
    ),
    errors.PieceLost: lambda e: (
        "The new part was made, but the piece it belongs to is no longer there, so I can't join "
        "them. Extend the track again from its own message."
    ),
    errors.TrackLeft: lambda e: (
        f"The track was made, but {_LEFT.get(e.cause, 'I could not fetch it')}. "
        f"Until <t:{e.until}:t> you can [fetch it yourself]({e.url}) at Replicate."
    ),
    errors.TrackNotStored: lambda e: (
        "The track was made, but my disk "
        + ("had no room for it" if e.full else "could not be written")
        + " for as long as Replicate keeps it. The same seed and settings make it again."
    ),
    errors.NeverBegun: lambda e: (
        "I was cut off before I had started on this, and was away for too long. "
        "Nothing was charged; use `/musicgen` again."
    ),
    errors.InternalFault: lambda e: (
        "Something went wrong on my side, and I stopped. It is in the log; please try again."
    ),
}
