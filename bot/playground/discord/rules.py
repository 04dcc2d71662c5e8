"""Discord's numbers that people and tests may change."""

from __future__ import annotations

from dataclasses import dataclass

from .windows import EDIT, GLOBAL, SEND, WEBHOOK, Window

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rules:
    """Discord's numbers that people and tests may change."""

    first_response_s: float = 3.0
    """Until an interaction fails (docs: receiving-and-responding)."""
    token_life_s: float = 15 * 60.0
    """How long an interaction token works (same page)."""
    file_limit_bytes: int = 10 * MIB
    """The largest file, also given as `attachment_size_limit`."""
    request_limit_bytes: int = 25 * MIB
    """The largest sum of files in one request (docs: reference, Uploading Files)."""
    max_followups: int = 5
    """Follow-ups of an app that is only user-installed (change log, 2024-06-27)."""
    privileged_intents: int = 0
    """The privileged intents the application may ask for."""
    enforce_rate_limits: bool = False
    """Whether the limits below hold; a bot whose clock runs fast would break them."""
    global_limit: Window = GLOBAL
    """All that is asked with the bot's token."""
    webhook_limit: Window = WEBHOOK
    """For each interaction token."""
    send_limit: Window = SEND
    """New messages in each channel."""
    edit_limit: Window = EDIT
    """Edits in each channel."""
