"""What people may fill in: option values against the command, fields against the modal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from . import payloads
from .attachments import Attachment
from .commands import Option, OptionType
from .forms import Form
from .modals import (
    Checkbox,
    ChoiceGroup,
    EntitySelect,
    FileUpload,
    InputRow,
    Label,
    Modal,
    ModalField,
    StringSelect,
    TextInput,
)
from .model import Channel
from .posting import attach, check_sizes
from .rules import MIB
from .wire import ApiError, File, JsonObject, JsonValue, Refused
from .world import World

_MAX_TEXT = 6000
_NESTS = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)
FieldValue = str | bool | Sequence[str]


class GivenOption(Form):
    """An option as a person filled it in; an attachment's value names its file field."""

    name: str
    value: str | int | float | bool | None = None
    options: tuple[GivenOption, ...] = ()
    focused: bool = False


@dataclass(slots=True)
class Resolved:
    """The things that option values and fields name."""

    world: World
    channel: Channel
    files: Mapping[str, File]
    found: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    _used: dict[str, int] = field(default_factory=dict[str, int])

    def to_json(self) -> JsonObject:
        """The `resolved` object."""
        return {kind: dict(things) for kind, things in self.found.items()}

    def file(self, field_name: str) -> str:
        """Keep an uploaded file; returns its id.

        Raises:
            Refused: when there is none, or it is too large.
        """
        self._used[field_name] = count = self._used.get(field_name, 0) + 1
        file = self.files.get(field_name if count == 1 else f"{field_name}#{count}")
        if file is None:
            raise Refused(f"No file came with {field_name}.")
        try:
            check_sizes(self.world, [file])
        except ApiError as error:
            limit = self.world.rules.file_limit_bytes / MIB
            raise Refused(f"Your files are too powerful. Max file size: {limit:g} MB.") from error
        kept = attach(self.world, self.channel, file, None, ephemeral=True)
        return self._keep(kept)

    def _keep(self, kept: Attachment) -> str:
        self.world.uploads[kept.id] = kept
        self._add("attachments", str(kept.id), self.world.cdn.attachment(kept))
        return str(kept.id)

    def user(self, user_id: str) -> str:
        """Name a person; returns their id.

        Raises:
            Refused: for a stranger.
        """
        for user in (self.world.bot, *self.channel.people):
            if str(user.id) == user_id:
                self._add("users", user_id, user.to_json())
                if self.channel.guild is not None:
                    member = payloads.member_json(self.channel.guild, user)
                    del member["user"]
                    member["permissions"] = str(int(self.channel.permissions(user)))
                    self._add("members", user_id, member)
                return user_id
        raise Refused(f"There is no one with the id {user_id} here.")

    def other_channel(self, channel_id: str, types: Sequence[int] = ()) -> str:
        """Name a channel of the same guild, of one of these types; returns its id.

        Raises:
            Refused: for any other.
        """
        for channel in self.world.channels.values():
            if str(channel.id) != channel_id or channel.guild is not self.channel.guild:
                continue
            if not types or channel.type in types:
                self._add(
                    "channels",
                    channel_id,
                    payloads.channel_json(self.world, channel, channel.people[0]),
                )
                return channel_id
        raise Refused(f"There is no channel with the id {channel_id} here.")

    def _add(self, kind: str, id_: str, thing: JsonObject) -> None:
        self.found.setdefault(kind, {})[id_] = thing


def fill(
    options: Sequence[Option], given: Sequence[GivenOption], resolved: Resolved, *, partial: bool
) -> list[JsonValue]:
    """The options of an interaction; `partial` (autocomplete) leaves values unchecked.

    Raises:
        Refused: where Discord's client would not send.
    """
    known = {option.name: option for option in options}
    names = [one.name for one in given]
    for name in names:
        if name not in known:
            raise Refused(f"There is no option {name}.")
        if names.count(name) > 1:
            raise Refused(f"{name} is given twice.")
    if options and options[0].type in _NESTS and len(given) != 1:
        raise Refused("Choose one of the subcommands.")
    for option in options:
        if option.required and option.name not in names and not partial:
            raise Refused(f"{option.name}: This option is required. Specify a value.")
    return [_filled(known[one.name], one, resolved, partial=partial) for one in given]


def _filled(option: Option, given: GivenOption, resolved: Resolved, *, partial: bool) -> JsonObject:
    json: JsonObject = {"name": option.name, "type": int(option.type)}
    if option.type in _NESTS:
        json["options"] = fill(option.options, given.options, resolved, partial=partial)
        return json
    if given.focused:
        json["focused"] = True
    json["value"] = given.value if partial else _checked(option, given.value, resolved)
    return json


