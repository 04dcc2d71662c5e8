"""Buttons, selects and modals: their forms, with the limits Discord sets on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Discriminator, Field, PlainSerializer, Tag, model_validator

from .forms import TAG, Form, Snowflake, fault, length, required
from .wire import JsonObject

CustomId = Annotated[str, length(1, 100)]


class Component(Form):
    """What every component has; Discord numbers those the bot did not."""

    id: int | None = None


class Emoji(Form):
    """A unicode or custom emoji."""

    name: str | None = None
    id: Annotated[Snowflake, PlainSerializer(str)] | None = None
    animated: bool = False


class Button(Component):
    """A button; style 5 is a link and has no custom_id."""

    type: Literal[2]
    style: Literal[1, 2, 3, 4, 5]
    label: Annotated[str, length(0, 80)] | None = None
    emoji: Emoji | None = None
    custom_id: CustomId | None = None
    url: Annotated[str, length(0, 512)] | None = None
    disabled: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        link = self.style == 5
        if link and self.url is None:
            raise required("url")
        if link and self.custom_id is not None:
            raise fault("BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", _EXCLUSIVE)
        if link and not str(self.url).startswith(("http://", "https://", "discord://")):
            raise fault("URL_TYPE_INVALID_SCHEME", "Scheme must be http, https or discord.", "url")
        if not link and self.custom_id is None:
            raise required("custom_id")
        if not link and self.url is not None:
            raise fault("BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", _EXCLUSIVE)
        if not self.label and self.emoji is None:
            raise fault("BUTTON_COMPONENT_INVALID_EMOJI_OR_LABEL", "A label or emoji is required")
        return self


_EXCLUSIVE = "A custom id and url cannot both be specified"


class SelectOption(Form):
    """One entry of a string select, radio group or checkbox group."""

    label: Annotated[str, length(1, 100)]
    value: Annotated[str, length(1, 100)]
    description: Annotated[str, length(0, 100)] | None = None
    emoji: Emoji | None = None
    default: bool = False


class _Selecting(Component):
    custom_id: CustomId
    placeholder: Annotated[str, length(0, 150)] | None = None
    min_values: Annotated[int, Field(ge=0, le=25)] = 1
    max_values: Annotated[int, Field(ge=1, le=25)] = 1
    disabled: bool = False
    required: bool = True


class StringSelect(_Selecting):
    """A select whose options the bot writes."""

    type: Literal[3]
    options: Annotated[tuple[SelectOption, ...], length(1, 25)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        values = [option.value for option in self.options]
        if len(set(values)) < len(values):
            code = "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"
            raise fault(code, "The specified option value is already used", "options")
        if self.max_values > len(values):
            code = "SELECT_COMPONENT_MAX_VALUES_TOO_LARGE"
            raise fault(code, "Must be no more than the number of options", "max_values")
        return self


class DefaultValue(Form):
    """What an entity select shows as chosen."""

    id: Annotated[Snowflake, PlainSerializer(str)]
    type: Literal["user", "role", "channel"]


class EntitySelect(_Selecting):
    """A select of users (5), roles (6), both (7) or channels (8)."""

    type: Literal[5, 6, 7, 8]
    default_values: Annotated[tuple[DefaultValue, ...], length(0, 25)] = ()
    channel_types: tuple[int, ...] = ()
    """Which channels are offered; all of them if none is named."""


def tag(value: object) -> str:
    """The union tag of a component, by its type."""
    kind: object = getattr(value, "type", None)
    if isinstance(value, dict):
        kind = value.get("type")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - any JSON may come
    return f"{TAG}{kind}"


Selects = (
    Annotated[StringSelect, Tag("~3")]
    | Annotated[EntitySelect, Tag("~5")]
    | Annotated[EntitySelect, Tag("~6")]
    | Annotated[EntitySelect, Tag("~7")]
    | Annotated[EntitySelect, Tag("~8")]
)
Item = Annotated[Annotated[Button, Tag("~2")] | Selects, Discriminator(tag)]
MessageItem = Button | StringSelect | EntitySelect


class ActionRow(Component):
    """A row of a message: up to five buttons, or one select."""

    type: Literal[1]
    components: Annotated[tuple[Item, ...], length(1, 5)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.components) > 1 and any(item.type != 2 for item in self.components):
            raise fault("COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component is too wide")
        return self


_Numbered = TypeVar("_Numbered", bound=Component)


def check_unique(custom_ids: Iterator[str]) -> None:
    """Refuse two components with one custom_id."""
    seen: set[str] = set()
    for custom_id in custom_ids:
        if custom_id in seen:
            text = "Component custom id cannot be duplicated"
            raise fault("COMPONENT_CUSTOM_ID_DUPLICATED", text)
        seen.add(custom_id)


def items(rows: Sequence[ActionRow]) -> Iterator[MessageItem]:
    """The buttons and selects of a message, left to right, top to bottom."""
    for row in rows:
        yield from row.components


def to_json(form: Form) -> JsonObject:
    """A component as Discord returns it."""
    json: JsonObject = form.model_dump(mode="json", exclude_none=True)
    return json


def numbered_rows(rows: Sequence[ActionRow]) -> tuple[ActionRow, ...]:
    """The rows with an `id` on every component, counted where the bot gave none."""
    ids = free_ids([row.id for row in rows] + [item.id for item in items(rows)])
    return tuple(
        numbered(row, ids, components=tuple(numbered(item, ids) for item in row.components))
        for row in rows
    )


def numbered(part: _Numbered, ids: Iterator[int], **inner: object) -> _Numbered:
    """The component with an `id`, and with its numbered inner parts."""
    return part.model_copy(update={"id": part.id or next(ids), **inner})


def free_ids(taken: Sequence[int | None]) -> Iterator[int]:
    """The numbers from 1 that no component has."""
    number = 0
    while True:
        number += 1
        if number not in taken:
            yield number
