"""The error tree. Each type carries data; its words are in `bot.card.strings.errors`.

BotError
├── ConfigError                 the settings are wrong
├── AudioWorkFailed             a worker process came to nothing over a file (work.py)
└── UserError                   ends an interaction with a sentence
    ├── RequestRefused          nothing was started, nothing was paid (refusals.py, limits.py, …)
    ├── ReplicateError          Replicate refused, failed, or could not be reached (failures.py)
    ├── TrackError              a prediction ended, its audio did not reach anyone (failures.py)
    ├── NeverBegun              it was cut off before anything was started (failures.py)
    └── InternalFault           a fault of our own

A UserError ends up in the journal as its class name and fields (`dump`, `load`), so that the same
sentence can be told after a restart.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


class BotError(Exception):
    """Anything this bot raises on purpose."""


class ConfigError(BotError):
    """The configuration cannot be used; `problems` holds one sentence for each fault."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class JournalFault(BotError):
    """The journal could not be read or written; what is in memory is as good as it gets."""


class NotFollowedHere(BotError):
    """Another process follows this generation now; this one lets go of it."""


class DeliveredTwice(BotError):
    """Discord has delivered an interaction whose work is under way; nobody is told.

    It may deliver one again, and delivers it to every process with the same token and shard.
    """


@dataclass(eq=False)
class UserError(BotError):
    """Something a person is told. Subclasses are dataclasses of plain JSON values."""

    def __post_init__(self) -> None:
        Exception.__init__(self, *vars(self).values())


class InternalFault(UserError):
    """A fault of this bot's own; the log has the rest under the generation's reference."""


def dump(error: UserError) -> str:
    """The error as JSON: its class name and fields."""
    return json.dumps({"kind": type(error).__name__, "data": asdict(error)})


def load(text: str) -> UserError:
    """The error `dump` wrote; one that this release no longer knows is an `InternalFault`."""
    record: dict[str, object] = json.loads(text)
    kinds = {kind.__name__: kind for kind in _kinds(UserError)}
    kind, data = kinds.get(str(record.get("kind"))), record.get("data")
    if kind is None or not isinstance(data, dict):
        return InternalFault()
    try:
        return kind(**{str(key): _tuples(value) for key, value in data.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON, checked by the round-trip test
    except TypeError:
        return InternalFault()


def _tuples(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - a list of strings by construction


def _kinds(root: type[UserError]) -> list[type[UserError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _kinds(child))]
