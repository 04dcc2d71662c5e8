"""What those who manage a server have set for it, and what that refuses. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from bot.community.limits import earliest
from bot.community.words import forbidden_in
from bot.community.written_amounts import amounts_text, parse_amounts
from bot.domain.amounts import Amount, Period, ServerLimits, Unit
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
from bot.domain.inputs import Inputs
from bot.domain.language import Language
from bot.domain.server_rules import EVERYWHERE, Block
from bot.domain.stored_inputs import typed_inputs

REASON_MAX_CHARS = 200
WORDS_MAX_CHARS = 1500
"""Of all forbidden words together, each on a line."""
WORD_MAX_CHARS = 60


NO_INPUTS = Inputs("")
Amounts: TypeAlias = tuple[Amount, ...]


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
    chart_channel: int | None = None
    """Where each week's chart is posted."""
    pause: str | None = None
    """Why nothing new is made at present; None where it is."""
    per_person: Amounts = ()
    """The most that each may have made in this server."""
    together: Amounts = ()
    """The most that may be made in it."""
    per_jam: Amounts = ()
    """The most that may be made in each of its jams."""
    of_roles: Mapping[int, Amounts] = field(default_factory=dict[int, Amounts])
    """What those with a role may, in place of `per_person`; nothing for as much as they like."""
    defaults: Inputs = NO_INPUTS
    """What is used in this server where a person says nothing else."""
    language: Language | None = None
    """What cards are written in; None for the server's own language at Discord."""


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


def limits_of(settings: ServerSettings, roles: Collection[int]) -> ServerLimits | None:
    """What a server allows somebody with these roles; None where it has set no limit at all.

    An amount of a role's takes the place of the one for each person in the same unit and period.
    Who has several such roles gets the largest, and no limit where one of them has none.
    """
    if not (settings.per_person or settings.together or settings.of_roles or settings.per_jam):
        return None
    mine = [amounts for role, amounts in settings.of_roles.items() if role in roles]
    if not all(mine):
        return ServerLimits((), settings.together, settings.per_jam)
    largest: dict[tuple[Unit, Period], Amount] = {}
    for amount in sorted((one for amounts in mine for one in amounts), key=lambda one: one.number):
        largest[amount.unit, amount.period] = amount
    of_all = {(amount.unit, amount.period): amount for amount in settings.per_person}
    mine_here = tuple((of_all | largest).values())
    return ServerLimits(mine_here, settings.together, settings.per_jam)


def person_needed_since(settings: ServerSettings, now: datetime) -> datetime | None:
    """Since when it has to be known who asked for what here, so that nobody begins anew."""
    of_roles = (one for amounts in settings.of_roles.values() for one in amounts)
    return earliest((*settings.per_person, *of_roles), now)


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


def _amounts(value: Any) -> Amounts:
    return parse_amounts(value) if value else ()


def _jam_amounts(value: Any) -> Amounts:
    return parse_amounts(value, per_jam=True) if value else ()


def _defaults(value: Any) -> Inputs:
    return typed_inputs({"prompt": "", **value})


def _plain_inputs(inputs: Inputs) -> dict[str, Any]:
    return {name: value for name, value in inputs.set_values().items() if name != "prompt"}


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
    "chart_channel": _Stored(int),
    "pause": _Stored(str),
    "per_person": _Stored(_amounts, amounts_text),
    "together": _Stored(_amounts, amounts_text),
    "per_jam": _Stored(_jam_amounts, amounts_text),
    "defaults": _Stored(_defaults, _plain_inputs),
    "language": _Stored(str),
}
_OF_ROLE = "of_role:"
"""Before a role's id. Each is stored by itself, so that two who set two of them do not collide."""


def stored(settings: ServerSettings) -> dict[str, str | None]:
    """Every setting's value as it is stored, by its name; None where it is the default."""
    default = ServerSettings()
    return {
        name: None
        if getattr(settings, name) == getattr(default, name)
        else json.dumps(one.plain(getattr(settings, name)), ensure_ascii=False)
        for name, one in _STORED.items()
    }


def role_stored(role_id: int, amounts: Amounts | None) -> dict[str, str | None]:
    """The same for the limits of a role; None where it has none of its own."""
    text = None if amounts is None else json.dumps(amounts_text(amounts))
    return {f"{_OF_ROLE}{role_id}": text}


def role_in(name: str) -> int | None:
    """The role that a stored value is about; None where it is about something else."""
    role = name.removeprefix(_OF_ROLE)
    return int(role) if name.startswith(_OF_ROLE) and role.isdecimal() else None


def value_of(name: str, text: str | None) -> object:
    """A setting's value from what is stored of it; the default for what cannot be read."""
    if role_in(name) is not None:
        return None if text is None else _read(_amounts, text, None)
    default = getattr(ServerSettings(), name, None)
    if text is None or name not in _STORED:
        return default
    return _read(_STORED[name].read, text, default)


def _read(read: Callable[[Any], object], text: str, default: object) -> object:
    try:
        return read(json.loads(text))
    except (KeyError, TypeError, ValueError):
        return default


def loaded(values: Mapping[str, str]) -> ServerSettings:
    """A server's settings from what is stored; names of another release are left out."""
    known = {name: value_of(name, values[name]) for name in _STORED if name in values}
    roles = {role_in(name): value_of(name, text) for name, text in values.items()}
    of_roles = {role: amounts for role, amounts in roles.items() if None not in {role, amounts}}
    return ServerSettings(**known, of_roles=of_roles)  # pyright: ignore[reportArgumentType] - each is read by its own type


def words_typed(text: str) -> tuple[str, ...]:
    """Words as somebody types them: one a line, or with commas; each once."""
    entries = (" ".join(part.split()) for line in text.splitlines() for part in line.split(","))
    return tuple(dict.fromkeys(entry[:WORD_MAX_CHARS] for entry in entries if entry))
