"""The words of what a press, or a form that was sent, is refused for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.domain import errors
from bot.domain.audio_formats import taken
from bot.domain.errors import UserError

PRESS_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.NotYours: lambda e: (
        f"Only {'the person' if e.requester_id is None else f'<@{e.requester_id}>,'} who asked "
        "for this track, or somebody who manages messages here, can do that."
    ),
    errors.TooLateToCancel: lambda e: (
        "It's too late to cancel: the track is made already and on its way here."
        if e.made
        else "It's too late to cancel: this one has already ended."
    ),
    errors.AlreadyHere: lambda e: "There is nothing left to bring: this one has already ended.",
    errors.GenerationUnknown: lambda e: (
        "I no longer know the track behind this button. Start a new one with `/musicgen`, or go on "
        "from its audio with **Apps** in the message's menu."
    ),
    errors.NotANumber: lambda e: (
        f"**{e.name}** must be a {'whole ' if e.is_whole else ''}number; "
        f"“{quoted(e.value, 30)}” is none."
    ),
    errors.NoAudioHere: lambda e: (
        f"I find no audio in this message. Use this on one that carries an audio file: {taken()}."
    ),
    errors.NotDeletable: lambda e: (
        "Discord doesn't let me delete this message any more. Press its **Delete** once more and "
        "confirm at once, or ask somebody who manages messages here."
    ),
    errors.PressedTwice: lambda e: (
        "You pressed that button twice within a second, so I took it for one press. "
        "For another one, press it again now."
    ),
    errors.DraftGone: lambda e: (
        "I keep what you typed for half an hour, and that is over. Start anew with `/musicgen`, or "
        "from the track's own buttons."
    ),
    errors.DraftOfAnother: lambda e: (
        f"Only <@{e.requester_id}>, who asked for this, can change it. Use `/musicgen` for a track "
        "of your own."
    ),
    errors.NothingChanged: lambda e: (
        "You changed nothing, and the same settings with the same seed make the same track. "
        "Nothing was started; change something, or have a new seed drawn."
    ),
    errors.TookTooLong: lambda e: (
        "That took me too long just now, and nothing was started. Please try it again."
    ),
}
