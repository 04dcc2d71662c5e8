"""Uploaded files: POST, GET and DELETE /v1/files."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import BodyPartReader, web
from pydantic import JsonValue, TypeAdapter, ValidationError

from bot.domain.clock import Clock
from bot.playground.replicate.predictions import timestamp
from bot.playground.replicate.problems import InvalidField, JsonObject, Problem

MOST_BYTES = 100_000_000
_METADATA = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One upload."""

    id: str
    name: str
    content: bytes
    content_type: str
    metadata: JsonObject
    created_at: datetime
    expires_at: datetime

    def as_json(self, base_url: str) -> JsonObject:
        """The file object."""
        md5 = hashlib.md5(self.content, usedforsecurity=False).hexdigest()
        return {
            "id": self.id,
            "name": self.name,
            "content_type": self.content_type,
            "size": len(self.content),
            "etag": md5,
            "checksums": {"sha256": hashlib.sha256(self.content).hexdigest(), "md5": md5},
            "metadata": self.metadata,
            "created_at": timestamp(self.created_at),
            "expires_at": timestamp(self.expires_at),
            "urls": {"get": f"{base_url}/v1/files/{self.id}"},
        }


class Files:
    """The uploads that have not expired."""

    def __init__(self, clock: Clock, retention_s: float) -> None:
        self._clock, self._retention = clock, timedelta(seconds=retention_s)
        self._files: dict[str, StoredFile] = {}

    def __len__(self) -> int:
        return len(self._living())

    def get(self, file_id: str) -> StoredFile:
        """One file.

        Raises:
            Problem: 404 when it isn't there, or no longer.
        """
        living = self._living()
        if file_id not in living:
            raise Problem.not_found()
        return living[file_id]

    def content_at(self, address: str, base_url: str) -> bytes | None:
        """The content behind a file's own address; None where it is another address, or gone."""
        prefix = f"{base_url}/v1/files/"
        file = self._living().get(address.removeprefix(prefix))
        return None if file is None or not address.startswith(prefix) else file.content

    def list(self) -> list[StoredFile]:
        """All files, newest first."""
        return list(self._living().values())[::-1]

    def restore(self, file: StoredFile) -> None:
        """Have this one."""
        self._files[file.id] = file

    def delete(self, file_id: str) -> None:
        """Remove one.

        Raises:
            Problem: 404.
        """
        del self._files[self.get(file_id).id]

    async def receive(self, request: web.Request) -> StoredFile:
        """Take in a multipart upload: part `content`, and `metadata` if it is there.

        Raises:
            Problem: 422 without a `content` part or with bad metadata; 413 over 100 MB.
        """
        if not request.content_type.startswith("multipart/"):
            raise Problem.invalid_input([InvalidField("required", "", "content is required")])
        name, content_type, content, metadata = "", "", None, b""
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "content":
                name = part.filename or "file"
                content_type = part.headers.get("Content-Type", "application/octet-stream")
                content = await _limited(part)
            elif part.name == "metadata":
                metadata = await _limited(part)
        if content is None:
            raise Problem.invalid_input([InvalidField("required", "", "content is required")])
        now = self._clock.now()
        key = base64.urlsafe_b64encode(secrets.token_hex(18).encode()).decode().rstrip("=")
        file = StoredFile(
            key, name, content, content_type, _metadata(metadata), now, now + self._retention
        )
        self._files[file.id] = file
        return file

    def _living(self) -> dict[str, StoredFile]:
        now = self._clock.now()
        return {key: file for key, file in self._files.items() if file.expires_at > now}


async def _limited(part: BodyPartReader) -> bytes:
    received = bytearray()
    while chunk := await part.read_chunk():
        received += chunk
        if len(received) > MOST_BYTES:
            raise Problem(413, "Payload too large", "Files must be less than 100MB in size")
    return bytes(received)


def _metadata(text: bytes) -> JsonObject:
    if not text:
        return {}
    try:
        return _METADATA.validate_python(json.loads(text))
    except (ValueError, ValidationError) as error:
        words = "Invalid type. Expected: object, given: string"
        raise Problem.invalid_input([InvalidField("invalid_type", "metadata", words)]) from error
