"""People's text without what cannot be seen: it looks like what it is, and stays in its place.

Control characters break lines and terminals, zero-width ones hide words and make two texts look
the same, and the ones that turn the direction of writing show the rest of a line as something
else. Letters of every script stay, Arabic and Hebrew too, and so do emoji that are joined from
several.
"""

from __future__ import annotations

import re
import unicodedata

_ELLIPSIS = "…"
_ZWNJ, _ZWJ = "\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}"
_STYLES = "\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}"
"""Say whether the character before is text or emoji."""
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
"""What is white space, and breaks a line in one place or another."""
_HIDDEN_RANGES = (
    # Control characters that are no white space, and halves of others.
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff"
    # Those that format (Unicode's category Cf), with all that turn the direction.
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    # Letters and marks without a shape (Default_Ignorable_Code_Point), and what is no character.
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufffc\ufffe\uffff"
    "\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(f"[{_HIDDEN_RANGES}]")
_UNFIT = re.compile(f"[{_HIDDEN_RANGES}\t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_FLAG = "\N{WAVING BLACK FLAG}"
_FLAGS = tuple(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
"""What follows the black flag to make it England's, Scotland's or Wales's: all there are."""
_SKINS = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")
_VIRAMA = 9
"""The combining class of the sign that takes a letter's vowel away (Devanagari and its kin)."""


def readable(text: str) -> str:
    """`text` without characters that cannot be seen; white space stays."""
    text = _BREAKS.sub("\n", text)
    if _HIDDEN.search(text) is None:
        return text
    following = _visible_after(text)
    kept: list[str] = []
    at = 0
    while at < len(text):
        flag = next((flag for flag in _FLAGS if text.startswith(_FLAG + flag, at)), None)
        if flag is not None:
            kept += [_FLAG, *flag]
            at += 1 + len(flag)
            continue
        letter = text[at]
        if _HIDDEN.match(letter) is None or _belongs(letter, kept, following[at]):
            kept.append(letter)
        at += 1
    return "".join(kept)


def one_line(text: str) -> str:
    """`readable`, with every row of white space as one space."""
    return " ".join(readable(text).split())


def shortened(text: str, limit: int) -> str:
    """`one_line`, cut to `limit` characters."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    # Once more: what joined two emoji may have lost the second.
    return readable(line[: limit - 1]).rstrip() + _ELLIPSIS


def escaped(text: str) -> str:
    """`text` for a line of a log: what cannot be seen, or breaks it, is there in ASCII."""
    return _UNFIT.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _visible_after(text: str) -> list[str]:
    """For each character the next one that is not hidden; empty at the end."""
    following, visible = [""] * len(text), ""
    for at in range(len(text) - 1, -1, -1):
        following[at] = visible
        if _HIDDEN.match(text[at]) is None:
            visible = text[at]
    return following


def _belongs(letter: str, before: list[str], after: str) -> bool:
    """Whether a hidden character makes its neighbours what they are."""
    if not before:
        return False
    last = before[-1]
    if letter in _STYLES:
        return _is_emoji(last) or last in "0123456789#*ℹ" or unicodedata.category(last) in _SIGNS
    if not after or letter not in {_ZWNJ, _ZWJ}:
        return False
    if unicodedata.combining(last) == _VIRAMA:
        return unicodedata.category(after)[0] == "L"
    if letter == _ZWNJ:
        return _is_arabic(_base(before)) and _is_arabic(after)
    drawn = next((one for one in reversed(before) if _SKINS.fullmatch(one) is None), "")
    return _is_emoji(drawn) and _is_emoji(after)


_SIGNS = frozenset({"Sm", "Po", "Pd"})


def _is_emoji(letter: str) -> bool:
    # Those that came after this Python's tables have no category yet.
    is_new = "\U0001f000" <= letter <= "\U0001faff"
    return is_new or letter == "↔" or (letter != "" and unicodedata.category(letter) == "So")


def _is_arabic(letter: str) -> bool:
    """Whether it is a letter of a script whose letters join, from right to left."""
    return letter != "" and unicodedata.bidirectional(letter) == "AL"


def _base(before: list[str]) -> str:
    """The last letter, without the marks on it."""
    return next((letter for letter in reversed(before) if not unicodedata.combining(letter)), "")
