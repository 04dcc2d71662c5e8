"""Everything that the bot shows in simcord's Discord, its texts one by one, and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from simcord.backend.models import Interaction, Message

from bot.domain.inputs import TABLE
from tests.discord.world import World
from tests.pseudo_language import ACCENTED, END, START

LIMITS = {
    "content": 2000,
    "embed title": 256,
    "embed description": 4096,
    "field name": 256,
    "field value": 1024,
    "footer": 2048,
    "author": 256,
    "button": 80,
    "placeholder": 150,
    "option": 100,
    "option description": 100,
    "form title": 45,
    "label": 45,
    "label description": 100,
    "input placeholder": 100,
    "text": 4000,
    "choice": 100,
    "file description": 1024,
}
"""What Discord takes (discord.com developers: resources/message, components/reference,
interactions/receiving-and-responding, application-commands)."""
EMBED_MAX_CHARS = 6000
_NOT_SAID = re.compile(r"`[^`]*`|</?[^<>]*>|\]\([^)]*\)|https?://\S+|\\.")
"""What is typed as it stands, what Discord draws, and addresses."""
_FILE = re.compile(r"[\w-]+\.(?:wav|mp3|flac|m4a|zip|png)\b")
_WORD = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*")
_SETTINGS = re.compile(rf"\b(?:{'|'.join(spec.name for spec in TABLE)}) (?=[\d{START}])")
"""Options' names, which stay, before their values."""
_KEY = re.compile(r"\b[A-G][#b]? (?:major|minor)\b")
"""Called so in every language, as the model reads it."""
_EXAMPLES = ("120 bpm, A minor, 8 bars", "10 from 0:42", "8 bars")
"""Examples of what is read in one language only."""
_ALLOWED = {
    **dict.fromkeys(("ada", "bo", "mod", "boss", "jam"), "names in this Discord"),
    "lofi": "the prompt of a request for which a test names no other",
    **dict.fromkeys(("MusicGen", "musicgen", "meta"), "names of the model"),
    **dict.fromkeys(
        (value for spec in TABLE for value in spec.choices), "the model's values, which stay"
    ),
    **dict.fromkeys(
        ["WAV", "FLAC", "OGG", "Opus", "AIFF", "AAC", "AMR", "MOV", "WebM"],
        "formats are called so everywhere",
    ),
    **dict.fromkeys(("ja", "tai", "sekuntia"), "Babel's Finnish, in lists and lengths"),
    **dict.fromkeys(("English", "United", "States", "Suomi"), "languages' own names"),
}
"""Words that stay as they are in every language, and why."""


@dataclass(frozen=True)
class Shown:
    """A text, where it stands, and whether one person alone reads it."""

    place: str
    text: str
    private: bool

    @property
    def most(self) -> int:
        """How many characters Discord takes there."""
        return LIMITS[self.place]

    @property
    def too_long(self) -> bool:
        return len(self.text) > self.most

    @property
    def cut(self) -> bool:
        """Whether a message of the bot's lost its end, or the place of a name within."""
        return self.text.count(START) != self.text.count(END)

    @property
    def english(self) -> list[str]:
        """Words that were not said through `bot.locales`: they have a letter without its accent."""
        plain = self.text
        for kept in (_NOT_SAID, _FILE, _SETTINGS, _KEY):
            plain = kept.sub(" ", plain)
        for example in _EXAMPLES:
            plain = plain.replace(example, " ")
        return [
            word
            for word in _WORD.findall(plain)
            if word.isascii() and word not in _ALLOWED and any(ord(one) in ACCENTED for one in word)
        ]


class Gallery:
    """What was shown since it was opened."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: dict[Shown, None] = {}
        self.embeds: list[int] = []
        """The lengths of all embeds of each message."""
        backend = world.env.backend
        commit, edit = backend.commit_message, backend.edit_message

        def commit_message(message: Message, **options: Any) -> Message:
            self._look(world, message)
            return commit(message, **options)

        def edit_message(channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
            message = edit(channel_id, message_id, fields)
            self._look(world, message)
            return message

        monkeypatch.setattr(backend, "commit_message", commit_message)
        monkeypatch.setattr(backend, "edit_message", edit_message)
        show_modal, complete = Interaction.show_modal, Interaction.complete_autocomplete

        def shows(record: Interaction, modal: dict[str, Any]) -> None:
            self._hang(form_texts(modal), private=True)
            show_modal(record, modal)

        def offers(record: Interaction, choices: list[dict[str, Any]]) -> None:
            self._hang((("choice", choice["name"]) for choice in choices), private=True)
            complete(record, choices)

        monkeypatch.setattr(Interaction, "show_modal", shows)
        monkeypatch.setattr(Interaction, "complete_autocomplete", offers)

    def _look(self, world: World, message: Message) -> None:
        assert world.bot.user is not None
        if message.author_id == world.bot.user.id:
            is_dm = world.env.backend.get_channel(message.channel_id).guild_id is None
            self._hang(message_texts(message), private=message.is_ephemeral or is_dm)
            texts = [text for embed in message.embeds for _, text in embed_texts(embed)]
            self.embeds.append(sum(map(len, texts)))

    def _hang(self, texts: Iterator[tuple[str, str]], *, private: bool) -> None:
        self.shown |= {Shown(place, text, private): None for place, text in texts if text}


def message_texts(message: Message) -> Iterator[tuple[str, str]]:
    yield "content", message.content
    for embed in message.embeds:
        yield from embed_texts(embed)
    for attachment in message.attachments:
        yield "file description", attachment.get("description") or ""
    yield from component_texts(message.components)


def embed_texts(embed: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "embed title", embed.get("title") or ""
    yield "embed description", embed.get("description") or ""
    yield "footer", embed.get("footer", {}).get("text") or ""
    yield "author", embed.get("author", {}).get("name") or ""
    for field in embed.get("fields", ()):
        yield "field name", field["name"]
        yield "field value", field["value"]


def component_texts(components: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for item in components:
        yield from component_texts(item.get("components", []))
        yield from component_texts([item["component"]] if "component" in item else [])
        for option in item.get("options", ()):
            yield "option", option["label"]
            yield "option description", option.get("description") or ""
        match item["type"]:
            case 2:
                yield "button", item.get("label") or ""
            case 4:
                yield "input placeholder", item.get("placeholder") or ""
            case 10:
                yield "text", item["content"]
            case 18:
                yield "label", item["label"]
                yield "label description", item.get("description") or ""
            case _:
                yield "placeholder", item.get("placeholder") or ""


def form_texts(form: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "form title", form["title"]
    yield from component_texts(form["components"])
