"""Messages, as they are now and as they were, and the interactions that they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from .attachments import Attachment
from .cdn import Cdn
from .commands import Command, OptionType
from .components import ActionRow, MessageItem, items, to_json
from .interactions import CallbackType, InteractionKind, Stage
from .message_forms import NO_FLAGS, Embed, MessageFlags
from .modals import Modal
from .model import Channel, ChannelKind, User, timestamp
from .wire import JsonObject


class MessageType(IntEnum):
    """How a message came to be."""

    DEFAULT = 0
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    CONTEXT_MENU_COMMAND = 23


@dataclass(frozen=True, slots=True)
class MessageBody:
    """What a message shows, at one time."""

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    files: tuple[Attachment, ...] = ()
    """All files, including those only an embed shows."""
    components: tuple[ActionRow, ...] = ()
    flags: MessageFlags = NO_FLAGS

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The files shown by themselves: not those an embed shows."""
        in_embeds = {url for embed in self.embeds for url in embed.media_urls()}
        return tuple(f for f in self.files if f"attachment://{f.filename}" not in in_embeds)

    @property
    def items(self) -> list[MessageItem]:
        """Its buttons and selects."""
        return list(items(self.components))

    @property
    def loading(self) -> bool:
        """Whether it says that the bot is thinking."""
        return MessageFlags.LOADING in self.flags


@dataclass(frozen=True, slots=True)
class Revision:
    """What a message showed from a time on (seconds since 1970)."""

    at: float
    body: MessageBody


@dataclass(eq=False, slots=True)
class Message:
    """A message; its revisions tell what it showed and when."""

    id: int
    channel: Channel
    author: User
    type: MessageType
    revisions: list[Revision]
    interaction: Interaction | None = None
    followup_to: int | None = None
    reference: Message | None = None
    mentions: tuple[User, ...] = ()
    mention_everyone: bool = False
    edited_at: float | None = None
    nonce: str | int | None = None
    deleted: bool = False

    @property
    def body(self) -> MessageBody:
        """What it shows now."""
        return self.revisions[-1].body

    @property
    def content(self) -> str:
        """Its text."""
        return self.body.content

    @property
    def embeds(self) -> tuple[Embed, ...]:
        """Its embeds; a file shown by one is named `attachment://…` in it."""
        return self.body.embeds

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Its files, without those that only an embed shows."""
        return self.body.attachments

    @property
    def created_at(self) -> float:
        """When it was first shown, in seconds since 1970."""
        return self.revisions[0].at

    @property
    def ephemeral(self) -> bool:
        """Whether only the person whose interaction made it can see it."""
        return MessageFlags.EPHEMERAL in self.body.flags

    def addressed_to(self, user: User) -> bool:
        """Whether it is, or was, for a person's eyes."""
        if user not in self.channel.people:
            return False
        made_by = self.interaction
        return not self.ephemeral or (made_by is not None and user == made_by.user)

    def visible_to(self, user: User) -> bool:
        """Whether a person sees it."""
        return not self.deleted and self.addressed_to(user)

    def to_json(self, cdn: Cdn, *, nested: bool = False) -> JsonObject:
        """The message object; a `nested` one does not carry the message it refers to."""
        body = self.body
        json: JsonObject = {
            "id": str(self.id),
            "type": int(self.type),
            "channel_id": str(self.channel.id),
            "author": self.author.to_json(),
            "content": body.content,
            "timestamp": timestamp(self.created_at),
            "edited_timestamp": None if self.edited_at is None else timestamp(self.edited_at),
            "tts": False,
            "pinned": False,
            "flags": int(body.flags),
            "mention_everyone": self.mention_everyone,
            "mentions": [user.to_json() for user in self.mentions],
            "mention_roles": [],
            "attachments": [cdn.attachment(file) for file in body.attachments],
            "embeds": [cdn.embed(embed, body.files) for embed in body.embeds],
            "components": [to_json(row) for row in body.components],
        }
        if self.nonce is not None:
            json["nonce"] = self.nonce
        if self.interaction is not None:
            json |= self._by_interaction(self.interaction)
        if self.reference is not None:
            json |= self._refers_to(self.reference, cdn, nested=nested)
        return json

    def _by_interaction(self, interaction: Interaction) -> JsonObject:
        application = str(self.author.id)
        metadata = interaction.metadata(self.followup_to)
        json: JsonObject = {
            "webhook_id": application,
            "application_id": application,
            "interaction_metadata": metadata,
        }
        if interaction.command is not None:
            json["interaction"] = {
                "id": str(interaction.id),
                "type": int(interaction.kind),
                "name": interaction.command_name,
                "user": interaction.user.to_json(),
            }
        return json

    def _refers_to(self, other: Message, cdn: Cdn, *, nested: bool) -> JsonObject:
        reference: JsonObject = {
            "type": 0,
            "message_id": str(other.id),
            "channel_id": str(other.channel.id),
        }
        if other.channel.guild is not None:
            reference["guild_id"] = str(other.channel.guild.id)
        json: JsonObject = {"message_reference": reference}
        if not nested:
            json["referenced_message"] = None if other.deleted else other.to_json(cdn, nested=True)
        return json


