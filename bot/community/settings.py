"""What those who manage a server have set for it, and what that refuses. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.community.words import forbidden_in
from bot.domain.errors import (
    AudioOfOthers,
    ButtonOfOthers,
    LongerThanAllowed,
    NotInThisPlace,
    PersonBlocked,
    RequestRefused,
    RoleMissing,
    ServerPaused,
    WordForbidden,
)
from bot.domain.house import EVERYWHERE, Block

REASON_MAX_CHARS = 200
WORDS_MAX_CHARS = 1500
"""Of all forbidden words together, each on a line."""
WORD_MAX_CHARS = 60


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The rules of one server; at first, whatever Discord allows."""

    channels: frozenset[int] = frozenset()
    """Channels and categories where it may be used; none for all."""
    roles: frozenset[int] = frozenset()
    """Roles of which a person needs one; none for everybody."""
    length_max_s: int | None = None
    words: tuple[str, ...] = ()
    """What prompts must not contain."""
    others_press: bool = True
    """Whether others may make something from a person's card."""
    others_audio: bool = True
    """Whether music may be made from others' audio."""
    log_channel: int | None = None
    """Where changes are posted."""
    pause: str | None = None
    """Why nothing new is made at present; None where it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants something made, where, and of what."""

    user_id: int
    guild_id: int | None = None
    places: frozenset[int] = frozenset()
    """The channel, the one that it is a thread of, and their category."""
    roles: frozenset[int] = frozenset()
    prompt: str = ""
    length_s: float = 0.0
    """Of the new music."""
    card_of: int | None = None
    """Whose card's button it was, or whose card it leads on from."""
    audio_of: int | None = None
    """Whose audio it is made from; None where that is nobody's, or not known."""


def refusal(settings: ServerSettings, asked: Asked) -> RequestRefused | None:
    """Why a server's rules do not allow it; None where they do."""
    if settings.pause is not None:
        return ServerPaused(settings.pause)
    if settings.channels and not settings.channels & asked.places:
        return NotInThisPlace(_sorted(settings.channels))
    if settings.roles and not settings.roles & asked.roles:
        return RoleMissing(_sorted(settings.roles))
    if not settings.others_press and asked.card_of not in {None, asked.user_id}:
        return ButtonOfOthers()
    if not settings.others_audio and asked.audio_of not in {None, asked.user_id}:
        return AudioOfOthers()
    if settings.length_max_s is not None and asked.length_s > settings.length_max_s:
        return LongerThanAllowed(asked.length_s, settings.length_max_s)
    word = forbidden_in(asked.prompt, settings.words)
    return None if word is None else WordForbidden(word)


def blocked(blocks: Iterable[Block], asked: Asked, now: datetime) -> PersonBlocked | None:
    """Why a person gets nothing made; None where they are not blocked, or no longer."""
    places = {EVERYWHERE, asked.guild_id}
    mine = (block for block in blocks if block.user_id == asked.user_id)
    found = [block for block in mine if block.guild_id in places and block.holds(now)]
    if not found:
        return None
    # The one that holds longest.
    block = max(found, key=_ends)
    until = None if block.until is None else int(block.until.timestamp())
    return PersonBlocked(block.reason, until, block.guild_id == EVERYWHERE)


def _ends(block: Block) -> float:
    return float("inf") if block.until is None else block.until.timestamp()


def _sorted(ids: Iterable[int]) -> tuple[str, ...]:
    return tuple(map(str, sorted(ids)))


# ---------------------------------------------------------------------- as they are stored


def _ids(value: Any) -> frozenset[int]:
    return frozenset(map(int, value))


def _words(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value))


@dataclass(frozen=True, slots=True)
class _Stored:
    read: Callable[[Any], object]
    plain: Callable[[Any], object] = field(default=lambda value: value)


_STORED: Mapping[str, _Stored] = {
    "channels": _Stored(_ids, sorted),
    "roles": _Stored(_ids, sorted),
    "length_max_s": _Stored(int),
    "words": _Stored(_words, list),
    "others_press": _Stored(bool),
    "others_audio": _Stored(bool),
    "log_channel": _Stored(int),
    "pause": _Stored(str),
}


def stored(settings: ServerSettings) -> dict[str, str | None]:
    """Every setting's value as it is stored, by its name; None where it is the default."""
    default = ServerSettings()
    return {
        name: None
        if getattr(settings, name) == getattr(default, name)
        else json.dumps(one.plain(getattr(settings, name)), ensure_ascii=False)
        for name, one in _STORED.items()
    }


def value_of(name: str, text: str | None) -> object:
    """A setting's value from what is stored of it; the default for what cannot be read."""
    default = getattr(ServerSettings(), name, None)
    if text is None or name not in _STORED:
        return default
    try:
        return _STORED[name].read(json.loads(text))
    except (TypeError, ValueError):
        return default


def loaded(values: Mapping[str, str]) -> ServerSettings:
    """A server's settings from what is stored; names of another release are left out."""
    known = {name: value_of(name, values[name]) for name in _STORED if name in values}
    return ServerSettings(**known)  # pyright: ignore[reportArgumentType] - each is read by its own type


def words_typed(text: str) -> tuple[str, ...]:
    """Words as somebody types them: one a line, or with commas; each once."""
    entries = (" ".join(part.split()) for line in text.splitlines() for part in line.split(","))
    return tuple(dict.fromkeys(entry[:WORD_MAX_CHARS] for entry in entries if entry))
