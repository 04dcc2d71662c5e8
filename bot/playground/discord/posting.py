"""Making and editing messages: what becomes of a form and its files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .attachments import Attachment
from .cdn import clean_filename, content_type, picture_size
from .components import numbered_rows
from .forms import parse, refuse
from .message_forms import (
    MAX_ATTACHMENTS,
    AllowedMentions,
    AttachmentForm,
    MessageFlags,
    MessageForm,
)
from .messages import Message, MessageBody, MessageType, Revision
from .model import Channel, Permissions, User
from .wire import ApiError, Body, Code, File, JsonValue
from .world import World

_MENTION = re.compile(r"<@!?(\d+)>")
_SETTABLE = MessageFlags.SUPPRESS_EMBEDS | MessageFlags.SUPPRESS_NOTIFICATIONS


@dataclass(frozen=True, slots=True)
class Draft:
    """A message form with its uploads, by the n of `files[n]`."""

    form: MessageForm
    files: Mapping[int, File]

    @classmethod
    def read(cls, body: Body, json: JsonValue, *path: str) -> Draft:
        """Parse a request; `json` is where in it the message stands, below `path`.

        Raises:
            ApiError: 50035.
        """
        files = {
            int(name[6:-1]): file
            for name, file in body.files.items()
            if name.startswith("files[") and name[6:-1].isdecimal()
        }
        return cls(parse(MessageForm, json, *path), files)


def check_sizes(world: World, files: Sequence[File]) -> None:
    """Refuse files that are too large.

    Raises:
        ApiError: 413 with 40005.
    """
    rules = world.rules
    whole = sum(len(file.data) for file in files)
    largest = max((len(file.data) for file in files), default=0)
    if largest > rules.file_limit_bytes or whole > max(
        rules.request_limit_bytes, rules.file_limit_bytes
    ):
        raise ApiError(Code.ENTITY_TOO_LARGE)


def check_permissions(draft: Draft, permissions: Permissions) -> None:
    """Refuse files and embeds where the bot may not send them.

    Raises:
        ApiError: 50013.
    """
    if draft.files and Permissions.ATTACH_FILES not in permissions:
        raise ApiError(Code.MISSING_PERMISSIONS)
    if draft.form.embeds and Permissions.EMBED_LINKS not in permissions:
        raise ApiError(Code.MISSING_PERMISSIONS)


def check_open(world: World, channel: Channel, *, new: bool) -> None:
    """Refuse what a channel does not take now; a new message opens an archived thread again.

    Raises:
        ApiError: 10003 where it was deleted, 50083 for an archived thread, 160005 for a locked one.
    """
    if channel.id not in world.channels:
        raise ApiError(Code.UNKNOWN_CHANNEL)
    if channel.archived and (channel.locked or not new):
        raise ApiError(Code.THREAD_ARCHIVED)
    if channel.locked:
        raise ApiError(Code.THREAD_LOCKED)
    if channel.archived:
        world.set_thread(channel, archived=False, locked=False)


def attach(
    world: World, channel: Channel, file: File, form: AttachmentForm | None, *, ephemeral: bool
) -> Attachment:
    """Keep a file under a new id."""
    filename = clean_filename((form.filename if form else None) or file.name)
    width, height = picture_size(file.data) or (None, None)
    return Attachment(
        id=world.next_id(),
        channel_id=channel.id,
        filename=filename,
        content_type=content_type(filename),
        data=file.data,
        description=form.description if form else None,
        width=width,
        height=height,
        ephemeral=ephemeral,
    )


def new_body(
    world: World, channel: Channel, draft: Draft, *, ephemeral: bool = False
) -> MessageBody:
    """What a new message shows.

    Raises:
        ApiError: 40005, 50006, 50035.
    """
    flags = MessageFlags(draft.form.flags or 0) & _SETTABLE
    if ephemeral:
        flags |= MessageFlags.EPHEMERAL
    return _merged(world, channel, MessageBody(flags=flags), draft)


def edited_body(
    world: World, message: Message, draft: Draft, *, keep_files: bool = True
) -> MessageBody:
    """What a message shows after an edit: keys that are absent leave things as they are.

    With `keep_files` false, files go unless the form lists them (callback type 7).

    Raises:
        ApiError: 30015, 40005, 50006, 50035.
    """
    old = message.body
    flags = old.flags & ~MessageFlags.LOADING
    if draft.form.given("flags"):
        asked = MessageFlags(draft.form.flags or 0) & MessageFlags.SUPPRESS_EMBEDS
        flags = flags & ~MessageFlags.SUPPRESS_EMBEDS | asked
    start = MessageBody(old.content, old.embeds, old.files, old.components, flags)
    return _merged(world, message.channel, start, draft, keep_files=keep_files)


def _merged(
    world: World, channel: Channel, old: MessageBody, draft: Draft, *, keep_files: bool = True
) -> MessageBody:
    form = draft.form
    check_sizes(world, list(draft.files.values()))
    embeds = old.embeds
    if form.given("embeds"):
        embeds = tuple(world.cdn.as_stored(e, old.files) for e in form.embeds or [])
    shown = {url for embed in embeds for url in embed.media_urls()}
    listed = {entry.id for entry in form.attachments or []}
    keep_all = keep_files and not form.given("attachments")
    ephemeral = MessageFlags.EPHEMERAL in old.flags
    uploaded = _uploaded(world, channel, draft, ephemeral=ephemeral)
    replaced = {file.filename for file in uploaded}
    files = [
        file
        for file in old.files
        if keep_all
        or file.id in listed
        or (file.filename not in replaced and _only_in_embed(old, file, shown))
    ]
    files += uploaded
    if len(files) > MAX_ATTACHMENTS:
        raise ApiError(Code.TOO_MANY_ATTACHMENTS)
    rows = old.components
    if form.given("components"):
        rows = numbered_rows(form.components or ())
    body = MessageBody(
        content=(form.content or "") if form.given("content") else old.content,
        embeds=embeds,
        files=tuple(files),
        components=rows,
        flags=old.flags,
    )
    if not (body.content.strip() or body.embeds or body.files):
        raise ApiError(Code.EMPTY_MESSAGE)
    if channel.guild is not None and any(word in _words(body) for word in world.automod):
        raise ApiError(Code.BLOCKED_BY_AUTOMOD)
    return body


def _words(body: MessageBody) -> str:
    """All that AutoMod reads of a message."""
    told = [body.content]
    for embed in body.embeds:
        told += [embed.title or "", embed.description or ""]
        told += [embed.author.name if embed.author else ""]
        told += [field.value for field in embed.fields]
    return "\n".join(told)


def _only_in_embed(old: MessageBody, file: Attachment, shown: set[str]) -> bool:
    return file not in old.attachments and f"attachment://{file.filename}" in shown


def _uploaded(world: World, channel: Channel, draft: Draft, *, ephemeral: bool) -> list[Attachment]:
    forms = {entry.id: entry for entry in draft.form.attachments or []}
    for index, entry in enumerate(draft.form.attachments or []):
        if entry.id < MAX_ATTACHMENTS and entry.id not in draft.files:
            text = f"There is no files[{entry.id}] in the request."
            raise refuse("ATTACHMENT_NOT_FOUND", text, "attachments", index)
    return [
        attach(world, channel, file, forms.get(n), ephemeral=ephemeral)
        for n, file in sorted(draft.files.items())
    ]


def address(
    world: World, message: Message, allowed: AllowedMentions, content: str | None = None
) -> None:
    """Work out whom a message mentions, or will with `content`, of those it may."""
    content = message.content if content is None else content
    ids = {int(found) for found in _MENTION.findall(content)}
    message.mentions = tuple(
        user
        for user in (world.bot, *message.channel.people)
        if user.id in ids and ("users" in allowed.parse or user.id in allowed.users)
    )
    if allowed.replied_user and message.reference is not None:
        message.mentions = tuple({*message.mentions, message.reference.author})
    wide = "@everyone" in content or "@here" in content
    may = Permissions.MENTION_EVERYONE in message.channel.bot_permissions
    message.mention_everyone = wide and may and "everyone" in allowed.parse


def new_message(
    world: World,
    channel: Channel,
    author: User,
    body: MessageBody,
    type_: MessageType = MessageType.DEFAULT,
) -> Message:
    """A message not yet in its channel."""
    now = world.clock.now()
    return Message(world.next_id(), channel, author, type_, [Revision(now, body)])
