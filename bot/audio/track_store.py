"""The data folder's files: how much they take, what is left over, and whether the disk takes more.

The journal's own file, which is beside these folders, is not counted.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from bot.host.threads import HOUSEKEEPING

LEFT_OVER_S = 2 * 3600
"""Nothing that is being made goes untouched for so long; what waits for its person is in a row."""
_TRIAL = ".trial-"
_TRIAL_BYTES = 4 * 1024
_THOROUGH_BYTES = 1024 * 1024
"""A quota may take a small file where it no longer takes a track."""


class TrackStore:
    """The files in `tracks`, each named after its generation, and the nameless ones elsewhere."""

    def __init__(
        self,
        tracks: Path,
        *passing: Path,
        keep_s: float = LEFT_OVER_S,
        counted: Path | None = None,
    ) -> None:
        """`passing` are the folders of what is needed for a while, by a process that claims it.

        `keep_s`: so long what is left over in `tracks` stays. What is in `counted` takes room too,
        and somebody else keeps it in order.
        """
        self._tracks = tracks
        self._passing = passing
        self._keep_s = keep_s
        self._counted = counted
        self._began_at_s = time.time()

    async def tidy(self, keep: Collection[str]) -> int:
        """Remove files of no generation in `keep` that nobody touched for long; how many.

        `keep` holds every open generation, whichever process follows it: the folder may be shared.
        Younger files may belong to one that was begun meanwhile.
        """
        return await HOUSEKEEPING.run(self._tidy, frozenset(keep))

    async def left_over_bytes(self, held: Collection[str]) -> int:
        """What files take that belong to no generation in `held`, nor to what was claimed."""
        return await HOUSEKEEPING.run(self._left_over_bytes, frozenset(held))

    async def size_of(self, *paths: str | None) -> int:
        """What these files take together; those that are not there take nothing."""
        return await HOUSEKEEPING.run(_size_of, [Path(path) for path in paths if path is not None])

    async def try_disk(self, *, thorough: bool = False) -> int:
        """Write a small file, a `thorough` one a track's size, and remove it; the bytes left.

        Folders that are gone are made again.

        Raises:
            OSError: the disk does not take it.
        """
        return await HOUSEKEEPING.run(self._try_disk, _THOROUGH_BYTES if thorough else _TRIAL_BYTES)

    def _tidy(self, keep: frozenset[str]) -> int:
        now_s = time.time()
        left_over = [
            file
            for file, _, touched_at in _files(self._tracks)
            if _generation(file) not in keep and touched_at < now_s - self._keep_s
        ]
        left_over += [
            file for file, _, touched_at in self._passed() if touched_at < now_s - LEFT_OVER_S
        ]
        for file in left_over:
            file.unlink(missing_ok=True)
            if file.parent not in (self._tracks, *self._passing):
                with suppress(OSError):
                    file.parent.rmdir()
        return len(left_over)

    def _left_over_bytes(self, held: frozenset[str]) -> int:
        nobodys = (size for file, size, _ in _files(self._tracks) if _generation(file) not in held)
        # What a process has fetched that died is nobody's; what this one fetches, it has claimed.
        before = (size for _, size, at in self._passed() if at < self._began_at_s)
        others = () if self._counted is None else (size for _, size, _ in _files(self._counted))
        return sum(nobodys) + sum(before) + sum(others)

    def _passed(self) -> Iterator[tuple[Path, int, float]]:
        for folder in self._passing:
            yield from _files(folder)

    def _try_disk(self, size_bytes: int) -> int:
        for folder in (self._tracks, *self._passing):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        trial = self._tracks / f"{_TRIAL}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            trial.write_bytes(bytes(size_bytes))
        finally:
            trial.unlink(missing_ok=True)
        return shutil.disk_usage(self._tracks).free


def _generation(file: Path) -> str:
    return file.name.split(".")[0]


def _size_of(paths: list[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def _files(folder: Path) -> Iterator[tuple[Path, int, float]]:
    """Each file with its size and when it was last touched."""
    for file in folder.rglob("*"):
        try:
            if file.is_file() and not file.name.startswith(_TRIAL):
                facts = file.stat()
                yield file, facts.st_size, facts.st_mtime
        except FileNotFoundError:
            # Whoever follows its generation has just removed it, maybe another process.
            continue
