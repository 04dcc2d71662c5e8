"""Permissions as Discord's own settings call them, by the names of their flags."""

from __future__ import annotations

from collections.abc import Sequence

from bot.locales import Text, listed

_NAMES = {
    # Translators: the name of a permission, here and below: write it as Discord's own client does
    # in your language, in the settings of a server, page "Roles".
    "attach_files": Text("Attach Files", "permission"),
    "connect": Text("Connect", "permission"),
    "create_public_threads": Text("Create Public Threads", "permission"),
    "embed_links": Text("Embed Links", "permission"),
    "read_message_history": Text("Read Message History", "permission"),
    "request_to_speak": Text("Request to Speak", "permission"),
    "send_messages_in_threads": Text("Send Messages in Threads", "permission"),
    "speak": Text("Speak", "permission"),
    "view_channel": Text("View Channel", "permission"),
}


def named(flags: Sequence[str]) -> str:
    """Permissions in a sentence; `flags` are discord.py's names of them."""
    known = (_NAMES.get(flag, flag.replace("_", " ").title()) for flag in flags)
    return listed([f"**{name}**" for name in known])
