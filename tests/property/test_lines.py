"""What is counted as waiting is what the queue lets wait."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.community.lines import Lines, Load, Places, Standing
from bot.engine.queue import Queue, QueueEntry

HERE = "here"
PEOPLE = (1, 2, 3)


@given(
    places=st.builds(Places, st.integers(1, 6), st.integers(1, 4)),
    steps=st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 4)), max_size=40),
)
def test_it_is_what_the_queue_lets_wait(places: Places, steps: list[tuple[int, int]]) -> None:
    queue = Queue(places.running, places.running_per_user)
    entries: list[QueueEntry] = []
    for person, leaves in steps:
        if leaves == 0 and entries:
            entry = entries.pop(person % len(entries))
            queue.leave(entry)
            continue
        lines = lines_of(places, entries)
        before, expected = lines.waiting_of(person), lines.waiting_of(person, 1)
        entry = queue.join(person)
        entries.append(entry)
        assert expected - before == (not entry.granted.is_set())
        waiting = sum(one.user_id == person and not one.granted.is_set() for one in entries)
        assert expected == waiting
        # As more are accepted in one go.
        lines.add(person, 1)
        assert lines.waiting_of(person) == waiting


def lines_of(places: Places, entries: list[QueueEntry]) -> Lines:
    """As it is counted: who has a slot has a place, sent or not."""
    counts = Counter((entry.user_id, entry.granted.is_set()) for entry in entries)
    lines = Lines(places, HERE)
    for person in PEOPLE:
        standing = Standing(counts[person, False], counts[person, True])
        lines.standings[person] = {HERE: standing}
    standings = [theirs[HERE] for theirs in lines.standings.values()]
    lines.loads[HERE] = Load(
        sum(one.could_begin(places) for one in standings), sum(one.running for one in standings)
    )
    return lines
