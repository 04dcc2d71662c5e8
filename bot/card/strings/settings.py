"""The words of /settings: the panel, its forms, and the log of changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from bot.card.markup import fitted, quoted
from bot.card.strings import limits, weekly
from bot.card.strings.house import mentions
from bot.card.strings.numbers import count
from bot.card.strings.presets import PLAIN, setting
from bot.community.settings import ServerSettings, role_in, value_of
from bot.community.weekly import ChartOutcome
from bot.domain.amounts import Amount
from bot.domain.house import Change
from bot.domain.inputs import Inputs, plain

TITLE = "What I do in this server"
PLACES, ROLES, LOG_CHANNEL = "Where I may be used", "Who may use me", "Changes are posted to"
LENGTH, WORDS = "Longest music at once", "Words a prompt must not contain"
OTHERS_PRESS, OTHERS_AUDIO = "May others use a card's buttons", "May others' audio be used"
PER_PERSON, TOGETHER = "Each person's limit here", "This server's limit"
PER_JAM = "Each jam's limit"
OF_ROLES, DEFAULTS = "Limits of roles", "Default settings"
PAUSE = "Pause"
MENUS = (
    "The three menus below are, from the top: where I may be used, who may use me, and where "
    "changes are posted."
)
PICK_PLACES, PICK_ROLES = "Where I may be used: everywhere", "Who may use me: everybody"
PICK_LOG = "Post changes to: no channel"
PICK_PERSON = "Whose?"
PICK_ROLE, PICK_PRESET = "Set the limit of a role", "Take the settings of a preset"
"""Placeholders of selects with nothing chosen."""

LIMITS, RESUME, CANCEL_ALL, LOG = "Length and words", "Go on", "Cancel all of one's", "Log"
PRESS_ON, PRESS_OFF = "Open cards to all", "Keep cards to their owner"
AUDIO_ON, AUDIO_OFF = "Open audio to all", "Keep audio to its owner"
NEWEST, OLDER = "Newest", "Older"
AMOUNTS, ROLE_LIMITS = "Limits of this server", "Limits of roles"
DROP_ROLES = "Remove deleted roles"
NO_DEFAULTS = "No default settings"
AMOUNTS_ABOUT = "Like 20 tracks/day, 600 s/day, 3 usd/month; empty for no limit of this server's."
JAM_AMOUNTS_ABOUT = "Like 40 tracks, 3 usd, or 20 tracks/day; empty for no limit of this server's."
ROLE_LIMIT = "What those with this role may"
ROLE_LIMIT_ABOUT = "Like 40 tracks/day; none for no limit of this server's; empty: as everybody."
ROLE_LIMITS_ABOUT = (
    "A role's amount takes the place of the one for each person. Who has several roles gets the "
    "largest. The limits of the bot's owner and of the whole server hold all the same."
)
NO_ROLE_LIMITS = "No role has limits of its own."
FREE = "no limit of this server's"
GONE_ROLE = "⚠️ A role that was deleted had {}. Nobody has it, so that is without effect."
DEFAULTS_ABOUT = (
    "They apply to /musicgen where neither an option nor a preset says otherwise. A preset that is "
    "changed later changes nothing here until you take it again."
)
DEFAULTS_NO_PRESET = (
    "They are taken from a preset of this server, and there is none yet: save one with "
    "/preset save and server: True."
)
LENGTH_ABOUT = "Seconds of new music. Leave it empty for no limit."
WORDS_ABOUT = "One a line. Whole words, whatever their case and accents."
PAUSE_TITLE, PAUSE_REASON = "Pause the bot in this server", "Why"
PAUSE_ABOUT = "People are told. What is under way still comes."

EVERYWHERE, EVERYBODY, NONE, NO_LIMIT = "everywhere", "everybody", "none", "no limit"
YES, NO = "yes", "no, only the person themselves"
NOT_PAUSED = "no"
LOG_TITLE = "What was changed"
LOG_EVERYWHERE_TITLE = "What the bot's owner has done everywhere"
LOG_EMPTY = "Nothing was changed here yet."
ASK_PERSON = "Everything of one person's that is under way in this server is stopped. Whose?"
_TEXT_MAX_CHARS = 120
_FIELD_MAX_CHARS = 1000

NOT_POSTED = (
    "It is changed, and it is in the log, but I can't post it to the log channel: it is gone, or I "
    "lack a permission there (**View Channel**, **Send Messages**, **Embed Links**)."
)


def places(ids: Collection[int], present: Collection[int]) -> str:
    """Channels and categories, those that are gone as such."""
    return _those("<#{}>", ids, present, "channel", EVERYWHERE)


def roles(ids: Collection[int], present: Collection[int]) -> str:
    """Roles, those that are gone as such."""
    return _those("<@&{}>", ids, present, "role", EVERYBODY)


def _those(
    pattern: str, ids: Collection[int], present: Collection[int], gone: str, no_rule: str
) -> str:
    if not ids:
        return no_rule
    shown = [pattern.format(one) for one in sorted(ids) if one in present]
    lost = len(ids) - len(shown)
    if lost:
        shown.append(f"⚠️ {lost} deleted {gone}{'' if lost == 1 else 's'}")
    told = ", ".join(shown)
    return told if lost < len(ids) else f"{told}: so nobody can use me. Choose anew."


def log_channel(channel_id: int | None, present: Collection[int]) -> str:
    """Where changes are posted."""
    if channel_id is None:
        return NONE
    return f"<#{channel_id}>" if channel_id in present else "⚠️ a deleted channel"


def length(seconds: int | None) -> str:
    """The largest duration."""
    return NO_LIMIT if seconds is None else f"{seconds} s"


def words(forbidden: Collection[str]) -> str:
    """What prompts must not contain."""
    return fitted(", ".join(forbidden), _FIELD_MAX_CHARS) or NONE


def switch(on: bool) -> str:
    """Whether others may."""
    return YES if on else NO


def paused(reason: str | None) -> str:
    """Whether it is paused."""
    return NOT_PAUSED if reason is None else f"⏸️ {quoted(reason, 200)}"


def amounts(some: Collection[Amount]) -> str:
    """What a server allows."""
    return limits.amounts(some) or NO_LIMIT


def role_limits(
    of_roles: Mapping[int, Collection[Amount]],
    present: Collection[int],
    most_chars: int = _FIELD_MAX_CHARS,
) -> str:
    """The limits of roles, a line each; a role that is gone has none, and that is said."""
    told = {role: limits.amounts(some) or FREE for role, some in sorted(of_roles.items())}
    lines = [f"<@&{role}>: {text}" for role, text in told.items() if role in present]
    lines += [GONE_ROLE.format(text) for role, text in told.items() if role not in present]
    shown = [line for at, line in enumerate(lines) if len("\n".join(lines[: at + 1])) <= most_chars]
    if len(shown) < len(lines):
        shown.append(f"and {len(lines) - len(shown)} more")
    return "\n".join(shown) or NO_ROLE_LIMITS


def defaults(inputs: Inputs, unfit: Collection[str] = ()) -> str:
    """A server's default settings, and which of them the model does not take."""
    named = inputs.set_values().items()
    line = " · ".join(setting(name, plain(value)) for name, value in named if name != "prompt")
    if unfit:
        line += f"\n⚠️ Left out, for the model does not take it: {', '.join(unfit)}."
    return line or PLAIN


