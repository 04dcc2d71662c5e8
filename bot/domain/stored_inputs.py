"""Inputs as they are stored, by their names, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.inputs import TABLE, Inputs, Kind

_SPECS = {spec.name: spec for spec in TABLE}
_TYPES: Mapping[Kind, tuple[type, ...]] = {
    "string": (str,),
    "audio": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def typed_inputs(values: Mapping[str, Any]) -> Inputs:
    """Inputs by their names, as they were stored.

    Raises:
        KeyError, TypeError: they are no inputs, or not of their types.
    """
    for name, value in values.items():
        kind = _SPECS[name].kind
        # In Python a bool is an int; in the table it is not.
        if not isinstance(value, _TYPES[kind]) or isinstance(value, bool) != (kind == "boolean"):
            raise TypeError(f"{name} is no {kind}")
    return Inputs(**values)
