"""No text of anybody's hides a character, turns a line around, or breaks out of one."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.card import strings
from bot.card.actions.edit import edit_form
from bot.card.actions.extend import extend_form
from bot.card.actions.info import command_line, info_embed
from bot.card.actions.tracks import TrackList
from bot.card.forms import FormOption, SubmittedForm
from bot.card.jam_card import jam_embed, mix_embed, mix_labels
from bot.card.lineage import at_card_of
from bot.card.markup import fitted, link, quoted
from bot.card.render import CardRenderer
from bot.domain.errors import NotANumber, PredictionFailed, PromptBlank, UnknownChoice
from bot.domain.generation import AudioSource, Relation, State
from bot.domain.inputs import Inputs, InputTable
from bot.domain.mixes import Loudness, Mixed, MixFormat, MixTerms
from bot.domain.plain_text import escaped, one_line, readable, shortened
from bot.domain.prompt_ideas import suggest
from bot.domain.server_rules import Change
from bot.domain.track_names import track_filename
from bot.jam import rules
from bot.jam.jam import Origin, Terms
from bot.logs import SecretlessFormatter
from bot.voice.session import Item, Kind
from cogs.options import parse
from tests.fakes import MUSICGEN, a_generation

TABLE = InputTable()
ZWJ, ZWNJ = "\u200d", "\u200c"
SHAPELESS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufffc"
SELECTORS = {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)}
"""Of the look of the character before; without a shape themselves."""
EVIL = "\x00\x07\x1b[31m\r\n\t\x7f\x85\x9b\xad\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029" + (
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2064\u2066\u2067\u2068\u2069\ufeff\ufe0f\U000e0041"
    f"\U000e007f\ud800{SHAPELESS}"
)
WELL = (
    "a b",
    "موسيقى هادئة للنوم ١٢٣",
    "מוזיקה רגועה",
    "می\u200cخواهم",
    "क्\u200dष, ක්\u200dය, ಕ್\u200cಷ",
    "👩\u200d🎤 👨\u200d👩\u200d👧\u200d👦 🧑🏽\u200d🎤",
    "❤️\u200d🔥 🏳️\u200d🌈 🏴\u200d☠️ 🙂\u200d↔️ 👁️\u200d🗨️",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "1️⃣ ©️ ‼️ ☎️ ☎\ufe0e 🇩🇪 🫨 🩷",
    "e\u0301te\u0301 naïve ﬁ Ⅻ 東京 пёс ไทย",
)
nasty = st.lists(
    st.sampled_from([*EVIL, *"".join(WELL), "@everyone", "a", "*"]) | st.text(max_size=3)
).map("".join)


def hidden_in(text: str, *, lines: bool = False) -> set[str]:
    """What of it cannot be seen, and makes nothing of what stands next to it."""
    found: set[str] = set()
    flag = "\U0001f3f4[\U000e0061-\U000e007a]{5}\U000e007f"
    for at, letter in enumerate(bare := re.sub(flag, "🏴", text)):
        before, after = bare[:at], bare[at + 1 : at + 2]
        if lines and letter in "\n\t":
            continue
        is_control = unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if letter in {ZWJ, ZWNJ} and before and after and not is_cut(before, letter, after):
            continue
        is_style = letter in "\ufe0e\ufe0f"
        if is_style and before and unicodedata.category(before[-1]) not in {"Cf", "Lu"}:
            continue
        if is_control or is_style or letter in SHAPELESS:
            found.add(letter)
    return found


def is_cut(before: str, joiner: str, after: str) -> bool:
    """Whether a joiner joins nothing."""
    if unicodedata.combining(before[-1]) == 9:
        return not after.isalpha()
    if joiner == ZWNJ:
        return unicodedata.bidirectional(after) != "AL"
    return before[-1].isascii() or after.isascii()


def test_what_cannot_be_seen_is_what_unicode_says() -> None:
    for point in range(sys.maxunicode + 1):
        letter = chr(point)
        category = unicodedata.category(letter)
        is_hidden = category in {"Cc", "Cf", "Cs"} and not letter.isspace()
        if is_hidden or letter in SHAPELESS:
            assert readable(f"a{letter}b") == "ab", hex(point)
        elif category[0] in "LNPSM" and point not in SELECTORS:
            assert readable(f"a{letter}b") == f"a{letter}b", hex(point)


@pytest.mark.parametrize("text", WELL)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert readable(text) == text
    assert one_line(text) == text
    assert CardRenderer(MUSICGEN).ended(a_generation(inputs=Inputs(text))).embed.title == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tan\u200bgo", "tango"),
        ("\u202eognat\u202c", "ognat"),
        ("a\u200db\u200cc", "abc"),
        ("\u200d👩\u200d", "👩"),
        ("👩\u200d\u200d🎤", "👩\u200d🎤"),
        ("a\ufe0f \ufe0f", "a"),
        ("\x1b[2Jgo", "[2Jgo"),
        ("a\r\nb\x85c\u2028d", "a b c d"),
        ("🏴\U000e0068\U000e0069\U000e007f", "🏴"),
        ("hi\U000e0068\U000e0069", "hi"),
        ("\ud83d half", "half"),
        ("\u3164\u200b\xad", ""),
    ],
)
def test_what_cannot_be_seen_is_taken_out(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(nasty, st.integers(1, 50))
@example("👩" + ZWJ + "🎤", 2)
@example("a" * 49 + "👩" + ZWJ + "🎤", 51)
def test_nothing_hidden_passes(text: str, limit: int) -> None:
    assert not hidden_in(readable(text), lines=True)
    assert readable(readable(text)) == readable(text)
    for line in (one_line(text), shortened(text, limit), quoted(text, limit), fitted(text, limit)):
        assert not hidden_in(line)
        assert "\n" not in line
    assert len(shortened(text, limit)) <= limit
    assert not hidden_in(link(text, "https://discord.com", limit))


@given(nasty, nasty)
def test_nothing_hidden_is_on_a_card(prompt: str, name: str) -> None:
    source = AudioSource("https://cdn/x", name, True)
    child = a_generation(
        inputs=Inputs(prompt, seed=7, continuation=True),
        source=source,
        relation=Relation.EXTEND,
        state=State.FAILED,
        failure=PredictionFailed(name),
    )
    parent = replace(child, inputs=Inputs(name))
    renderer = CardRenderer(MUSICGEN)
    embeds = [
        renderer.ended(child).embed,
        renderer.ended(replace(child, parent_id="p"), parent).embed,
        renderer.takes([child, child]).embed,
        info_embed([child], [parent], TABLE, at_card_of(child)),
        TrackList([child, parent], 0, 2, name).embed(MUSICGEN),
        TrackList([], 0, 0, name).embed(MUSICGEN),
    ]
    for embed in embeds:
        for part in (embed.title, embed.description, embed.author.name, embed.footer.text):
            assert not hidden_in(part or "", lines=True)
        for field in embed.fields:
            assert not hidden_in(f"{field.name}{field.value}", lines=True)
    assert not hidden_in(command_line(child, TABLE))
    assert not hidden_in(track_filename(prompt, 7, name or "wav"))
    for error in (UnknownChoice("x", name, ("a",)), NotANumber("x", name), PredictionFailed(name)):
        assert not hidden_in(strings.errors.sentence(error), lines=True)
    assert not any(map(hidden_in, suggest("", [prompt, name], 9, 100)))


@given(nasty, nasty)
async def test_nothing_hidden_is_in_a_form(prompt: str, name: str) -> None:
    generation = a_generation(inputs=Inputs(prompt, seed=7))
    options = [FormOption("1", name), FormOption("2", prompt)]
    for form in (extend_form(generation.id, prompt, options), edit_form(generation, TABLE)):
        for part in form.to_dict()["components"]:
            field = part["component"]
            shown = [field.get("value"), field.get("placeholder")]
            shown += [option["label"] for option in field.get("options", [])]
            assert not any(hidden_in(text, lines=True) for text in shown if text)
    assert not hidden_in(
        SubmittedForm("edit", "a", True, {"prompt": prompt}).text("prompt"), lines=True
    )


@given(nasty, nasty)
def test_nothing_hidden_is_on_a_jams_card_or_in_a_mix(theme: str, words: str) -> None:
    """Nor in the tags of the mix, the name of the thread, and what is offered to be chosen."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    jam = rules.start("jam", now, guild_id=1, channel_id=2, host_id=3, terms=Terms(theme))
    jam = rules.made(rules.propose(jam, now, 3, "t", words, 10), now, "t", 10.0)
    ended = rules.end(rules.vote(jam, now, 3, "t"), now, 3)
    ended = replace(ended, origin=Origin("old", theme, 1))
    mixed = Mixed(Path("mix.flac"), MixFormat.FLAC, 10.0, Loudness(-14.0, -1.0))
    labels = mix_labels(ended, {}, "MusicGen", None)
    item = Item(Kind.TAKE, "t", words, 3, 1)
    block = json.dumps({"reason": words, "until": None})
    texts = [
        *(labels.title, labels.comment, *(one.title for one in labels.credits.chapters)),
        *(strings.jam_begin.where_begun(jam, theme, 7), strings.jam_begin.thread_name(theme, 90)),
        *(strings.jam.listed(jam), strings.voice.entry(item), strings.settings.words([words])),
        strings.settings.paused(words),
        strings.settings_log.change(Change(1, now, 3, "block", None, block, 4)),
    ]
    for embed in (
        jam_embed(jam, {}),
        jam_embed(ended, {}),
        mix_embed(ended, MixTerms(), mixed, "MusicGen", has_sections=True),
    ):
        texts += [embed.title or "", embed.description or ""]
    assert [text for text in texts if hidden_in(text, lines=True)] == []
    assert "\n" not in labels.credits.chapters[0].title


