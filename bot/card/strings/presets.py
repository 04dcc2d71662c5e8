"""The words of presets: the command, the form, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.card.strings import numbers
from bot.domain import errors
from bot.domain.errors import UserError

PRESET = "Named sets of settings for /musicgen."
SAVE = "Save settings under a name, in place of older ones of that name."
SHOW = "Show the settings of a preset."
LIST = "List your presets, and this server's."
DELETE = "Delete a preset."
DEFAULT = "Choose the preset that applies where you name none."
NAME = "Its name, up to 32 characters; capitals make no difference."
NAME_OF = "Its name: yours, or else this server's."
DEFAULT_NAME = "One of your presets. Leave it out for none."
SERVER = "This server's and not yours; for those who manage it. Default: off."
FINE_TUNE = "A fine-tune that the owner of this bot allows. Default: none, the usual model."
OPTION = "Saved settings; options typed here go first. Default: your own default, if you chose one."
"""Descriptions have 100 characters."""

BUTTON = "Save as preset"
FORM_TITLE = "Save these settings"
FORM_NAME = "Name"
FORM_NAME_ABOUT = "Up to 32 characters. An older preset of that name is replaced."
FORM_SEED = "The seed"
WITHOUT_SEED = "Draw a new one each time"
WITH_SEED = "Keep this one"
FORM_OWNER = "For whom"
FOR_ME = "For me"
FOR_SERVER = "For everyone in this server"
TITLE_OWN = "Your presets"
TITLE_SERVER = "This server's presets"
NONE = "None yet. `/preset save` makes one, and so does **Info** of any track."
PLAIN = "nothing but MusicGen's own defaults"
NO_DEFAULT = "Where you name no preset, none applies now."

_SHOWN_MAX_CHARS = 64
_NAMED_MAX = 10


def server_choice(name: str) -> str:
    """How a server's preset is offered."""
    return f"{name} (this server's)"


def setting(name: str, value: str) -> str:
    """One setting of a preset."""
    return f"`{name}` {value}"


def fine_tune(name: str) -> str:
    """Which fine-tune a preset names; the name is escaped."""
    return f"fine-tune **{name}**"


def of_server(name: str) -> str:
    """The heading of a server's preset; the name is escaped."""
    return f"{name}, of this server"


def entry(name: str, fine_tune: str, *, is_default: bool) -> str:
    """A preset in a list, with the fine-tune it names, if any; the names are escaped."""
    told = [fine_tune, "your default" if is_default else ""]
    notes = ", ".join(filter(None, told))
    shown = f"**{name}**" if is_default else name
    return f"{shown} ({notes})" if notes else shown


def count(number: int, limit: int) -> str:
    """How many there are of how many."""
    return f"{number} of {limit}"


def saved(name: str, settings: str, *, is_new: bool, of_server: bool) -> str:
    """What was saved."""
    verb = "Saved" if is_new else "Replaced"
    whose = " for this server" if of_server else ""
    return f"{verb}{whose}: {_name(name)} with {settings}. `/musicgen` takes it as `preset`."


def deleted(name: str) -> str:
    """What is gone."""
    return f"Deleted: {_name(name)}."


def default(name: str) -> str:
    """What applies from now on."""
    return f"Where you name no preset, {_name(name)} applies now."


def _others(allowed: tuple[str, ...]) -> str:
    if not allowed:
        return "The owner of this bot allows no fine-tunes. Leave `fine_tune` out."
    names = ", ".join(map(_name, allowed[:_NAMED_MAX]))
    return f"The owner of this bot allows {names}{' and others' * (len(allowed) > _NAMED_MAX)}."


def _name(name: str) -> str:
    return f"“{quoted(name, _SHOWN_MAX_CHARS)}”"


PRESET_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.PresetUnknown: lambda e: (
        f"There is no preset {_name(e.name)}, of yours or of this server's. "
        "`/preset list` shows what there is."
    ),
    errors.PresetNameBad: lambda e: (
        f"A preset's name can have up to {numbers.count(e.limit, 'character')}. Choose another one."
    ),
    errors.PresetsFull: lambda e: (
        f"{'This server' if e.of_server else 'You'} can have {numbers.count(e.limit, 'preset')}, "
        "all in use. Save this one under the name of an older one, or delete one with "
        "`/preset delete`."
    ),
    errors.FineTuneUnknown: lambda e: (
        f"There is no fine-tune {_name(e.name)} here. {_others(e.allowed)}"
    ),
    errors.FineTuneGone: lambda e: (
        f"This was made with the fine-tune {_name(e.name)}, which the owner of this bot no longer "
        "allows. **Info** has its settings: use them with `/musicgen`."
    ),
    errors.PresetFineTuneGone: lambda e: (
        f"The preset {_name(e.preset)} names the fine-tune {_name(e.fine_tune)}, which the owner "
        "of this bot no longer allows. Save the preset again without it, or choose another one."
    ),
    errors.InputsNotTaken: lambda e: (
        f"The model that would make this takes no {', '.join(f'`{name}`' for name in e.names)}. "
        "Leave that out, or choose another model or preset."
    ),
    errors.DefaultsNameFineTune: lambda e: (
        "That preset names a fine-tune, and a server's default settings cannot. Choose one without."
    ),
    errors.PresetsOfManagers: lambda e: (
        "A server's presets are for those who have **Manage Server** there. Save it as your own."
    ),
}
