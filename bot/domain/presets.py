"""Named sets of inputs, of persons and of servers. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, Self, TypeVar

from bot.domain.inputs import Inputs

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class PresetOwner:
    """A person, or a server."""

    kind: Literal["person", "server"]
    id: int

    @classmethod
    def person(cls, user_id: int) -> Self:
        """Somebody whose own presets they are."""
        return cls("person", user_id)

    @classmethod
    def server(cls, guild_id: int) -> Self:
        """A server, in which all may use them."""
        return cls("server", guild_id)

    @property
    def is_server(self) -> bool:
        """Whether it is a server's."""
        return self.kind == "server"


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of inputs, whose prompt is empty, and perhaps the fine-tune they are for."""

    owner: PresetOwner
    name: str
    """As it was written last."""
    inputs: Inputs
    is_default: bool = False
    """Whether it applies where its person names none."""
    fine_tune: str | None = None
    """None for the main model."""


@dataclass(frozen=True, slots=True, eq=False)
class Named(Generic[T]):
    """What is known in full only once a preset is read: in the transaction that writes it down.

    So nothing is read before, and no process goes by a preset as it was.
    """

    owners: tuple[PresetOwner, ...]
    """Whose it may be; the first one's that has it."""
    key: str
    """Its name as it is compared."""
    complete: Callable[[Preset | None], T]
    """What comes of it, at once; raises `RequestRefused`."""

    def then(self, go_on: Callable[[T], U]) -> Named[U]:
        """The same, and what comes of that."""
        return Named(self.owners, self.key, lambda preset: go_on(self.complete(preset)))
