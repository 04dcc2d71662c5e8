"""Generations to journal, and a look into the database past the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol

import sqlalchemy as sa
from hypothesis import strategies as st

from bot.community.ports import CommunityJournal
from bot.delivery.answers import AnswerJournal
from bot.domain import errors
from bot.domain.extension import Closeness
from bot.domain.generation import AudioSource, Generation, Relation, Reply, State, new_generation_id
from bot.domain.inputs import Inputs
from bot.domain.measures import Joint, Measures, Tempo
from bot.domain.musical_terms import BARS_MAX, MusicalTerms
from bot.engine.ports import Journal
from bot.jam.ports import JamStore
from bot.journal import SqlJournal, async_url
from bot.journal.database import create_engine
from bot.journal.tables import generations, metadata

NOW = datetime(2026, 9, 1, 12, 0, 0, 123456, tzinfo=UTC)
LEASE_S = 60.0
AT_ONCE_S = 0.0
"""A lease that has expired by the time anyone can look."""


class OpenJournal(CommunityJournal, JamStore, AnswerJournal, Protocol):
    """A journal with what belongs to its process."""

    async def release(self) -> None: ...
    async def close(self) -> None: ...
    async def identity(self) -> str: ...


Start = Callable[[str], Awaitable[OpenJournal]]
"""Starts a process at the journal, by its owner."""
Entered = Callable[[str], Awaitable[list[State]]]
"""Tells the states that a generation has come into."""


def a_generation(**changes: Any) -> Generation:
    reply = Reply(
        application_id=1,
        channel_id=2,
        message_id=3,
        token="interaction-token",
        token_expires_at=NOW + timedelta(minutes=15),
        filesize_limit_bytes=10 << 20,
    )
    made = Generation(
        id=new_generation_id(),
        requester_id=2**62,
        reply=reply,
        inputs=Inputs(prompt="deep house", seed=7),
        version="671ac645",
        created_at=NOW,
    )
    return replace(made, **changes)


async def added(journal: Journal, count: int = 1, **changes: Any) -> list[Generation]:
    """So many new generations, a second apart, oldest first."""
    made = [
        a_generation(created_at=NOW + timedelta(seconds=number), **changes)
        for number in range(count)
    ]
    await asyncio.gather(*map(journal.add, made))
    return made


async def open_generations(journal: Journal) -> list[Generation]:
    """Those with something left to do, oldest first."""
    found = [await journal.get(generation_id) for generation_id in await journal.open_ids()]
    rows = [generation for generation in found if generation is not None]
    return sorted(rows, key=lambda generation: (generation.created_at, generation.id))


def ids(generations: Iterable[Generation]) -> set[str]:
    return {generation.id for generation in generations}


async def execute(url: str, *statements: str, **parameters: object) -> None:
    engine = create_engine(async_url(url))
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement), parameters)
    await engine.dispose()


async def scalars(url: str, statement: str, **parameters: object) -> list[object]:
    engine = create_engine(async_url(url))
    async with engine.connect() as connection:
        found = list((await connection.scalars(sa.text(statement), parameters)).all())
    await engine.dispose()
    return found


async def copy_row(url: str, count: int) -> None:
    """Add copies of the only generation, each a second older, numbered where it has #0.

    The database makes them: a journal would take a second for thousands.
    """
    first = sa.select(sa.literal(1).label("number")).cte("numbers", recursive=True)
    number = first.union_all(sa.select(first.c.number + 1).where(first.c.number < count)).c.number
    text = sa.cast(number, sa.Text)
    values: dict[str, sa.ColumnElement[Any]] = {column.name: column for column in generations.c}
    values["id"] = text
    values["created_at"] = sa.type_coerce(generations.c.created_at, sa.BigInteger) - (
        number * sa.literal(1_000_000, sa.BigInteger)
    )
    for name in ("words", "inputs"):
        values[name] = sa.func.replace(generations.c[name], "#0", sa.literal("#").concat(text))
    engine = create_engine(async_url(url))
    async with engine.begin() as connection:
        copies = sa.select(*values.values()).join_from(generations, number.table, sa.true())
        await connection.execute(sa.insert(generations).from_select(list(values), copies))
    await engine.dispose()


async def make_tables(url: str) -> None:
    """Open a journal in an empty database, and close it."""
    await (await SqlJournal.open(url)).close()


async def remove_rows(url: str) -> None:
    """Remove every row from a database that has the tables."""
    engine = create_engine(async_url(url))
    async with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
    await engine.dispose()


def _leaves(kind: type[errors.UserError]) -> list[type[errors.UserError]]:
    children = kind.__subclasses__()
    return [leaf for child in children for leaf in _leaves(child)] if children else [kind]


_snowflakes = st.integers(0, 2**63 - 1)
_seconds = st.floats(0, 1e6)
_joints = st.builds(Joint, *[st.floats(0, 1e3)] * 4)
_tempos = st.builds(Tempo, st.floats(50, 200), st.floats(0, 1))
_moments = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
# PostgreSQL stores every character but the first.
_words = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1)
_maybe_text = st.none() | st.text()
_maybe_integer = st.none() | st.integers()
_maybe_switch = st.none() | st.booleans()
_maybe_number = st.none() | st.floats(allow_nan=False, allow_infinity=False)

any_inputs = st.builds(
    Inputs,
    prompt=st.text(),
    model_version=_maybe_text,
    duration=_maybe_integer,
    input_audio=_maybe_text,
    continuation=_maybe_switch,
    continuation_start=_maybe_integer,
    continuation_end=_maybe_integer,
    multi_band_diffusion=_maybe_switch,
    normalization_strategy=_maybe_text,
    top_k=_maybe_integer,
    top_p=_maybe_number,
    temperature=_maybe_number,
    classifier_free_guidance=_maybe_integer,
    output_format=_maybe_text,
    seed=_maybe_integer,
)
any_terms = st.builds(
    MusicalTerms,
    tempo_bpm=st.none() | st.integers(60, 600).map(lambda n: n / 2),
    key=st.none() | st.sampled_from(["A minor", "F# major", "Bb minor"]),
    bars=st.none() | st.integers(1, BARS_MAX),
)
any_generation = st.builds(
    Generation,
    id=st.builds(new_generation_id),
    requester_id=_snowflakes,
    reply=st.builds(
        Reply,
        application_id=_snowflakes,
        channel_id=_snowflakes,
        message_id=_snowflakes,
        token=_words,
        token_expires_at=_moments,
        filesize_limit_bytes=st.integers(0, 2**40),
        guild_id=st.none() | _snowflakes,
        private=st.booleans(),
    ),
    inputs=any_inputs,
    version=_words,
    created_at=_moments,
    state=st.sampled_from(State),
    source=st.none()
    | st.builds(
        AudioSource,
        url=st.text(),
        filename=st.text(),
        uploaded=st.booleans(),
        size_bytes=st.none() | st.integers(0, 2**40),
        keep_s=st.none() | _seconds,
        own=st.booleans(),
    ),
    audio_s=st.none() | _seconds,
    has_audio=st.booleans(),
    stored_at=st.none() | _moments,
    submitted_at=st.none() | _moments,
    prediction_id=st.none() | _words,
    cancel_requested=st.booleans(),
    seed_used=st.none() | st.integers(0, 2**32 - 1),
    predict_time_s=st.none() | _seconds,
    track_path=st.none() | _words,
    failure=st.none() | st.one_of([st.builds(kind) for kind in _leaves(errors.UserError)]),
    ended_at=st.none() | _moments,
    parent_id=st.none() | _words,
    relation=st.none() | st.sampled_from(Relation),
    batch_id=st.none() | _words,
    piece_path=st.none() | _words,
    given_s=st.none() | _seconds,
    more_s=st.none() | st.integers(1, 30),
    track_s=st.none() | _seconds,
    closeness=st.none() | st.sampled_from(Closeness),
    terms=any_terms,
    measures=st.none() | st.builds(Measures, st.none() | _tempos, _joints),
    told=st.booleans(),
    draft=st.none() | _words,
)


def told_apart(generation: Generation) -> tuple[Generation, str | None]:
    """A generation for comparison: an error equals only itself, its dump says what it is."""
    failure = generation.failure
    return replace(generation, failure=None), None if failure is None else errors.dump(failure)
