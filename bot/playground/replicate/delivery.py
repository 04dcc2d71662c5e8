"""Outputs as replicate.delivery serves them: whole, or from a byte on while they are the same.

Single ranges with If-Range (RFC 9110, 14), which its storage and the network in front of it know.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from hashlib import md5

from aiohttp import web

from bot.playground.replicate.predictions import OutputFile

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def deliver(request: web.Request, file: OutputFile, made_at: datetime) -> web.Response:
    """All of a file, the part that is asked for, or 416."""
    digest = md5(file.content, usedforsecurity=False).hexdigest()
    headers = {
        "Content-Type": file.content_type,
        "Accept-Ranges": "bytes",
        "ETag": f'"{digest}"',
        "Last-Modified": format_datetime(made_at, usegmt=True),
    }
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    unchanged = request.headers.get("If-Range") in {
        None,
        headers["ETag"],
        headers["Last-Modified"],
    }
    if asked is None or not unchanged:
        return web.Response(body=file.content, headers=headers)
    total = len(file.content)
    start, end = int(asked[1]), min(int(asked[2] or total - 1), total - 1)
    if start >= total:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{total}"})
    if end < start:
        return web.Response(body=file.content, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{end}/{total}"
    return web.Response(status=206, body=file.content[start : end + 1], headers=headers)
