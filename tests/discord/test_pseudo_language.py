"""What people meet, in a language that is longer, accented, and marked from right to left.

No card breaks, nothing is cut within a message, no English is left; and where a person and the
server read different languages, each text is in its reader's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import Any

import pytest

from bot.card import strings
from bot.domain.generation import State
from bot.domain.language import SOURCE
from bot.locales import LANGUAGES, messages, speaking
from tests.discord import ways_alone, ways_together
from tests.discord.shown_kit import EMBED_MAX_CHARS, Gallery, Shown
from tests.discord.visit_kit import Visit
from tests.discord.voice_kit import Studio
from tests.discord.world import World
from tests.fakes import a_generation
from tests.pseudo_language import PSEUDO, START, spoken_pseudo
from tests.unit.test_wait_words import CASES, RENDERER, at
from tests.unit.test_words import LEAVES, samples

READ = {
    "all in it": (PSEUDO, PSEUDO),
    "the server alone": (PSEUDO, SOURCE),
    "the people alone": (SOURCE, PSEUDO),
}
MESSAGE_MENU = 3
"""The type of a command that stands in the Apps menu of a message."""


@pytest.fixture(autouse=True)
def languages(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    with spoken_pseudo(monkeypatch):
        yield


@pytest.fixture
def command_words() -> None:
    """Discord is told of commands in every language."""


@pytest.fixture
def studio() -> Studio:
    return Studio()


WAYS: tuple[Callable[[Visit], Awaitable[None]], ...] = (
    ways_alone.cards, ways_alone.takes, ways_alone.forms, ways_alone.lists, ways_alone.presets,
    ways_alone.settings, ways_alone.server_rules, ways_together.jam, ways_together.voice,
    ways_together.refusals, ways_together.after_kills, ways_together.cut_off,
    ways_together.direct,
)  # fmt: skip


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_all_that_is_shown_is_in_its_readers_language(
    world: World,
    way: Callable[[Visit], Awaitable[None]],
    read: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, people = READ[read]
    visit = Visit(world, server, people)
    gallery = Gallery(world, monkeypatch)
    await way(visit)
    found = [*gallery.shown]
    assert len(found) > 5
    assert [one for one in found if one.too_long] == []
    assert max(gallery.embeds, default=0) <= EMBED_MAX_CHARS
    assert [one for one in found if one.cut] == []
    language = {True: people, False: server}
    assert [said for one in found for said in translations(one.text) if len(said) > one.most] == []
    wrong: list[tuple[Shown, list[str]]] = []
    for one in found:
        if language[one.private] == PSEUDO and one.english:
            wrong.append((one, one.english))
        elif language[one.private] == SOURCE and START in one.text:
            wrong.append((one, []))
    assert not wrong, "\n".join(f"{w} {one.private=} {one.text[:300]!r}" for one, w in wrong[:4])


CONTEXTS = (
    "amount", "button", "channel", "choice", "field", "format", "label", "limits", "option",
    "pause", "permission", "placeholder", "state", "title", "words",
)  # fmt: skip
"""All that messages have."""


def translations(text: str) -> Iterator[str]:
    """What each language says in place of a message without places."""
    for language in LANGUAGES:
        words = messages.catalogue(language)
        yield words.gettext(text)
        yield from (words.pgettext(context, text) for context in CONTEXTS)


async def test_every_refusal_is_in_its_readers_language() -> None:
    found: list[Shown] = []
    with speaking(PSEUDO):
        for kind in LEAVES:
            found += (Shown("content", strings.errors.sentence(one), True) for one in samples(kind))
    given = {"he", "said"}
    english = [(one.text, words) for one in found if (words := {*one.english} - given)]
    assert not english, "\n".join(map(str, english))
    assert [one for one in found if one.cut or one.too_long or START not in one.text] == []


async def test_every_wait_is_in_its_readers_language() -> None:
    found: list[Shown] = []
    with speaking(PSEUDO):
        for stage, wait, _ in CASES:
            takes = [a_generation(id=f"{n:012}", batch_id="b", state=State.RUNNING) for n in (1, 2)]
            progress = at(stage, wait)
            cards = (
                RENDERER.running(a_generation(), progress),
                RENDERER.takes(takes, {takes[0].id: progress, takes[1].id: at(stage, None)}),
            )
            texts = (card.embed.description or "" for card in cards)
            found += (Shown("embed description", text, private=False) for text in texts)
    assert [(one.text, one.english) for one in found if one.english] == []
    assert [one for one in found if one.cut or one.too_long] == []


async def test_commands_have_all_their_words_in_every_language(world: World) -> None:
    await world.restart()
    left: list[str] = []

    def look(part: dict[str, Any], *, is_named: bool) -> None:
        said = {
            "description": part.get("description", ""),
            "name": part["name"] if is_named else "",
        }
        for field, words in said.items():
            localized: dict[str, str] = part.get(f"{field}_localizations") or {}
            shown = Shown("choice", localized.get(PSEUDO, words), private=True)
            if shown.english or shown.cut or shown.too_long:
                left.append(shown.text)
        for inner in (*part.get("options", ()), *part.get("choices", ())):
            look(inner, is_named="value" in inner)

    for command in world.syncs[-1].body:
        look(command, is_named=command.get("type") == MESSAGE_MENU)
    assert left == []
