"""The words of a server's rules: what they refuse, and what was done about whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.card.markup import quoted
from bot.card.strings.numbers import first_of, seconds
from bot.community.settings import REASON_MAX_CHARS
from bot.domain import errors
from bot.domain.errors import UserError
from bot.locales import _, together

_SHOWN_MAX = 8


def _blocked(error: errors.PersonBlocked) -> str:
    reason = _reason(error.reason)
    if error.everywhere:
        parts = [
            _("The owner of this bot has blocked you: “{reason}”.", reason=reason),
            _("What is under way for you still comes; about anything else ask them."),
        ]
    else:
        parts = [
            _(
                "Those who manage this server have blocked you from making music with me here: "
                "“{reason}”.",
                reason=reason,
            ),
            _("What is under way for you still comes; about anything else ask one of them."),
        ]
    if error.until:
        ends = _(
            # Translators: Discord shows {when} as "in 3 days", {date} as a date with its time.
            "This ends {when}, on {date}.",
            when=f"<t:{error.until}:R>",
            date=f"<t:{error.until}:f>",
        )
        parts.insert(1, ends)
    return together(*parts)


def _reason(reason: str) -> str:
    return quoted(reason, REASON_MAX_CHARS)


def mentions(pattern: str, ids: tuple[str, ...]) -> str:
    """Channels or roles as Discord shows them; those of many that fit."""
    return first_of([pattern.format(one) for one in ids], _SHOWN_MAX)


SERVER_RULE_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.PersonBlocked: _blocked,
    errors.ServerPaused: lambda e: _(
        "Those who manage this server have paused me: “{reason}”. Nothing new is made here until "
        "they let me go on; what is under way still comes.",
        reason=_reason(e.reason),
    ),
    errors.NotInThisPlace: lambda e: _(
        "In this server I make music only in certain places: {channels}. Ask for it there.",
        channels=mentions("<#{}>", e.channels),
    ),
    errors.RoleMissing: lambda e: _(
        "In this server I make music for certain roles only: {roles}. Ask somebody who manages the "
        "server for one.",
        roles=mentions("<@&{}>", e.roles),
    ),
    errors.LongerThanAllowed: lambda e: _(
        # Translators: {limit} and {length} are lengths, such as "20 s"; {most} is a mere number.
        "This server allows {limit} of new music at once, and this would be {length}. "
        "Choose a `duration` of up to {most}.",
        limit=seconds(e.limit_s),
        length=seconds(e.length_s),
        most=e.limit_s,
    ),
    errors.WordForbidden: lambda e: _(
        "In this server a prompt must not contain “{word}”. Say it in other words.",
        word=quoted(e.word, 60),
    ),
    errors.ButtonOfOthers: lambda e: _(
        "In this server only the person who asked for a track may go on from it. "
        "Start one of your own with `/musicgen`."
    ),
    errors.AudioOfOthers: lambda e: _(
        "In this server nobody makes music from other people's audio. Use a track or a file of "
        "your own."
    ),
    errors.OwnerOnly: lambda e: _(
        "Only the owner of this bot, or somebody of their team, can do that."
    ),
    errors.ManagersOnly: lambda e: _(
        "Only somebody who manages this server can do that. If you do, open `/settings panel` anew."
    ),
    errors.NotBlocked: lambda e: _(
        "There is nothing to undo: {person} is not blocked there. `/settings log` shows what was "
        "done.",
        person=f"<@{e.user_id}>",
    ),
}


def blocked(user_id: int, reason: str, until: datetime | None, *, everywhere: bool) -> str:
    """Answers who has blocked somebody."""
    person = f"<@{user_id}>"
    date = "" if until is None else f"<t:{int(until.timestamp())}:f>"
    match everywhere, bool(date):
        case True, True:
            what = _(
                # Translators: {date} is a date with its time.
                "{person} can't have anything made anywhere, until {date}.",
                person=person,
                date=date,
            )
        case True, False:
            what = _(
                "{person} can't have anything made anywhere, until you unblock them.",
                person=person,
            )
        case False, True:
            what = _(
                # Translators: {date} is a date with its time.
                "{person} can't have anything made in this server, until {date}.",
                person=person,
                date=date,
            )
        case _:
            what = _(
                "{person} can't have anything made in this server, until you unblock them.",
                person=person,
            )
    then = _(
        "They are told so, with the reason “{reason}”, when they try. What is under way for them "
        "still comes.",
        reason=_reason(reason),
    )
    return together(what, then)


def blocked_already(user_id: int) -> str:
    """Answers who has blocked somebody in the same way before."""
    return _("{person} was blocked just so already.", person=f"<@{user_id}>")


def unblocked(user_id: int, *, everywhere: bool) -> str:
    """Answers who has unblocked somebody."""
    person = f"<@{user_id}>"
    if everywhere:
        return _("{person} can have music made again, everywhere.", person=person)
    return _("{person} can have music made again, here.", person=person)