def canceled(user_id: int, stopped: int) -> str:
    """Answers who has stopped all of a person's."""
    if not stopped:
        return f"<@{user_id}> has nothing under way here that can still be stopped."
    requests = count(stopped, f"request of <@{user_id}>")
    return f"Stopped {requests}. `/block` keeps them from asking again."


def change(entry: Change) -> str:
    """One line of the log."""
    about = _ABOUT.get(entry.what, _set)(entry)
    return f"**{entry.number}.** <t:{int(entry.at.timestamp())}:f> <@{entry.by_id}> {about}"


def _set(entry: Change) -> str:
    role_id = role_in(entry.what)
    if role_id is not None:
        old, new = (_role_limit(value_of(entry.what, text)) for text in (entry.old, entry.new))
        return f"*{OF_ROLES}*, <@&{role_id}>: {old} → {new}"
    if entry.what not in _VALUES:
        return f"changed `{quoted(entry.what, 30)}`"
    name, words_of = _VALUES[entry.what]
    old, new = (words_of(value_of(entry.what, text)) for text in (entry.old, entry.new))
    return f"*{name}*: {old} → {new}"


def _role_limit(value: Any) -> str:
    return NONE if value is None else fitted(limits.amounts(value), _TEXT_MAX_CHARS) or FREE


