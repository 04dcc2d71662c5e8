"""What was done for a jam, which its row remembers: each step once, whoever dies. No I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.jam.jam import Jam, Shown
from bot.jam.rounds import closed


def acknowledged(jam: Jam, now: datetime, message_id: int) -> Jam:
    """The reply that begins it is this message."""
    if jam.opening is None:
        return jam
    return replace(jam, opening=replace(jam.opening, message_id=message_id))


def opened(jam: Jam, now: datetime, thread_id: int) -> Jam:
    """It has its thread."""
    return replace(jam, thread_id=jam.thread_id or thread_id, opening=None)


def lost(jam: Jam, now: datetime) -> Jam:
    """Nobody can see it any more: its thread is gone, or was never made."""
    shown = replace(jam.shown or Shown(0, 0), revision=jam.revision)
    thread_id = jam.thread_id or 0
    return replace(
        closed(jam), thread_id=thread_id, opening=None, shown=shown, mixes_posted=jam.mixes_wanted
    )


def showed(jam: Jam, now: datetime, shown: Shown) -> Jam:
    """Its card shows this."""
    if jam.shown is not None and jam.shown.revision > shown.revision:
        return jam
    return replace(jam, shown=shown)


def mixed(jam: Jam, now: datetime, number: int) -> Jam:
    """So many mixes were posted."""
    return replace(jam, mixes_posted=max(number, jam.mixes_posted))
