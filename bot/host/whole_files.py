"""Files that appear only when they are whole: written beside their place, then moved there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def draft_of(path: Path) -> Path:
    """Where a file is written until it is whole.

    A process that is killed leaves it behind, for the next try to write over.
    """
    return path.with_name(f"{path.name}.draft")


def make_folder_of(path: Path) -> None:
    """Make the folder of a file: somebody may have removed it while the bot runs. Blocks.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """The draft of a file, which takes its place at the end, or goes away after an error. Blocks.

    Raises:
        OSError: it cannot be written, or moved.
    """
    draft = draft_of(path)
    make_folder_of(path)
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
