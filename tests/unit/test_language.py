"""One spelling, and numbers with their nouns, in every word that people read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.charges import Spent, Sums
from bot.domain.journal_values import Kept
from bot.domain.progress import Stage
from bot.domain.server_rules import Change
from bot.domain.waits import InQueue, OwnRunning
from tests.fakes import NOON
from tests.unit.test_words import LEAVES, samples

ROOT = Path(__file__).parents[2]
READ_BY_PEOPLE = [
    *ROOT.glob("bot/card/**/*.py"),
    *ROOT.glob("cogs/*.py"),
    *ROOT.glob("bot/playground/**/*.py"),
    ROOT / "bot/domain/inputs.py",
    *ROOT.glob("bot/*.py"),
]
BRITISH = re.compile(
    r"\b(?:\w*(?:colour|favour|honour|flavour|humour|behaviour|neighbour)\w*"
    r"|\w+(?:isation|ising)s?|(?:organ|recogn|normal|synthes|neutral|optim|minim|maxim|summar"
    r"|initial|custom|apolog|real|special|author|harmon|util|prior)ise[drs]?"
    r"|analys(?:e[drs]?|ing)|\w*cancell(?:ed|ing)|\w*levell\w+|\w*labell\w+|\w*modell\w+"
    r"|centres?|metres?|theatres?|licences?|defence|offence|programmes?|grey|whilst|amongst"
    r"|learnt|artefacts?|judgement)\b",
    re.IGNORECASE,
)
ONE_OF_MANY = re.compile(r"\b1 (?!s\b|is\b|was\b)[a-z]+s\b(?! (?:is|of one))")
MANY_OF_ONE = re.compile(r"\b(?:[2-9]|[1-9][0-9]+) (?:track|request|preset|star|other|character)\b")


def words_in(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that are neither a docstring nor a name, each with its line."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_the_spelling_is_american() -> None:
    assert [
        f"{path.relative_to(ROOT)}:{line}: {word}"
        for path in READ_BY_PEOPLE
        for line, text in words_in(path)
        if " " in text
        for word in BRITISH.findall(text)
    ] == []


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "docs/privacy.md"])
def test_so_is_that_of_what_is_read_first(name: str) -> None:
    assert BRITISH.findall((ROOT / name).read_text()) == []


def many(kind: type[errors.UserError], number: int) -> Iterator[str]:
    for error in samples(kind):
        for name, value in vars(error).items():
            if type(value) in (int, float):
                object.__setattr__(error, name, number)
        yield strings.errors.sentence(error)


def test_every_error_has_its_numbers_with_their_nouns() -> None:
    assert [
        text
        for number, wrong in ((1, ONE_OF_MANY), (2000, MANY_OF_ONE))
        for kind in LEAVES
        for text in many(kind, number)
        if wrong.search(text)
    ] == []


def other_sentences(number: int) -> list[str]:
    change = Change(1, NOON, 7, "cancel_all", None, str(number), 8)
    spent = Spent(Sums(number, number, 90_000 * number), number)
    kept = Kept(*[number] * 8)
    queued = InQueue(position=2, running=number)
    own = OwnRunning(running=number, waiting=number)
    waiting = [strings.waits.headline(wait) or "" for wait in (queued, own)]
    return [
        strings.tracks.forget_ask(kept),
        strings.tracks.forgotten(kept),
        strings.tracks.nothing_to_forget(Kept(still_open=number)),
        strings.tracks.shown(1, number, number),
        strings.settings.canceled(7, number),
        strings.settings_log.change(change),
        strings.settings.places(set(range(number)), ()),
        strings.limits.used(spent),
        strings.limits.waiting_limit(number),
        strings.usage.describe([Spent(), spent], NOON),
        strings.waits.in_a_list(own, Stage.QUEUED) or "",
        *waiting,
    ]


def test_so_has_every_other_sentence() -> None:
    for text in other_sentences(1):
        assert ONE_OF_MANY.findall(text) == [], text
    for number in (2, 2000):
        for text in other_sentences(number):
            assert MANY_OF_ONE.findall(text) == [], text
