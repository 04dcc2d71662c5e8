"""The words of what went wrong with the service, or with a track that it has made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted, size
from bot.card.strings import card
from bot.domain import errors
from bot.domain.errors import UserError
from bot.domain.waits import Obstacle
from bot.locales import Text, _, together

_API_WORDS_MAX_CHARS = 300


def _own_words(detail: str) -> str:
    """The service's own text, escaped and cut; it may be empty."""
    words = quoted(detail, _API_WORDS_MAX_CHARS)
    return f"\n> {words}" if words else ""


def _throttled(error: errors.Throttled) -> str:
    why = _(
        "Replicate is limiting how many tracks this bot may start right now. Nothing was started."
    )
    if error.retry_after_s is None:
        return together(why, _("Try again in a minute."))
    # Translators: {time} is such as "20 s" or "1 min 5 s".
    return together(why, _("Try again in {time}.", time=card.seconds(error.retry_after_s)))


def _unreached(error: errors.ConnectionFailed) -> str:
    if error.may_have_arrived:
        return _(
            "The connection to Replicate broke off. Nothing more will happen here; try again in a "
            "few minutes."
        )
    return _(
        "Replicate could not be reached. Nothing was started or charged; try again in a few "
        "minutes."
    )


_LOST: dict[str, Text] = {
    Obstacle.TOKEN_REFUSED: Text(
        "Replicate had started on this, and then did not accept this bot's API token any more: its "
        "owner has to set a valid `REPLICATE_API_TOKEN`."
    ),
    Obstacle.CREDIT_MISSING: Text(
        "Replicate had started on this, and then wanted credit that the bot's account does not "
        "have: its owner has to add some."
    ),
    Obstacle.FORBIDDEN: Text(
        "Replicate had started on this, and then refused this bot access: its owner has to look "
        "into it."
    ),
    Obstacle.CERTIFICATE: Text(
        "Replicate had started on this, and then showed a certificate that this bot's machine does "
        "not trust."
    ),
}
_LOST_OTHERWISE = Text("Replicate had started on this, and then refused to tell me of it.")


def _lost(error: errors.AccessLost) -> str:
    then = _(
        "That lasted so long that the track is no longer kept there. Once it is put right, the "
        "same seed and settings make it again."
    )
    return together(_LOST.get(error.why, _LOST_OTHERWISE)(), then)


_LEFT = {
    errors.OutputTooLarge.__name__: Text(
        "The track was made, but its file is larger than I fetch."
    ),
    errors.OutputNotAudio.__name__: Text(
        "The track was made, but what is there does not call itself audio."
    ),
}
_LEFT_OTHERWISE = Text("The track was made, but I could not fetch it.")


def _left(error: errors.TrackLeft) -> str:
    then = _(
        # Translators: {time} is a time of day; the square brackets hold the words of a link.
        "Until {time} you can [fetch it yourself]({url}) at Replicate.",
        time=f"<t:{error.until}:t>",
        url=error.url,
    )
    return together(_LEFT.get(error.cause, _LEFT_OTHERWISE)(), then)


def _not_stored(error: errors.TrackNotStored) -> str:
    if error.full:
        return _(
            "The track was made, but my disk had no room for it for as long as Replicate keeps it. "
            "The same seed and settings make it again."
        )
    return _(
        "The track was made, but my disk could not be written for as long as Replicate keeps it. "
        "The same seed and settings make it again."
    )


