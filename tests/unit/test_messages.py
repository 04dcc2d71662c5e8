"""Every message is a literal with its places, and no sentence is built of pieces."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from string import Formatter

import pytest

from bot.locales.extraction import extract

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for path in [*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")]
    if "bot.locales" in path.read_text()
)
STRINGS = sorted(ROOT.glob("bot/card/strings/*.py"))
SAID_AT_ONCE = {"_": 1, "pgettext": 2, "ngettext": 2}
"""How many of their first arguments are literals."""
MESSAGES = {*SAID_AT_ONCE, "Text"}
TWO_WORDS = re.compile(r"[A-Za-z][a-z'’]* [A-Za-z][a-z'’]*\b")
A_WORD = re.compile(r"[A-Za-z]{3}")
A_SINGLE_WORD = re.compile(r"[A-Za-z'’]+\??")
NO_MESSAGES = {
    ("jam.py", "_BARS_EXAMPLE"): "an example of what is read in one language only",
    ("operating.py", None): "only whoever runs the bot reads it, in the log",
    ("terms.py", "TERMS_EXAMPLE"): "an example of what is read in one language only",
    ("voice.py", "INSTALLED"): "only whoever runs the bot reads it, in `python -m bot check`",
    ("voice.py", "NOT_INSTALLED"): "the same",
}
"""Words of a module, or of a constant in it, that are not translated, and why."""


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node


def literal(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def places(message: str) -> set[str]:
    found: set[str] = set()
    for _text, name, spec, conversion in Formatter().parse(message):
        if name is not None:
            assert name.isidentifier(), f"{{{name}}} is no name"
            assert not spec, f"{{{name}}} has a format; numbers are formatted by bot.locales"
            assert not conversion, f"{{{name}}} is converted"
            found.add(name)
    return found


def faults(name: str, call: ast.Call) -> Iterator[str]:
    """What is wrong with a call of one of the MESSAGES."""
    of = [literal(argument) for argument in call.args]
    words = [text for text in of if text is not None]
    given = {keyword.arg or "**" for keyword in call.keywords}
    match name:
        case "Text":
            if not words or len(words) != len(of) or len(words) > 2 or given:
                yield "takes a literal, and perhaps a literal context"
            elif places(words[0]):
                yield "has no places"
        case "ngettext":
            if len(of) != 3 or None in of[:2]:
                yield "takes two literals and a number"
            elif "number" in given:
                yield "fills {number} by itself"
            elif places(words[0]) - {"number"} != given:
                yield f"is given {sorted(given)} for the places of “{words[0]}”"
            elif places(words[1]) - {"number"} != given:
                yield f"is given {sorted(given)} for the places of “{words[1]}”"
        case _:
            if len(of) != SAID_AT_ONCE[name] or None in of:
                yield "takes literals, and places by name"
            elif places(words[-1]) != given:
                yield f"is given {sorted(given)} for the places of “{words[-1]}”"


def said_too_early(tree: ast.AST) -> Iterator[ast.Call]:
    """Messages that are looked up as the module is loaded, before it is known who will read."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        match node := waiting.pop():
            case ast.Lambda():
                waiting.append(node.args)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                waiting += [node.args, *node.decorator_list]
            case _:
                waiting += ast.iter_child_nodes(node)
                match node:
                    case ast.Call(func=ast.Name(id=name)) if name in SAID_AT_ONCE:
                        yield node
                    case _:
                        pass


def test_messages_are_literals_with_their_places() -> None:
    wrong: list[str] = []
    for path in MODULES:
        tree = parsed(path)
        place = path.relative_to(ROOT).as_posix()
        wrong += [
            f"{place}:{call.lineno}: {name} {fault}"
            for name, call in calls(tree)
            if name in MESSAGES
            for fault in faults(name, call)
        ]
        wrong += [
            f"{place}:{call.lineno}: said as the module is loaded" for call in said_too_early(tree)
        ]
    assert wrong == []


def pieces(tree: ast.Module, module: str) -> Iterator[str]:
    """Words that people would read outside of messages."""
    for statement in tree.body:
        names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if not any((module, name) in NO_MESSAGES for name in (None, *names)):
            yield from words_in(statement)


