"""What of a world outlives the playground: its people, places, commands, messages and tokens.

Of a message only what it shows last is kept; open forms, and files that belong to no message, go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import BaseModel

from .attachments import Attachment
from .commands import Command, CommandForm
from .components import ActionRow
from .interactions import CallbackType, InteractionKind, Stage
from .message_forms import Embed, MessageFlags
from .messages import Interaction, Message, MessageBody, MessageType, Revision
from .model import Channel, Permissions
from .wire import JsonObject
from .world import World


class _File(BaseModel):
    id: int
    channel_id: int
    filename: str
    content_type: str
    description: str | None
    width: int | None
    height: int | None
    ephemeral: bool


class _Message(BaseModel):
    id: int
    channel: int
    author: int
    type: MessageType
    at: float
    edited_at: float | None
    content: str
    embeds: tuple[Embed, ...]
    files: tuple[_File, ...]
    components: tuple[ActionRow, ...]
    flags: int
    interaction: int | None
    followup_to: int | None
    reference: int | None
    mentions: tuple[int, ...]
    mention_everyone: bool
    nonce: str | int | None


class _Interaction(BaseModel):
    id: int
    token: str
    kind: InteractionKind
    user: int
    channel: int
    data: JsonObject
    created_at: float
    owners: JsonObject
    command: int | None
    message: int | None
    target: int | None
    opener: int | None
    stage: Stage
    callback: CallbackType | None
    answered_at: float | None
    deferred: bool
    original: int | None
    followups: tuple[int, ...]


class _Command(BaseModel):
    id: int
    version: int
    guild_id: int | None
    form: CommandForm


class _Channel(BaseModel):
    id: int
    name: str
    parent: int | None
    archived: bool
    locked: bool
    bot_permissions: int


class KeptWorld(BaseModel):
    """A world as it is written down; the bytes of its files stand elsewhere, by their ids."""

    ids: dict[str, int]
    """Of who and what is always there, by `World.ids`."""
    locales: dict[int, str] = {}
    channels: tuple[_Channel, ...]
    commands: tuple[_Command, ...]
    messages: tuple[_Message, ...]
    interactions: tuple[_Interaction, ...]


def files_of(world: World) -> Iterator[Attachment]:
    """The files of all messages."""
    for message in world.messages.values():
        if not message.deleted:
            yield from message.body.files


def kept(world: World) -> KeptWorld:
    """A world, to be written down."""
    messages = [message for message in world.messages.values() if not message.deleted]
    needed = {message.interaction.id for message in messages if message.interaction is not None}
    return KeptWorld(
        ids=world.ids,
        locales=world.locales,
        channels=tuple(map(_channel, world.channels.values())),
        commands=tuple(
            _Command.model_validate(one, from_attributes=True) for one in world.commands.every()
        ),
        messages=tuple(map(_message, messages)),
        interactions=tuple(
            _interaction(one)
            for one in world.interactions.values()
            if one.id in needed or not world.expired(one)
        ),
    )


def _channel(channel: Channel) -> _Channel:
    return _Channel(
        id=channel.id,
        name=channel.name,
        parent=_id(channel.parent),
        archived=channel.archived,
        locked=channel.locked,
        bot_permissions=int(channel.bot_permissions),
    )


def _message(message: Message) -> _Message:
    body = message.body
    return _Message(
        id=message.id,
        channel=message.channel.id,
        author=message.author.id,
        type=message.type,
        at=message.created_at,
        edited_at=message.edited_at,
        content=body.content,
        embeds=body.embeds,
        files=tuple(_File.model_validate(file, from_attributes=True) for file in body.files),
        components=body.components,
        flags=int(body.flags),
        interaction=_id(message.interaction),
        followup_to=message.followup_to,
        reference=_id(message.reference),
        mentions=tuple(user.id for user in message.mentions),
        mention_everyone=message.mention_everyone,
        nonce=message.nonce,
    )


def _interaction(one: Interaction) -> _Interaction:
    return _Interaction(
        id=one.id,
        token=one.token,
        kind=one.kind,
        user=one.user.id,
        channel=one.channel.id,
        data=one.data,
        created_at=one.created_at,
        owners=one.owners,
        command=_id(one.command),
        message=_id(one.message),
        target=_id(one.target),
        opener=_id(one.opener),
        stage=one.stage,
        callback=one.callback,
        answered_at=one.answered_at,
        deferred=one.deferred,
        original=_id(one.original),
        followups=tuple(message.id for message in one.followups if not message.deleted),
    )


def _id(thing: Channel | Message | Interaction | Command | None) -> int | None:
    if thing is None or (isinstance(thing, Message) and thing.deleted):
        return None
    return thing.id


def restore(world: World, before: KeptWorld, content: Callable[[int], bytes]) -> None:
    """Put everything back into a new world, which was made with the same ids.

    Args:
        world: nothing has happened in it yet.
        before: what was written down.
        content: the bytes of a file, by its id.

    Raises:
        KeyError, ApiError: it does not fit together.
    """
    _restore_places(world, before)
    world.locales.update(before.locales)
    world.commands.restore(
        Command(one.id, world.bot.id, one.version, one.guild_id, one.form)
        for one in before.commands
    )
    for one in before.interactions:
        world.interactions[one.id] = _new_interaction(world, one)
    for message in before.messages:
        world.messages[message.id] = _new_message(world, message, content)
    for message in before.messages:
        world.messages[message.id].reference = world.messages.get(message.reference or 0)
    for one in before.interactions:
        _link(world, one)
    world.snowflakes.skip(max([*world.messages, *world.interactions, *world.channels]))


def _restore_places(world: World, before: KeptWorld) -> None:
    for one in before.channels:
        if one.id not in world.channels and one.parent in world.channels:
            parent = world.channels[one.parent]
            thread = Channel(
                one.id, one.name, parent.kind, parent.guild, parent.people, parent.bot_permissions
            )
            thread.parent, thread.archived, thread.locked = parent, one.archived, one.locked
            world.channels[one.id] = thread
        if one.id in world.channels:
            world.channels[one.id].bot_permissions = Permissions(one.bot_permissions)


def _new_message(world: World, one: _Message, content: Callable[[int], bytes]) -> Message:
    files = tuple(Attachment(**file.model_dump(), data=content(file.id)) for file in one.files)
    body = MessageBody(one.content, one.embeds, files, one.components, MessageFlags(one.flags))
    return Message(
        one.id,
        world.channels[one.channel],
        world.user(one.author),
        one.type,
        [Revision(one.at, body)],
        interaction=world.interactions.get(one.interaction or 0),
        followup_to=one.followup_to,
        mentions=tuple(map(world.user, one.mentions)),
        mention_everyone=one.mention_everyone,
        edited_at=one.edited_at,
        nonce=one.nonce,
    )


def _new_interaction(world: World, one: _Interaction) -> Interaction:
    return Interaction(
        one.id,
        one.token,
        one.kind,
        world.user(one.user),
        world.channels[one.channel],
        one.data,
        one.created_at,
        one.owners,
        command=world.commands.find(one.command or 0),
        # Whoever has waited for an answer meanwhile was told that there is none.
        stage=Stage.FAILED if one.stage is Stage.WAITING else one.stage,
        callback=one.callback,
        answered_at=one.answered_at,
    )


def _link(world: World, one: _Interaction) -> None:
    interaction, messages = world.interactions[one.id], world.messages
    interaction.message = messages.get(one.message or 0)
    interaction.target = messages.get(one.target or 0)
    interaction.original = messages.get(one.original or 0)
    interaction.opener = world.interactions.get(one.opener or 0)
    interaction.followups = [messages[key] for key in one.followups if key in messages]
    if one.deferred:
        world.defer(interaction)