FAILURE_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.TokenRefused: lambda e: _(
        "Replicate does not accept this bot's API token, so nothing can be made. "
        "The bot's owner has to set a valid `REPLICATE_API_TOKEN`."
    ),
    errors.AccessForbidden: lambda e: _(
        "Replicate refuses this bot access (HTTP 403). Nothing was started; the bot's owner has to "
        "look into it."
    ),
    errors.CertificateUntrusted: lambda e: _(
        # Translators: {detail} is the reason, in English.
        "The certificate that Replicate shows is not trusted here ({detail}), so nothing was "
        "started. The bot's owner should look at the clock, or a proxy in between.",
        detail=quoted(e.detail, 100),
    ),
    errors.CreditMissing: lambda e: _(
        "The bot's Replicate account has no credit left. Nothing was started; "
        "its owner has to add some."
    ),
    errors.ThingUnknown: lambda e: (
        _(
            "Replicate does not know what I asked for: the model's version, or this prediction, is "
            "gone. The bot's owner should check `MUSICGEN_VERSION` and `FINE_TUNES`."
        )
        + _own_words(e.detail)
    ),
    errors.InputRefused: lambda e: (
        _(
            "Replicate did not accept these settings. Nothing was started or charged; change them "
            "and try again."
        )
        + _own_words(e.detail)
    ),
    errors.Throttled: _throttled,
    errors.ServiceFault: lambda e: _(
        # Translators: {status} is a status code, such as 503.
        "Replicate has a fault (HTTP {status}). Try again in a few minutes.",
        status=e.status,
    ),
    errors.ReplyBroken: lambda e: _(
        "Replicate gave an answer that makes no sense. Try again in a few minutes."
    ),
    errors.ConnectionFailed: _unreached,
    errors.SubmitUncertain: lambda e: _(
        "The request to Replicate was cut off, and nothing was started as far as I can see. "
        "I don't send it twice, because each costs. Should it turn up within ten minutes, its "
        "track comes here. **Again** keeps the seed, and looks for this one first."
    ),
    errors.StartedBefore: lambda e: _(
        "Your first try had been started after all: its track comes to that message. "
        "Nothing was started a second time."
    ),
    errors.PredictionFailed: lambda e: (
        _("The model failed to make this track. Try again, or with other settings.")
        + (_own_words(e.detail) or f" {_('It gave no reason.')}")
    ),
    errors.PredictionAborted: lambda e: _(
        "Replicate gave up before the model had started. Nothing was charged; try again later."
    ),
    errors.PredictionOverdue: lambda e: _(
        "This took longer than I may wait, so it was stopped. Try again, perhaps with a smaller "
        "model or a shorter `duration`."
    ),
    errors.CanceledElsewhere: lambda e: _(
        "Somebody canceled this at Replicate, not here. "
        "Try again; if that ends the same way, ask the bot's owner."
    ),
    errors.OutageTooLong: lambda e: _(
        "Replicate had started on this, and then could not be reached for so long that it no "
        "longer keeps the track. The same seed and settings make it again."
    ),
    errors.AccessLost: _lost,
    errors.OutputMissing: lambda e: _(
        "The model says it is done, but there is no audio in its answer. Try again."
    ),
    errors.OutputExpired: lambda e: _(
        "The audio is no longer at Replicate, which keeps it for an hour. "
        "The same seed and settings make the same track again."
    ),
    errors.OutputNotAudio: lambda e: _("What the model returned is not audio. Try again."),
    errors.OutputTooLarge: lambda e: _(
        "The track is larger than the {limit} I can deliver here. "
        "Choose `output_format` mp3, or a shorter `duration`.",
        limit=size(e.limit_bytes),
    ),
    errors.OutputUnreachable: lambda e: _(
        "The track was made, but its audio could not be downloaded from Replicate. "
        "The same seed and settings make it again."
    ),
    errors.OutputAddressBad: lambda e: _(
        "The track was made, but its address is not one I may download from. "
        "The bot's owner can see more in the log."
    ),
    errors.PieceLost: lambda e: _(
        "The new part was made, but the piece it belongs to is no longer there, so I can't join "
        "them. Extend the track again from its own message."
    ),
    errors.TrackLeft: _left,
    errors.TrackNotStored: _not_stored,
    errors.NeverBegun: lambda e: _(
        "I was cut off before I had started on this, and was away for too long. "
        "Nothing was charged; use `/musicgen` again."
    ),
}