def words_in(node: ast.AST, *, is_piece: bool = False) -> Iterator[str]:
    """Two words in a row, or, in what is joined or chosen from, a single one."""
    pieces_of: list[ast.AST | None] = []
    others: list[ast.AST] = []
    match node:
        case ast.Constant(value=str(text)):
            if TWO_WORDS.search(text) or (is_piece and A_WORD.search(text)):
                yield f"line {node.lineno}: {text!r}"
        case ast.Expr(value=ast.Constant()):
            pass  # It is a docstring.
        case ast.Call(func=ast.Name(id="Text") | ast.Attribute(value=ast.Name(id="re"))):
            pass
        case ast.Call(func=ast.Name(id=name)) if name in SAID_AT_ONCE:
            # What fills the places may not be words either.
            pieces_of += [keyword.value for keyword in node.keywords]
        case ast.FormattedValue():
            others.append(node.value)
        case ast.JoinedStr():
            pieces_of += node.values
        case ast.BinOp(op=ast.Add()):
            pieces_of += [node.left, node.right]
        case ast.IfExp():
            pieces_of += [node.body, node.orelse]
            others.append(node.test)
        case ast.Dict():
            pieces_of += node.values
        case ast.Return():
            pieces_of.append(node.value)
        case ast.MatchValue():
            pass
        case _:
            others += ast.iter_child_nodes(node)
    for piece in pieces_of:
        if piece is not None:
            yield from words_in(piece, is_piece=True)
    for other in others:
        yield from words_in(other)


def without_context(tree: ast.Module) -> Iterator[str]:
    """Single words, which may need one word here and another there, without their role."""
    for name, call in calls(tree):
        word = literal(call.args[0]) if len(call.args) == 1 else None
        if name in {"_", "Text"} and word is not None and A_SINGLE_WORD.fullmatch(word):
            yield f"line {call.lineno}: {word}"


def test_no_sentence_is_built_of_pieces() -> None:
    assert [
        f"{path.name}, {found}"
        for path in STRINGS
        for found in (*pieces(parsed(path), path.name), *without_context(parsed(path)))
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        'x = f"{n} left"',
        'x = "It is " + y',
        'x = y + " left"',
        '_X = {"a": "nothing"}',
        'def f(): return "nothing"',
        'def f(x): return _("It is {what}.", what="here" if x else "there")',
        'def f(): return _("It is {what}.", what="more than enough")',
        "def f(): return f\"-# {_('So.')} And so\"",
    ],
)
def test_pieces_are_found(source: str) -> None:
    assert list(pieces(ast.parse(source), "x.py"))


@pytest.mark.parametrize(
    "source",
    [
        '_(f"a {b}")',
        '_("a {b}", c=1)',
        '_("a {b}")',
        '_("a", b=1)',
        '_("a" + b)',
        '_("{a:.1f}", a=1)',
        '_("{}", a=1)',
        '_("a", **b)',
        'pgettext("a")',
        'pgettext("button", "a", b=1)',
        'ngettext("a", "{number}")',
        'ngettext("a {b}", "{number}", 1, b=1)',
        'ngettext("a", "{number} {b}", 1, b=1)',
        'ngettext("a", "{number}", 1, number=1)',
        "Text(a)",
        'Text("{a}")',
        'Text("a", b)',
    ],
)
def test_faults_are_found(source: str) -> None:
    [(name, call)] = calls(ast.parse(source))
    try:
        found = list(faults(name, call))
    except AssertionError:
        return
    assert found


@pytest.mark.parametrize("source", ['X = Text("Close")', 'def f(): return _("none")'])
def test_a_single_word_without_its_role_is_found(source: str) -> None:
    assert list(without_context(ast.parse(source)))


@pytest.mark.parametrize("source", ['X = _("a")', 'def f(x=_("a")): pass', 'X = {1: _("a")}'])
def test_what_is_said_too_early_is_found(source: str) -> None:
    assert list(said_too_early(ast.parse(source)))


def test_messages_are_extracted_with_their_notes() -> None:
    source = """
# Translators: one
A = Text("a", "button")
def f(x):
    # No note.
    # Translators: two
    # lines
    return f"-# {_('b')} {x}" + ngettext(
        # Translators: within
        "{number} c", "{number} cs", x, d=f"{x}"
    )
"""
    found = extract(io.BytesIO(source.encode()), {"_", "Text", "ngettext"}, ["Translators:"], {})
    assert [(name, arguments, notes) for _line, name, arguments, notes in found] == [
        ("Text", ("a", "button"), ["Translators: one"]),
        ("_", ("b",), ["Translators: two", "lines"]),
        ("ngettext", ("{number} c", "{number} cs", None),
         ["Translators: two", "lines", "Translators: within"]),
    ]  # fmt: skip


def test_a_message_has_one_plural() -> None:
    """Gettext keeps one entry for a singular in a context: a second plural would be lost."""
    plurals: set[tuple[str, ...]] = set()
    for path in MODULES:
        for name, call in calls(parsed(path)):
            if name == "ngettext":
                plurals.add(tuple(literal(argument) or "" for argument in call.args[:2]))
    ordered = sorted(plurals)
    assert [one for one, other in pairwise(ordered) if one[0] == other[0]] == []
