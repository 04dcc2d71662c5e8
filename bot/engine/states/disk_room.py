"""Room on the disk for what a job is about to write."""

from __future__ import annotations

from bot.domain.waits import ForRoom
from bot.engine.job import Job


def enlarge(job: Job, size_bytes: int) -> bool:
    """Have room for so many bytes in all, if that is possible at once."""
    generation = job.generation
    return job.context.disk_space.enlarge(generation.id, generation.requester_id, size_bytes)


async def claim(job: Job, size_bytes: int) -> None:
    """Have room for so many bytes in all before they are written; the card tells of a wait.

    Raises:
        AudioBeyondRoom, RoomTaken: there is none, and nothing is paid.
    """
    generation, before, disk_space = job.generation, job.wait, job.context.disk_space
    user_id, paid = generation.requester_id, not job.is_unpaid
    is_own = not paid and not disk_space.ledger.in_share(generation.id, user_id, size_bytes)
    await disk_space.claim(
        generation.id,
        user_id,
        size_bytes,
        paid=paid,
        waits=lambda: job.waits_for(ForRoom(own=is_own)),
        give_way=job.give_way,
    )
    job.goes_on(before)