def _block(entry: Change) -> str:
    if entry.new is None:
        return f"unblocked <@{entry.about_id}> (was: {_blocked(entry.old)})"
    verb = "blocked" if entry.old is None else "changed the block of"
    was = "" if entry.old is None else f" (was: {_blocked(entry.old)})"
    return f"{verb} <@{entry.about_id}>: {_blocked(entry.new)}{was}"


def _blocked(text: str | None) -> str:
    try:
        block = cast("dict[str, Any]", json.loads(text or ""))
        reason, until = str(block["reason"]), block["until"]
    except (ValueError, TypeError, KeyError):
        return "?"
    end = "for good" if until is None else f"until <t:{int(until)}:f>"
    return f"“{quoted(reason, _TEXT_MAX_CHARS)}”, {end}"


def _cancel_all(entry: Change) -> str:
    stopped = entry.new or ""
    number = int(stopped) if stopped.isdecimal() else 0
    return f"stopped {count(number, f'request of <@{entry.about_id}>')}"


def _chart_fault(entry: Change) -> str:
    try:
        about = cast("dict[str, Any]", json.loads(entry.new or ""))
        return weekly.unposted(str(int(about["channel"])), str(about["why"]))
    except (ValueError, TypeError, KeyError):
        return weekly.unposted("?", "")


_ABOUT: dict[str, Callable[[Change], str]] = {
    "block": _block,
    "cancel_all": _cancel_all,
    "chart_fault": _chart_fault,
}


def _mentioned(pattern: str, no_rule: str) -> Callable[[Any], str]:
    def told(ids: frozenset[int]) -> str:
        return mentions(pattern, tuple(map(str, sorted(ids)))) or no_rule

    return told


_VALUES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "channels": (PLACES, _mentioned("<#{}>", EVERYWHERE)),
    "roles": (ROLES, _mentioned("<@&{}>", EVERYBODY)),
    "length_max_s": (LENGTH, length),
    "words": (WORDS, lambda value: fitted(", ".join(value), _TEXT_MAX_CHARS) or NONE),
    "others_press": (OTHERS_PRESS, switch),
    "others_audio": (OTHERS_AUDIO, switch),
    "log_channel": (LOG_CHANNEL, lambda value: NONE if value is None else f"<#{value}>"),
    "chart_channel": (
        weekly.NAME,
        lambda value: weekly.NOWHERE if value is None else f"<#{value}>",
    ),
    "per_person": (PER_PERSON, lambda value: fitted(amounts(value), _TEXT_MAX_CHARS)),
    "together": (TOGETHER, lambda value: fitted(amounts(value), _TEXT_MAX_CHARS)),
    "per_jam": (PER_JAM, lambda value: fitted(amounts(value), _TEXT_MAX_CHARS)),
    "defaults": (DEFAULTS, lambda value: fitted(defaults(value).replace("`", ""), _TEXT_MAX_CHARS)),
    "pause": (PAUSE, lambda value: NOT_PAUSED if value is None else quoted(value, _TEXT_MAX_CHARS)),
}


def fields(
    settings: ServerSettings,
    channels: Collection[int],
    present_roles: Collection[int],
    chart_fault: ChartOutcome | None = None,
) -> list[tuple[str, str]]:
    """The panel's text: every rule and how it stands, given what is there in the server."""
    return [
        (PAUSE, paused(settings.pause)),
        (LENGTH, length(settings.length_max_s)),
        (WORDS, words(settings.words)),
        (OTHERS_PRESS, switch(settings.others_press)),
        (OTHERS_AUDIO, switch(settings.others_audio)),
        (PLACES, places(settings.channels, channels)),
        (ROLES, roles(settings.roles, present_roles)),
        (PER_PERSON, amounts(settings.per_person)),
        (TOGETHER, amounts(settings.together)),
        (PER_JAM, amounts(settings.per_jam)),
        (OF_ROLES, role_limits(settings.of_roles, present_roles)),
        (DEFAULTS, defaults(settings.defaults)),
        (weekly.NAME, weekly.place(settings.chart_channel, chart_fault)),
        (LOG_CHANNEL, log_channel(settings.log_channel, channels)),
    ]
