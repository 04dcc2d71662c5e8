"""Application commands: their form with Discord's limits, and the book a sync writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .forms import Form, Snowflake, fault, length, refuse, required
from .wire import ApiError, Code, JsonObject

MAX_COMMAND_CHARACTERS = 8000
MAX_BY_TYPE = {1: 100, 2: 15, 3: 15}
"""Slash, user and message commands per scope (change log, 2026-03-03)."""
_MAX_NUMBER = 2**53
_CHAT_NAME = re.compile(r"^[-_'\w\u0900-\u097F\u0E00-\u0E7F]{1,32}$")

Locales = dict[str, str] | None


class OptionType(IntEnum):
    """The kinds of option (docs: application-commands)."""

    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


_CHOOSING: dict[OptionType, tuple[type, ...]] = {
    OptionType.STRING: (str,),
    OptionType.INTEGER: (int,),
    OptionType.NUMBER: (int, float),
}
_NESTS = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)


class Choice(Form):
    """One of an option's offered values."""

    name: Annotated[str, length(1, 100)]
    name_localizations: Locales = None
    value: str | int | float


class Option(Form):
    """An option, subcommand or subcommand group."""

    type: OptionType
    name: str
    name_localizations: Locales = None
    description: Annotated[str, length(1, 100)]
    description_localizations: Locales = None
    required: bool = False
    choices: Annotated[tuple[Choice, ...], length(0, 25)] = ()
    options: Annotated[tuple[Option, ...], length(0, 25)] = ()
    channel_types: tuple[int, ...] = ()
    min_value: int | float | None = None
    max_value: int | float | None = None
    min_length: Annotated[int, Field(ge=0, le=6000)] | None = None
    max_length: Annotated[int, Field(ge=1, le=6000)] | None = None
    autocomplete: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_name(self.name)
        if self.choices and self.autocomplete:
            text = "Autocomplete and choices are mutually exclusive"
            raise fault("APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", text, "autocomplete")
        kinds = _CHOOSING.get(self.type)
        if kinds is None and (self.choices or self.autocomplete):
            text = "This option type takes neither choices nor autocomplete"
            raise fault("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text, "type")
        for choice in self.choices:
            if kinds is not None and not isinstance(choice.value, kinds):
                text = f'Could not interpret "{choice.value}" as {self.type.name.lower()}.'
                raise fault("BASE_TYPE_INVALID", text, "choices")
            if isinstance(choice.value, str):
                _check_choice(choice.value)
        for bound in (self.min_value, self.max_value):
            if bound is not None and abs(bound) > _MAX_NUMBER:
                raise fault("NUMBER_TYPE_MAX", "Must be between -2^53 and 2^53.", "max_value")
        _check_options(self.options)
        return self

    def characters(self) -> int:
        """How much of the command's 8000 characters it takes."""
        own = _longest(self.name, self.name_localizations)
        own += _longest(self.description, self.description_localizations)
        own += sum(
            _longest(choice.name, choice.name_localizations) + len(str(choice.value))
            for choice in self.choices
        )
        return own + sum(option.characters() for option in self.options)


class CommandForm(Form):
    """A command as an app writes it: slash (1), user (2) or message (3)."""

    id: Snowflake | None = None
    type: Literal[1, 2, 3] = 1
    name: Annotated[str, length(1, 32)]
    name_localizations: Locales = None
    description: Annotated[str, length(0, 100)] = ""
    description_localizations: Locales = None
    options: Annotated[tuple[Option, ...], length(0, 25)] = ()
    default_member_permissions: Snowflake | None = None
    dm_permission: bool | None = None
    contexts: tuple[Literal[0, 1, 2], ...] | None = None
    integration_types: tuple[Literal[0, 1], ...] | None = None
    nsfw: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.type == 1:
            _check_name(self.name)
            if not self.description:
                raise required("description")
            _check_options(self.options)
        elif self.description or self.options:
            text = "Context menu commands have neither description nor options"
            raise fault("APPLICATION_COMMAND_CONTEXT_MENU_FIELD", text, "description")
        size = _longest(self.name, self.name_localizations)
        size += _longest(self.description, self.description_localizations)
        size += sum(option.characters() for option in self.options)
        if size > MAX_COMMAND_CHARACTERS:
            text = f"Command exceeds maximum size ({MAX_COMMAND_CHARACTERS})"
            raise fault("APPLICATION_COMMAND_TOO_LARGE", text)
        return self


def _longest(text: str, localized: Locales) -> int:
    return max(len(text), *(len(other) for other in (localized or {}).values()), 0)


def _check_name(name: str) -> None:
    if not _CHAT_NAME.match(name) or name != name.lower():
        raise fault("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid", "name")


def _check_choice(value: str) -> None:
    if not 1 <= len(value) <= 100:
        raise fault("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.", "choices")


def _check_options(options: Sequence[Option]) -> None:
    names = [option.name for option in options]
    if len(set(names)) < len(names):
        text = "Option names must be unique"
        raise fault("APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", text, "options")
    needed = [option.required for option in options]
    if needed != sorted(needed, reverse=True):
        text = "Required options must be placed before non-required options"
        raise fault("APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text, "options")
    if len({option.type in _NESTS for option in options}) > 1:
        text = "Sub-command and sub-command group option types are mutually exclusive to all others"
        raise fault("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text, "options")


@dataclass(frozen=True, slots=True)
class Command:
    """A registered command."""

    id: int
    application_id: int
    version: int
    guild_id: int | None
    form: CommandForm

    @property
    def name(self) -> str:
        """The name people type or pick."""
        return self.form.name

    def allows(self, context: int, installation: int) -> bool:
        """Whether it can be used in a context (0-2) through an installation (0 guild, 1 user)."""
        contexts = self.form.contexts
        if contexts is None:
            contexts = [0] if self.form.dm_permission is False else [0, 1, 2]
        return context in contexts and installation in (self.form.integration_types or [0])

    def to_json(self) -> JsonObject:
        """The command object."""
        json: JsonObject = self.form.model_dump(mode="json", exclude_defaults=True)
        contexts, permissions = self.form.contexts, self.form.default_member_permissions
        json |= {
            "id": str(self.id),
            "application_id": str(self.application_id),
            "version": str(self.version),
            "type": self.form.type,
            "name": self.form.name,
            "description": self.form.description,
            "nsfw": self.form.nsfw,
            "dm_permission": self.form.dm_permission is not False,
            "contexts": None if contexts is None else [*contexts],
            "integration_types": [*(self.form.integration_types or (0,))],
            "default_member_permissions": None if permissions is None else str(permissions),
        }
        if self.guild_id is not None:
            json["guild_id"] = str(self.guild_id)
        return json


class CommandBook:
    """The commands an application has registered, global (None) and per guild."""

    def __init__(self, application_id: int, next_id: Callable[[], int]) -> None:
        self._application_id = application_id
        self._next_id = next_id
        self._scopes: dict[int | None, dict[tuple[int, str], Command]] = {}

    def listed(self, guild_id: int | None = None) -> list[Command]:
        """The commands of one scope."""
        return list(self._scopes.get(guild_id, {}).values())

    def every(self) -> Iterator[Command]:
        """The commands of all scopes."""
        for scope in self._scopes.values():
            yield from scope.values()

    def find(self, command_id: int) -> Command | None:
        """The command with this id."""
        return next((command for command in self.every() if command.id == command_id), None)

    def named(self, name: str, kind: int) -> Command | None:
        """The command of this name and kind, in any scope."""
        return next((c for c in self.every() if (c.form.type, c.name) == (kind, name)), None)

    def replace(self, forms: Sequence[CommandForm], guild_id: int | None = None) -> list[Command]:
        """Register exactly these; one that stays keeps its id.

        Raises:
            ApiError: 50035 for a name used twice, 30032 for too many.
        """
        keys = [(form.type, form.name) for form in forms]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                code = "APPLICATION_COMMANDS_DUPLICATE_NAME"
                raise refuse(code, "Application command names must be unique", index, "name")
        for kind, most in MAX_BY_TYPE.items():
            if sum(form.type == kind for form in forms) > most:
                raise ApiError(Code.TOO_MANY_COMMANDS)
        old = self._scopes.get(guild_id, {})
        self._scopes[guild_id] = {
            key: self._registered(old.get(key), form, guild_id)
            for key, form in zip(keys, forms, strict=True)
        }
        return self.listed(guild_id)

    def upsert(self, form: CommandForm, guild_id: int | None = None) -> Command:
        """Register one more, or overwrite the one of that name."""
        forms = {(c.form.type, c.name): c.form for c in self.listed(guild_id)}
        forms[form.type, form.name] = form
        self.replace(list(forms.values()), guild_id)
        return self._scopes[guild_id][form.type, form.name]

    def restore(self, commands: Iterable[Command]) -> None:
        """Have these, with their ids."""
        for command in commands:
            scope = self._scopes.setdefault(command.guild_id, {})
            scope[command.form.type, command.name] = command

    def remove(self, command: Command) -> None:
        """Forget one."""
        del self._scopes[command.guild_id][command.form.type, command.name]

    def _registered(self, old: Command | None, form: CommandForm, guild: int | None) -> Command:
        if old is not None and old.form.model_copy(update={"id": form.id}) == form:
            return old
        version = self._next_id()
        command_id = version if old is None else old.id
        return Command(command_id, self._application_id, version, guild, form)
