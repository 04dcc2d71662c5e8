"""What people do, from the page or in Python: commands, clicks, forms, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .commands import Command
from .components import Button, EntitySelect, StringSelect
from .interactions import InteractionKind, Stage
from .message_forms import AllowedMentions
from .messages import Interaction, Message, MessageBody, find_item
from .model import Channel, ChannelKind, Permissions, User
from .options import FieldValue, GivenOption, Resolved, fill, pick, submit
from .posting import address, attach, check_sizes, new_message
from .rules import MIB
from .wire import ApiError, File, JsonObject, Refused
from .world import World

_MAX_CONTENT = 2000
_NO_FILES: Mapping[str, File] = {}


class People:
    """Everything a person can do; each method refuses what Discord's client would."""

    def __init__(self, world: World) -> None:
        self._world = world

    def use_command(
        self,
        user: User,
        channel: Channel,
        command: Command,
        given: Sequence[GivenOption],
        files: Mapping[str, File] = _NO_FILES,
    ) -> Interaction:
        """Run a slash command.

        Raises:
            Refused: with the sentence the person sees.
        """
        owners = self._owners(user, channel, command)
        resolved = Resolved(self._world, channel, files)
        options = fill(command.form.options, given, resolved, partial=False)
        data = self._command_data(command)
        if options:
            data["options"] = options
        if resolved.found:
            data["resolved"] = resolved.to_json()
        return self._send(
            self._interaction(InteractionKind.COMMAND, user, channel, data, owners, command)
        )

    def use_message_command(
        self, user: User, channel: Channel, command: Command, message: Message
    ) -> Interaction:
        """Run a command from a message's menu.

        Raises:
            Refused: with the sentence the person sees.
        """
        self._see(user, channel, message)
        owners = self._owners(user, channel, command)
        data = self._command_data(command)
        data["target_id"] = str(message.id)
        data["resolved"] = {"messages": {str(message.id): message.to_json(self._world.cdn)}}
        interaction = self._interaction(
            InteractionKind.COMMAND, user, channel, data, owners, command
        )
        interaction.target = message
        return self._send(interaction)

    def autocomplete(
        self, user: User, channel: Channel, command: Command, given: Sequence[GivenOption]
    ) -> Interaction:
        """Ask for suggestions; they come as the interaction's `choices`.

        Raises:
            Refused: with the sentence the person sees.
        """
        owners = self._owners(user, channel, command)
        resolved = Resolved(self._world, channel, _NO_FILES)
        data = self._command_data(command)
        data["options"] = fill(command.form.options, given, resolved, partial=True)
        return self._send(
            self._interaction(InteractionKind.AUTOCOMPLETE, user, channel, data, owners, command)
        )

    def use_component(
        self,
        user: User,
        message: Message,
        name: str,
        values: Sequence[str] | None = None,
    ) -> Interaction:
        """Press a button or choose in a select, named by custom_id (or a button's label).

        Raises:
            Refused: with the sentence the person sees.
        """
        self._see(user, message.channel, message)
        item = find_item(message.body, name)
        if item is None or item.custom_id is None:
            raise Refused(f"The message has no component {name}.")
        if item.disabled:
            raise Refused("This component is disabled.")
        data: JsonObject = {"custom_id": item.custom_id, "component_type": int(item.type)}
        data["id"] = item.id
        if not isinstance(item, Button):
            data |= self._chosen(message.channel, item, values or [])
        made_by = message.interaction
        owners = self._bot_owners(message.channel) if made_by is None else made_by.owners
        interaction = self._interaction(
            InteractionKind.COMPONENT, user, message.channel, data, owners
        )
        interaction.message = message
        return self._send(interaction)

    def submit_modal(
        self,
        user: User,
        opener: Interaction,
        custom_id: str,
        given: Mapping[str, FieldValue],
        files: Mapping[str, File] = _NO_FILES,
    ) -> Interaction:
        """Send the form an interaction opened.

        Raises:
            Refused: with the sentence the person sees.
        """
        modal = opener.modal
        if modal is None or opener.user != user or modal.custom_id != custom_id:
            raise Refused("This form is not open.")
        resolved = Resolved(self._world, opener.channel, files)
        data: JsonObject = {
            "custom_id": custom_id,
            "components": submit(modal, given, resolved),
        }
        if resolved.found:
            data["resolved"] = resolved.to_json()
        interaction = self._interaction(
            InteractionKind.MODAL, user, opener.channel, data, opener.owners
        )
        interaction.opener, interaction.message = opener, opener.message
        return self._send(interaction)

    def post(
        self, user: User, channel: Channel, content: str, files: Sequence[File] = ()
    ) -> Message:
        """Write an ordinary message.

        Raises:
            Refused: with the sentence the person sees.
        """
        self._enter(user, channel)
        if not content.strip() and not files:
            raise Refused("An empty message cannot be sent.")
        if len(content) > _MAX_CONTENT:
            raise Refused(f"Your message is too long: at most {_MAX_CONTENT} characters.")
        try:
            check_sizes(self._world, files)
        except ApiError as error:
            limit = self._world.rules.file_limit_bytes / MIB
            raise Refused(f"Your files are too powerful. Max file size: {limit:g} MB.") from error
        kept = tuple(attach(self._world, channel, f, None, ephemeral=False) for f in files)
        message = new_message(self._world, channel, user, MessageBody(content, files=kept))
        address(self._world, message, AllowedMentions(parse=("users",)))
        return self._world.add(message)

    def delete(self, user: User, message: Message) -> None:
        """Delete a message, or dismiss one that only this person sees.

        Raises:
            Refused: for someone else's message without the right to manage messages.
        """
        self._see(user, message.channel, message)
        manages = Permissions.MANAGE_MESSAGES in message.channel.permissions(user)
        if not (message.author == user or message.ephemeral or manages):
            raise Refused("You may not delete this message.")
        self._world.remove(message)

    def _send(self, interaction: Interaction) -> Interaction:
        self._world.send(interaction)
        return interaction

    def _interaction(
        self,
        kind: InteractionKind,
        user: User,
        channel: Channel,
        data: JsonObject,
        owners: JsonObject,
        command: Command | None = None,
    ) -> Interaction:
        return Interaction(
            id=self._world.next_id(),
            token=self._world.next_token(),
            kind=kind,
            user=user,
            channel=channel,
            data=data,
            created_at=self._world.clock.now(),
            owners=owners,
            command=command,
        )

    @staticmethod
    def _command_data(command: Command) -> JsonObject:
        json: JsonObject = {
            "id": str(command.id),
            "name": command.name,
            "type": command.form.type,
        }
        if command.guild_id is not None:
            json["guild_id"] = str(command.guild_id)
        return json

    def _owners(self, user: User, channel: Channel, command: Command) -> JsonObject:
        """Through which installations a command may run here; none refuses it."""
        self._enter(user, channel)
        context = 0 if channel.guild is not None else 1 if channel.kind is ChannelKind.DM else 2
        owners: JsonObject = {}
        if channel.bot_member and command.allows(context, 0):
            owners |= self._bot_owners(channel)
        if user.installed and command.allows(context, 1):
            owners["1"] = str(user.id)
        if not owners or command.guild_id not in (None, channel.guild and channel.guild.id):
            raise Refused("This command cannot be used here.")
        needed = command.form.default_member_permissions
        if channel.guild is not None and needed is not None:
            mine = channel.permissions(user)
            if not needed or needed & ~int(mine):
                raise Refused("You do not have permission to use this command.")
        return owners

    @staticmethod
    def _bot_owners(channel: Channel) -> JsonObject:
        return {"0": "0" if channel.guild is None else str(channel.guild.id)}

    @staticmethod
    def _enter(user: User, channel: Channel) -> None:
        if user not in channel.people:
            raise Refused("This channel is not yours.")

    def _see(self, user: User, channel: Channel, message: Message) -> None:
        if message.channel is not channel or not message.visible_to(user):
            raise Refused("This message is gone.")

    def _chosen(
        self, channel: Channel, item: StringSelect | EntitySelect, values: Sequence[str]
    ) -> JsonObject:
        if not item.min_values <= len(values) <= item.max_values:
            raise Refused(f"Choose {item.min_values} to {item.max_values}.")
        resolved = Resolved(self._world, channel, _NO_FILES)
        json: JsonObject = {"values": [*pick(item, values, resolved)]}
        if resolved.found:
            json["resolved"] = resolved.to_json()
        return json


async def suggestions(world: World, interaction: Interaction) -> list[JsonObject]:
    """The choices a bot offers for an autocomplete interaction.

    Raises:
        Refused: when it offers none in time.
    """
    await world.until(
        lambda _: interaction.stage is not Stage.WAITING, world.rules.first_response_s + 5
    )
    if interaction.choices is None:
        raise Refused("Loading options failed.")
    return interaction.choices
