"""The models that may be run: the main one, and the fine-tunes that the owner allows. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bot.domain.errors import FineTuneGone, InputsNotTaken
from bot.domain.inputs import TABLE, Inputs, InputSpec, InputTable


@dataclass(frozen=True, slots=True)
class FineTune:
    """A fine-tune that the owner allows."""

    name: str
    """As people choose it."""
    model: str
    """`owner/name` at Replicate."""
    version: str
    """The id of its version."""


@dataclass(frozen=True, slots=True)
class Model:
    """A version of a model at Replicate, and the inputs that it takes."""

    name: str
    """`owner/name` at Replicate."""
    version: str
    """The id of its version."""
    table: InputTable
    fine_tune: str | None = None
    """What people call it; None for the main one."""

    def refuse_unknown(self, inputs: Inputs) -> None:
        """Refuse what somebody has just chosen, and this model has no input for.

        Raises:
            InputsNotTaken: so it is.
        """
        unknown = tuple(name for name in inputs.set_values() if name not in self.table)
        if unknown:
            raise InputsNotTaken(unknown)


class Models:
    """All that this bot may run."""

    def __init__(self, main: Model, fine_tunes: Sequence[Model] = ()) -> None:
        self.main = main
        self._fine_tunes = {fine_tune_key(model.fine_tune or ""): model for model in fine_tunes}

    @property
    def fine_tunes(self) -> tuple[str, ...]:
        """The names of the fine-tunes, in the owner's order."""
        return tuple(model.fine_tune or "" for model in self._fine_tunes.values())

    @property
    def widest(self) -> InputTable:
        """What any of them takes; for settings that are saved before it is known which runs."""
        return _widened([self.main.table, *(model.table for model in self._fine_tunes.values())])

    def named(self, fine_tune: str | None) -> Model:
        """The fine-tune of this name, or the main model for None.

        Raises:
            FineTuneGone: the owner allows none of this name.
        """
        if fine_tune is None:
            return self.main
        found = self._fine_tunes.get(fine_tune_key(fine_tune))
        if found is None:
            raise FineTuneGone(fine_tune)
        return found

    def shown(self, fine_tune: str | None) -> Model:
        """The same for what was made already: of a fine-tune that is gone, its name is left."""
        try:
            return self.named(fine_tune)
        except FineTuneGone:
            return replace(self.main, name=fine_tune or "", fine_tune=fine_tune)


def fine_tune_key(name: str) -> str:
    """A name as it is compared: without capitals."""
    return " ".join(name.split()).casefold()


def _widened(tables: Sequence[InputTable]) -> InputTable:
    """What any of these takes, with the meanings and defaults of the first that has an input."""
    names = dict.fromkeys(spec.name for spec in TABLE)
    found = {name: [table[name] for table in tables if name in table] for name in names}
    return InputTable(tuple(_widest(specs) for specs in found.values() if specs))


def _widest(specs: Sequence[InputSpec]) -> InputSpec:
    lows, highs = [spec.minimum for spec in specs], [spec.maximum for spec in specs]
    choices = [spec.choices for spec in specs]
    is_number = any(spec.kind == "number" for spec in specs)
    return replace(
        specs[0],
        kind="number" if is_number else specs[0].kind,
        minimum=None if None in lows else min(low for low in lows if low is not None),
        maximum=None if None in highs else max(high for high in highs if high is not None),
        # One that takes any text takes every choice.
        choices=() if () in choices else tuple(dict.fromkeys(chain.from_iterable(choices))),
        required=all(spec.required for spec in specs),
    )
