"""Attachments: names, kinds, signed links that expire, and embeds that show them."""

from __future__ import annotations

import hashlib
import hmac
import io
import mimetypes
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote, urlsplit

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from .attachments import Attachment
from .message_forms import Embed
from .wire import JsonObject, as_object

LINK_LIFE_S = 24 * 3600
"""How long a link works: about a day, as reported for Discord's (discord-api-docs #6529)."""
_STEP_S = 3600
"""Links change once an hour, so that an edit does not restart a player on the page."""
_AUDIO = {".wav": "audio/x-wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/x-flac"}
_SHOWN = frozenset(
    {
        *_AUDIO.values(),
        *("audio/mp4", "audio/aac", "audio/aiff", "audio/x-aiff", "audio/wav"),
        *("image/png", "image/jpeg", "image/gif", "image/webp"),
    }
)
"""What a browser plays or shows, and cannot run."""
_UNSAFE = re.compile(r"[^\w.\-]")


def clean_filename(name: str) -> str:
    """The name Discord gives an upload: spaces become underscores, odd characters vanish."""
    return _UNSAFE.sub("", name.strip().replace(" ", "_")) or "unknown"


def content_type(filename: str) -> str:
    """The type Discord serves a file as, going by its name."""
    suffix = f".{filename.rpartition('.')[2].lower()}"
    guessed, _ = mimetypes.guess_type(filename)
    return _AUDIO.get(suffix) or guessed or "application/octet-stream"


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a picture; None for anything else. Only the header is read."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError):
        return None


class Cdn:
    """Signs and checks attachment links."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.base_url = ""
        self._now = now
        self._secret = secrets.token_bytes(32)

    def url(self, attachment: Attachment) -> str:
        """A link that works for about a day."""
        path = self._path(attachment)
        issued = int(self._now()) // _STEP_S * _STEP_S
        query = f"ex={issued + LINK_LIFE_S:x}&is={issued:x}"
        return f"{self.base_url}{path}?{query}&hm={self._sign(path, query)}&"

    def valid(self, request: web.Request) -> bool:
        """Whether a request carries an unexpired signature of ours for its path."""
        given = request.query
        query = f"ex={given.get('ex', '')}&is={given.get('is', '')}"
        signature = self._sign(request.rel_url.raw_path, query)
        told = given.get("hm", "").encode(errors="replace")
        if not hmac.compare_digest(signature.encode(), told):
            return False
        return int(given["ex"], 16) > self._now()

    def attachment(self, file: Attachment) -> JsonObject:
        """The attachment object with a freshly signed URL."""
        url = self.url(file)
        json: JsonObject = {
            "id": str(file.id),
            "filename": file.filename,
            "size": len(file.data),
            "url": url,
            "proxy_url": url,
            "content_type": file.content_type,
        }
        if file.description is not None:
            json["description"] = file.description
        if file.width is not None:
            json |= {"width": file.width, "height": file.height}
        if file.ephemeral:
            json["ephemeral"] = True
        return json

    def embed(self, embed: Embed, files: Iterable[Attachment]) -> JsonObject:
        """The embed object, with links in place of `attachment://` names."""
        json: JsonObject = {"type": "rich"}
        json |= embed.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        by_name = {f"attachment://{file.filename}": file for file in files}
        for key in ("image", "thumbnail"):
            if key in json:
                json[key] = self._media(as_object(json[key]), "url", by_name)
        for key in ("footer", "author"):
            if "icon_url" in as_object(json.get(key)):
                json[key] = self._media(as_object(json[key]), "icon_url", by_name)
        return json

    def as_stored(self, embed: Embed, files: Iterable[Attachment]) -> Embed:
        """The embed with links to the message's own files turned back into their names."""
        names = {self._path(file): f"attachment://{file.filename}" for file in files}

        def stored(url: str) -> str:
            if url.startswith("attachment://"):
                return f"attachment://{clean_filename(url.removeprefix('attachment://'))}"
            own = url.startswith(self.base_url)
            return names.get(urlsplit(url).path, url) if own else url

        update: dict[str, object] = {}
        for key in ("image", "thumbnail"):
            if (media := getattr(embed, key)) is not None:
                update[key] = media.model_copy(update={"url": stored(media.url)})
        for key in ("footer", "author"):
            if (icon := getattr(embed, key)) is not None and icon.icon_url is not None:
                update[key] = icon.model_copy(update={"icon_url": stored(icon.icon_url)})
        return embed.model_copy(update=update)

    def _media(self, media: JsonObject, key: str, by_name: Mapping[str, Attachment]) -> JsonObject:
        file = by_name.get(str(media[key]))
        if file is None:
            return media
        link = self.url(file)
        shown = media | {key: link, f"proxy_{key}": link}
        if key == "url" and file.width is not None:
            shown |= {"width": file.width, "height": file.height}
        if key == "url" and file.description is not None:
            shown["description"] = file.description
        return shown

    @staticmethod
    def _path(attachment: Attachment) -> str:
        name = quote(attachment.filename)
        return f"/attachments/{attachment.channel_id}/{attachment.id}/{name}"

    def _sign(self, path: str, query: str) -> str:
        return hmac.new(self._secret, f"{path}?{query}".encode(), hashlib.sha256).hexdigest()


def serve(attachment: Attachment, request: web.Request) -> web.Response:
    """The file, or the part of it that a player asks for."""
    data = attachment.data
    # What a stranger has uploaded is no page of the playground's, whatever it says it is.
    kind = "inline" if attachment.content_type in _SHOWN else "attachment"
    name = quote(attachment.filename)
    headers = {
        "Content-Type": attachment.content_type,
        "Content-Disposition": f"{kind}; filename*=UTF-8''{name}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Accept-Ranges": "bytes",
    }
    try:
        wanted = request.http_range
    except ValueError:
        wanted = slice(None)
    if wanted.start is None and wanted.stop is None:
        return web.Response(body=data, headers=headers)
    start, stop, _ = wanted.indices(len(data))
    if start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return web.Response(status=206, body=data[start:stop], headers=headers)
