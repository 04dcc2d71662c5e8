"""The words of presets: the command, the form, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.domain import errors
from bot.domain.errors import UserError
from bot.locales import Text, _, listed, listed_or, ngettext, number, together

PRESET = Text("Named sets of settings for /musicgen.")
SAVE = Text("Save settings under a name, in place of older ones of that name.")
SHOW = Text("Show the settings of a preset.")
LIST = Text("List your presets, and this server's.")
DELETE = Text("Delete a preset.")
DEFAULT = Text("Choose the preset that applies where you name none.")
NAME = Text("Its name, up to 32 characters; capitals make no difference.")
NAME_OF = Text("Its name: yours, or else this server's.")
DEFAULT_NAME = Text("One of your presets. Leave it out for none.")
SERVER = Text("This server's and not yours; for those who manage it. Default: off.")
FINE_TUNE = Text("A fine-tune that the owner of this bot allows. Default: none, the usual model.")
OPTION = Text(
    "Saved settings; options typed here go first. Default: your own default, if you chose one."
)
"""Descriptions have 100 characters."""

BUTTON = Text("Save as preset", "button")
FORM_TITLE = Text("Save these settings")
FORM_NAME = Text("Name", "field")
FORM_NAME_ABOUT = Text("Up to 32 characters. An older preset of that name is replaced.")
FORM_SEED = Text("The seed", "field")
# Translators: the first is a new seed, the second the track's own.
WITHOUT_SEED = Text("Draw a new one each time", "choice")
WITH_SEED = Text("Keep this one", "choice")
FORM_OWNER = Text("For whom", "field")
FOR_ME = Text("For me", "choice")
FOR_SERVER = Text("For everyone in this server", "choice")
TITLE_OWN = Text("Your presets")
TITLE_SERVER = Text("This server's presets")
NONE = Text("None yet. `/preset save` makes one, and so does **Info** of any track.")
# Translators: in place of a list of settings.
PLAIN = Text("nothing but MusicGen's own defaults")
NO_DEFAULT = Text("Where you name no preset, none applies now.")

_SHOWN_MAX_CHARS = 64
_NAMED_MAX = 10


def server_choice(name: str) -> str:
    """How a server's preset is offered."""
    return _("{name} (this server's)", name=name)


def setting(name: str, value: str) -> str:
    """One setting of a preset."""
    return f"`{name}` {value}"


def fine_tune(name: str) -> str:
    """Which fine-tune a preset names; the name is escaped."""
    return _("fine-tune **{name}**", name=name)


def of_server(name: str) -> str:
    """The heading of a server's preset; the name is escaped."""
    return _("{name}, of this server", name=name)


def entry(name: str, fine_tune: str, *, is_default: bool) -> str:
    """A preset in a list, with the fine-tune it names, if any; the names are escaped."""
    # Translators: stands in parentheses behind the name of the preset that applies by default.
    told = [fine_tune, _("your default") if is_default else ""]
    notes = ", ".join(filter(None, told))
    shown = f"**{name}**" if is_default else name
    return f"{shown} ({notes})" if notes else shown


def count(present: int, limit: int) -> str:
    """How many there are of how many."""
    return _("{present} of {limit}", present=number(present), limit=number(limit))


def saved(name: str, settings: str, *, is_new: bool, of_server: bool) -> str:
    """What was saved; two sentences."""
    use = _("`/musicgen` takes it as `preset`.")
    return together(_saved(_name(name), settings, is_new=is_new, of_server=of_server), use)


def _saved(name: str, settings: str, *, is_new: bool, of_server: bool) -> str:
    match is_new, of_server:
        case True, False:
            return _("Saved: {name} with {settings}.", name=name, settings=settings)
        case True, True:
            return _("Saved for this server: {name} with {settings}.", name=name, settings=settings)
        case False, False:
            return _("Replaced: {name} with {settings}.", name=name, settings=settings)
        case _:
            return _(
                "Replaced for this server: {name} with {settings}.", name=name, settings=settings
            )


def deleted(name: str) -> str:
    """What is gone."""
    return _("Deleted: {name}.", name=_name(name))


def default(name: str) -> str:
    """What applies from now on."""
    return _("Where you name no preset, {name} applies now.", name=_name(name))


def _others(allowed: tuple[str, ...]) -> str:
    if not allowed:
        return _("The owner of this bot allows no fine-tunes. Leave `fine_tune` out.")
    names = [_name(name) for name in allowed[:_NAMED_MAX]]
    if len(allowed) == len(names):
        return _("The owner of this bot allows {names}.", names=listed(names))
    return _("The owner of this bot allows {names} and others.", names=", ".join(names))


def _name(name: str) -> str:
    # Translators: the quotation marks of your language.
    return _("“{name}”", name=quoted(name, _SHOWN_MAX_CHARS))


def _full(error: errors.PresetsFull) -> str:
    if error.of_server:
        return ngettext(
            "This server can have {number} preset, all in use. Save this one under the name of an "
            "older one, or delete one with `/preset delete`.",
            "This server can have {number} presets, all in use. Save this one under the name of "
            "an older one, or delete one with `/preset delete`.",
            error.limit,
        )
    return ngettext(
        "You can have {number} preset, all in use. Save this one under the name of an older one, "
        "or delete one with `/preset delete`.",
        "You can have {number} presets, all in use. Save this one under the name of an older one, "
        "or delete one with `/preset delete`.",
        error.limit,
    )


def _unknown_fine_tune(error: errors.FineTuneUnknown) -> str:
    unknown = _("There is no fine-tune {name} here.", name=_name(error.name))
    return together(unknown, _others(error.allowed))


PRESET_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.PresetUnknown: lambda e: _(
        "There is no preset {name}, of yours or of this server's. `/preset list` shows what there "
        "is.",
        name=_name(e.name),
    ),
    errors.PresetNameBad: lambda e: ngettext(
        "A preset's name can have up to {number} character. Choose another one.",
        "A preset's name can have up to {number} characters. Choose another one.",
        e.limit,
    ),
    errors.PresetsFull: _full,
    errors.FineTuneUnknown: _unknown_fine_tune,
    errors.FineTuneGone: lambda e: _(
        "This was made with the fine-tune {name}, which the owner of this bot no longer allows. "
        "**Info** has its settings: use them with `/musicgen`.",
        name=_name(e.name),
    ),
    errors.PresetFineTuneGone: lambda e: _(
        "The preset {preset} names the fine-tune {name}, which the owner of this bot no longer "
        "allows. Save the preset again without it, or choose another one.",
        preset=_name(e.preset),
        name=_name(e.fine_tune),
    ),
    # Translators: {names} are options, such as "`top_k` or `seed`".
    errors.InputsNotTaken: lambda e: _(
        "The model that would make this takes no {names}. Leave that out, or choose another model "
        "or preset.",
        names=listed_or([f"`{name}`" for name in e.names]),
    ),
    errors.DefaultsNameFineTune: lambda e: _(
        "That preset names a fine-tune, and a server's default settings cannot. Choose one without."
    ),
    errors.PresetsOfManagers: lambda e: _(
        "A server's presets are for those who have **Manage Server** there. Save it as your own."
    ),
}