@dataclass(eq=False, slots=True)
class Interaction:
    """One interaction; its identity is what matters, so it compares by it."""

    id: int
    token: str = field(repr=False)
    kind: InteractionKind
    user: User
    channel: Channel
    data: JsonObject = field(repr=False)
    created_at: float
    owners: JsonObject
    """`authorizing_integration_owners`."""
    command: Command | None = None
    message: Message | None = None
    """The message whose component was used, also of the modal that came of it."""
    target: Message | None = None
    """The message a message command was used on."""
    opener: Interaction | None = None
    """The interaction whose modal this one submits."""
    stage: Stage = Stage.WAITING
    callback: CallbackType | None = None
    answered_at: float | None = None
    deferred: bool = False
    """A deferred message still waits for its content."""
    original: Message | None = None
    """What @original names."""
    followups: list[Message] = field(default_factory=list[Message])
    modal: Modal | None = None
    choices: list[JsonObject] | None = None

    @property
    def context(self) -> int:
        """0 in a guild, 1 in the bot's DM, 2 in other private channels."""
        if self.channel.guild is not None:
            return 0
        return 1 if self.channel.kind is ChannelKind.DM else 2

    @property
    def user_installed_only(self) -> bool:
        """Whether the app is here only because the person installed it."""
        return "0" not in self.owners

    @property
    def command_name(self) -> str:
        """The command with its subcommands, as people see it."""
        words = [self.command.name if self.command else ""]
        options = self.data.get("options")
        while isinstance(options, list) and options and isinstance(options[0], dict):
            if options[0].get("type") not in (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP):
                break
            words.append(str(options[0]["name"]))
            options = options[0].get("options")
        return " ".join(words)

    def metadata(self, followup_to: int | None = None) -> JsonObject:
        """The `interaction_metadata` of a message made by it."""
        json: JsonObject = {
            "id": str(self.id),
            "type": int(self.kind),
            "user": self.user.to_json(),
            "authorizing_integration_owners": self.owners,
        }
        if followup_to is not None:
            json["original_response_message_id"] = str(followup_to)
        if self.kind is InteractionKind.COMMAND and self.command is not None:
            json |= {"name": self.command_name, "command_type": self.command.form.type}
        if self.target is not None:
            json["target_message_id"] = str(self.target.id)
        if self.kind is InteractionKind.COMPONENT and self.message is not None:
            json["interacted_message_id"] = str(self.message.id)
        if self.opener is not None:
            json["triggering_interaction_metadata"] = self.opener.metadata()
        return json


def find_item(body: MessageBody, name: str) -> MessageItem | None:
    """The component with this custom_id, or else the button with this label."""
    found: Sequence[MessageItem] = [item for item in body.items if item.custom_id == name]
    if not found:
        found = [item for item in body.items if item.type == 2 and item.label == name]
    return found[0] if found else None
