"""The words of presets: the command, the form, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
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


def server_choice(name: str) -> str:
    """How a server's preset is offered."""
    return f"{name} (this server's)"


def setting(name: str, value: str) -> str:
    """One setting of a preset."""
    return f"`{name}` {value}"


def of_server(name: str) -> str:
    """The heading of a server's preset; the name is escaped."""
    return f"{name}, of this server"


def entry(name: str, *, is_default: bool) -> str:
    """A preset in a list; the name is escaped."""
    return f"**{name}** (your default)" if is_default else name


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


def _name(name: str) -> str:
    return f"“{quoted(name, _SHOWN_MAX_CHARS)}”"


PRESET_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.PresetUnknown: lambda e: (
        f"There is no preset {_name(e.name)}, of yours or of this server's. "
        "`/preset list` shows what there is."
    ),
    errors.PresetNameBad: lambda e: (
        f"A preset's name has 1 to {e.limit} characters. Choose another one."
    ),
    errors.PresetsFull: lambda e: (
        f"{'This server' if e.of_server else 'You'} can have {e.limit} presets, and they are all "
        "in use. Save this one under the name of an older one, or delete one with `/preset delete`."
    ),
    errors.PresetsOfManagers: lambda e: (
        "A server's presets are for those who have **Manage Server** there. Save it as your own."
    ),
}
