"""The room on the disk that generations have: checked before they begin, given back at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.domain.errors import DiskUnusable
from bot.domain.generation import Generation
from bot.domain.inputs import MODEL_WINDOW_S
from bot.engine.context import JobContext
from bot.engine.disk_ledger import Standing
from bot.engine.disk_space import track_bytes, with_conversion


def check_room(context: JobContext, generations: Sequence[Generation]) -> None:
    """Refuse a person's request that there is no room for, before it is written down or paid.

    Raises:
        DiskUnusable, OwnRoomTaken, RoomTaken: so it is.
    """
    lengths_s = [
        context.models.shown(generation.fine_tune).table.duration_s(generation.inputs)
        for generation in generations
    ]
    size_bytes = sum(map(track_bytes, lengths_s))
    context.disk.check(size_bytes)
    context.disk_space.ledger.check_new(generations[0].requester_id, size_bytes)


async def check_disk(context: JobContext, cause: Exception) -> None:
    """After the journal could not be written: its disk is the data folder's, as a rule.

    Raises:
        DiskUnusable: the disk is what is wrong.
    """
    await context.disk.look()
    try:
        context.disk.check(0)
    except DiskUnusable as unusable:
        raise unusable from cause


async def count_files(context: JobContext, generation: Generation) -> None:
    """Hold the room that an earlier process left a generation's files in."""
    ledger = context.disk_space.ledger
    paths = generation.track_path, generation.piece_path
    if paths == (None, None) or ledger.held_bytes(generation.id):
        return
    size_bytes = await context.track_store.size_of(*paths)
    if generation.more_s is not None and generation.track_path is None:
        size_bytes += extension_bytes(generation.given_s or 0.0, generation.more_s)
    standing = Standing.UNPAID if generation.state.unpaid else Standing.PAID
    ledger.hold(generation.id, generation.requester_id, size_bytes, standing)


def extension_bytes(piece_s: float, more_s: float) -> int:
    """What is made of a piece: the model's output, and the two joined."""
    return track_bytes(MODEL_WINDOW_S) + with_conversion(track_bytes(piece_s + more_s))


async def discard_files(context: JobContext, generation: Generation) -> None:
    """Delete what it has on the disk, and give its room back."""
    for path in (generation.track_path, generation.piece_path):
        if path is not None:
            await context.sound.discard(Path(path))
    context.disk_space.release(generation.id)