def _checked(option: Option, value: JsonValue, resolved: Resolved) -> JsonValue:
    match option.type:
        case OptionType.STRING if isinstance(value, str):
            return _text(option, value)
        case OptionType.BOOLEAN if isinstance(value, bool):
            return value
        case OptionType.INTEGER if not isinstance(value, bool) and isinstance(value, int | float):
            if not float(value).is_integer():
                raise Refused(f"{option.name}: Input a valid integer.")
            return int(_number(option, value))
        case OptionType.NUMBER if not isinstance(value, bool) and isinstance(value, int | float):
            return _number(option, value)
        case OptionType.USER | OptionType.MENTIONABLE if isinstance(value, str):
            return resolved.user(value)
        case OptionType.CHANNEL if isinstance(value, str):
            return resolved.other_channel(value, option.channel_types)
        case OptionType.ATTACHMENT if isinstance(value, str):
            return resolved.file(value)
        case _:
            raise Refused(f"{option.name}: Input a valid {option.type.name.lower()}.")


def _text(option: Option, value: str) -> str:
    low = 1 if option.min_length is None else option.min_length
    high = _MAX_TEXT if option.max_length is None else option.max_length
    if not low <= len(value) <= high:
        raise Refused(f"{option.name}: Must be between {low} and {high} in length.")
    return _choice(option, value)


def _number(option: Option, value: float) -> float:
    if option.min_value is not None and value < option.min_value:
        raise Refused(f"{option.name}: Must be at least {option.min_value:g}.")
    if option.max_value is not None and value > option.max_value:
        raise Refused(f"{option.name}: Must be at most {option.max_value:g}.")
    return _choice(option, value)


_V = TypeVar("_V", str, float)


def _choice(option: Option, value: _V) -> _V:
    if option.choices and value not in [choice.value for choice in option.choices]:
        raise Refused(f"{option.name}: Choose one of the offered values.")
    return value


def submit(modal: Modal, given: Mapping[str, FieldValue], resolved: Resolved) -> list[JsonValue]:
    """The components of a modal submission, in the modal's shape.

    Raises:
        Refused: where Discord's client would not send.
    """
    known = {item.custom_id for item in modal.fields()}
    for name in given:
        if name not in known:
            raise Refused(f"The form has no field {name}.")
    parts: list[JsonValue] = []
    for part in modal.components:
        json: JsonObject = {"type": int(part.type), "id": part.id}
        if isinstance(part, InputRow):
            item = part.components[0]
            json["components"] = [_submitted(item, given.get(item.custom_id), resolved)]
        elif isinstance(part, Label):
            item = part.component
            json["component"] = _submitted(item, given.get(item.custom_id), resolved)
        parts.append(json)
    return parts


def _submitted(item: ModalField, value: FieldValue | None, resolved: Resolved) -> JsonObject:
    json: JsonObject = {"type": int(item.type), "id": item.id, "custom_id": item.custom_id}
    if isinstance(item, TextInput):
        text = (item.value or "") if value is None else value
        if not isinstance(text, str):
            raise Refused(f"{item.custom_id}: Input some text.")
        return json | {"value": _entered(item, text)}
    if isinstance(item, Checkbox):
        return json | {"value": item.default if value is None else bool(value)}
    values: Sequence[str] = ()
    if value is not None and not isinstance(value, bool):
        values = [value] if isinstance(value, str) else value
    chosen = _chosen(item, values, resolved)
    if item.type == 21:
        return json | {"value": chosen[0] if chosen else None}
    json["values"] = [*chosen]
    return json


def _chosen(
    item: StringSelect | EntitySelect | FileUpload | ChoiceGroup,
    values: Sequence[str],
    resolved: Resolved,
) -> Sequence[str]:
    least = item.min_values if item.required else 0
    if not (least <= len(values) <= item.max_values or (not item.required and not values)):
        raise Refused(f"{item.custom_id}: Choose {least} to {item.max_values}.")
    if isinstance(item, FileUpload):
        return [resolved.file(name) for name in values]
    return pick(item, values, resolved)


def pick(
    item: StringSelect | EntitySelect | ChoiceGroup, values: Sequence[str], resolved: Resolved
) -> Sequence[str]:
    """What somebody chose, once it is sure that it was offered.

    Raises:
        Refused: for anything else.
    """
    if isinstance(item, EntitySelect):
        if item.type == 8:
            return [resolved.other_channel(value, item.channel_types) for value in values]
        return [resolved.user(value) for value in values]
    if not set(values) <= {option.value for option in item.options}:
        raise Refused("Choose among the offered values.")
    return values


def _entered(item: TextInput, text: str) -> str:
    if not text and not item.required:
        return text
    low = max(item.min_length or 0, 1 if item.required else 0)
    high = item.max_length or 4000
    if not low <= len(text) <= high:
        raise Refused(f"{item.custom_id}: Must be between {low} and {high} in length.")
    return text
