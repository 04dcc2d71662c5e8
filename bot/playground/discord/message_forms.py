"""What a bot may put in a message: the forms, with the limits Discord sets on them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntFlag
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from .components import ActionRow, check_unique, items
from .forms import Form, Snowflake, fault, length, required

MAX_EMBEDS_CHARACTERS = 6000
MAX_ATTACHMENTS = 10
MAX_NONCE_CHARACTERS = 25


class MessageFlags(IntFlag):
    """The message flags the stand-in knows (docs: resources/message)."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_VOICE_MESSAGE = 1 << 13
    IS_COMPONENTS_V2 = 1 << 15


NO_FLAGS = MessageFlags(0)


def _web(url: str) -> str:
    scheme = urlsplit(url).scheme
    if scheme not in ("http", "https"):
        raise _scheme(scheme)
    return url


def _media(url: str) -> str:
    scheme = urlsplit(url).scheme
    if scheme not in ("http", "https", "attachment"):
        raise _scheme(scheme)
    return url


def _scheme(scheme: str) -> Exception:
    text = f"Scheme \"{scheme}\" is not supported. Scheme must be one of ('http', 'https')."
    return fault("URL_TYPE_INVALID_SCHEME", text)


_WebUrl = Annotated[str, length(0, 2048), AfterValidator(_web)]
_MediaUrl = Annotated[str, length(0, 2048), AfterValidator(_media)]


class EmbedMedia(Form):
    """An embed's image or thumbnail."""

    url: _MediaUrl


class EmbedFooter(Form):
    """An embed's last line."""

    text: Annotated[str, length(1, 2048)]
    icon_url: _MediaUrl | None = None


class EmbedAuthor(Form):
    """An embed's first line."""

    name: Annotated[str, length(1, 256)]
    url: _WebUrl | None = None
    icon_url: _MediaUrl | None = None


class EmbedField(Form):
    """A name and a value."""

    name: Annotated[str, length(1, 256)]
    value: Annotated[str, length(1, 1024)]
    inline: bool = False


class Embed(Form):
    """A rich embed."""

    title: Annotated[str, length(0, 256)] | None = None
    description: Annotated[str, length(0, 4096)] | None = None
    url: _WebUrl | None = None
    timestamp: str | None = None
    color: Annotated[int, Field(ge=0, le=0xFFFFFF)] | None = None
    footer: EmbedFooter | None = None
    image: EmbedMedia | None = None
    thumbnail: EmbedMedia | None = None
    author: EmbedAuthor | None = None
    fields: Annotated[tuple[EmbedField, ...], length(0, 25)] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        texts = (self.title, self.description, self.footer, self.author)
        if not (any(texts) or self.image or self.thumbnail or self.fields):
            raise required("description")
        return self

    def characters(self) -> int:
        """How much of the 6000 characters it takes."""
        texts = [self.title, self.description]
        texts.append(self.footer.text if self.footer else None)
        texts.append(self.author.name if self.author else None)
        texts.extend(text for field in self.fields for text in (field.name, field.value))
        return sum(len(text) for text in texts if text)

    def media_urls(self) -> Iterator[str]:
        """Every picture it shows."""
        for media in (self.image, self.thumbnail):
            if media is not None:
                yield media.url
        for icon in (self.footer, self.author):
            if icon is not None and icon.icon_url is not None:
                yield icon.icon_url


class AttachmentForm(Form):
    """A file to keep (its id) or to upload (the n of `files[n]`)."""

    id: Snowflake
    filename: Annotated[str, length(1, 1024)] | None = None
    description: Annotated[str, length(0, 1024)] | None = None


class AllowedMentions(Form):
    """Whom the message may notify; given but empty means nobody."""

    parse: tuple[Literal["users", "roles", "everyone"], ...] = ()
    users: Annotated[tuple[Snowflake, ...], length(0, 100)] = ()
    roles: Annotated[tuple[Snowflake, ...], length(0, 100)] = ()
    replied_user: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        for kind, ids in (("users", self.users), ("roles", self.roles)):
            if ids and kind in self.parse:
                text = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
                raise fault("MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)
        return self


class MessageReference(Form):
    """The message a reply answers."""

    type: Literal[0] = 0
    message_id: Snowflake
    channel_id: Snowflake | None = None
    guild_id: Snowflake | None = None
    fail_if_not_exists: bool = True


class MessageForm(Form):
    """A message to create or edit; `model_fields_set` tells null from absent."""

    content: Annotated[str, length(0, 2000)] | None = None
    embeds: Annotated[tuple[Embed, ...], length(0, 10)] | None = None
    components: Annotated[tuple[ActionRow, ...], length(0, 5)] | None = None
    attachments: Annotated[tuple[AttachmentForm, ...], length(0, MAX_ATTACHMENTS)] | None = None
    allowed_mentions: AllowedMentions | None = None
    flags: int | None = None
    message_reference: MessageReference | None = None
    nonce: str | int | None = None
    enforce_nonce: bool = False
    tts: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(embed.characters() for embed in self.embeds or ()) > MAX_EMBEDS_CHARACTERS:
            text = f"Embed size exceeds maximum size of {MAX_EMBEDS_CHARACTERS}"
            raise fault("MAX_EMBED_SIZE_EXCEEDED", text, "embeds")
        if (self.flags or 0) & (MessageFlags.IS_COMPONENTS_V2 | MessageFlags.IS_VOICE_MESSAGE):
            text = "The playground has neither Components V2 nor voice messages."
            raise fault("PLAYGROUND_UNSUPPORTED", text, "flags")
        if len(str(self.nonce or "")) > MAX_NONCE_CHARACTERS:
            text = f"Must be {MAX_NONCE_CHARACTERS} or fewer in length."
            raise fault("BASE_TYPE_MAX_LENGTH", text, "nonce")
        check_unique(self._custom_ids())
        return self

    @classmethod
    def null_fields(cls) -> frozenset[str]:
        """An edit empties what it gives as null."""
        return frozenset({"content", "embeds", "components", "attachments", "flags"})

    def given(self, field: str) -> bool:
        """Whether the body had this key, null included."""
        return field in self.model_fields_set

    def _custom_ids(self) -> Iterator[str]:
        for item in items(self.components or ()):
            if item.custom_id is not None:
                yield item.custom_id
