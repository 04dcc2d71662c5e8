"""Finds the messages in a module, for `python -m babel.messages.frontend extract`.

Babel's own method reads tokens: of calls within f-strings it sees nothing before Python 3.12, nor
comments that stand within a call (Babel 2.19, `babel.messages.extract.extract_python`).
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator, Mapping
from typing import IO

Found = tuple[int, str, tuple[str | None, ...], list[str]]
"""Line, function, its arguments by position (None where one is no literal), comments."""


def extract(
    file: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],
    options: Mapping[str, object],
) -> Iterator[Found]:
    """The calls of `keywords`, with the comments right above the call or its first argument."""
    source = file.read().decode()
    # Most files have none, and seeing that takes far less than parsing one.
    if not re.search(rf"\b(?:{'|'.join(keywords)})\s*\(", source):
        return
    notes = _notes(source) if any(tag in source for tag in comment_tags) else {}
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(call.func, ast.Name) and call.func.id in keywords and call.args:
            lines = dict.fromkeys((call.lineno, call.args[0].lineno))
            comments = [text for line in lines for text in _above(line, notes, comment_tags)]
            yield call.lineno, call.func.id, tuple(map(_literal, call.args)), comments


def _notes(source: str) -> dict[int, str]:
    """The comments that have a line of their own, by it."""
    return {
        token.start[0]: token.string.removeprefix("#").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#")
    }


def _literal(argument: ast.expr) -> str | None:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return None


def _above(line: int, notes: Mapping[int, str], tags: Collection[str]) -> list[str]:
    """The block of comments that ends above a line, from its last tag on."""
    block: list[str] = []
    while (line := line - 1) in notes:
        block.insert(0, notes[line])
        if notes[line].startswith(tuple(tags)):
            return block
    return []
