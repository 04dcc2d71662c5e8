"""The words of what a press, or a form that was sent, is refused for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.card.strings.audio_errors import taken
from bot.domain import errors
from bot.domain.errors import UserError
from bot.locales import _


def _not_yours(error: errors.NotYours) -> str:
    if error.requester_id is None:
        return _(
            "Only the person who asked for this track, or somebody who manages messages here, can "
            "do that."
        )
    return _(
        "Only {person}, who asked for this track, or somebody who manages messages here, can do "
        "that.",
        person=f"<@{error.requester_id}>",
    )


def _not_a_number(error: errors.NotANumber) -> str:
    value = quoted(error.value, 30)
    if error.is_whole:
        return _(
            # Translators: {field} is the label of a field in a form, {value} what was typed there.
            "**{field}** must be a whole number; “{value}” is none.",
            field=error.name,
            value=value,
        )
    return _(
        # Translators: {field} is the label of a field in a form, {value} what was typed there.
        "**{field}** must be a number; “{value}” is none.",
        field=error.name,
        value=value,
    )


PRESS_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.NotYours: _not_yours,
    errors.TooLateToCancel: lambda e: (
        _("It's too late to cancel: the track is made already and on its way here.")
        if e.made
        else _("It's too late to cancel: this one has already ended.")
    ),
    errors.AlreadyHere: lambda e: _("There is nothing left to bring: this one has already ended."),
    errors.GenerationUnknown: lambda e: _(
        # Translators: **Apps** is an entry of Discord's own menu of a message.
        "I no longer know the track behind this button. Start a new one with `/musicgen`, or go on "
        "from its audio with **Apps** in the message's menu."
    ),
    errors.NotANumber: _not_a_number,
    errors.NoAudioHere: lambda e: (
        _("I find no audio in this message. Use this on one that carries an audio file.")
        + f" {taken()}"
    ),
    errors.NotDeletable: lambda e: _(
        "Discord doesn't let me delete this message any more. Press its **Delete** once more and "
        "confirm at once, or ask somebody who manages messages here."
    ),
    errors.PressedTwice: lambda e: _(
        "You pressed that button twice within a second, so I took it for one press. "
        "For another one, press it again now."
    ),
    errors.DraftGone: lambda e: _(
        "I keep what you typed for half an hour, and that is over. Start anew with `/musicgen`, or "
        "from the track's own buttons."
    ),
    errors.DraftOfAnother: lambda e: _(
        "Only {person}, who asked for this, can change it. Use `/musicgen` for a track of your "
        "own.",
        person=f"<@{e.requester_id}>",
    ),
    errors.NothingChanged: lambda e: _(
        "You changed nothing, and the same settings with the same seed make the same track. "
        "Nothing was started; change something, or have a new seed drawn."
    ),
    errors.TookTooLong: lambda e: _(
        "That took me too long just now, and nothing was started. Please try it again."
    ),
}
