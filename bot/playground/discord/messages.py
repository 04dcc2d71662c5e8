"""Messages and their files, as they are now and as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from .components import ActionRow, MessageItem, items, to_json
from .message_forms import NO_FLAGS, Embed, MessageFlags
from .model import Channel, User, timestamp
from .wire import JsonObject

if TYPE_CHECKING:
    from .cdn import Cdn
    from .interactions import Interaction


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    """A file Discord keeps."""

    id: int
    channel_id: int
    filename: str
    content_type: str
    data: bytes = field(repr=False)
    description: str | None = None
    width: int | None = None
    height: int | None = None
    ephemeral: bool = False

    def to_json(self, cdn: Cdn) -> JsonObject:
        """The attachment object with a freshly signed URL."""
        url = cdn.url(self)
        json: JsonObject = {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.data),
            "url": url,
            "proxy_url": url,
            "content_type": self.content_type,
        }
        if self.description is not None:
            json["description"] = self.description
        if self.width is not None:
            json |= {"width": self.width, "height": self.height}
        if self.ephemeral:
            json["ephemeral"] = True
        return json


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
            "attachments": [file.to_json(cdn) for file in body.attachments],
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


def find_item(body: MessageBody, name: str) -> MessageItem | None:
    """The component with this custom_id, or else the button with this label."""
    found: Sequence[MessageItem] = [item for item in body.items if item.custom_id == name]
    if not found:
        found = [item for item in body.items if item.type == 2 and item.label == name]
    return found[0] if found else None
