"""The words of a server's rules: what they refuse, and what was done about whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.card.markup import quoted
from bot.community.settings import REASON_MAX_CHARS
from bot.domain import errors
from bot.domain.errors import UserError

_SHOWN_MAX = 8


def _blocked(error: errors.PersonBlocked) -> str:
    if error.everywhere:
        who, ask = "The owner of this bot has blocked you", "ask them"
    else:
        who = "Those who manage this server have blocked you from making music with me here"
        ask = "ask one of them"
    until = f" This ends <t:{error.until}:R>, on <t:{error.until}:f>." if error.until else ""
    return (
        f"{who}: {_reason(error.reason)}.{until} What is under way for you still comes; "
        f"about anything else {ask}."
    )


def _reason(reason: str) -> str:
    return f"“{quoted(reason, REASON_MAX_CHARS)}”"


def mentions(pattern: str, ids: tuple[str, ...]) -> str:
    """Channels or roles as Discord shows them; those of many that fit."""
    shown = ", ".join(pattern.format(one) for one in ids[:_SHOWN_MAX])
    more = len(ids) - _SHOWN_MAX
    return shown if more <= 0 else f"{shown} and {more} more"


HOUSE_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.PersonBlocked: _blocked,
    errors.ServerPaused: lambda e: (
        f"Those who manage this server have paused me: {_reason(e.reason)}. Nothing new is made "
        "here until they let me go on; what is under way still comes."
    ),
    errors.NotInThisPlace: lambda e: (
        "In this server I make music only in certain places: "
        f"{mentions('<#{}>', e.channels)}. Ask for it there."
    ),
    errors.RoleMissing: lambda e: (
        "In this server I make music for certain roles only: "
        f"{mentions('<@&{}>', e.roles)}. Ask somebody who manages the server for one."
    ),
    errors.LongerThanAllowed: lambda e: (
        f"This server allows {e.limit_s} s of new music at once, and this would be "
        f"{e.length_s:g} s. Choose a `duration` of up to {e.limit_s}."
    ),
    errors.WordForbidden: lambda e: (
        f"In this server a prompt must not contain “{quoted(e.word, 60)}”. Say it in other words."
    ),
    errors.ButtonOfOthers: lambda e: (
        "In this server only the person who asked for a track may go on from it. "
        "Start one of your own with `/musicgen`."
    ),
    errors.AudioOfOthers: lambda e: (
        "In this server nobody makes music from other people's audio. Use a track or a file of "
        "your own."
    ),
    errors.OwnerOnly: lambda e: (
        "Only the owner of this bot, or somebody of their team, can do that."
    ),
    errors.ManagersOnly: lambda e: (
        "Only somebody who manages this server can do that. If you do, open `/settings panel` anew."
    ),
    errors.NotBlocked: lambda e: (
        f"There is nothing to undo: <@{e.user_id}> is not blocked there. "
        "`/settings log` shows what was done."
    ),
}


def blocked(user_id: int, reason: str, until: datetime | None, *, everywhere: bool) -> str:
    """Answers who has blocked somebody."""
    where = "everywhere" if everywhere else "in this server"
    when = "until you unblock them" if until is None else f"until <t:{int(until.timestamp())}:f>"
    return (
        f"<@{user_id}> can't have anything made {where}, {when}. They are told so, with the "
        f"reason {_reason(reason)}, when they try. What is under way for them still comes."
    )


def blocked_already(user_id: int) -> str:
    """Answers who has blocked somebody in the same way before."""
    return f"<@{user_id}> was blocked just so already."


def unblocked(user_id: int, *, everywhere: bool) -> str:
    """Answers who has unblocked somebody."""
    return f"<@{user_id}> can have music made again, {'everywhere' if everywhere else 'here'}."
