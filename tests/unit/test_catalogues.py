"""Every language is complete, says what the English says, and has room where Discord shows it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from string import Formatter

import discord
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.domain.language import SOURCE, Language
from bot.locales.catalogue import Catalogue
from bot.locales.languages import DOMAIN, FOLDER, LANGUAGES
from tests.pseudo_language import ROOM

pytestmark = pytest.mark.xdist_group("catalogues")

_ROOT = Path(__file__).parents[2]
OTHERS = tuple(language for language in LANGUAGES if language != SOURCE)
TRANSLATED = tuple(language for language in OTHERS if not language.startswith("en"))
_MARKS = re.compile(r"\*\*|`[^`]*`|</?[^>]*>|^-# |https?://\S+")
_BOLD = re.compile(r"\*\*([^*{}]+)\*\*")
_WORD = re.compile(r"[A-Za-z]{2,}")
SAME_IN_ALL = frozenset(
    {
        *("MusicGen", "MP3", "WAV", "FLAC", "ZIP", "LUFS", "bpm", "kHz", "Hz", "dB", "ms", "min"),
        *("MiB", "KiB", "Discord", "Replicate", "AutoMod", "Meta"),
        *("Prompt", "Riff", "Jam", "Audio", "Fine", "fine", "tune", "Top"),
    }
)
_SPANISH = frozenset({"Info", "no", "Loop", "loop"})
SAME_IN = {
    "de": frozenset(
        {
            *("Seed", "seed", "Tempo", "Take", "Takes", "Loop", "loop", "Info", "Mix", "Preset"),
            *("Format", "Pause", "Prediction", "Limits", "Name", "Log", "Tracks"),
        }
    ),
    "fr": frozenset(
        {
            *("playlists", "Format", "Mix", "section", "sections", "vote", "votes", "Pause"),
            *("volume",),
        }
    ),
    "es-ES": _SPANISH,
    "es-419": _SPANISH,
    "ja": frozenset[str](),
    "pt-BR": frozenset(
        {
            *("playlists", "Loop", "loop", "Info", "Multi", "band", "diffusion", "Loudness", "Mix"),
            *("Preset", "preset", "presets", "Take", "Seed", "seed", "Log", "volume"),
        }
    ),
}
"""Words that a language has from English, or writes alike: messages may consist of them."""


def folder_of(language: Language) -> Path:
    return FOLDER / language.replace("-", "_") / "LC_MESSAGES"


@cache
def catalogue_of(language: Language) -> Catalog:
    with (folder_of(language) / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"), domain=DOMAIN)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All messages that the code has, as it is now."""
    path = tmp_path_factory.mktemp("locales") / "messages.pot"
    command = ["pybabel", "-q", "extract", "-F", "pyproject.toml", "-o", str(path), "bot", "cogs"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(_ROOT)
        CommandLineInterface().run(command)  # pyright: ignore[reportUnknownMemberType] - it takes a list of words
    with path.open("rb") as file:
        return read_po(file)


def messages_of(catalogue: Catalog) -> Iterator[Message]:
    """Without the header."""
    return (message for message in catalogue if message.id)


def key_of(message: Message) -> tuple[str | None, str]:
    first = message.id if isinstance(message.id, str) else message.id[0]
    return message.context, first


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    if text is None:
        return ()
    return (text,) if isinstance(text, str) else tuple(text)


def places_in(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def test_there_are_messages(template: Catalog) -> None:
    assert len(list(messages_of(template))) > 500


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_is_complete(language: Language, template: Catalog) -> None:
    wanted = {key_of(message) for message in messages_of(template)}
    found = {key_of(message): message for message in messages_of(catalogue_of(language))}
    assert wanted - found.keys() == set(), "missing"
    assert found.keys() - wanted == set(), "not said any more"
    unfinished = [
        key for key, message in found.items() if message.fuzzy or not all(forms(message.string))
    ]
    assert unfinished == []


@pytest.mark.parametrize("language", OTHERS)
def test_places_are_those_of_the_english(language: Language) -> None:
    wrong: list[object] = []
    for message in messages_of(catalogue_of(language)):
        *_, several = forms(message.id)
        for number, text in enumerate(forms(message.string)):
            allowed = {places_in(several)}
            if message.pluralizable and number == 0:
                # One of something may be said without its number.
                allowed |= {places_in(several) - {"number"}}
            if places_in(text) not in allowed:
                wrong.append((text, sorted(places_in(several))))
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_typed_and_marked_stays(language: Language) -> None:
    """Names of options and commands, bold type, small print, and line breaks."""
    wrong: list[object] = []
    for message in messages_of(catalogue_of(language)):
        english = forms(message.id)[-1]
        for text in forms(message.string):
            for mark in (r"`[^`]*`", r"\*\*", r"^-# ", r"\n"):
                pattern = re.compile(mark, re.MULTILINE)
                if sorted(pattern.findall(text)) != sorted(pattern.findall(english)):
                    wrong.append((mark, english, text))
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_button_is_called_in_a_sentence_as_it_is_called(language: Language) -> None:
    buttons = {
        str(message.id): str(message.string)
        for message in messages_of(catalogue_of(language))
        if message.context == "button"
    }
    wrong: list[object] = []
    for message in messages_of(catalogue_of(language)):
        named = [name for name in _BOLD.findall(forms(message.id)[-1]) if name in buttons]
        for text in forms(message.string):
            wrong += [(name, text) for name in named if f"**{buttons[name]}**" not in text]
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_is_compiled(language: Language) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue_of(language))
    assert (folder_of(language) / f"{DOMAIN}.mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize("language", OTHERS)
def test_messages_are_read_as_gettext_reads_them(language: Language) -> None:
    path = folder_of(language) / f"{DOMAIN}.mo"
    with path.open("rb") as file:
        known, read = GNUTranslations(file), Catalogue(path)
    for message in (*messages_of(catalogue_of(language)), Message("so"), Message(("so", "sos"))):
        if isinstance(message.id, str):
            if message.context is None:
                assert read.gettext(message.id) == known.gettext(message.id)
            else:
                named = message.context, message.id
                assert read.pgettext(*named) == known.pgettext(*named)
        else:
            one, several = message.id
            for count in (0, 1, 2, 1_000_000):
                told = read.ngettext(one, several, count)
                assert told == known.ngettext(one, several, count)


def test_another_file_is_no_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "messages.mo"
    path.write_bytes(bytes(20))
    with pytest.raises(ValueError, match="no compiled catalogue"):
        Catalogue(path)


@pytest.mark.parametrize("language", OTHERS)
def test_short_texts_have_room(language: Language) -> None:
    too_long = [
        (len(text), text)
        for message in messages_of(catalogue_of(language))
        for text in forms(message.string)
        if len(text) > ROOM.get(message.context or "", 1000)
    ]
    assert too_long == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_english_is_left(language: Language) -> None:
    left: list[str] = []
    for message in messages_of(catalogue_of(language)):
        for english, text in zip(forms(message.id), forms(message.string), strict=False):
            bare = _MARKS.sub("", re.sub(r"\{[^}]*\}", "", english))
            words = set(_WORD.findall(bare)) - SAME_IN_ALL - SAME_IN[language]
            if text == english and words:
                left.append(text)
    assert left == []


def test_languages_are_discords() -> None:
    assert set(LANGUAGES) <= {locale.value for locale in discord.Locale}
    assert {SOURCE, "en-GB", "de", "fr", "es-ES", "es-419", "ja", "pt-BR"} <= set(LANGUAGES)


def test_the_playground_offers_each_language() -> None:
    sidebar = (_ROOT / "bot/playground/page/sidebar.js").read_text()
    assert set(LANGUAGES) <= set(re.findall(r'^  \["([\w-]+)", "', sidebar, re.MULTILINE))
