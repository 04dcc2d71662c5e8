"""What a card that has ended leads on to."""

from __future__ import annotations

from collections.abc import Sequence

from bot.card.buttons import Action
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs, InputTable
from bot.domain.validation import takes_melody

_NO_TRACK = (Action.AGAIN, Action.EDIT, Action.INFO)
LOST = (Action.SAME, Action.EDIT, Action.INFO)
"""For a track whose audio is not at hand."""


def offers(generation: Generation, table: InputTable) -> tuple[Action, ...]:
    """The buttons of a card with one track, or with none."""
    return _all(table) if generation.state is State.DELIVERED else _NO_TRACK


def offers_for_takes(takes: Sequence[Generation], table: InputTable) -> tuple[Action, ...]:
    """The buttons of a card that lists several takes, all of which have ended."""
    delivered = any(take.state is State.DELIVERED for take in takes)
    return _all(table) if delivered else _NO_TRACK


def melody_model(table: InputTable, inputs: Inputs) -> str | None:
    """The model for a melody: the one that `inputs` name if it can, else its next of kin."""
    model = table.model(inputs)
    able = _melody_models(table)
    if takes_melody(model) or not able:
        return inputs.model_version
    kin = set((model or "").split("-"))

    def nearness(name: str) -> tuple[int, int]:
        parts = set(name.split("-"))
        return len(kin & parts), -len(parts - kin)

    return max(able, key=nearness)


def _melody_models(table: InputTable) -> tuple[str, ...]:
    choices = table["model_version"].choices if "model_version" in table else ()
    return tuple(model for model in choices if takes_melody(model))


def _all(table: InputTable) -> tuple[Action, ...]:
    takes_audio = "input_audio" in table
    several = "model_version" in table and bool(table["model_version"].choices)
    wanted = {
        Action.AGAIN: True,
        Action.VARIATIONS: True,
        Action.EXTEND: takes_audio and "continuation" in table,
        Action.MELODY: takes_audio and (not several or bool(_melody_models(table))),
        Action.EDIT: True,
        Action.INFO: True,
        Action.DELETE: True,
    }
    return tuple(action for action, offered in wanted.items() if offered)
