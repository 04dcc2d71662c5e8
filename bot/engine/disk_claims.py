"""The room on the disk that generations have: claimed before bytes are written, then given back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.errors import DiskUnusable, JournalFault
from bot.domain.generation import Generation
from bot.domain.inputs import MODEL_WINDOW_S
from bot.domain.waits import ForRoom, Hindered, Obstacle
from bot.engine.disk_ledger import Standing
from bot.engine.disk_space import track_bytes, with_conversion
from bot.engine.troubles import Task

if TYPE_CHECKING:
    from bot.engine.context import Kit
    from bot.engine.job import Job

log = logging.getLogger(__name__)


def check_room(kit: Kit, generations: Sequence[Generation]) -> None:
    """Refuse a person's orders that there is no room for, before they are written down or paid.

    Raises:
        DiskUnusable, OwnRoomTaken, RoomTaken: so it is.
    """
    lengths_s = [kit.table.duration_s(generation.inputs) for generation in generations]
    size_bytes = sum(map(track_bytes, lengths_s))
    kit.disk.check(size_bytes)
    kit.disk_space.ledger.check_new(generations[0].requester_id, size_bytes)


async def check_disk(kit: Kit, cause: Exception) -> None:
    """After the journal could not be written: its disk is the data folder's, as a rule.

    Raises:
        DiskUnusable: the disk is what is wrong.
    """
    await kit.disk.look()
    try:
        kit.disk.check(0)
    except DiskUnusable as unusable:
        raise unusable from cause


async def tell_of_journal(job: Job, error: Exception, delay_s: float) -> None:
    """Have the card say why a run stands still whose state cannot be written down, and how long."""
    if isinstance(error, JournalFault):
        log.warning("generation %s cannot be journalled: %s", job.generation.id, error)
    else:
        log.error("generation %s cannot be journalled", job.generation.id, exc_info=error)
    disk = job.kit.disk
    await disk.look()
    with suppress(JournalFault):
        # Where only the answer to a commit got lost, the row knows more.
        await job.reload()
    if disk.obstacle is not None:
        job.waits_for(Hindered(disk.obstacle))
    elif isinstance(error, JournalFault):
        job.kit.troubles.met(Task.JOURNAL, Obstacle.JOURNAL)
        next_try_at = job.kit.clock.now() + timedelta(seconds=delay_s)
        job.waits_for(Hindered(Obstacle.JOURNAL, next_try_at))


async def wait_for_journal(job: Job, delay_s: float) -> None:
    """Wait before the next try; once a full disk has room again, nobody is to wait for that."""
    disk, clock = job.kit.disk, job.kit.clock
    if disk.obstacle is None:
        await clock.sleep(delay_s)
    else:
        await clock.wait(disk.recovered, delay_s)
    with suppress(JournalFault):
        await job.reload()
        job.kit.troubles.over(Task.JOURNAL)
        job.waits_for(None)


async def count_files(job: Job) -> None:
    """Hold the room that an earlier process left a generation's files in."""
    generation, disk_space = job.generation, job.kit.disk_space
    paths = generation.track_path, generation.piece_path
    if paths == (None, None) or disk_space.ledger.held_bytes(generation.id):
        return
    size_bytes = await job.kit.track_store.size_of(*paths)
    if generation.more_s is not None and generation.track_path is None:
        size_bytes += extension_bytes(generation.given_s or 0.0, generation.more_s)
    standing = Standing.UNPAID if job.is_unpaid else Standing.PAID
    disk_space.ledger.hold(generation.id, generation.requester_id, size_bytes, standing)


def extension_bytes(piece_s: float, more_s: float) -> int:
    """What is made of a piece: the model's output, and the two joined."""
    return track_bytes(MODEL_WINDOW_S) + with_conversion(track_bytes(piece_s + more_s))


def enlarge(job: Job, size_bytes: int) -> bool:
    """Have room for so many bytes in all, if that is possible at once."""
    generation = job.generation
    return job.kit.disk_space.enlarge(generation.id, generation.requester_id, size_bytes)


async def claim(job: Job, size_bytes: int) -> None:
    """Have room for so many bytes in all before they are written; the card tells of a wait.

    Raises:
        AudioBeyondRoom, RoomTaken: there is none, and nothing is paid.
    """
    generation, before, disk_space = job.generation, job.wait, job.kit.disk_space
    user_id, paid = generation.requester_id, not job.is_unpaid
    is_own = not paid and not disk_space.ledger.in_share(generation.id, user_id, size_bytes)

    def waits() -> None:
        job.wait = ForRoom(own=is_own)
        job.show()

    await disk_space.claim(
        generation.id, user_id, size_bytes, paid=paid, waits=waits, give_way=job.give_way
    )
    job.wait = before


async def discard_files(job: Job) -> None:
    """Delete what it has on the disk, and give its room back."""
    for path in (job.generation.track_path, job.generation.piece_path):
        if path is not None:
            await job.kit.sound.discard(Path(path))
    job.kit.disk_space.release(job.generation.id)
