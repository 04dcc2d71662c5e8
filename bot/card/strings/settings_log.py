"""The words of the log of /settings: who has changed what."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from bot.card.markup import fitted, quoted
from bot.card.strings import limits, settings, weekly
from bot.card.strings.server_rules import mentions
from bot.community.settings import role_in, value_of
from bot.domain.server_rules import Change
from bot.locales import Text, _, ngettext

_TEXT_MAX_CHARS = 120


def change(entry: Change) -> str:
    """One line of the log."""
    about = _ABOUT.get(entry.what, _set)(entry)
    return f"**{entry.number}.** <t:{int(entry.at.timestamp())}:f> {about}"


def _by(entry: Change) -> str:
    return f"<@{entry.by_id}>"


def _set(entry: Change) -> str:
    role_id = role_in(entry.what)
    if role_id is not None:
        old, new = (_role_limit(value_of(entry.what, text)) for text in (entry.old, entry.new))
        return f"{_by(entry)} *{settings.OF_ROLES()}*, <@&{role_id}>: {old} → {new}"
    if entry.what not in _VALUES:
        # Translators: {setting} is the name of a setting that this version does not know.
        return _("{by} changed {setting}", by=_by(entry), setting=f"`{quoted(entry.what, 30)}`")
    name, words_of = _VALUES[entry.what]
    old, new = (words_of(value_of(entry.what, text)) for text in (entry.old, entry.new))
    return f"{_by(entry)} *{name()}*: {old} → {new}"


def _role_limit(value: Any) -> str:
    if value is None:
        return settings.NO_LIMITS()
    return fitted(limits.amounts(value), _TEXT_MAX_CHARS) or settings.FREE()


def _block(entry: Change) -> str:
    by, person = _by(entry), f"<@{entry.about_id}>"
    # Translators: {block} and {before} are such as "“spam”, until November 29".
    if entry.new is None:
        return _(
            "{by} unblocked {person} (was: {before})",
            by=by,
            person=person,
            before=_blocked(entry.old),
        )
    if entry.old is None:
        return _("{by} blocked {person}: {block}", by=by, person=person, block=_blocked(entry.new))
    return _(
        "{by} changed the block of {person}: {block} (was: {before})",
        by=by,
        person=person,
        block=_blocked(entry.new),
        before=_blocked(entry.old),
    )


def _blocked(text: str | None) -> str:
    try:
        block = cast("dict[str, Any]", json.loads(text or ""))
        reason, until = quoted(str(block["reason"]), _TEXT_MAX_CHARS), block["until"]
        end = None if until is None else f"<t:{int(until)}:f>"
    except (ValueError, TypeError, KeyError):
        return "?"
    if end is None:
        return _("“{reason}”, for good", reason=reason)
    return _("“{reason}”, until {time}", reason=reason, time=end)


def _cancel_all(entry: Change) -> str:
    stopped = entry.new or ""
    return ngettext(
        "{by} stopped {number} request of {person}",
        "{by} stopped {number} requests of {person}",
        int(stopped) if stopped.isdecimal() else 0,
        by=_by(entry),
        person=f"<@{entry.about_id}>",
    )


def _chart_fault(entry: Change) -> str:
    try:
        about = cast("dict[str, Any]", json.loads(entry.new or ""))
        return weekly.unposted(_by(entry), str(int(about["channel"])), str(about["why"]))
    except (ValueError, TypeError, KeyError):
        return weekly.unposted(_by(entry), "?", "")


_ABOUT: dict[str, Callable[[Change], str]] = {
    "block": _block,
    "cancel_all": _cancel_all,
    "chart_fault": _chart_fault,
}


def _mentioned(pattern: str, no_rule: Text) -> Callable[[Any], str]:
    def told(ids: frozenset[int]) -> str:
        return mentions(pattern, tuple(map(str, sorted(ids)))) or no_rule()

    return told


def _channel(none: Text) -> Callable[[Any], str]:
    return lambda channel_id: none() if channel_id is None else f"<#{channel_id}>"


def _amounts(some: Any) -> str:
    return fitted(settings.amounts(some), _TEXT_MAX_CHARS)


_VALUES: dict[str, tuple[Text, Callable[[Any], str]]] = {
    "channels": (settings.PLACES, _mentioned("<#{}>", settings.EVERYWHERE)),
    "roles": (settings.ROLES, _mentioned("<@&{}>", settings.EVERYBODY)),
    "length_max_s": (settings.LENGTH, settings.length),
    "words": (
        settings.WORDS,
        lambda value: fitted(", ".join(value), _TEXT_MAX_CHARS) or settings.NO_WORDS(),
    ),
    "language": (settings.LANGUAGE, settings.language),
    "others_press": (settings.OTHERS_PRESS, settings.switch),
    "others_audio": (settings.OTHERS_AUDIO, settings.switch),
    "log_channel": (settings.LOG_CHANNEL, _channel(settings.NO_CHANNEL)),
    "chart_channel": (weekly.NAME, _channel(weekly.NOWHERE)),
    "per_person": (settings.PER_PERSON, _amounts),
    "together": (settings.TOGETHER, _amounts),
    "per_jam": (settings.PER_JAM, _amounts),
    "defaults": (
        settings.DEFAULTS,
        lambda value: fitted(settings.defaults(value).replace("`", ""), _TEXT_MAX_CHARS),
    ),
    "pause": (
        settings.PAUSE,
        lambda value: settings.NOT_PAUSED() if value is None else quoted(value, _TEXT_MAX_CHARS),
    ),
}
