"""How a bot answers an interaction: the callback, then edits and follow-ups by token."""

from __future__ import annotations

from typing import Annotated

from pydantic import JsonValue

from .events import InteractionAnswered
from .forms import Form, length, parse, refuse
from .interactions import CallbackType, InteractionKind, Stage
from .message_forms import AllowedMentions, MessageFlags
from .messages import Interaction, Message, MessageBody, MessageType
from .modals import Modal, numbered_modal
from .model import ChannelKind
from .posting import (
    Draft,
    address,
    check_open,
    check_permissions,
    edited_body,
    new_body,
    new_message,
)
from .wire import ApiError, Body, Code, JsonObject, as_object
from .world import World

_USERS_ONLY = AllowedMentions(parse=("users",))
"""What interaction messages may mention unless told otherwise (docs: message, Allowed Mentions)."""
_ANSWERS = {
    InteractionKind.COMMAND: {
        CallbackType.MESSAGE,
        CallbackType.DEFERRED_MESSAGE,
        CallbackType.MODAL,
    },
    InteractionKind.COMPONENT: set(CallbackType) - {CallbackType.AUTOCOMPLETE},
    InteractionKind.AUTOCOMPLETE: {CallbackType.AUTOCOMPLETE},
    InteractionKind.MODAL: set(CallbackType) - {CallbackType.AUTOCOMPLETE, CallbackType.MODAL},
}
_NEEDS_MESSAGE = {CallbackType.UPDATE, CallbackType.DEFERRED_UPDATE}


class _Callback(Form):
    type: int
    data: JsonValue = None


class _AutocompleteChoice(Form):
    name: Annotated[str, length(1, 100)]
    name_localizations: dict[str, str] | None = None
    value: str | int | float


class _Autocomplete(Form):
    choices: Annotated[tuple[_AutocompleteChoice, ...], length(0, 25)]


def respond(world: World, interaction_id: int, token: str, body: Body) -> JsonObject:
    """The bot's first answer; returns the callback response that `with_response` shows.

    Raises:
        ApiError: 10062 when it is unknown or too late, 40060 the second time, 50035, and
            what a message may meet.
    """
    interaction = world.interactions.get(interaction_id)
    if interaction is None or interaction.token != token or world.expired(interaction):
        raise ApiError(Code.UNKNOWN_INTERACTION)
    if interaction.stage is Stage.FAILED:
        raise ApiError(Code.UNKNOWN_INTERACTION)
    if interaction.stage is Stage.ANSWERED:
        raise ApiError(Code.ALREADY_ACKNOWLEDGED)
    callback = parse(_Callback, body.json)
    allowed = _ANSWERS[interaction.kind]
    if interaction.message is None:
        allowed = allowed - _NEEDS_MESSAGE
    if callback.type not in allowed:
        kinds = ", ".join(str(int(kind)) for kind in sorted(allowed))
        raise refuse("BASE_TYPE_CHOICES", f"Value must be one of ({kinds}).", "type")
    kind = CallbackType(callback.type)
    shown = _carry_out(world, interaction, kind, body, callback.data)
    interaction.stage = Stage.ANSWERED
    interaction.callback = kind
    interaction.answered_at = world.clock.now()
    world.emit(InteractionAnswered(interaction))
    return _callback_response(world, interaction, kind, shown)


def _carry_out(
    world: World, interaction: Interaction, kind: CallbackType, body: Body, data: JsonValue
) -> Message | None:
    match kind:
        case CallbackType.MESSAGE:
            draft = Draft.read(body, data, "data")
            flags = MessageFlags(draft.form.flags or 0)
            interaction.original = _reply(world, interaction, draft, flags)
            return interaction.original
        case CallbackType.DEFERRED_MESSAGE:
            return _think(world, interaction, as_object(data))
        case CallbackType.DEFERRED_UPDATE:
            interaction.original = interaction.message
            return None
        case CallbackType.UPDATE:
            message = _alive(interaction.message)
            interaction.original = message
            _edit(world, message, Draft.read(body, data, "data"), keep_files=False)
            return message
        case CallbackType.AUTOCOMPLETE:
            choices = parse(_Autocomplete, data, "data").choices
            interaction.choices = [
                choice.model_dump(mode="json", exclude_none=True) for choice in choices
            ]
            return None
        case CallbackType.MODAL:
            interaction.modal = numbered_modal(parse(Modal, data, "data"))
            return None


def _callback_response(
    world: World, interaction: Interaction, kind: CallbackType, shown: Message | None
) -> JsonObject:
    about: JsonObject = {"id": str(interaction.id), "type": int(interaction.kind)}
    resource: JsonObject = {"type": int(kind)}
    if interaction.original is not None:
        about |= {
            "response_message_id": str(interaction.original.id),
            "response_message_loading": interaction.original.body.loading,
            "response_message_ephemeral": interaction.original.ephemeral,
        }
    if shown is not None:
        resource["message"] = shown.to_json(world.cdn)
    return {"interaction": about, "resource": resource}