@given(nasty)
def test_what_is_sent_is_what_is_shown(prompt: str) -> None:
    sent = parse({"prompt": prompt}).inputs
    assert sent.prompt == readable(prompt)
    assert one_line(command_line(a_generation(inputs=sent), TABLE)) == command_line(
        a_generation(inputs=sent), TABLE
    )


@pytest.mark.parametrize("prompt", ["\u200b", "\u3164 \u202e", "\x00"])
def test_a_prompt_that_nobody_can_see_is_none(prompt: str) -> None:
    with pytest.raises(PromptBlank):
        TABLE.check(Inputs(prompt))


# ------------------------------------------------------------------ logs


def logged(message: str, *args: object, error: BaseException | None = None) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SecretlessFormatter(()))
    record = logging.LogRecord("bot.x", logging.INFO, "x.py", 1, message, args, None)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    handler.emit(record)
    return stream.getvalue()


@given(nasty)
@example("x\n2026-01-01 00:00:00,000 ERROR bot: the owner has to pay")
@example("\x1b[2J\x1b]0;title\x07")
def test_a_record_is_one_line(text: str) -> None:
    line = logged("file %s of user %d", text, 7)
    assert line.endswith("\n")
    body = line[:-1]
    assert all(letter >= " " for letter in body)
    assert not any(unicodedata.category(letter) in {"Cc", "Cf", "Cs"} for letter in body)
    assert body.endswith(f"file {escaped(text)} of user 7")


@given(nasty)
def test_no_line_of_a_traceback_looks_like_a_record(text: str) -> None:
    lines = logged("it failed", error=ValueError(text)).split("\n")
    assert lines[0].endswith("it failed")
    assert lines[-1] == ""
    assert all(line.startswith("    ") for line in lines[1:-1])
    assert not any(unicodedata.category(one) in {"Cc", "Cf", "Cs"} for one in "".join(lines))
