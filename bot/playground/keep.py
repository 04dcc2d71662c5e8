"""A folder in which the playground keeps what happens in it, for its next start."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.host.private_files import make_private_folder
from bot.host.whole_files import whole_file
from bot.playground.discord import keeping as discord_keeping
from bot.playground.discord.events import Event
from bot.playground.discord.keeping import KeptWorld
from bot.playground.discord.server import DiscordStandIn
from bot.playground.replicate.keeping import KeptReplicate
from bot.playground.replicate.standin import ReplicateStandIn

log = logging.getLogger(__name__)

_EVERY_S = 1.0
_Kept = TypeVar("_Kept", bound=BaseModel)


class KeepUnusable(Exception):
    """What is kept cannot be used; the text says why, in a sentence."""


class Keep:
    """The folder, and what was in it at the start."""

    def __init__(self, folder: Path) -> None:
        """Read it; it need not be there yet. Blocks.

        Raises:
            KeepUnusable: it cannot be read, or written to.
        """
        self.bot_folder = folder / "bot"
        self._folder = folder
        try:
            for each in (folder, self._files("discord"), self._files("replicate")):
                each.mkdir(parents=True, exist_ok=True)
                make_private_folder(each, with_files=False)
            self.discord = _read(folder / "discord.json", KeptWorld)
            self.replicate = _read(folder / "replicate.json", KeptReplicate)
            messages = () if self.discord is None else self.discord.messages
            uploads = () if self.replicate is None else self.replicate.uploads
            files = (str(file.id) for message in messages for file in message.files)
            self._files_before = self._contents("discord", files)
            self._uploads_before = self._contents("replicate", (one.id for one in uploads))
        except (OSError, ValidationError) as error:
            raise KeepUnusable(
                f"What is kept in {folder} cannot be used: {_in_short(error)}. "
                "Give --keep another folder, or remove this one."
            ) from error

    def discord_file(self, file_id: int) -> bytes:
        """The content of a message's file from before."""
        return self._files_before[str(file_id)]

    def upload(self, file_id: str) -> bytes:
        """The content of an upload from before."""
        return self._uploads_before[file_id]

    async def follow(self, discord: DiscordStandIn, replicate: ReplicateStandIn) -> None:
        """Write down what happens, soon after it has; until canceled, and once more then."""
        happened = asyncio.Event()

        def note(_: Event) -> None:
            happened.set()

        unsubscribe = discord.world.subscribe(note)
        try:
            while True:
                await happened.wait()
                await asyncio.sleep(_EVERY_S)
                happened.clear()
                await self.save(discord, replicate)
        finally:
            unsubscribe()
            await self.save(discord, replicate)

    async def save(self, discord: DiscordStandIn, replicate: ReplicateStandIn) -> None:
        """Write everything down."""
        world, service = discord_keeping.kept(discord.world), replicate.kept()
        files = {str(one.id): one.data for one in discord_keeping.files_of(discord.world)}
        uploads = {one.id: one.content for one in replicate.stored}
        try:
            await asyncio.to_thread(self._write, world, service, files, uploads)
        except OSError as error:
            log.warning("the playground cannot keep what happens in it: %s", error)

    def _write(
        self,
        world: KeptWorld,
        service: KeptReplicate,
        files: Mapping[str, bytes],
        uploads: Mapping[str, bytes],
    ) -> None:
        # Files first: what is written down has all that it speaks of.
        for kind, contents in (("discord", files), ("replicate", uploads)):
            for name, content in contents.items():
                path = self._files(kind) / name
                if not path.exists():
                    _put(path, content)
        _put(self._folder / "discord.json", world.model_dump_json().encode())
        _put(self._folder / "replicate.json", service.model_dump_json().encode())
        for kind, contents in (("discord", files), ("replicate", uploads)):
            for path in self._files(kind).iterdir():
                if path.name not in contents:
                    path.unlink(missing_ok=True)

    def _contents(self, kind: str, names: Iterable[str]) -> dict[str, bytes]:
        return {name: (self._files(kind) / name).read_bytes() for name in names}

    def _files(self, kind: str) -> Path:
        return self._folder / f"{kind}-files"


def _put(path: Path, content: bytes) -> None:
    with whole_file(path) as draft:
        draft.write_bytes(content)


def _read(path: Path, kind: type[_Kept]) -> _Kept | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None


def _in_short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return f"it is of another release, or broken ({error.title})"
    return str(error)