def _think(world: World, interaction: Interaction, data: JsonObject) -> Message:
    flags = data.get("flags")
    asked = MessageFlags(flags) if isinstance(flags, int) else MessageFlags(0)
    shown = MessageFlags.LOADING
    if MessageFlags.EPHEMERAL in asked or _forced_ephemeral(interaction):
        shown |= MessageFlags.EPHEMERAL
    message = _message(world, interaction, MessageBody(flags=shown))
    interaction.original = message
    world.defer(interaction)
    return world.add(message)


def _forced_ephemeral(interaction: Interaction) -> bool:
    channel = interaction.channel
    return channel.kind is ChannelKind.FOREIGN and not channel.external_apps


def _reply(world: World, interaction: Interaction, draft: Draft, flags: MessageFlags) -> Message:
    channel = interaction.channel
    check_permissions(draft, channel.bot_permissions)
    check_open(world, channel, new=True)
    ephemeral = MessageFlags.EPHEMERAL in flags or _forced_ephemeral(interaction)
    body = new_body(world, channel, draft, ephemeral=ephemeral)
    message = _message(world, interaction, body)
    address(world, message, draft.form.allowed_mentions or _USERS_ONLY)
    return world.add(message)


def _message(world: World, interaction: Interaction, body: MessageBody) -> Message:
    message = new_message(world, interaction.channel, world.bot, body)
    message.interaction = interaction
    if interaction.original is not None:
        message.type, message.reference = MessageType.REPLY, interaction.original
        message.followup_to = interaction.original.id
    elif interaction.message is not None:
        message.type, message.reference = MessageType.REPLY, interaction.message
    elif interaction.target is not None:
        message.type = MessageType.CONTEXT_MENU_COMMAND
    else:
        message.type = MessageType.CHAT_INPUT_COMMAND
    return message


def _edit(world: World, message: Message, draft: Draft, *, keep_files: bool = True) -> None:
    check_permissions(draft, message.channel.bot_permissions)
    check_open(world, message.channel, new=False)
    body = edited_body(world, message, draft, keep_files=keep_files)
    if draft.form.given("content"):
        address(world, message, draft.form.allowed_mentions or _USERS_ONLY, body.content)
    world.revise(message, body)


def by_token(world: World, application_id: int, token: str) -> Interaction:
    """The answered interaction whose token this is.

    Raises:
        ApiError: 50027 once the token is dead, 10015 before the first answer or when the
            application is another.
    """
    if application_id != world.bot.id:
        raise ApiError(Code.UNKNOWN_WEBHOOK)
    for interaction in world.interactions.values():
        if interaction.token == token:
            if world.expired(interaction):
                raise ApiError(Code.INVALID_WEBHOOK_TOKEN)
            if interaction.stage is not Stage.ANSWERED:
                raise ApiError(Code.UNKNOWN_WEBHOOK)
            return interaction
    raise ApiError(Code.INVALID_WEBHOOK_TOKEN)


def its_message(interaction: Interaction, name: str) -> Message:
    """The message of an interaction by id, or by the name @original.

    Raises:
        ApiError: 10008 when it is not the interaction's, or deleted.
    """
    if name == "@original":
        return _alive(interaction.original)
    own = [interaction.original, interaction.message, *interaction.followups]
    return _alive(next((m for m in own if m is not None and str(m.id) == name), None))


def _alive(message: Message | None) -> Message:
    if message is None or message.deleted:
        raise ApiError(Code.UNKNOWN_MESSAGE)
    return message


def edit_by_token(world: World, message: Message, body: Body) -> Message:
    """Edit a message of an interaction; a thinking one is finished by it.

    Raises:
        ApiError: as for any message.
    """
    _edit(world, message, Draft.read(body, body.json))
    return message


def follow_up(world: World, interaction: Interaction, body: Body) -> Message:
    """A further message; the first one after a deferral finishes the thinking one instead.

    Raises:
        ApiError: 40094 for the sixth of a user-installed app, and as for any message.
    """
    if interaction.deferred:
        return edit_by_token(world, _alive(interaction.original), body)
    if interaction.user_installed_only and len(interaction.followups) >= world.rules.max_followups:
        raise ApiError(Code.TOO_MANY_FOLLOWUPS)
    draft = Draft.read(body, body.json)
    message = _reply(world, interaction, draft, MessageFlags(draft.form.flags or 0))
    interaction.followups.append(message)
    return message
